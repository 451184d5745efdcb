"""What a person's rights cost in a large campaign: `python -m benchmarks.trust [--people N] [--deliveries N]`.

Builds an encrypted database by a few large statements (or takes the one that `--database FOLDER` holds from an earlier
run), then measures: opening it until the bot could answer, /mydata, /delete, and the longest that a purge keeps the
writer. Names every query of these that reads a whole table.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from telegram import User
from telegram.ext import Application, ContextTypes

import db.broadcasts
import db.deliveries
import db.updates
import handlers
from bot import communes
from bot.actions.retention import purge
from bot.campaign.campaign import load_campaign
from bot.clock import ClockStart, MovableClock
from bot.delivery.calls import Call
from bot.rules.suppression import SuppressionKey
from bot.words.texts import Texts
from db import sqlite
from db.engine import FILE_NAME, Database, open_database
from db.key import DatabaseKey
from db.rolls import Rolls
from db.suppression_key import open_suppression_key
from db.upgrade import upgrade
from handlers.context import Context, Services
from handlers.dispatch import Dispatcher
from handlers.routing import register

NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)
KEY = DatabaseKey(hex="5e" * 32)
BROADCASTS = 100
FIRST_CHAT = 1_000_000
BUILD_PRAGMAS = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -1000000",
)
LARGE = ("people", "consents", "responses", "deliveries", "rsvps", "vote_plans")

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most)"
PARTS = {
    "people": """
    INSERT INTO people (id, telegram_id, pseudonym, state, language, first_name, commune, department, region, territory,
        zone, latitude, longitude, consent_contact, consent_commune, consent_team, consent_keep, recruiter, created_at,
        registered_at, seen_at)
    SELECT i, :first_chat + i, printf('%016x', i), 'registered', 'fr', 'Camille', '69123', '69', '84', 'FR',
        'Europe/Paris', 45.75, 4.85, 1, 1, i % 2, i % 50 > 0, CASE WHEN i % 4 = 0 THEN i / 4 END, :now, :now, :now
    FROM n""",
    "consents": """
    INSERT INTO consents (pseudonym, purpose, given, text_version, text_hash, language, at)
    SELECT printf('%016x', i), purpose, 1, '1', printf('%064x', 1), 'fr', :now FROM n, (
        SELECT 'contact' AS purpose UNION ALL SELECT 'commune' UNION ALL SELECT 'team' UNION ALL SELECT 'keep')""",
    "responses": """
    INSERT INTO responses (at, person, question, subject, answer, update_id, commune, department, region)
    SELECT :now, i, 'plan.slot', '1', 'midday', i, '69123', '69', '84' FROM n""",
    "more responses": """
    INSERT INTO responses (at, person, question, subject, answer, update_id, commune, department, region)
    SELECT :now, i, 'rsvp', printf('%08x', i % 50), 'yes', i, '69123', '69', '84' FROM n""",
    "vote plans": """
    INSERT INTO vote_plans (person, ballot, intention, slot, at) SELECT i, 1, 'will', 'midday', :now FROM n""",
    "events": """
    INSERT INTO events (code, starts_at, ends_at, zone, commune, department, region, territory, address, created_at,
        state)
    SELECT printf('%08x', i - 1), :past, :past, 'Europe/Paris', '69123', '69', '84', 'FR', 'Lyon', :past, 'open'
    FROM n WHERE i <= 50""",
    "rsvps": "INSERT INTO rsvps (event, person, answer, at) SELECT 1 + i % 50, i, 'yes', :now FROM n",
    "dialogs": """
    INSERT INTO dialogs (person, flow, step, data, updated_at)
    SELECT i, 'place', 'place', '{}', :now FROM n WHERE i % 100 = 0""",
    "broadcasts": """
    INSERT INTO broadcasts (id, key, kind, state, audience, area, starts_at, created_at, finished_at)
    SELECT i, 'staff:' || i, 'persuasion', 'active', '{}', 'FR', :now, :now, :now FROM n WHERE i <= 100""",
}
DELIVERIES = f"""
    {NUMBERS.replace(":most", ":people")}
    INSERT INTO deliveries (broadcast, person, state, due_at, message_id, changed_at, sent_at)
    SELECT :broadcast, i, 'sent', :now, i, :now, :now FROM n
    WHERE (i + :broadcast) % :every < :share"""


def text_of(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S.%f")


def build(file: Path, people: int, deliveries: int) -> None:
    """Fills the tables; the large tables get their indexes back when they are full."""
    values = {
        "most": max(people, BROADCASTS),
        "first_chat": FIRST_CHAT,
        "now": text_of(NOW),
        "past": text_of(NOW - timedelta(days=31)),
    }
    with closing(sqlite.connect(file, KEY, BUILD_PRAGMAS)) as connection:
        with without_indexes(connection):
            connection.execute("BEGIN")
            for what, statement in PARTS.items():
                began = time.perf_counter()
                connection.execute(f"{NUMBERS} {statement}", values)
                print(f"  {what}: {time.perf_counter() - began:.0f} s", flush=True)
            began = time.perf_counter()
            share = round(deliveries / BROADCASTS / people * 1_000)
            for broadcast in range(1, BROADCASTS + 1):
                given = {"broadcast": broadcast, "people": people, "now": values["now"]}
                connection.execute(DELIVERIES, {**given, "every": 1_000, "share": share})
            connection.execute("COMMIT")
            print(f"  deliveries: {time.perf_counter() - began:.0f} s", flush=True)
        connection.execute("PRAGMA journal_mode = WAL").fetchall()


@contextmanager
def without_indexes(connection: Any) -> Iterator[None]:
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?"
    found = [row for table in LARGE for row in connection.execute(query, (table,)).fetchall()]
    for name, _sql in found:
        connection.execute(f'DROP INDEX "{name}"')
    yield
    began = time.perf_counter()
    for _name, sql in found:
        connection.execute(sql)
    print(f"  {len(found)} indexes: {time.perf_counter() - began:.0f} s", flush=True)


class Bot:
    """The conversation on the database, without a network."""

    def __init__(self, database: Database, key: SuppressionKey) -> None:
        campaign = load_campaign(Path("campaigns/primaire-2016"))
        self.database, self.campaign = database, campaign
        services = Services(
            campaign=campaign,
            texts=Texts({"campaign": campaign}),
            gazetteer=communes.load(),
            bot_username="portevoix_bot",
            suppression_key=key,
            commands=handlers.COMMANDS,
        )
        application = (
            Application.builder().token("1:test").context_types(ContextTypes(context=Context)).build()
        )
        application.bot._bot_user = User(id=1, first_name="Portevoix", is_bot=True, username="portevoix_bot")
        register(application, handlers.ROUTES)
        start = ClockStart(start=NOW, speed=1.0)
        self._dispatcher = Dispatcher(
            application, services, MovableClock(start.start, start.speed), Rolls(database)
        )
        self._number = 10_000_000

    async def write(self, chat: int, text: str) -> list[Call]:
        entities = [{"type": "bot_command", "offset": 0, "length": len(text)}]
        return await self._handle(message=self._message(chat, text=text, entities=entities))

    async def tap(self, chat: int, data: str) -> list[Call]:
        query = {"id": "q", "from": self._user(chat), "chat_instance": "c", "data": data}
        return await self._handle(callback_query={**query, "message": self._message(chat, text="…")})

    def _user(self, chat: int) -> dict[str, Any]:
        return {"id": chat, "is_bot": False, "first_name": "Camille", "language_code": "fr"}

    def _message(self, chat: int, **content: Any) -> dict[str, Any]:
        whose = {"chat": {"id": chat, "type": "private"}, "from": self._user(chat)}
        return {"message_id": 1, "date": int(NOW.timestamp()), **whose, **content}

    async def _handle(self, **content: Any) -> list[Call]:
        self._number += 1
        async with self.database.write() as tx:
            return await self._dispatcher.process(tx, {"update_id": self._number, **content})


async def ready(folder: Path) -> Database:
    """What the bot does from the file to its first answer: the claim, what a dead process left, what is due."""
    database = await open_database(None, folder=folder, key=KEY)
    await upgrade(database)
    database.claim()
    await open_suppression_key(database, folder / "suppression.key")
    async with database.write() as tx:
        await db.updates.adopt(tx, "me", ["me"])
        await db.deliveries.recover(tx, ["me"], NOW)
    async with database.read() as tx:
        await db.broadcasts.active(tx)
        await db.updates.count_unfinished(tx)
        await db.deliveries.ripe_withheld(tx, NOW)
    return database


async def timed(work: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = await work()
    return time.perf_counter() - began, result


class Statements:
    """The statements that were run, to ask SQLite how it finds the rows of each."""

    def __init__(self, database: Database) -> None:
        self.seen: dict[str, Any] = {}
        for engine in (database._writer, database._reader):
            sa.event.listen(engine.sync_engine, "before_cursor_execute", self._keep)

    def _keep(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        self.seen.setdefault(statement, parameters)

    def whole_tables(self, file: Path) -> list[str]:
        """Where a large table is read from end to end, and by which statement."""
        found = []
        with closing(sqlite.connect(file, KEY)) as connection:
            for statement, parameters in self.seen.items():
                if not re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)", statement):
                    continue
                plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                words = " ".join(statement.split())[:160]
                found += [
                    f"{row[3]}: {words}" for row in plan if re.match(f"SCAN ({'|'.join(LARGE)})", row[3])
                ]
        return found


class Watch:
    """The longest that anybody who wants to write has to wait, while it runs."""

    def __init__(self, database: Database) -> None:
        self._database, self.longest = database, 0.0

    async def run(self) -> None:
        while True:
            began = time.perf_counter()
            async with self._database.write():
                pass
            self.longest = max(self.longest, time.perf_counter() - began)
            await asyncio.sleep(0.01)


async def measure(folder: Path, people: int, rounds: int, *, purging: bool) -> None:
    opening, database = await timed(lambda: ready(folder))
    print(f"opening until ready: {opening:.2f} s")
    bot = Bot(database, await open_suppression_key(database, folder / "suppression.key"))
    statements = Statements(database)
    chats = [FIRST_CHAT + 1 + index * (people // rounds) for index in range(rounds)]
    results: dict[str, list[float]] = {"/menu": [], "/mydata": [], "/delete": []}
    for chat in chats:
        results["/menu"].append((await timed(lambda chat=chat: bot.write(chat, "/menu")))[0])
        seconds, calls = await timed(lambda chat=chat: bot.write(chat, "/mydata"))
        (file,) = [call.attachment for call in calls if call.attachment is not None]
        assert json.loads(file.content)["person"]["telegram_id"] == chat
        results["/mydata"].append(seconds)
    for chat in chats:
        results["/delete"].append((await timed(lambda chat=chat: bot.tap(chat, "1:delete:yes")))[0])
    for what, seconds in results.items():
        median = statistics.median(seconds)
        print(
            f"{what}: median {median * 1000:.0f} ms, slowest {max(seconds) * 1000:.0f} ms ({rounds} people)"
        )
    for line in statements.whole_tables(folder / FILE_NAME):
        print(f"reads a whole table: {line}")
    if purging:
        await measure_purge(database, bot)
    await database.close()


async def measure_purge(database: Database, bot: Bot) -> None:
    """The answers to past events, and the vote plans after the last round: the writer is let go between pieces."""
    for name, later in (("past events", NOW), ("votes and profiles", NOW + timedelta(days=45))):
        watch = Watch(database)
        watching = asyncio.create_task(watch.run())
        seconds, erased = await timed(
            lambda later=later: purge(database, bot.campaign, actor="benchmark", now=later)
        )
        watching.cancel()
        what = ", ".join(f"{count} {thing}" for thing, count in erased.items() if count)
        print(
            f"purge of {name}: {seconds:.0f} s, another waits at most {watch.longest * 1000:.0f} ms ({what})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--deliveries", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--database", type=Path, help="a folder; kept, and used again where it is filled")
    parser.add_argument("--purge", action="store_true", help="also on a database that is kept")
    options = parser.parse_args()
    folder = options.database or Path(tempfile.mkdtemp(prefix="portevoix-trust-"))
    try:
        if not (folder / FILE_NAME).exists():
            asyncio.run(empty(folder))
            build(folder / FILE_NAME, options.people, options.deliveries)
        size = (folder / FILE_NAME).stat().st_size / 1e9
        print(f"{options.people} people, {options.deliveries} deliveries, {size:.1f} GB, encrypted")
        purging = options.purge or options.database is None
        asyncio.run(measure(folder, options.people, options.rounds, purging=purging))
    finally:
        if options.database is None:
            shutil.rmtree(folder)


async def empty(folder: Path) -> None:
    database = await open_database(None, folder=folder, key=KEY)
    await upgrade(database)
    await database.close()


if __name__ == "__main__":
    main()
