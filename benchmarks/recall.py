"""Take a message back from many chats while the product is killed (SIGKILL) at random instants, and count.

    python -m benchmarks.recall [--people 20000] [--kills 40] [--seed 1]       encrypted SQLite, one process
    python -m benchmarks.recall --postgresql --processes 3                     three, of which a random one dies

The server drops connections before and after it received, answers 500 and 429, and answers late. It ends with status 1
where the message stays in a chat, or anything is sent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa

import db.broadcasts
import db.mends
from benchmarks.crash import FAULTS, Bots, Plan, kill_at, until_so
from benchmarks.postgresql import postgresql_if
from benchmarks.server import Server
from benchmarks.worker import MORNING, fill, open_for, queue_all
from bot.delivery.account import Account, load_account
from bot.rules.mends import RECALLED
from db.engine import Database
from db.schema import broadcasts, deliveries

END_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class RecallVerdict:
    """What the server saw against what the database says. `kept`: chats that still have the message."""

    chats: int
    kept: int
    sent: int
    repeated: int
    kills: int
    account: Account

    @property
    def holds(self) -> bool:
        return self.kept == self.sent == 0 and self.account.sent == self.chats


class Chats:
    """The chats of the server, as its requests leave them."""

    def __init__(self, server: Server) -> None:
        self.deleted: Counter[int] = Counter()
        self.sent = 0
        server.watch = self._see

    def _see(self, method: str, body: bytes) -> None:
        if method == "deleteMessage":
            self.deleted[json.loads(body)["chat_id"]] += 1
        self.sent += method.startswith("send")


async def recall(plan: Plan, count: int, rate: float | None) -> RecallVerdict:
    """Take one message back from `count` chats while processes are killed; returns once nothing is left to do."""
    database = await open_for(plan.folder, plan.url)
    await fill(database, count)
    number = await queue_recall(database)
    server = Server(faults=FAULTS, seed=plan.seed)
    chats = Chats(server)
    more = () if rate is None else ("--rate", str(rate))
    bots = Bots(plan, "benchmarks.product", f"http://127.0.0.1:{await server.start()}", *more)
    try:
        await bots.start_all()
        await kill_at(plan, bots, count, lambda: len(chats.deleted))
        await until_so(partial(_is_over, database, number), END_SECONDS)
    finally:
        await bots.kill_all()
        await server.stop()
    async with database.read() as tx:
        account = await load_account(tx, number)
    await database.close()
    return RecallVerdict(
        chats=count,
        kept=count - len(chats.deleted),
        sent=chats.sent,
        repeated=sum(times - 1 for times in chats.deleted.values()),
        kills=plan.kills,
        account=account,
    )


async def queue_recall(database: Database) -> int:
    """A message that everybody has, and its recall; the recall's number."""
    message = await queue_all(database, "staff:recalled")
    values = {
        "key": "mend:1",
        "kind": "service",
        "template": RECALLED,
        "audience": {},
        "area": "FR",
        "starts_at": MORNING,
        "created_at": MORNING,
        "mends": message,
    }
    async with database.write() as tx:
        left = {"state": "sent", "sent_at": MORNING, "message_id": deliveries.c.id}
        await tx.execute(sa.update(deliveries).values(**left))
        await tx.execute(sa.update(broadcasts).values(finished_at=MORNING))
        number = await db.broadcasts.create(tx, values)
        assert number is not None
        await db.mends.queue(tx, number, message, expires_at=None, now=MORNING)
    return number


async def _is_over(database: Database, number: int) -> bool:
    async with database.read() as tx:
        return (await load_account(tx, number)).left == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--rate", type=float, help="messages a second; none: as fast as it goes")
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgresql_if(options.postgresql) as url:
        plan = Plan(
            folder=Path(folder), url=url, kills=options.kills, processes=options.processes, seed=options.seed
        )
        verdict = asyncio.run(recall(plan, options.people, options.rate))
    print(asdict(verdict))
    print("holds" if verdict.holds else "BROKEN")
    sys.exit(not verdict.holds)


if __name__ == "__main__":
    main()
