"""That somebody opened an event is noted of who drew a version, counted for it, and told nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

import db.events
import db.exports
import db.people
from bot.actions import effects, erasure
from bot.actions.responses import Origin
from bot.rules.experiments import Outcome
from db import people_to_plan
from db.engine import Database
from db.exports import Selection
from db.schema import events, people, responses
from tests.acting import NOW
from tests.conversation import CAMPAIGN
from tests.drawing import (
    EVENT,
    KEY,
    LATER,
    NAMING,
    drawn,
    everything_left,
    groups,
    say,
    send,
    told,
)


async def open_event(
    database: Database, person: int, at: datetime, code: str = EVENT, tapped: int = 0
) -> None:
    async with database.write() as tx:
        (somebody,) = (await db.people.get_many(tx, [person])).values()
        number = await tx.scalar(sa.select(events.c.id).where(events.c.code == code))
        event = (await db.events.get_many(tx, [number or 0]))[number or 0]
        origin = Origin(update_id=int(at.timestamp()) + person, message_id=tapped or None, at=at)
        await effects.opened(tx, somebody, origin, event)


async def noted(database: Database) -> int:
    async with database.read() as tx:
        opened = responses.c.question == "opened"
        return await tx.scalar(sa.select(sa.func.count()).select_from(responses).where(opened)) or 0


async def test_that_somebody_opened_an_event_is_noted_once_and_only_of_who_drew(crowd: Database) -> None:
    async with crowd.write() as tx:
        persons = list(await tx.scalars(sa.select(people.c.id).where(people.c.state == "registered")))
        (event,) = (await tx.execute(sa.select(events))).all()
        await tx.execute(sa.insert(events).values({**event._mapping, "id": 2, "code": "zz99"}))
    await open_event(crowd, persons[0], NOW)
    assert await noted(crowd) == 0, "Nothing is compared yet."
    await send(crowd, NAMING)
    await open_event(crowd, persons[0], NOW + timedelta(minutes=1))
    assert await noted(crowd) == 0, "Nothing has left yet."
    await everything_left(crowd)
    for hour in (1, 2):
        await open_event(crowd, persons[0], NOW + timedelta(hours=hour))
    assert await noted(crowd) == 1
    await open_event(crowd, persons[0], NOW + timedelta(hours=3), code="zz99")
    assert await noted(crowd) == 1, "The message is about another event."
    assert await effects.measure(crowd, CAMPAIGN, LATER) > 0
    assert await noted(crowd) == 0, "It was counted, and is kept no longer."
    await open_event(crowd, persons[1], LATER)
    assert await noted(crowd) == 0, "Nobody waits for it any more."


async def test_who_opened_an_event_stands_in_no_export(crowd: Database) -> None:
    """Neither by name nor, once they have left, in the counts."""
    await send(crowd, NAMING)
    await everything_left(crowd)
    persons = (await groups(crowd))["A"][:12]
    for person in persons:
        await open_event(crowd, person, NOW + timedelta(hours=1))
    async with crowd.read() as tx:
        assert (await tx.execute(db.exports.answers(Selection()).query)).all() == []
    async with crowd.write() as tx:
        for somebody in (await db.people.get_many(tx, persons)).values():
            await erasure.erase(tx, somebody, erasure.sealing(KEY, CAMPAIGN.retention, NOW), NOW)
        assert (await tx.execute(db.exports.counts(Selection()).query)).all() == []
    assert await noted(crowd) == 0


async def test_that_somebody_opened_an_event_before_is_noted_anew(crowd: Database) -> None:
    """What was noted for a message before is none of the effect of this one."""
    await send(crowd, NAMING)
    await everything_left(crowd)
    person = (await groups(crowd))["A"][0]
    await say(crowd, person, "opened", "yes", NOW - timedelta(days=2))
    await open_event(crowd, person, NOW + timedelta(hours=1))
    opens = next(each for each in (await told(crowd, LATER)).outcomes if each.outcome is Outcome.OPENED)
    assert opens.counts["A"].did == 1


async def test_to_open_an_event_is_no_answer_to_the_message_below_which_it_stands(crowd: Database) -> None:
    """What somebody is due must not depend on whether they are watched."""
    await send(crowd, NAMING)
    await everything_left(crowd)
    person = (await groups(crowd))["A"][0]
    async with crowd.write() as tx:
        await tx.execute(sa.update(people).values(unanswered=2))
        await people_to_plan.take(tx, most=100)
    await open_event(crowd, person, NOW + timedelta(hours=1), tapped=1)
    assert await noted(crowd) == 1
    assert (await drawn(crowd))[person].answered_at is None
    async with crowd.read() as tx:
        (row,) = (await tx.execute(sa.select(people).where(people.c.id == person))).all()
        assert not await people_to_plan.any_marked(tx)
    assert row.unanswered == 2
