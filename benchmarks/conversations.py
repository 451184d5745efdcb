"""How long a message of a supporter is on its way to whoever has taken the conversation, while a broadcast leaves.

    python -m benchmarks.conversations [--messages 300] [--pairs 40] [--rate 30] [--people 20000]

The product runs in a process of its own, with a message to 20,000 people that leaves at 30 a second. Supporters write
four messages a second in all; each is in a conversation that somebody of the team has taken. Measured from when the
server has the update until it is asked to put the message into the other chat.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import uvloop

import db.consents
import db.conversations
import db.duties
import db.people
import db.staff
from benchmarks.processes import running
from benchmarks.server import Server
from benchmarks.taps import until
from benchmarks.worker import MORNING, fill, open_for, queue_all
from bot.rules.conversations import PURPOSE, claimed, written_to
from db.consents import Consent
from db.engine import Database

A_SECOND = 4
SAID = re.compile(rb"relais (\d+)")


@dataclass
class Watch:
    """When each message was written, and when it reached the other chat; how much of the broadcast left meanwhile."""

    written: dict[int, float] = field(default_factory=dict)
    arrived: dict[int, float] = field(default_factory=dict)
    broadcast: int = 0

    def see(self, method: str, body: bytes) -> None:
        if method != "sendMessage":
            return
        found = SAID.search(body)
        if found is None:
            self.broadcast += bool(self.written)
        else:
            self.arrived.setdefault(int(found[1]), time.perf_counter())

    @property
    def seconds(self) -> list[float]:
        return sorted(self.arrived[number] - at for number, at in self.written.items())


async def take(database: Database, pairs: int) -> None:
    """The first people write, and as many after them have taken what they write."""
    async with database.write() as tx:
        for number in range(1, pairs + 1):
            asker, answerer = [await db.people.get(tx, each) for each in (number, pairs + number)]
            assert asker is not None
            assert answerer is not None
            held = {"role": "organizer", "area": "69", "added_by": None, "now": MORNING}
            await db.staff.add(tx, telegram_id=answerer.telegram_id, **held)
            await db.duties.change(tx, answerer.id, name="Sophie", on_duty=True)
            said = {"text_version": "2", "text_hash": "h", "language": "fr", "at": MORNING, "update_id": None}
            choice = Consent(pseudonym=asker.pseudonym, purpose=PURPOSE, given=True, **said)
            await db.consents.add(tx, choice)
            found = await db.conversations.open_for(tx, asker.id, "69123", MORNING)
            await db.conversations.add(tx, conversation=found.id, at=MORNING, text="Bonjour", message_id=1)
            taken = claimed(written_to(found.standing, MORNING), answerer.id, MORNING)
            assert await db.conversations.move(tx, found, taken)


def update(number: int, pairs: int) -> dict[str, object]:
    """What a supporter writes."""
    who = 1_000_001 + number % pairs
    sender = {"id": who, "is_bot": False, "first_name": "Ada", "language_code": "fr"}
    chat = {"id": who, "type": "private", "first_name": "Ada"}
    message = {"message_id": 100 + number, "date": int(MORNING.timestamp()), "from": sender, "chat": chat}
    return {"update_id": 1 + number, "message": {**message, "text": f"et encore ceci : relais {number}"}}


async def measure(messages: int, pairs: int, rate: float, people: int) -> Watch:
    with tempfile.TemporaryDirectory() as folder:
        database = await open_for(Path(folder), None)
        await fill(database, people)
        await take(database, pairs)
        await queue_all(database, "news", after=2 * pairs)
        await database.close()
        watch = Watch()
        server = Server(watch=watch.see)
        api = f"http://127.0.0.1:{await server.start()}"
        async with running("benchmarks.product", api, "--folder", folder, "--rate", str(rate)):
            await asyncio.sleep(5)  # the broadcast is on its way
            for number in range(messages):
                watch.written[number] = time.perf_counter()
                server.add_updates([update(number, pairs)])
                await asyncio.sleep(1 / A_SECOND)
            await until(lambda: len(watch.arrived) >= messages)
        await server.stop()
    return watch


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--people", type=int, default=20_000)
    options = parser.parse_args()
    began = time.perf_counter()
    watch = uvloop.run(measure(options.messages, options.pairs, options.rate, options.people))
    seconds = watch.seconds
    cuts = quantiles(seconds, n=100)
    told = {
        "messages": len(seconds),
        "median_seconds": round(median(seconds), 3),
        "p99_seconds": round(cuts[98], 3),
        "most_seconds": round(seconds[-1], 3),
        "broadcast_meanwhile": watch.broadcast,
        "took_seconds": round(time.perf_counter() - began, 1),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
