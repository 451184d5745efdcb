"""Planning: everybody when a window opens, then only who changed; nobody is missed, nobody gets a step twice."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

import db.broadcasts
import db.people
import db.people_to_plan
import db.planning
import db.responses
import db.vote_plans
from bot.actions.planning import FIRST_LOOK, TickFindings, look, open_steps, plan
from bot.campaign.campaign import load_campaign
from bot.clock import MovableClock
from bot.rules.candidacy import LAST_CHOICE
from bot.ticking import Ticker
from db.batches import together
from db.engine import Database
from db.schema import deliveries, people
from tests.bots import until
from tests.conversation import CAMPAIGN, paris
from tests.locks import somebody_waits
from tests.planned import HOMES, REGISTERED, add, queued, somebody
from tests.thorough import IS_THOROUGH, seeds


def _instants() -> list[datetime]:
    """Through both rounds: each is a tick. In the days between, when the same steps are due as before and only people
    change, the clock stands still but at night.
    """
    every = [paris("2016-10-30T18:00") + timedelta(hours=7 * number) for number in range(0, 110)]
    zones = {zone for _territory, zone in HOMES}
    due = [{each.opening for each in open_steps(CAMPAIGN, now, zones)} for now in every]
    is_new = [True, *(now != before for before, now in pairwise(due))]
    changes = zip(every, is_new, [True, *is_new], strict=False)
    return [now for now, is_first, is_second in changes if is_first or is_second or IS_THOROUGH]


INSTANTS = _instants()
_ANY_ANSWERABLE = sa.select(deliveries.c.person, deliveries.c.message_id).order_by(deliveries.c.id.desc())


async def change_something(database: Database, chance: random.Random, ids: list[int], tick: int) -> None:
    """What may happen to people between two ticks, by the functions that the handlers use."""
    now = INSTANTS[tick]
    async with database.write() as tx:
        for person in chance.sample(ids, chance.randint(0, 3)):
            ballot, what = chance.randint(1, 2), chance.randrange(6)
            if what == 0:
                territory, zone = chance.choice(HOMES)
                await db.people.change(tx, person, territory=territory, zone=zone)
            elif what == 1:
                await db.people.change(tx, person, state=chance.choice(["registered", "stopped"]))
            elif what == 2:
                gone = chance.choice([None, now])
                await db.people.change(tx, person, unreachable_at=gone)
            elif what == 3:
                await db.people.change(tx, person, mutes_reminders=chance.choice([True, False]))
            elif what == 4:
                said = chance.choice([None, "voted", "later", "cannot"])
                await db.vote_plans.change(tx, person=person, ballot=ballot, at=now, vote=said)
            else:
                slot = chance.choice([None, "morning", "last_hour", "of an older file"])
                await db.vote_plans.change(tx, person=person, ballot=ballot, at=now, slot=slot)
        # What the sender does: messages leave, questions remain unanswered or are answered.
        sent = sa.update(deliveries).where(deliveries.c.state == "queued")
        await tx.execute(sent.values(state="sent", sent_at=now, message_id=deliveries.c.id))
        counted = sa.update(people).where(people.c.id.in_(chance.sample(ids, len(ids) // 4)))
        await tx.execute(counted.values(unanswered=people.c.unanswered + 1))
        row = (await tx.execute(_ANY_ANSWERABLE.limit(1).offset(chance.randrange(9)))).first()
        if row is not None and row.person is not None:
            answered = {"person": row.person, "message_id": row.message_id, "now": now}
            await together(tx, lambda visit: db.responses.answer_delivery(visit, **answered))


@pytest.mark.parametrize("seed", seeds(2))
async def test_looking_at_who_changed_misses_nobody(database: Database, seed: int) -> None:
    """After each tick of both rounds, a look at everybody finds nothing more."""
    chance = random.Random(seed)
    ids = await add(database, *(somebody(number) for number in range(12)))
    before = FIRST_LOOK
    for tick, now in enumerate(INSTANTS):
        if chance.random() < 0.2:
            ids += await add(database, somebody(len(ids), registered_at=now))
        async with database.write() as tx:
            before = await look(tx, CAMPAIGN, now, before=before)
        async with database.write() as tx:
            assert await plan(tx, CAMPAIGN, now) == 0, f"missed at {now}"
        await change_something(database, chance, ids, tick)


@pytest.mark.parametrize("seed", seeds(1))
async def test_some_after_the_others_nobody_is_missed_and_nobody_gets_it_twice(
    database: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a million people, two after two: whatever was kept from its end, everybody has what is due in the end."""
    for name in ("PORTION", "MOST_CHANGED"):
        monkeypatch.setattr(db.planning, name, 2)
    chance = random.Random(seed)
    ids = await add(database, *(somebody(number) for number in range(12)))
    clock = MovableClock(INSTANTS[0], speed=0)
    fails = False

    def queued_some() -> None:
        if fails and chance.random() < 0.5:
            raise OSError("the disk is full")

    ticker = Ticker(database=database, campaign=CAMPAIGN, clock=clock, queued=queued_some)
    for tick, now in enumerate(INSTANTS):
        clock.move(now)
        fails = True
        with contextlib.suppress(ExceptionGroup):
            await ticker.tick(look_again=True)
        fails = False
        await ticker.tick(look_again=True)
        async with database.write() as tx:
            assert await plan(tx, CAMPAIGN, now) == 0, f"missed at {now}"
        await change_something(database, chance, ids, tick)


@pytest.mark.parametrize("most_changed", [2, 100])
async def test_who_changed_is_planned_for_by_another_process_where_one_does_not_come_to_its_end(
    database: Database, monkeypatch: pytest.MonkeyPatch, most_changed: int
) -> None:
    """The other one looked at everybody before: it knows by their marks alone of whom something changed since."""
    for name, number in (("PORTION", 2), ("MOST_CHANGED", most_changed)):
        monkeypatch.setattr(db.planning, name, number)
    clock = MovableClock(paris("2016-11-16T18:00"), speed=0)
    ids = await add(database, *(somebody(0, telegram_id=n, pseudonym=f"p{n}", state="new") for n in range(7)))

    def fails() -> None:
        raise OSError("its machine is gone")

    other, gone = (
        Ticker(database=database, campaign=CAMPAIGN, clock=clock, queued=queued)
        for queued in (lambda: None, fails)
    )
    await other.tick()
    assert await queued(database, "plan") == 0
    async with database.write() as tx:
        for person in ids[::3]:
            await db.people.change(tx, person, state="registered")
    with pytest.raises(ExceptionGroup):
        await gone.tick()
    await other.tick(look_again=True)
    assert await queued(database, "plan") == len(ids[::3])


async def test_messages_leave_while_it_is_queued_for_everybody(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a million: each time that some were queued, whoever writes has their turn."""
    monkeypatch.setattr(db.planning, "PORTION", 2)
    some = (somebody(0, telegram_id=n, pseudonym=f"p{n}") for n in range(7))
    await add(database, *some)
    async with database.write() as tx:
        await db.people_to_plan.take(tx, most=7)
    left: list[asyncio.Task[int]] = []

    async def leave() -> int:
        async with database.write() as tx:
            sent = sa.update(deliveries).where(deliveries.c.state == "queued").values(state="sent")
            return (await tx.execute(sent)).rowcount

    ticker = Ticker(
        database=database,
        campaign=CAMPAIGN,
        clock=MovableClock(paris("2016-11-16T18:00"), speed=0),
        queued=lambda: left.append(asyncio.create_task(leave())),
    )
    await ticker.tick()
    sent = await asyncio.gather(*left)
    assert sum(sent) == 7
    assert len([some for some in sent if some]) > 1


async def test_a_step_is_not_over_while_it_is_queued_for_others(postgresql_database: Database) -> None:
    """What was queued for some has left, and those who come after them are just being queued."""
    database, now = postgresql_database, paris("2016-11-16T18:00")
    first, second = await add(database, somebody(0), somebody(1, consent_contact=False))
    async with database.write() as tx:
        before = await look(tx, CAMPAIGN, now, before=FIRST_LOOK)
        await tx.execute(sa.update(deliveries).where(deliveries.c.person == first).values(state="sent"))

    async def finish() -> list[int]:
        async with database.write() as tx:
            return await db.broadcasts.finish_complete(tx, now)

    async with database.write() as tx:
        await db.people.change(tx, second, consent_contact=True)
        assert (await look(tx, CAMPAIGN, now, before=before)).queued == 1
        finishing = asyncio.create_task(finish())

        async def has_looked() -> bool:
            async with database.read() as beside:
                return finishing.done() or await somebody_waits(beside)

        await until(has_looked, "somebody looks whether it is over")
    assert await finishing == []
    async with database.read() as tx:
        assert await db.broadcasts.needs_sender(tx, now)


async def test_a_tick_writes_to_nobody_who_did_not_change(database: Database) -> None:
    first, _second = await add(database, somebody(0), somebody(1))
    now = paris("2016-11-16T18:00")
    async with database.write() as tx:
        found = await look(tx, CAMPAIGN, now, before=FIRST_LOOK)
    assert found.queued == 2
    async with database.write() as tx:
        # As if the delivery had never been: only a look at this person could queue it again.
        await tx.execute(sa.delete(deliveries))
        await db.people.change(tx, first, mutes_reminders=False)
    async with database.write() as tx:
        found = await look(tx, CAMPAIGN, now, before=found)
    assert found.queued == 1
    async with database.read() as tx:
        assert list((await tx.execute(sa.select(deliveries.c.person))).scalars()) == [first]
        assert not await db.people_to_plan.any_marked(tx)


@pytest.mark.parametrize(
    ("slot", "queued"),
    [("morning", 1), ("last_hour", 0)],  # an hour before 10:00 has come at 9:30, an hour before 18:00 has not
)
async def test_a_plan_that_changes_decides_what_is_due(database: Database, slot: str, queued: int) -> None:
    (person,) = await add(database, somebody(0))
    now = paris("2016-11-20T09:30")
    async with database.write() as tx:
        before = await look(tx, CAMPAIGN, now, before=FIRST_LOOK)
    assert before.queued == 0  # without a plan it is for midday
    async with database.write() as tx:
        await db.vote_plans.change(tx, person=person, ballot=1, at=now, slot=slot)
    async with database.write() as tx:
        assert (await look(tx, CAMPAIGN, now, before=before)).queued == queued


async def test_a_tick_that_fails_keeps_the_marks(database: Database) -> None:
    await add(database, somebody(0))

    async def fail() -> None:
        async with database.write() as tx:
            await look(tx, CAMPAIGN, paris("2016-11-16T18:00"), before=FIRST_LOOK)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.write() as tx:
        assert len(await db.planning.take_changed(tx)) == 1
        assert await db.planning.take_changed(tx) == []


async def test_many_who_changed_are_looked_at_some_after_the_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One tick, and not each, looks at all of them."""
    monkeypatch.setattr(db.planning, "MOST_CHANGED", 3)
    clock = MovableClock(paris("2016-11-16T18:00"), speed=0)
    ticker = Ticker(database=database, campaign=CAMPAIGN, clock=clock, queued=lambda: None)
    await ticker.tick()
    await add(database, *(somebody(0, telegram_id=number, pseudonym=f"p{number}") for number in range(7)))
    await ticker.tick(look_again=True)
    assert await queued(database, "plan") == 7
    async with database.write() as tx:
        assert await db.planning.take_changed(tx) == []


async def test_what_follows_another_step_comes_by_the_clock_alone(database: Database) -> None:
    """`last` follows `go` by an hour, though nobody answers anything; within a minute of campaign time."""
    await add(database, somebody(0))
    before = FIRST_LOOK
    for at in ("2016-11-20T16:20", "2016-11-20T16:30"):
        async with database.write() as tx:
            before = await look(tx, CAMPAIGN, paris(at), before=before)
            sent = {"state": "sent", "sent_at": paris("2016-11-20T16:20")}
            await tx.execute(sa.update(deliveries).values(**sent))
    assert (await queued(database, "go"), await queued(database, "last")) == (1, 0)
    async with database.write() as tx:
        await look(tx, CAMPAIGN, paris("2016-11-20T17:20"), before=before)
    assert await queued(database, "last") == 1


async def test_the_ticker_looks_at_everybody_once_and_again_after_a_restart(database: Database) -> None:
    await add(database, somebody(0))
    clock = MovableClock(paris("2016-11-16T18:00"), speed=0)

    def a_ticker() -> Ticker:
        return Ticker(database=database, campaign=CAMPAIGN, clock=clock, queued=lambda: None)

    ticker = a_ticker()
    await ticker.tick()
    assert await queued(database, "plan") == 1
    async with database.write() as tx:
        await tx.execute(sa.delete(deliveries))
    await ticker.tick(look_again=True)
    assert await queued(database, "plan") == 0
    await a_ticker().tick()
    assert await queued(database, "plan") == 1


async def test_once_the_candidate_is_out_everybody_is_asked_once(database: Database) -> None:
    """Whatever they answered; neither who registered later, nor who does not want to hear from us."""
    out = replace(CAMPAIGN, out_after=1)
    embargo = paris("2016-11-20T20:30")
    ids = await add(
        database,
        *(somebody(number, mutes_reminders=True, unanswered=9) for number in range(7)),
        somebody(7, registered_at=embargo),
        somebody(8, state="stopped"),
        somebody(9, consent_contact=False),
        somebody(10, unreachable_at=REGISTERED),
    )
    async with database.write() as tx:
        await db.vote_plans.change(tx, person=ids[0], ballot=1, at=REGISTERED, vote="cannot")
        assert await plan(tx, out, embargo - timedelta(seconds=1)) == 0
    before: TickFindings = FIRST_LOOK
    counts = []
    for hours in (0, 1, 30, 14 * 24 - 1, 14 * 24, 400):
        async with database.write() as tx:
            before = await look(tx, out, embargo + timedelta(hours=hours), before=before)
            counts.append(before.queued)
            if hours == 30:
                await db.people.change(tx, ids[10], unreachable_at=None)  # came back
    assert counts == [7, 0, 0, 1, 0, 0]
    assert await queued(database, LAST_CHOICE) == 8


def test_consulates_of_the_americas_are_reminded_by_their_own_day() -> None:
    """11 April 2027 is a Sunday; the consulates of the Americas vote on Saturday, under the electoral code only.

    Paris is at UTC+2 in April, New York at UTC-4: 18:00 in Paris is 12:00 in New York, inside courtesy hours.
    """
    campaign = load_campaign(Path("campaigns/presidentielle-2027"))
    expected = [
        # step, New York (18:00 in Paris comes first), Tokyo (by the clock of the consulate: its own 18:00 does)
        ("plan", "2027-04-06T12:00-04:00", "2027-04-07T18:00+09:00"),
        ("echo", "2027-04-08T12:00-04:00", "2027-04-09T18:00+09:00"),
    ]
    for step, *instants in expected:
        for zone, text in zip(("America/New_York", "Asia/Tokyo"), instants, strict=True):
            at = paris("2027-01-01T00:00").fromisoformat(text)
            opened = {each.step.name for each in open_steps(campaign, at, [zone]) if each.zone == zone}
            before = open_steps(campaign, at - timedelta(seconds=1), [zone])
            assert step in opened
            assert step not in {each.step.name for each in before if each.zone == zone}
