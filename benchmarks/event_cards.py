"""How long people wait for an answer while 20,000 cards are edited; and whoever organizes, for a page of who comes.

The second part of `benchmarks.events`. The same taps, before and meanwhile, so that a busy machine shows in both.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.processes import running
from benchmarks.server import Server
from benchmarks.taps import ORGANIZER, Phones, invite, until
from benchmarks.worker import MORNING, open_for
from db.schema import deliveries, events, people, rsvps

RATE = 30.0
TAPS_A_SECOND = 5
MOST_MS = 100.0
PAGES = 40


@dataclass(frozen=True, kw_only=True)
class Waited:
    """How long replies took, in milliseconds, and how many cards were edited meanwhile."""

    replies: int
    median_ms: float
    p99_ms: float
    cards: int


class Replies:
    """Taps that are given one by one, and when each is seen to be answered: by the edit of its message."""

    def __init__(self, phones: Phones) -> None:
        self._phones, self._given, self._waited = phones, dict[int, tuple[float, str | None]](), list[float]()
        self._watch = phones.server.watch
        phones.server.watch = self._arrived

    def _arrived(self, method: str, body: bytes) -> None:
        assert self._watch is not None  # the phones watch too
        self._watch(method, body)
        if method != "editMessageText" or not self._given:
            return
        chat = json.loads(body)["chat_id"]
        given, answer = self._given.get(chat, (0.0, ""))
        # A card that is edited by itself bears the answer of before.
        if answer is None or (answer and self._phones.shown.get(chat) == answer):
            self._waited.append(time.perf_counter() - given)
            del self._given[chat]

    def give(self, tap: dict[str, Any], answer: str | None) -> None:
        """`answer`: the one that is marked once it was answered; None: any edit is the answer."""
        self._given[tap["callback_query"]["from"]["id"]] = (time.perf_counter(), answer)
        self._phones.server.add_updates([tap])

    async def all_seen(self) -> None:
        await until(lambda: not self._given)

    async def taken(self, cards: int) -> Waited:
        """Once all were answered; and begins anew."""
        await self.all_seen()
        waited, self._waited = sorted(self._waited), []
        return Waited(
            replies=len(waited),
            median_ms=1000 * waited[len(waited) // 2],
            p99_ms=1000 * waited[-(-99 * len(waited) // 100) - 1],
            cards=cards,
        )


async def _taps(phones: Phones, replies: Replies, seconds: float) -> Waited:
    """People answer, so many a second, while whatever else there is to do is done."""
    edits, given = phones.called["editMessageText"], phones.given.total()
    for _ in range(round(TAPS_A_SECOND * seconds)):
        (tap,) = phones.taps(1)
        replies.give(tap, tap["callback_query"]["data"].rpartition(":")[2])
        await asyncio.sleep(1 / TAPS_A_SECOND)
    edits = phones.called["editMessageText"] - edits - (phones.given.total() - given)
    return await replies.taken(edits)  # each tap is answered by an edit too


async def _pages(phones: Phones, replies: Replies, code: str, pages: int) -> Waited:
    """Whoever organizes the event leafs through who comes."""
    chat = 1_000_000 + ORGANIZER
    for page in range(pages):
        (tap,) = phones.taps(1)
        query = tap["callback_query"]
        query["from"] = {**query["from"], "id": chat}
        query |= {"message": phones.invitations[chat], "data": f"1:attendees:{code}:coming:{page}"}
        replies.give(tap, None)
        await replies.all_seen()
    return await replies.taken(0)


async def measure(number: int, seconds: float, coming: int) -> dict[str, Waited]:
    """The same taps before and while everybody's card is edited, and the pages of the list."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = await open_for(folder, None)
        await invite(database, number)
        server = Server()
        phones = Phones(server)
        replies = Replies(phones)
        api = f"http://127.0.0.1:{await server.start()}"
        async with running("benchmarks.product", api, "--folder", name):
            await until(lambda: len(phones.invitations) == number)
        limited = ("--folder", name, "--rate", str(RATE))
        async with running("benchmarks.product", api, *limited):
            await _taps(phones, replies, 5)  # connections are opened, texts are worded
            before = await _taps(phones, replies, seconds)
        async with database.write() as tx:
            answered = sa.select(rsvps.c.person)
            some = sa.select(people.c.id).where(people.c.id.not_in(answered)).limit(coming)
            event = (await tx.execute(sa.select(events.c.id, events.c.code))).one()
            said = [
                {"event": event.id, "person": each, "answer": "yes", "at": MORNING}
                for each in await tx.scalars(some)
            ]
            await tx.execute(sa.insert(rsvps), said)
            await tx.execute(sa.update(deliveries).values(sent_at=MORNING - timedelta(hours=2)))
            await tx.execute(
                sa.update(events).values(sequence=events.c.sequence + 1, address="Place Bellecour")
            )
        edits = phones.called["editMessageText"]
        async with running("benchmarks.product", api, *limited):
            await until(lambda: phones.called["editMessageText"] > edits + 20)
            during = await _taps(phones, replies, seconds)
            pages = await _pages(phones, replies, event.code, PAGES)
        await server.stop()
        await database.close()
    return {"before": before, "while cards are edited": during, "pages of the list": pages}


def report(number: int, seconds: float, coming: int) -> bool:
    """Measures and prints; whether it is as quick as it should be."""
    found = asyncio.run(measure(number, seconds, coming))
    for what, waited in found.items():
        print({what: asdict(waited)}, flush=True)
    before, during, pages = found.values()
    delay = max(0.0, during.p99_ms - before.p99_ms)
    print(
        f"cards delay a reply by {delay:.0f} ms at the 99th percentile; a page takes {pages.median_ms:.0f} ms"
    )
    return during.cards > 0 and delay <= MOST_MS and pages.median_ms <= MOST_MS
