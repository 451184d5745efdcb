"""Everybody taps "I’ll come" on one event: with few seats and with enough, side by side; exact at the end.

    python -m benchmarks.events [--people 10000] [--seats 3000] [--pairs 3] [--cards 20000] [--coming 5000]

Then so many cards of an event are edited, while people tap, and a list of so many who come is leafed through.

It ends with status 1 where more or fewer have a seat than there are, the waitlist is not in the order of arrival, or
the cards delay a reply by over 100 ms at the 99th percentile, or a page takes longer than that.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa

from benchmarks import event_cards
from benchmarks.processes import cpu, running
from benchmarks.server import Server
from benchmarks.taps import Phones, invite, until
from benchmarks.worker import open_for
from bot.rules.seats import ENOUGH, SeatsWanted
from db.engine import Database
from db.schema import responses, rsvps

SECONDS = 30.0
"""So long people tap before cards are edited, and while they are."""


@dataclass(frozen=True, kw_only=True)
class Rush:
    """How fast it was, and who has a seat. `in_order`: who came first waits first."""

    taps_a_second: float
    cpu_ms_a_tap: float
    coming: int
    waiting: int
    in_order: bool


async def rush(people: int, seats: SeatsWanted) -> Rush:
    """Everybody taps once, all there at once."""
    with tempfile.TemporaryDirectory() as folder:
        database = await open_for(Path(folder), None)
        await invite(database, people, seats)
        await database.close()
        server = Server()
        phones = Phones(server)
        api = f"http://127.0.0.1:{await server.start()}"
        async with running("benchmarks.product", api, "--folder", folder) as process:
            await until(lambda: len(phones.invitations) == people)
            taps = phones.taps(people)
            began, spent = time.perf_counter(), cpu(process)
            server.add_updates(taps)
            await until(lambda: phones.called["answerCallbackQuery"] >= people)
            seconds, spent = time.perf_counter() - began, cpu(process) - spent
        await server.stop()
        database = await open_for(Path(folder), None)
        coming, waiting, in_order = await stood(database)
        await database.close()
    return Rush(
        taps_a_second=people / seconds,
        cpu_ms_a_tap=1000 * spent / people,
        coming=coming,
        waiting=waiting,
        in_order=in_order,
    )


async def stood(database: Database) -> tuple[int, int, bool]:
    """How many come, how many wait, and whether they wait in the order in which they tapped."""
    tapped = sa.and_(responses.c.person == rsvps.c.person, responses.c.question == "rsvp")
    query = sa.select(rsvps.c.answer, rsvps.c.ticket).join(responses, tapped).order_by(responses.c.update_id)
    async with database.read() as tx:
        found = (await tx.execute(query)).all()
    tickets = [row.ticket for row in found if row.answer == "waiting"]
    return sum(row.answer == "yes" for row in found), len(tickets), tickets == sorted(tickets)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--seats", type=int, default=3_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--cards", type=int, default=20_000, help="0: none")
    parser.add_argument("--coming", type=int, default=5_000)
    options = parser.parse_args()
    rates, costs, exact = [], [], True
    for number in range(options.pairs):
        plain = asyncio.run(rush(options.people, ENOUGH))
        few = asyncio.run(rush(options.people, SeatsWanted(capacity=options.seats)))
        print({"pair": number + 1, "enough": asdict(plain), "few": asdict(few)}, flush=True)
        rates.append(few.taps_a_second / plain.taps_a_second)
        costs.append(few.cpu_ms_a_tap / plain.cpu_ms_a_tap)
        waiting = options.people - options.seats
        exact = exact and few.in_order and (few.coming, few.waiting) == (options.seats, waiting)
    if rates:
        rate, cost = statistics.median(rates), statistics.median(costs)
        print(f"with few seats at {rate:.0%} of the rate with enough, at {cost:.0%} of its processor time")
        print("exact" if exact else "BROKEN")
    quick = not options.cards or event_cards.report(options.cards, SECONDS, options.coming)
    sys.exit(not (exact and quick))


if __name__ == "__main__":
    main()
