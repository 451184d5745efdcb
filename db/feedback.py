"""What people said of an event afterwards, in sums, and the figures that are left once their answers were erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.feedback import Figures
from db.restrictions import IS_USABLE
from db.schema import check_ins, doors, event_feedback, event_figures, events, people, rsvps
from db.upsert import insert


async def said(tx: AsyncConnection, *, event: int, person: int) -> set[tuple[str, str]]:
    """What one person said: questions and options."""
    theirs = sa.and_(event_feedback.c.event == event, event_feedback.c.person == person)
    rows = await tx.execute(sa.select(event_feedback.c.question, event_feedback.c.option).where(theirs))
    return {(row.question, row.option) for row in rows}


async def put(
    tx: AsyncConnection, *, event: int, person: int, question: str, option: str, at: datetime
) -> None:
    """Notes an option of a question, besides others that were chosen of it."""
    values = {"event": event, "person": person, "question": question, "option": option, "at": at}
    await tx.execute(insert(tx, event_feedback).values(values).on_conflict_do_nothing())


async def take_back(
    tx: AsyncConnection, *, event: int, person: int, question: str, option: str | None = None
) -> None:
    """Forgets an option of a question, or all of them."""
    theirs = [
        event_feedback.c.event == event,
        event_feedback.c.person == person,
        event_feedback.c.question == question,
    ]
    if option is not None:
        theirs.append(event_feedback.c.option == option)
    await tx.execute(sa.delete(event_feedback).where(*theirs))


async def figures(tx: AsyncConnection, event: int) -> Figures:
    """Everything that is counted of an event; what was kept of it, where the answers were erased."""
    kept = sa.select(event_figures).where(event_figures.c.event == event)
    rows = (await tx.execute(kept)).all()
    if rows:
        return Figures(kept=True, sums={(row.figure, row.option): row.people for row in rows})
    return Figures(kept=False, sums=await counted(tx, event))


async def counted(tx: AsyncConnection, event: int) -> dict[tuple[str, str], int]:
    """What was answered and said of an event, without people who restricted the use of their data."""
    found: dict[tuple[str, str], int] = {}
    of_people = sa.select(
        rsvps.c.answer,
        rsvps.c.attended,
        sa.func.count().label("people"),
        sa.func.sum(rsvps.c.guests).label("guests"),
    ).select_from(rsvps.join(people, people.c.id == rsvps.c.person))
    query = of_people.where(rsvps.c.event == event, IS_USABLE).group_by(rsvps.c.answer, rsvps.c.attended)
    for row in await tx.execute(query):
        _add(found, row.answer, row.people)
        if row.answer == "yes":
            _add(found, "guests", row.guests)
        if row.attended is not None:
            _add(found, "attended" if row.attended else "absent", row.people)
    there = sa.select(sa.func.count()).select_from(check_ins.join(people, people.c.id == check_ins.c.person))
    _add(found, "checked_in", await tx.scalar(there.where(check_ins.c.event == event, IS_USABLE)) or 0)
    walked = sa.select(doors.c.walk_ins).where(doors.c.event == event)
    _add(found, "walk_ins", await tx.scalar(walked) or 0)
    told = (
        sa.select(event_feedback.c.question, event_feedback.c.option, sa.func.count().label("people"))
        .join(people, people.c.id == event_feedback.c.person)
        .where(event_feedback.c.event == event, IS_USABLE)
        .group_by(event_feedback.c.question, event_feedback.c.option)
    )
    for row in await tx.execute(told):
        found[row.question, row.option] = row.people
    return found


def _add(found: dict[tuple[str, str], int], figure: str, people_: int) -> None:
    if people_:
        found[figure, ""] = found.get((figure, ""), 0) + people_


async def without_figures(tx: AsyncConnection, ended: datetime) -> list[int]:
    """The events that ended at or before `ended`, to which somebody answered and of which no figures are kept yet."""
    answered = sa.exists().where(rsvps.c.event == events.c.id)
    kept = sa.exists().where(event_figures.c.event == events.c.id)
    due = sa.select(events.c.id).where(events.c.ends_at <= ended, answered, sa.not_(kept))
    return list(await tx.scalars(due.order_by(events.c.id)))


async def keep_figures(tx: AsyncConnection, sums: Mapping[int, Mapping[tuple[str, str], int]]) -> None:
    """Keeps what was `counted` of events for good: it may be erased afterwards. What is kept already stays."""
    theirs = event_figures.c.event.in_(sums)
    kept = set(await tx.scalars(sa.select(event_figures.c.event).where(theirs)))
    # Somebody may have deleted one of them while it was counted.
    there = set(await tx.scalars(sa.select(events.c.id).where(events.c.id.in_(sums))))
    rows = [
        {"event": event, "figure": figure, "option": option, "people": number}
        for event in sorted(there - kept)
        for (figure, option), number in sums[event].items()
    ]
    if rows:  # another purge may keep them at this moment
        await tx.execute(insert(tx, event_figures).on_conflict_do_nothing(), rows)


_SAID = (events.c.code, event_feedback.c.question, event_feedback.c.option, event_feedback.c.at)
_OF_PERSON = (
    sa.select(*_SAID)
    .join(events, events.c.id == event_feedback.c.event)
    .where(event_feedback.c.person == sa.bindparam("somebody"))
    .order_by(event_feedback.c.at, *_SAID[:3])
)


async def of_person(tx: AsyncConnection, person: int) -> list[dict[str, Any]]:
    """Everything somebody said of events afterwards, for `/mydata`."""
    return [dict(row._mapping) for row in await tx.execute(_OF_PERSON, {"somebody": person})]
