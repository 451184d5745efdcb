"""People who answer an invitation, for `scripts/bench engine taps | burst | latency` and `crash --taps`.

An organizer announces an event, the product invites everybody, and they tap the buttons of the message that they got:
yes, maybe and no in turn, so that each tap changes an answer.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
from benchmarks.postgresql import Postgresql
from benchmarks.processes import cpu, running
from benchmarks.server import Server
from benchmarks.worker import MORNING, campaign, fill, open_for
from bot import communes
from bot.actions.announcing import NewEvent, announce
from bot.actions.authority import Author, author_of
from bot.actions.staff import add as add_staff
from bot.campaign.campaign import Campaign
from bot.rules.expressions import EVERYBODY
from bot.rules.permissions import Role
from bot.rules.seats import ENOUGH, SeatsWanted
from db.engine import Database
from db.events import EventText
from db.schema import people as people_table
from db.schema import responses, rsvps

ANSWERS = ("yes", "maybe", "no")
ORGANIZER = 1
PEOPLE = 1_000
FIRST_TAPS = 1_000
"""Taps before those that are measured: connections are opened by them, texts are worded."""
SECONDS_OF_FIRST_EDITS = 2
"""With a rate people are invited, and tap first, without one. Who keeps to the rate then has so long for first taps."""
PATIENCE_SECONDS = 300.0


@dataclass
class Phones:
    """Everybody's phone: the invitation in each chat, and the answers given."""

    server: Server
    invitations: dict[int, dict[str, Any]] = field(default_factory=dict)
    called: Counter[str] = field(default_factory=Counter)
    heard: set[str] = field(default_factory=set)
    """The taps that were answered, by the number of each: who takes over from a dead process answers some again."""
    shown: dict[int, str] = field(default_factory=dict)
    """The answer that is marked on the invitation in each chat."""
    given: Counter[int] = field(default_factory=Counter)
    history: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    """What each chat answered, in order, with the number of each update."""
    told: Callable[[str], None] = lambda _query: None
    """Called with the id of each tap that is answered."""
    edited: Callable[[int, str], None] = lambda _chat, _answer: None
    """Called with each chat where another answer is shown."""

    def __post_init__(self) -> None:
        self.server.watch = self._arrived

    def _arrived(self, method: str, body: bytes) -> None:
        self.called[method] += 1
        if method == "sendMessage" and b"1:rsvp:" in body:
            sent = json.loads(body)
            self.invitations.setdefault(
                sent["chat_id"],
                {
                    "message_id": len(self.server.record.times),
                    "date": int(MORNING.timestamp()),
                    "chat": {"id": sent["chat_id"], "type": "private", "first_name": "Ada"},
                    "from": {"id": 1, "is_bot": True, "first_name": "Bench", "username": "benchmark_bot"},
                    "text": sent["text"],
                    "reply_markup": sent["reply_markup"],
                },
            )
        elif method == "editMessageText":
            edit = json.loads(body)
            ticked = (each["callback_data"] for each in _buttons(edit) if each["text"].startswith("✓"))
            marked = next(ticked, "")  # who waits for a seat has given no answer that could be marked
            self.shown[edit["chat_id"]] = marked.rpartition(":")[2]
            self.edited(edit["chat_id"], self.shown[edit["chat_id"]])
        elif method == "answerCallbackQuery":
            query = json.loads(body)["callback_query_id"]
            self.heard.add(query)
            self.told(query)

    def taps(self, count: int) -> list[dict[str, Any]]:
        """The next updates: one person after the other answers, otherwise than before."""
        chats, given = list(self.invitations), self.given.total()
        return [
            self._tap(number, chats[number % len(chats)]) for number in range(given + 1, given + 1 + count)
        ]

    def _tap(self, number: int, chat: int) -> dict[str, Any]:
        message = self.invitations[chat]
        if chat in self.shown:
            message = {**message, "edit_date": message["date"] + number}
        buttons = [each["callback_data"] for each in _buttons(message)]
        answer = ANSWERS[self.given[chat] % len(ANSWERS)]
        self.given[chat] += 1
        self.history.setdefault(chat, []).append((number, answer))
        query = {
            "id": str(number),
            "from": {"id": chat, "is_bot": False, "first_name": "Ada", "language_code": "fr"},
            "message": message,
            "chat_instance": "1",
            "data": next(data for data in buttons if data.endswith(f":{answer}")),
        }
        return {"update_id": number, "callback_query": query}

    @property
    def untrue(self) -> int:
        """How many show another answer than was given last."""
        return sum(self.shown.get(chat) != self.last(chat) for chat in self.given)

    def last(self, chat: int) -> str:
        """The answer that was given last there."""
        return ANSWERS[(self.given[chat] - 1) % len(ANSWERS)]

    async def begin(self, people: int, taps: int) -> None:
        """Until so many are invited, and some tapped."""
        await until(lambda: len(self.invitations) == people)
        self.server.add_updates(self.taps(taps))
        await self.answered()

    async def answered(self) -> None:
        """Until each tap was answered, and every screen shows the last answer."""
        await until(lambda: len(self.heard) == self.given.total() and not self.untrue)

    async def noted(self, database: Database) -> int:
        """How many taps were noted. Raises RuntimeError where one was twice, or somebody's last answer is not kept."""
        async with database.read() as tx:
            rows = Counter(await tx.scalars(sa.select(responses.c.update_id)))
            kept = Counter(await tx.scalars(sa.select(rsvps.c.answer)))
            said = sa.select(people_table.c.telegram_id, responses.c.update_id, responses.c.answer)
            said = said.join(responses, responses.c.person == people_table.c.id).order_by(responses.c.id)
            history: dict[int, list[tuple[int, str]]] = {}
            for chat, number, answer in await tx.execute(said):
                history.setdefault(chat, []).append((number, answer))
        last = Counter(map(self.last, self.given))
        if kept != last or len(rows) != rows.total():
            raise RuntimeError(f"{rows.total()} rows for {len(rows)} taps; {kept} is kept instead of {last}")
        if history != self.history:
            raise RuntimeError(
                "somebody’s taps were not noted as they gave them, each once and in their order"
            )
        return len(rows)


def _buttons(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [each for row in message["reply_markup"]["inline_keyboard"] for each in row]


async def an_organizer(tx: AsyncConnection, plans: Campaign) -> Author:
    """One of the people, who from now on may write to everybody."""
    person = await db.people.get(tx, ORGANIZER)
    assert person is not None
    await add_staff(
        tx, telegram_id=person.telegram_id, role=Role.ADMIN, area="FR", actor="benchmark", now=MORNING
    )
    return await author_of(tx, person, campaign=plans, gazetteer=communes.load(), now=MORNING)


async def invite(
    database: Database, people: int, seats: SeatsWanted = ENOUGH, *, reminded: bool = False
) -> None:
    """`people` supporters, and an event to which the product is going to invite each of them.

    A step of the campaign is due as well, to those who want it: `reminded`. Whichever of the two leaves first takes the
    day's one message of a person, and the other waits until the next day.
    """
    await fill(database, people)
    lyon = communes.load().by_code("69123")
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
        audience=EVERYBODY,
        seats=seats,
    )
    async with database.write() as tx:
        # A hundred places from which it is not equally far.
        latitude = 45 + people_table.c.id % 100 / 100.0
        known = {"latitude": latitude, "longitude": 4.8, "mutes_reminders": not reminded}
        await tx.execute(sa.update(people_table).values(known))
        await announce(tx, await an_organizer(tx, replace(campaign(), approval_above=None)), event)


async def taps(
    count: int, rate: float | None = None, *, server: Postgresql | None = None, processes: int = 1
) -> dict[str, float]:
    """Taps of 1,000 people, all there at once: how many a second are noted and answered, and their cost.

    And how long it takes then until every screen shows the last answer, with how many edits for each tap. With a
    `server` the database is there, and its cost counts.
    """
    url = None if server is None else await server.make()
    with tempfile.TemporaryDirectory() as folder:
        database = await open_for(Path(folder), url)
        await invite(database, PEOPLE)
        await database.close()
        telegram = Server()
        phones = Phones(telegram)
        api = f"http://127.0.0.1:{await telegram.start()}"
        product = partial(
            running, "benchmarks.product", api, "--folder", folder, *(("--url", url) if url else ())
        )
        if rate is not None:  # at the rate it would take a minute
            async with product():
                await phones.begin(PEOPLE, FIRST_TAPS)
        async with AsyncExitStack() as stack:
            limited = partial(product, *(("--rate", str(rate)) if rate else ()))
            bots = [await stack.enter_async_context(limited()) for _ in range(processes)]

            def spent() -> float:
                return sum(map(cpu, bots)) + (0.0 if server is None else server.cpu())

            await phones.begin(PEOPLE, FIRST_TAPS if rate is None else round(SECONDS_OF_FIRST_EDITS * rate))
            updates, edits = phones.taps(count), phones.called["editMessageText"]
            began, before, of_server = time.perf_counter(), spent(), server.cpu() if server else 0.0
            telegram.add_updates(updates)
            await until(lambda: len(phones.heard) == phones.given.total())
            seconds, cost = time.perf_counter() - began, spent() - before
            of_server = (server.cpu() if server else 0.0) - of_server
            await phones.answered()
            true_after = time.perf_counter() - began
            edits = phones.called["editMessageText"] - edits
        await telegram.stop()
        database = await open_for(Path(folder), url)
        assert await phones.noted(database) == phones.given.total()
        await database.close()
    return {
        "taps_a_second": count / seconds,
        "cpu_ms_a_tap": 1000 * cost / count,
        **({"cpu_ms_of_the_server": 1000 * of_server / count} if server else {}),
        "screens_true_after_s": true_after,
        "edits_a_tap": edits / count,
    }


async def latency(rate: float, seconds: float) -> dict[str, float]:
    """How long taps, ten a second, wait for their answer while the invitations leave at `rate`."""
    given: dict[str, float] = {}
    waited: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        database = await open_for(Path(folder), None)
        await invite(database, round(rate * (seconds + 5)))
        await database.close()
        server = Server()
        phones = Phones(server, told=lambda query: waited.append(time.perf_counter() - given[query]))
        api = f"http://127.0.0.1:{await server.start()}"
        async with running("benchmarks.product", api, "--folder", folder, "--rate", str(rate)):
            await until(lambda: phones.called["sendMessage"] > 2 * rate)
            for _ in range(round(10 * seconds)):
                (tap,) = phones.taps(1)
                given[tap["callback_query"]["id"]] = time.perf_counter()
                server.add_updates([tap])
                await asyncio.sleep(0.1)
        await server.stop()
    waited.sort()
    return {
        "taps": len(waited),
        "median_ms": 1000 * waited[len(waited) // 2],
        "p99_ms": 1000 * waited[-len(waited) // 100],
    }


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - another process fulfils it
            await asyncio.sleep(0.002)
