"""Taps on an invitation, handled by the product: `python -m benchmarks.taps [--taps 9000] [--people 1000]`.

An organizer announces an event, the product invites everybody, and they answer all at once and several times: yes,
maybe and no in turn, by the buttons of the message that they got, so that each tap changes an answer. A tap counts
once its message was edited. At the end every tap must have its row in `responses`, and everybody the answer that they
gave last.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # measured with, not shipped
import sqlalchemy as sa
import uvloop

import db.people
from benchmarks.server import Server
from benchmarks.worker import CAMPAIGN, MORNING, fill, open_for
from bot import communes
from bot.actions.authority import author_of
from bot.actions.events import NewEvent, announce
from bot.actions.staff import add as add_staff
from bot.rules.audiences import Audience
from bot.rules.permissions import Role
from db.engine import Database
from db.events import EventText
from db.schema import people as table
from db.schema import responses, rsvps

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = ("yes", "maybe", "no")
ORGANIZER = 1
FIRST_TAPS = 1_000
"""Taps before those that are measured: templates are compiled by them, connections opened."""


@dataclass
class Phones:
    """Everybody's phone: the message of the invitation by chat, and what the bot did since."""

    server: Server
    invitations: dict[int, dict[str, Any]] = field(default_factory=dict)
    called: Counter[str] = field(default_factory=Counter)
    given: Counter[int] = field(default_factory=Counter)

    def watch(self, method: str, body: bytes) -> None:
        """A call of the bot arrived."""
        self.called[method] += 1
        if method == "sendMessage" and b"1:rsvp:" in body:
            sent = json.loads(body)
            self.invitations[sent["chat_id"]] = {
                "message_id": len(self.server.record.times),
                "date": int(MORNING.timestamp()),
                "chat": {"id": sent["chat_id"], "type": "private", "first_name": "Ada"},
                "from": {"id": 1, "is_bot": True, "first_name": "Benchmark", "username": "benchmark_bot"},
                "text": sent["text"],
                "reply_markup": sent["reply_markup"],
            }

    def taps(self, count: int) -> list[dict[str, Any]]:
        """The next updates: one person after the other answers, otherwise than before."""
        chats, number = list(self.invitations), self.given.total()
        return [self._tap(number + index, chats[(number + index) % len(chats)]) for index in range(count)]

    def _tap(self, number: int, chat: int) -> dict[str, Any]:
        message = self.invitations[chat]
        buttons = [
            each["callback_data"] for row in message["reply_markup"]["inline_keyboard"] for each in row
        ]
        answer = ANSWERS[self.given[chat] % len(ANSWERS)]
        self.given[chat] += 1
        query = {
            "id": str(number),
            "from": {"id": chat, "is_bot": False, "first_name": "Ada", "language_code": "fr"},
            "message": message,
            "chat_instance": "1",
            "data": next(data for data in buttons if data.endswith(f":{answer}")),
        }
        return {"update_id": 1 + number, "callback_query": query}


async def invite(database: Database, people: int) -> None:
    """`people` supporters, and an event to which the product is going to invite each of them."""
    await fill(database, people)
    gazetteer = communes.load()
    lyon = gazetteer.by_code("69123")
    assert lyon is not None
    words = EventText(
        title="Réunion publique à Lyon",
        description="Venez en parler avec nous : santé, école, emploi. Entrée libre, accueil dès 18 h 30.",
    )
    event = NewEvent(
        texts={"fr": words, "en": words},
        commune=lyon,
        address="Salle Rameau, 29 rue de la Martinière",
        pin=None,
        starts_at=MORNING + timedelta(days=3),
        duration=timedelta(hours=2),
        audience=Audience(),
    )
    async with database.write() as tx:
        # A hundred places from which it is not equally far.
        north = 45 + table.c.id % 100 / 100.0
        await tx.execute(sa.update(table).values(latitude=north, longitude=4.8))
        organizer = await db.people.get(tx, ORGANIZER)
        assert organizer is not None
        await add_staff(
            tx, telegram_id=organizer.telegram_id, role=Role.ADMIN, area="FR", actor="benchmark", now=MORNING
        )
        author = await author_of(tx, organizer, campaign=CAMPAIGN, gazetteer=gazetteer, now=MORNING)
        await announce(tx, author, event)


@asynccontextmanager
async def product(api: str, folder: str) -> AsyncIterator[psutil.Process]:
    """The running product; killed at the end."""
    command = [sys.executable, "-m", "benchmarks.product", "--api", api, "--folder", folder]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        await process.wait()


async def taps(count: int, people: int) -> dict[str, float]:
    """Taps a second, and CPU milliseconds of the product's process for each."""
    with tempfile.TemporaryDirectory() as folder:
        database = await open_for(Path(folder), None)
        await invite(database, people)
        await database.close()
        server = Server()
        phones = Phones(server)
        server.watch = phones.watch
        async with product(f"http://127.0.0.1:{await server.start()}", folder) as process:
            await _until(lambda: len(phones.invitations) == people)
            first, measured = phones.taps(FIRST_TAPS), phones.taps(count)
            await _answered(phones, first)
            began, cpu = time.perf_counter(), _cpu(process)
            await _answered(phones, measured)
            seconds, spent = time.perf_counter() - began, _cpu(process) - cpu
        await server.stop()
        await _check(Path(folder), phones)
    return {"taps_a_second": count / seconds, "cpu_ms_a_tap": 1000 * spent / count}


async def _answered(phones: Phones, taps: list[dict[str, Any]]) -> None:
    """Gives these taps, all at once, until the last message was edited."""
    edits = phones.called["editMessageText"] + len(taps)
    phones.server.add_updates(taps)
    await _until(lambda: phones.called["editMessageText"] >= edits)


async def _check(folder: Path, phones: Phones) -> None:
    """Raises RuntimeError unless every tap was noted once, and the last of each person counts."""
    database = await open_for(folder, None)
    async with database.read() as tx:
        noted = await tx.scalar(sa.select(sa.func.count(sa.distinct(responses.c.update_id))))
        answers = Counter(await tx.scalars(sa.select(rsvps.c.answer)))
    await database.close()
    given = Counter(ANSWERS[(taps - 1) % len(ANSWERS)] for taps in phones.given.values())
    if noted != phones.given.total() or answers != given:
        raise RuntimeError(f"{noted} of {phones.given.total()} taps were noted; {answers} instead of {given}")


def _cpu(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


async def _until(condition: Any) -> None:
    async with asyncio.timeout(300):
        while not condition():  # noqa: ASYNC110 - another process fulfils it
            await asyncio.sleep(0.002)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--taps", type=int, default=9_000)
    parser.add_argument("--people", type=int, default=1_000)
    options = parser.parse_args()
    print(json.dumps(uvloop.run(taps(options.taps, options.people))))


if __name__ == "__main__":
    main()
