"""Seconds, CPU and memory that an export of answers takes: `python -m benchmarks.exports [--responses 1000000]`.

Each format is written once by a process of its own (`--rounds` for more, the best is told), from one encrypted
SQLite file in which a quarter as many supporters gave the answers, in no order of theirs. CPU counts every thread of
the process; resident memory is its peak. Leaves with status 1 if a goal is missed: those of seconds by CPU, so
that other programs do not count.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from bot.actions.exports import Order, write
from db import sqlite
from db.engine import FILE_NAME, open_database
from db.exports import Selection
from db.key import DatabaseKey
from db.upgrade import upgrade

KEY = DatabaseKey(hex="5e" * 32)
SEED = 20_161_120
FIRST = datetime(2016, 11, 1, 9, tzinfo=UTC)
GOAL_SECONDS = {"csv": 15.0, "jsonl": None, "parquet": 20.0, "xlsx": 90.0}
GOAL_MB = 200.0
PLACES = (("69123", "69", "84"), ("75115", "75", "11"), ("33063", "33", "75"), ("97105", "971", "01"))
QUESTIONS = (
    ("rsvp", "ab12cd34", "yes"),
    ("pledge", "1", "will"),
    ("plan.slot", "1", "morning"),
    ("turnout", "2", "voted"),
    ("consent", "team", "yes"),
)
NAMES = ("Camille", "Zoé", "Jean-Baptiste", "Élodie", "Fatoumata", "Nguyễn", "O’Brien", "X")
BROADCASTS = 24


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What one export took."""

    seconds: float
    cpu: float
    megabytes: float
    rows: int
    size: int


def instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def supporters(count: int, rng: random.Random) -> Iterator[tuple[object, ...]]:
    at = instant(FIRST)
    for number in range(1, count + 1):
        commune, department, region = rng.choice(PLACES)
        known = rng.random() < 0.6
        name = rng.choice(NAMES)
        place = (commune, department, region, "FR", "Europe/Paris", 45.7, 4.8)
        pseudonym = f"{rng.getrandbits(64):016x}"
        yield (number, 10**9 + number, pseudonym, "registered", "fr", name, *place, known, at, at, at)


def answers(count: int, people: int, rng: random.Random) -> Iterator[tuple[object, ...]]:
    for number in range(1, count + 1):
        question, subject, answer = rng.choice(QUESTIONS)
        at = instant(FIRST + timedelta(seconds=number * 1.5, microseconds=rng.randrange(10**6)))
        asked = (rng.randint(1, BROADCASTS), rng.randint(1, 90_000)) if rng.random() < 0.7 else (None, None)
        person = rng.randint(1, people)
        yield (number, at, person, question, subject, answer, *asked, number, *PLACES[person % len(PLACES)])


async def make(folder: Path, responses: int) -> None:
    """The database, filled."""
    database = await open_database(None, folder=folder, key=KEY)
    await upgrade(database)
    await database.close()
    rng, people = random.Random(SEED), max(1, responses // 4)
    connection = sqlite.connect(folder / FILE_NAME, KEY, sqlite.WRITER_PRAGMAS)
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO people (id, telegram_id, pseudonym, state, language, first_name, commune, department, region,"
        " territory, zone, latitude, longitude, consent_team, created_at, registered_at, seen_at)"
        f" VALUES ({', '.join('?' * 17)})",
        supporters(people, rng),
    )
    connection.executemany(
        "INSERT INTO broadcasts (id, key, kind, state, audience, area, starts_at, created_at)"
        " VALUES (?, ?, 'gotv', 'active', '{}', 'FR', ?, ?)",
        [(number, f"step:1:{number}", instant(FIRST), instant(FIRST)) for number in range(1, BROADCASTS + 1)],
    )
    connection.executemany(
        "INSERT INTO responses (id, at, person, question, subject, answer, broadcast, message_id, update_id,"
        f" commune, department, region) VALUES ({', '.join('?' * 12)})",
        answers(responses, people, rng),
    )
    connection.execute("COMMIT")
    connection.close()


async def export(folder: Path, format_: str) -> Spent:
    """One export by this process, which does nothing else."""
    database = await open_database(None, folder=folder, key=KEY)
    file = folder / f"responses.{format_}"
    began, cpu = time.perf_counter(), time.process_time()
    with file.open("wb") as stream:
        rows = await write(database, Order(table="responses", format=format_, selection=Selection()), stream)
    spent = Spent(
        seconds=time.perf_counter() - began,
        cpu=time.process_time() - cpu,
        megabytes=peak_megabytes(),
        rows=rows,
        size=file.stat().st_size,
    )
    await database.close()
    file.unlink()
    return spent


def peak_megabytes() -> float:
    status = Path("/proc/self/status")
    if status.exists():  # Linux's getrusage counts the parent's memory too
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(folder: Path, format_: str) -> Spent:
    """The same in a new process, so that its memory is its own."""
    arguments = [sys.executable, "-m", "benchmarks.exports", "--one", format_, "--folder", str(folder)]
    return Spent(**json.loads(subprocess.run(arguments, check=True, stdout=subprocess.PIPE).stdout))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--formats", nargs="+", choices=list(GOAL_SECONDS), default=list(GOAL_SECONDS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="keep the database there for the next time")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(vars(uvloop.run(export(options.folder, options.one)))))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if not (folder / FILE_NAME).exists():
            folder.mkdir(parents=True, exist_ok=True)
            uvloop.run(make(folder, options.responses))
        return report(folder, options.formats, options.rounds)


def report(folder: Path, formats: list[str], rounds: int) -> int:
    print(
        "| format | rows | seconds | CPU seconds | goal | peak MB | file MB |\n|---|---|---|---|---|---|---|"
    )
    missed = 0
    for format_ in formats:
        best = min((measured(folder, format_) for _ in range(rounds)), key=lambda spent: spent.cpu)
        goal = GOAL_SECONDS[format_]
        missed += (goal is not None and best.cpu > goal) or best.megabytes > GOAL_MB
        print(
            f"| {format_} | {best.rows:,} | {best.seconds:.1f} | {best.cpu:.1f} | {goal or '–'} |"
            f" {best.megabytes:.0f} | {best.size / 1e6:.1f} |"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
