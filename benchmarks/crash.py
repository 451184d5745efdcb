"""Kill the bot (SIGKILL) at random instants while a broadcast leaves, and count.

    python -m benchmarks.crash [--people 20000] [--kills 100] [--seed 1]     encrypted SQLite, one process
    python -m benchmarks.crash --postgresql --processes 3                    three, of which a random one dies
    python -m benchmarks.crash --taps 5000 --kills 20                        taps of the product instead of a broadcast

The server drops connections before and after it received, answers 500 and 502 before and after, 429, and 8 seconds
late: 0.4 % of each, of the 502 half of that before and half after. A quarter of the processes that are started are
killed before they are ready. It ends with status 1
where anybody got a message twice, or another's, anybody is lost, what arrived is told failed, more is in doubt than can
be, somebody's taps are not noted as they gave them, each once and in their order, or the audit log does not verify.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.postgresql import postgresql_if
from benchmarks.processes import spawn, start
from benchmarks.server import Faults, Server
from benchmarks.taps import Phones, invite, until
from benchmarks.worker import fill, open_for, queue_all
from bot.actions import audit
from bot.delivery.account import Account, load_account
from db.engine import Database
from db.schema import deliveries, people, updates

EACH = 0.004
FAULTS = Faults(
    drop_before=EACH,
    drop_after=EACH,
    error=EACH,
    error_before=EACH,
    gateway=EACH / 2,
    gateway_before=EACH / 2,
    limit=EACH,
    slow=EACH,
    slow_seconds=8.0,
    retry_after=0.2,
)
# How many of those that are started are killed before they are ready, and within so long.
KILLED_AT_START = 0.25
START_SECONDS = 2.0
FIRST_CHAT = 1_000_000
TAPPING = 200
"""People who answer the invitation, each of them several times."""
END_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is done to whom: `kills` of `processes` processes, each with at most `in_flight` posts."""

    folder: Path
    url: str | None = None
    kills: int
    processes: int = 1
    in_flight: int = 32
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the server saw against what the database says."""

    recipients: int
    twice: int
    lost: int
    mistaken: int
    """Messages that arrived otherwise than for their reader, and those that arrived and are told failed."""
    audit_holds: bool
    in_doubt: int
    in_doubt_at_most: int
    kills: int
    account: Account

    @property
    def holds(self) -> bool:
        return (
            self.twice == self.lost == self.mistaken == 0
            and self.audit_holds
            and self.in_doubt <= self.in_doubt_at_most
            and self.account.recipients == self.recipients
            and self.account.waiting == 0
        )


@dataclass(frozen=True, kw_only=True)
class TapVerdict:
    """Taps given, `responses` rows, updates done, taps without an answer, and screens that do not show the last one."""

    taps: int
    responses: int
    done: int
    unanswered: int
    untrue: int
    audit_holds: bool
    kills: int

    @property
    def holds(self) -> bool:
        return (
            self.taps == self.responses == self.done
            and not self.unanswered
            and not self.untrue
            and self.audit_holds
        )


class Bots:
    """The processes that are killed and started again."""

    def __init__(self, plan: Plan, module: str, api: str, *arguments: str) -> None:
        where = ("--folder", str(plan.folder), *(("--url", plan.url) if plan.url else ()))
        self._start = partial(start, module, api, *where, *arguments)
        self._spawn = partial(spawn, module, api, *where, *arguments)
        self._count = plan.processes
        self.running: list[asyncio.subprocess.Process] = []
        self.killed = 0
        """How many were, also of those that had hardly begun: each leaves at most what it had in flight in doubt."""

    async def start_all(self) -> None:
        for _ in range(self._count):
            await self.start()

    async def start(self) -> None:
        self.running.append(await self._start())

    async def start_and_kill(self, seconds: float) -> None:
        """One that does not live so long: it is killed before it is ready, or hardly later."""
        process = await self._spawn()
        await asyncio.sleep(seconds)
        await self._killed(process)

    async def kill(self, index: int) -> None:
        await self._killed(self.running.pop(index))

    async def _killed(self, process: asyncio.subprocess.Process) -> None:
        self.killed += 1
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async def kill_all(self) -> None:
        while self.running:
            await self.kill(0)


async def crash_broadcast(plan: Plan, count: int) -> Verdict:
    """Send a broadcast to `count` people while processes are killed; returns once nothing is left to send."""
    database = await open_for(plan.folder, plan.url)
    await fill(database, count)
    broadcast = await queue_all(database, "staff:crash")
    mistaken: set[int] = set()
    said: Counter[str] = Counter()

    def watch(_method: str, body: bytes) -> None:
        sent = json.loads(body)
        number = sent.pop("chat_id") - FIRST_CHAT
        sent["text"] = sent["text"].replace(f"<b>Prénom{number}</b>", "<b></b>")
        said[json.dumps(sent)] += 1
        if len(said) > 1 or "<b></b>, réunion publique à Lyon" not in sent["text"]:
            mistaken.add(number)

    server = Server(faults=FAULTS, record_bodies=True, watch=watch, seed=plan.seed)
    api = f"http://127.0.0.1:{await server.start()}"
    bots = Bots(plan, "benchmarks.worker", api, "--in-flight", str(plan.in_flight))
    try:
        await bots.start_all()
        await kill_at(plan, bots, count, lambda: len(server.record.times))
        await until_so(lambda: _settled(database, broadcast), END_SECONDS)
        killed = bots.killed
    finally:
        await bots.kill_all()
        await server.stop()
    async with database.read() as tx:
        account = await load_account(tx, broadcast)
        query = sa.select(people.c.telegram_id, deliveries.c.state).join(
            deliveries, deliveries.c.person == people.c.id
        )
        states = {row.telegram_id: row.state for row in await tx.execute(query)}
        audit_holds = await _audit_holds(tx)
    await database.close()
    received = server.record.received
    mistaken |= {chat for chat in received if states.get(chat) == "failed"}
    return Verdict(
        recipients=count,
        twice=sum(times > 1 for times in received.values()),
        lost=sum(chat not in received and state != "in_doubt" for chat, state in states.items()),
        mistaken=len(mistaken),
        audit_holds=audit_holds,
        in_doubt=account.in_doubt,
        in_doubt_at_most=killed * plan.in_flight + server.record.doubtful,
        kills=killed,
        account=account,
    )


async def crash_taps(plan: Plan, count: int) -> TapVerdict:
    """Give `count` taps of invited people to the product, which is killed; returns once every update is done."""
    database = await open_for(plan.folder, plan.url)
    await invite(database, TAPPING)
    server = Server(record_bodies=True, seed=plan.seed)
    answered: set[str] = set()
    phones = Phones(server, told=answered.add)
    bots = Bots(plan, "benchmarks.product", f"http://127.0.0.1:{await server.start()}")
    try:
        await bots.start_all()
        await until(lambda: len(phones.invitations) == TAPPING)
        server.faults = FAULTS
        server.add_updates(phones.taps(count))
        await kill_at(plan, bots, count, lambda: phones.called["answerCallbackQuery"])
        await until_so(lambda: _all_done(database, count), END_SECONDS)
    finally:
        await bots.kill_all()
        await server.stop()
    responses = await phones.noted(database)
    async with database.read() as tx:
        done = await _count_done(tx)
        audit_holds = await _audit_holds(tx)
    await database.close()
    return TapVerdict(
        taps=count,
        responses=responses,
        done=done,
        unanswered=count - len(answered),
        untrue=phones.untrue,
        audit_holds=audit_holds,
        kills=plan.kills,
    )


async def kill_at(plan: Plan, bots: Bots, count: int, progress: Callable[[], int]) -> None:
    """Kill one process, and start another, at `kills` random points of the progress."""
    dice = random.Random(plan.seed)
    for target in sorted(dice.sample(range(1, count * 9 // 10), plan.kills)):
        while progress() < target:  # noqa: ASYNC110 - the server's counter has no event
            await asyncio.sleep(0.001)
        await bots.kill(dice.randrange(len(bots.running)))
        while dice.random() < KILLED_AT_START:
            await bots.start_and_kill(dice.uniform(0, START_SECONDS))
        await bots.start()


async def _audit_holds(tx: AsyncConnection) -> bool:
    return not (await audit.verify(tx)).faults


async def _settled(database: Database, broadcast: int) -> bool:
    async with database.read() as tx:
        account = await load_account(tx, broadcast)
    return account.left == 0


async def _all_done(database: Database, count: int) -> bool:
    async with database.read() as tx:
        return await _count_done(tx) == count


async def _count_done(tx: AsyncConnection) -> int:
    query = sa.select(sa.func.count()).select_from(updates).where(updates.c.state == "done")
    return int((await tx.execute(query)).scalar_one())


async def until_so(condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - another process fulfils it
            await asyncio.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--in-flight", type=int, default=32)
    parser.add_argument("--taps", type=int)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgresql_if(options.postgresql) as url:
        plan = Plan(
            folder=Path(folder),
            url=url,
            kills=options.kills,
            processes=options.processes,
            in_flight=options.in_flight,
            seed=options.seed,
        )
        verdict: Verdict | TapVerdict
        if options.taps:
            verdict = asyncio.run(crash_taps(plan, options.taps))
        else:
            verdict = asyncio.run(crash_broadcast(plan, options.people))
    print(asdict(verdict))
    print("holds" if verdict.holds else "BROKEN")
    sys.exit(not verdict.holds)


if __name__ == "__main__":
    main()
