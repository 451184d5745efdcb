"""Random schedules of broadcasts, orders, failures, clock jumps and crashes: what must hold after each.

Nobody gets a broadcast twice but where somebody sent what was in doubt again, and then once more for each time; who
blocked the bot is not written to until they write; every account adds up; once all is quiet nobody is lost.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.clock import MovableClock
from bot.commands.running import new_loop
from bot.delivery.account import load_account
from bot.delivery.outcomes import InDoubt, NotSent, Outcome, Rejected, Wait
from db import broadcasts, doubts
from db.engine import FILE_NAME, Database, open_database
from db.schema import deliveries, people

PEOPLE = 25
BLOCKED = Rejected(code=403, description="Forbidden: bot was blocked by the user")
FAULTS: list[Outcome | str] = [
    NotSent(reason="ClientConnectorError"),
    NotSent(reason="Too Many Requests", retry_after=0.02),
    InDoubt(reason="reset"),
    "arrived but lost",
    BLOCKED,
    Rejected(code=400, description="Bad Request: can't parse entities"),
]


def machine(
    template: Path, key: Any, helpers: Any, bench_type: Any, fakes: Any
) -> type[RuleBasedStateMachine]:
    class Schedules(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.loop = new_loop()
            self.folder = tempfile.TemporaryDirectory()
            shutil.copyfile(template, Path(self.folder.name) / FILE_NAME)
            self.clock = MovableClock(helpers.start)
            self.broadcasts: list[int] = []
            self.quiet_until = self.latest = helpers.start
            self.in_flight_at_crashes = 0
            self.doubtful_posts = 0
            self.again: Counter[tuple[int, str]] = Counter()
            self.unreachable: set[int] = set()
            self.disturbed: list[int] = []

        def run(self, work: Any) -> Any:
            return self.loop.run_until_complete(asyncio.wait_for(work, 30))

        @initialize()
        def begin(self) -> None:
            self.run(self._begin())

        async def _begin(self) -> None:
            self.database: Database = await open_database(None, folder=Path(self.folder.name), key=key)
            self.telegram = fakes.telegram()
            self.app = fakes.app(self.clock)
            self.app.decide = lambda _row: (
                Wait(until=self.quiet_until, reason="quiet") if self.clock.now() < self.quiet_until else None
            )
            self.telegram.judge = self._judge
            self.faults: list[Outcome | str] = []
            self.bench = bench_type(self.database, self.clock, self.telegram, self.app)
            await helpers.add_people(self.database, PEOPLE)

        def _judge(self, method: str, payload: Any) -> Outcome | None:
            if payload["chat_id"] in self.unreachable:
                self.disturbed.append(payload["chat_id"])
            if not self.faults:
                return None
            fault = self.faults.pop()
            if isinstance(fault, InDoubt | str):
                self.doubtful_posts += 1
            if isinstance(fault, str):
                self.telegram.arrived.append((method, dict(payload)))
                return InDoubt(reason="reset")
            return fault

        @precondition(lambda self: len(self.broadcasts) < 4)
        @rule(expires=st.sampled_from([None, 1, 30]))
        def queue(self, expires: int | None) -> None:
            now = self.clock.now()
            expires_at = None if expires is None else now + timedelta(hours=expires)
            key = f"staff:{len(self.broadcasts)}"
            queued = helpers.queue_broadcast(self.database, key, at=now, expires_at=expires_at)
            self.broadcasts.append(self.run(queued))

        @precondition(lambda self: self.broadcasts)
        @rule(which=st.integers(0, 3), order=st.sampled_from(["pause", "resume", "cancel"]))
        def order(self, which: int, order: str) -> None:
            self.run(self._order(self.broadcasts[which % len(self.broadcasts)], order))

        async def _order(self, broadcast: int, order: str) -> None:
            async with self.database.write() as tx:
                await getattr(broadcasts, order)(tx, broadcast)

        @precondition(lambda self: self.broadcasts)
        @rule(which=st.integers(0, 3))
        def send_again(self, which: int) -> None:
            self.run(self._send_again(self.broadcasts[which % len(self.broadcasts)]))

        async def _send_again(self, broadcast: int) -> None:
            """Somebody of the staff decides it."""
            doubtful = sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.state == "in_doubt")
            now = self.clock.now()
            async with self.database.write() as tx:
                query = sa.select(people.c.telegram_id).join(deliveries, deliveries.c.person == people.c.id)
                chats = (await tx.execute(query.where(doubtful))).scalars().all()
                # The clock may have been set back since.
                latest = await tx.scalar(sa.select(sa.func.max(deliveries.c.changed_at)).where(doubtful))
                await doubts.send_again(tx, broadcast, ["FR"], until=latest or now, now=now)
            self.again.update((chat, f"broadcast {broadcast}") for chat in chats)

        @rule()
        def everybody_writes(self) -> None:
            self.run(self._everybody_writes())

        async def _everybody_writes(self) -> None:
            async with self.database.write() as tx:
                await tx.execute(people.update().values(unreachable_at=None))

        @rule(faults=st.lists(st.sampled_from(FAULTS), max_size=6))
        def expect(self, faults: list[Outcome | str]) -> None:
            self.faults += faults

        @rule(hours=st.sampled_from([-1, 1, 12, 48]))
        def jump(self, hours: int) -> None:
            self.clock.move(self.clock.now() + timedelta(hours=hours))
            self.latest = max(self.latest, self.clock.now())

        @rule(hours=st.sampled_from([2, 24]))
        def be_quiet(self, hours: int) -> None:
            self.quiet_until = self.clock.now() + timedelta(hours=hours)
            self.latest = max(self.latest, self.quiet_until)

        @rule()
        def work(self) -> None:
            self.run(self._work())

        async def _look_who_blocked(self) -> None:
            async with self.database.read() as tx:
                blocked = sa.select(people.c.telegram_id).where(people.c.unreachable_at.is_not(None))
                self.unreachable = set((await tx.execute(blocked)).scalars())

        async def _work(self) -> None:
            await self._look_who_blocked()
            async with self.bench.running(in_flight=4) as engine:
                await self.bench.idle(engine)

        @rule(posts=st.integers(0, 12))
        def crash(self, posts: int) -> None:
            self.run(self._crash(posts))

        async def _crash(self, posts: int) -> None:
            """Everything ends in the middle once so many posts arrived (or nothing more leaves)."""
            await self._look_who_blocked()
            engine = self.bench.engine(in_flight=4)
            engine._end = _nothing
            running = asyncio.create_task(engine.run())
            idle = asyncio.create_task(engine.idle())
            goal = len(self.telegram.arrived) + posts
            while len(self.telegram.arrived) < goal and not idle.done():  # noqa: ASYNC110 - every turn counts
                await asyncio.sleep(0)
            open_ = {running, idle, *engine.sender._lanes._lanes}
            for task in open_:
                task.cancel()
            await asyncio.gather(*open_, return_exceptions=True)
            self.in_flight_at_crashes += 4

        @invariant()
        def nobody_gets_it_twice(self) -> None:
            if self.broadcasts:
                got = Counter((payload["chat_id"], payload["text"]) for _, payload in self.telegram.arrived)
                assert all(times <= 1 + self.again[what] for what, times in got.items())

        @invariant()
        def who_blocked_is_left_alone(self) -> None:
            assert self.disturbed == []

        @invariant()
        def every_account_adds_up(self) -> None:
            for broadcast in self.broadcasts:
                account = self.run(self._account(broadcast))
                assert account.recipients == PEOPLE

        async def _account(self, broadcast: int) -> Any:
            async with self.database.read() as tx:
                return await load_account(tx, broadcast)

        def teardown(self) -> None:
            try:
                if hasattr(self, "database"):
                    self.run(self._end_quietly())
            finally:  # else its threads fail too, and what failed first is not told
                if hasattr(self, "database"):
                    self.run(self.database.close())
                self.loop.close()
                self.folder.cleanup()

        async def _end_quietly(self) -> None:
            self.faults.clear()
            # The clock may have been set back since something was queued: that is due when it comes there again.
            self.clock.move(self.latest + timedelta(hours=1))
            for broadcast in self.broadcasts:
                await self._order(broadcast, "resume")
            await self._work()
            in_doubt = 0
            for broadcast in self.broadcasts:
                account = await self._account(broadcast)
                text = f"broadcast {broadcast}"
                arrived = {
                    payload["chat_id"] for _, payload in self.telegram.arrived if payload["text"] == text
                }
                again = sum(1 for (_chat, sent) in self.again if sent == text)
                assert account.left == 0
                assert account.sent <= len(arrived) <= account.sent + account.in_doubt + again
                in_doubt += account.in_doubt
            assert in_doubt <= self.in_flight_at_crashes + self.doubtful_posts

    return Schedules


async def _nothing() -> None:
    """A crashed process does not tidy up."""


@pytest.fixture
def fast_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.pacing.OUTAGE_FIRST_SECONDS", 0.01)
    monkeypatch.setattr("bot.delivery.sender.LOOK_SECONDS", 0.02)
    monkeypatch.setattr("bot.delivery.sender.ROUND_SECONDS", 0.001)


@pytest.mark.usefixtures("fast_outage")
def test_random_schedules_keep_the_invariants(sqlite_template: Path, database_key: Any, helpers: Any) -> None:
    state_machine = machine(sqlite_template, database_key, helpers, helpers.bench, helpers)
    test = state_machine.TestCase
    test.settings = settings(
        max_examples=12,
        phases=[Phase.generate],
        stateful_step_count=14,
        deadline=None,
        suppress_health_check=list(HealthCheck),  # each example opens an encrypted database
    )
    test().runTest()
