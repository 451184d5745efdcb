"""A reminder step that is changed in the campaign file while it leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.people_to_plan
from bot.actions.planning import FIRST_LOOK, FOLLOW_UPS_EVERY, look, plan
from bot.campaign.campaign import Campaign
from bot.clock import MovableClock
from bot.rules.kinds import Kind
from bot.ticking import Ticker
from db.broadcasts import cancel, pause, resume
from db.engine import Database
from db.schema import broadcasts, deliveries
from tests.conversation import CAMPAIGN, paris
from tests.planned import add, changed_file, queued, somebody


async def kept(database: Database, step: str) -> set[tuple[str, str, int, str]]:
    """Of each delivery of a step: the kind and the template that it has, whom it is for, and its state."""
    mine = deliveries.join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
    columns = (broadcasts.c.kind, broadcasts.c.template, deliveries.c.person, deliveries.c.state)
    async with database.read() as tx:
        rows = (
            await tx.execute(sa.select(*columns).select_from(mine).where(broadcasts.c.step == step))
        ).all()
    found = {tuple(row) for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize("at_once", [True, False])
async def test_what_left_of_a_step_stays_as_it_was_and_what_has_yet_to_leave_follows_the_file(
    database: Database, at_once: bool
) -> None:
    """Whose file was changed while it leaves; also back, and for many some after the others. Nobody gets it twice."""
    ids = await add(
        database, *(somebody(0, telegram_id=number, pseudonym=f"p{number}") for number in range(5))
    )
    clock = MovableClock(paris("2016-11-16T18:00"), speed=0)

    async def start(campaign: Campaign) -> None:
        if at_once:
            async with database.write() as tx:
                await plan(tx, campaign, clock.now())
        else:
            await Ticker(database=database, campaign=campaign, clock=clock, queued=lambda: None).tick()

    async def leaves(person: int, state: str = "sent") -> None:
        async with database.write() as tx:
            theirs = sa.update(deliveries).where(deliveries.c.person == person)
            await tx.execute(theirs.values(state=state, sent_at=clock.now() if state == "sent" else None))

    await start(CAMPAIGN)
    await leaves(ids[0])
    await leaves(ids[1], "withheld")
    await leaves(ids[2], "leased")
    otherwise = changed_file("plan", kind=Kind.PERSUASION, template="thanks")
    await start(otherwise)
    now_and_later = {
        ("persuasion", "thanks", ids[1], "withheld"),
        ("persuasion", "thanks", ids[2], "leased"),
        *(("persuasion", "thanks", number, "queued") for number in ids[3:]),
    }
    assert await kept(database, "plan") == {("gotv", "plan", ids[0], "sent"), *now_and_later}
    await start(otherwise)
    assert await kept(database, "plan") == {("gotv", "plan", ids[0], "sent"), *now_and_later}, "nobody twice"
    await leaves(ids[3])
    await start(CAMPAIGN)
    found = await kept(database, "plan")
    assert {each for each in found if each[3] == "sent"} == {
        ("gotv", "plan", ids[0], "sent"),
        ("persuasion", "thanks", ids[3], "sent"),
    }
    assert {each[:2] for each in found if each[3] != "sent"} == {("gotv", "plan")}
    assert len(found) == len(ids)
    async with database.read() as tx:
        mine = sa.select(broadcasts.c.kind, broadcasts.c.finished_at).where(broadcasts.c.step == "plan")
        rows = (await tx.execute(mine.order_by(broadcasts.c.id))).all()
    # Changed back it is the first message again, and not a third one.
    assert [tuple(row) for row in rows] == [("gotv", None), ("persuasion", None)]


@pytest.mark.parametrize(("change", "state"), [(pause, "paused"), (cancel, "cancelled")])
async def test_what_the_team_had_stopped_stays_so_whatever_the_file_says(
    database: Database, change: Callable[[AsyncConnection, int], Awaitable[bool]], state: str
) -> None:
    """Also of what was paused and let go on under its other words, and then changed back."""
    gone, _ = await add(
        database, *(somebody(0, telegram_id=number, pseudonym=f"p{number}") for number in range(2))
    )
    now = paris("2016-11-16T18:00")
    all_of_it = sa.select(broadcasts.c.id, broadcasts.c.state)
    async with database.write() as tx:
        await plan(tx, CAMPAIGN, now)
        key = await tx.scalar(sa.select(broadcasts.c.key).where(broadcasts.c.step == "plan"))
        mine = all_of_it.where(broadcasts.c.key == key)
        sent = {"state": "sent", "sent_at": now}
        await tx.execute(sa.update(deliveries).where(deliveries.c.person == gone).values(sent))
        first = (await tx.execute(mine)).one()
        assert await change(tx, first.id)
        await plan(tx, changed_file("plan", kind=Kind.PERSUASION), now)
        second = (await tx.execute(mine)).one()
        assert (second.id != first.id, second.state) == (True, state)
        went_on = await resume(tx, second.id)
        await plan(tx, CAMPAIGN, now)
        third = (await tx.execute(mine)).one()
        assert (third.id, third.state) == (first.id, "active" if went_on else state)


async def test_what_a_process_with_another_file_queues_follows_that_of_the_last_one_that_runs(
    database: Database,
) -> None:
    """Of two processes one was started anew, and the other plans for somebody before it is."""
    gone, changed, waits = await add(
        database, *(somebody(0, telegram_id=number, pseudonym=f"p{number}") for number in range(3))
    )
    clock = MovableClock(paris("2016-11-16T18:00"), speed=0)
    files = CAMPAIGN, changed_file("plan", kind=Kind.PERSUASION)
    before, anew = (
        Ticker(database=database, campaign=file, clock=clock, queued=lambda: None) for file in files
    )
    await before.tick()
    async with database.write() as tx:
        sent = {"state": "sent", "sent_at": clock.now()}
        await tx.execute(sa.update(deliveries).where(deliveries.c.person == gone).values(sent))
    await anew.tick()
    async with database.write() as tx:
        db.people_to_plan.mark(tx, changed)
    await before.tick(look_again=True)
    assert ("gotv", "plan", changed, "queued") in await kept(database, "plan")
    clock.move(clock.now() + FOLLOW_UPS_EVERY)
    await anew.tick(look_again=True)
    assert await kept(database, "plan") == {
        ("gotv", "plan", gone, "sent"),
        ("persuasion", "plan", changed, "queued"),
        ("persuasion", "plan", waits, "queued"),
    }


async def test_of_a_step_that_nobody_got_yet_there_is_no_former_version(database: Database) -> None:
    await add(database, somebody(0))
    versions = sa.select(broadcasts.c.kind).where(broadcasts.c.step == "plan")
    for campaign in (CAMPAIGN, changed_file("plan", kind=Kind.PERSUASION)):
        async with database.write() as tx:
            await plan(tx, campaign, paris("2016-11-16T18:00"))
            assert list(await tx.scalars(versions)) == [campaign.step("plan").kind]


async def test_what_follows_a_step_follows_each_version_of_it(database: Database) -> None:
    await add(database, somebody(0), somebody(7))
    before = FIRST_LOOK
    async with database.write() as tx:
        before = await look(tx, CAMPAIGN, paris("2016-11-20T16:20"), before=before)
        sent = {"state": "sent", "sent_at": paris("2016-11-20T16:20")}
        first = sa.select(sa.func.min(deliveries.c.id)).scalar_subquery()
        await tx.execute(sa.update(deliveries).where(deliveries.c.id == first).values(**sent))
    otherwise = changed_file("go", kind=Kind.GOTV, template="echo")
    async with database.write() as tx:
        await look(tx, otherwise, paris("2016-11-20T16:30"), before=FIRST_LOOK)
        await tx.execute(sa.update(deliveries).values(**sent))
    assert {each[:2] for each in await kept(database, "go")} == {("civic_neutral", "go"), ("gotv", "echo")}
    async with database.write() as tx:
        await look(tx, otherwise, paris("2016-11-20T17:20"), before=before)
    assert await queued(database, "last") == 2
