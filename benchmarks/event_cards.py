"""How long people wait for an answer while 20,000 cards are edited; and whoever organizes, for a page of who comes.

    python -m benchmarks.event_cards [--people 20000] [--seconds 30] [--coming 5000]

It ends with status 1 where one reply in a hundred, or one page, takes over 100 ms longer than it should.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
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


class Answers:
    """Taps that are given one by one, and when each is answered."""

    def __init__(self, phones: Phones) -> None:
        self._phones, self._given, self._waited = phones, dict[str, float](), list[float]()
        phones.told = self._answered

    def _answered(self, query: str) -> None:
        if query in self._given:
            self._waited.append(time.perf_counter() - self._given.pop(query))

    async def give(self, tap: dict[str, Any]) -> None:
        self._given[tap["callback_query"]["id"]] = time.perf_counter()
        self._phones.server.add_updates([tap])

    async def all_taken(self) -> None:
        await until(lambda: not self._given)

    async def taken(self, cards: int) -> Waited:
        """Once all were answered; and begins anew."""
        await self.all_taken()
        waited, self._waited = sorted(self._waited), []
        return Waited(
            replies=len(waited),
            median_ms=1000 * waited[len(waited) // 2],
            p99_ms=1000 * waited[-(-99 * len(waited) // 100) - 1],
            cards=cards,
        )


async def _taps(phones: Phones, answers: Answers, seconds: float) -> Waited:
    """People answer, so many a second, while whatever else there is to do is done."""
    edits, given = phones.called["editMessageText"], phones.given.total()
    for _ in range(round(TAPS_A_SECOND * seconds)):
        (tap,) = phones.taps(1)
        await answers.give(tap)
        await asyncio.sleep(1 / TAPS_A_SECOND)
    edits = phones.called["editMessageText"] - edits - (phones.given.total() - given)
    return await answers.taken(edits)  # each tap is answered by an edit too


async def _pages(phones: Phones, answers: Answers, code: str, pages: int) -> Waited:
    """Whoever organizes the event leafs through who comes."""
    chat = 1_000_000 + ORGANIZER
    for page in range(pages):
        (tap,) = phones.taps(1)
        query = tap["callback_query"]
        query["from"] = {**query["from"], "id": chat}
        query |= {"message": phones.invitations[chat], "data": f"1:attendees:{code}:coming:{page}"}
        await answers.give(tap)
        await answers.all_taken()
    return await answers.taken(0)


async def measure(number: int, seconds: float, coming: int) -> dict[str, Waited]:
    """The same taps before and while everybody's card is edited, and the pages of the list."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = await open_for(folder, None)
        await invite(database, number)
        server = Server()
        phones = Phones(server)
        answers = Answers(phones)
        api = f"http://127.0.0.1:{await server.start()}"
        async with running("benchmarks.product", api, "--folder", name):
            await until(lambda: len(phones.invitations) == number)
        limited = ("--folder", name, "--rate", str(RATE))
        async with running("benchmarks.product", api, *limited):
            await _taps(phones, answers, 5)  # connections are opened, texts are worded
            before = await _taps(phones, answers, seconds)
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
            during = await _taps(phones, answers, seconds)
            pages = await _pages(phones, answers, event.code, PAGES)
        await server.stop()
        await database.close()
    return {"before": before, "while cards are edited": during, "pages of the list": pages}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--coming", type=int, default=5_000)
    options = parser.parse_args()
    found = asyncio.run(measure(options.people, options.seconds, options.coming))
    for what, waited in found.items():
        print({what: asdict(waited)}, flush=True)
    before, during, pages = found.values()
    delay = during.p99_ms - before.p99_ms
    print(
        f"cards delay a reply by {max(0.0, delay):.0f} ms at the 99th percentile; a page takes {pages.median_ms:.0f} ms"
    )
    kept = during.cards > 0 and delay <= MOST_MS and pages.median_ms <= MOST_MS
    print("kept" if kept else "BROKEN")
    sys.exit(not kept)


if __name__ == "__main__":
    main()
