"""The beat: a tick that fails is said and tried again; one that is stopped in the middle is no failure."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

import db.people_to_plan
from bot.clock import MovableClock
from bot.ticking import ANSWERED_SECONDS, TICK_SECONDS, Ticker
from db.engine import Database
from db.schema import deliveries
from tests.bots import until
from tests.campaigning import supporter
from tests.conversation import CAMPAIGN, Conversation, paris


def a_ticker(database: Database, *beats: object) -> Ticker:
    clock = MovableClock(paris("2016-10-01T10:00"))
    return Ticker(
        database=database,
        campaign=CAMPAIGN,
        clock=clock,
        queued=lambda: None,
        beats=beats,  # type: ignore[arg-type]  # functions of the tests
    )


async def test_a_tick_that_fails_is_tried_again(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ticking.TROUBLE_SECONDS", 0.01)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        beats += 1
        if beats < 3:
            raise OSError("the database is away")

    ticker = a_ticker(sqlite_database, beat)
    with capture_logs() as logs:
        running = asyncio.create_task(ticker.run())

        async def has_beaten() -> bool:
            return beats >= 3

        await until(has_beaten, "the third beat")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["tick_failed"] * 2


async def test_the_database_is_looked_at_only_where_something_may_have_changed(
    sqlite_database: Database,
) -> None:
    """Four times a second for nothing, all year, is what a tick must not cost."""
    looked: list[datetime] = []
    clock = MovableClock(paris("2016-10-01T10:00"), speed=0)

    async def look(_tx: AsyncConnection) -> None:
        looked.append(clock.now())

    ticker = Ticker(
        database=sqlite_database, campaign=CAMPAIGN, clock=clock, queued=lambda: None, looks=(look,)
    )
    for expected in (1, 2, 3):
        for _ in range(5):
            await ticker.tick()
        assert len(looked) == expected
        ticker.nudge()  # somebody did something, perhaps decided
        if expected == 2:
            await ticker.tick()
            clock.move(clock.now() + timedelta(hours=48))  # or something is over by the clock
            looked.pop()


async def test_a_look_that_finds_nothing_waits_for_no_writer_and_keeps_none_waiting(
    sqlite_database: Database,
) -> None:
    ticker = a_ticker(sqlite_database)
    async with sqlite_database.write():
        async with asyncio.timeout(10):
            await asyncio.create_task(ticker.tick(look_again=True))
    assert ticker.is_current


async def test_one_that_is_held_ticks_only_for_whoever_holds_it(sqlite_database: Database) -> None:
    ticked: list[datetime] = []
    clock = MovableClock(paris("2016-10-01T10:00"), speed=0)

    async def beat() -> None:
        ticked.append(clock.now())

    ticker = Ticker(
        database=sqlite_database, campaign=CAMPAIGN, clock=clock, queued=lambda: None, beats=(beat,)
    )
    ticker.hold()
    running = asyncio.create_task(ticker.run())
    await asyncio.sleep(0)
    clock.move(paris("2016-10-01T12:00"))
    await clock_was_heard()
    assert ticked == []
    await ticker.tick()
    assert ticked == [paris("2016-10-01T12:00")]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def clock_was_heard() -> None:
    """Whoever waited for the clock had its turn."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_is_stopped_in_the_middle_of_a_tick_is_no_failure(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    began = asyncio.Event()

    async def beat() -> None:
        began.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(a_ticker(sqlite_database, beat).run())
    await began.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [record.message for record in caplog.records if "exception" in record.message] == []


async def test_what_fails_keeps_nothing_else_from_its_turn(sqlite_database: Database) -> None:
    had_their_turn = []

    async def fails(*_given: object) -> None:
        raise AssertionError

    async def goes_on(*_given: object) -> None:
        had_their_turn.append("one")

    ticker = Ticker(
        database=sqlite_database,
        campaign=CAMPAIGN,
        clock=MovableClock(paris("2016-10-01T10:00"), speed=0),
        queued=lambda: None,
        looks=(fails, goes_on),
        beats=(fails, goes_on),
    )
    with pytest.raises(ExceptionGroup) as failed:
        await ticker.tick()
    assert had_their_turn == ["one", "one"]
    assert len(failed.value.exceptions) == 2


async def test_what_people_answer_all_the_time_is_looked_at_once_a_second(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0
    now = 100.0
    monkeypatch.setattr("bot.ticking.monotonic", lambda: now)

    async def look(_tx: AsyncConnection) -> None:
        nonlocal looked
        looked += 1

    ticker = Ticker(
        database=sqlite_database,
        campaign=CAMPAIGN,
        clock=MovableClock(paris("2016-10-01T10:00"), speed=0),
        queued=lambda: None,
        looks=(look,),
    )
    for _ in range(8):  # two seconds
        ticker.nudge()
        await ticker.tick(patient=True)
        now += TICK_SECONDS
    assert looked == 2
    assert not ticker.is_current  # what was answered since is not forgotten
    now += ANSWERED_SECONDS
    await ticker.tick(patient=True)
    assert looked == 3
    assert ticker.is_current


async def seven_supporters(database: Database) -> None:
    """Of whom nothing changed since everybody was looked at."""
    conversation = Conversation(database, paris("2016-10-01T10:00"))
    for number in range(7):
        await supporter(conversation, number + 1, None)
    async with database.write() as tx:
        await db.people_to_plan.take(tx, most=7)


async def test_a_step_for_many_leaves_room_for_whoever_sends_and_for_all_others(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each tick queues enough of it for some seconds, and whatever else may be due has its turn in between."""
    monkeypatch.setattr("bot.ticking.ANSWERED_SECONDS", 0.0)
    monkeypatch.setattr("db.planning.PORTION", 2)
    monkeypatch.setattr("bot.ticking.ENOUGH", 2)
    await seven_supporters(sqlite_database)
    had_their_turn = 0

    async def look(_tx: AsyncConnection) -> None:
        nonlocal had_their_turn
        had_their_turn += 1

    async def queued() -> int:
        async with sqlite_database.read() as tx:
            return int(await tx.scalar(sa.select(sa.func.count()).select_from(deliveries)) or 0)

    def a_ticker(clock: MovableClock) -> Ticker:
        return Ticker(
            database=sqlite_database, campaign=CAMPAIGN, clock=clock, queued=lambda: None, looks=(look,)
        )

    clock = MovableClock(paris("2016-11-16T18:00"), speed=0)
    ticker = a_ticker(clock)
    seen = list[int]()
    with capture_logs() as logs:
        while not ticker.is_current:
            await ticker.tick(patient=True)
            seen.append(await queued())
            if len(seen) == 2:
                assert had_their_turn == 1
                ticker.nudge()  # somebody answers something
    assert seen[:3] == [2, 4, 6]
    assert seen[-1] == 7
    assert had_their_turn == 2
    assert [(line["event"], line["messages"]) for line in logs] == [("planned", 7)]  # told once
    # Whoever does not come to the end begins anew; of whoever has it nothing is queued again.
    other = a_ticker(clock)
    await other.tick(patient=True)
    assert await queued() == 7


async def test_what_is_left_of_a_step_comes_to_its_end_where_the_clock_is_moved(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.planning.PORTION", 2)
    monkeypatch.setattr("bot.ticking.ENOUGH", 2)
    await seven_supporters(sqlite_database)
    clock = MovableClock(paris("2016-11-16T18:00"), speed=0)
    ticker = Ticker(database=sqlite_database, campaign=CAMPAIGN, clock=clock, queued=lambda: None)
    await ticker.tick(patient=True)
    assert not ticker.is_current
    clock.move(clock.now() + timedelta(minutes=5))
    await ticker.tick(patient=True)
    assert ticker.is_current


async def test_a_tick_that_has_not_begun_when_all_ends_is_no_failure(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    schedulers: list[AsyncIOScheduler] = []

    class Kept(AsyncIOScheduler):
        def __init__(self, **options: object) -> None:
            super().__init__(**options)
            schedulers.append(self)

    monkeypatch.setattr("apscheduler.schedulers.asyncio.AsyncIOScheduler", Kept)
    ticker = a_ticker(sqlite_database)
    running = asyncio.create_task(ticker.run())

    async def has_begun() -> bool:
        return ticker.ticked_at is not None

    await until(has_begun, "the first tick")
    (job,) = schedulers[0].get_jobs()
    running.cancel()
    # The scheduler looks once everything has been told to end, and before it has.
    job.modify(next_run_time=datetime.fromtimestamp(0, UTC))
    await asyncio.gather(running, return_exceptions=True)
    for _ in range(3):  # it is told to end, ends what it asked for, and is told of that
        await asyncio.sleep(0)
    assert not schedulers[0].running
    assert [line for line in caplog.records if line.exc_info] == []
