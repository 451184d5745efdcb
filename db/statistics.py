"""Counts for the team: how many, where, and what they answered. Nobody is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.areas import event_in, lies_in, person_in
from db.schema import events, people, responses, rsvps, vote_plans


@dataclass(frozen=True, kw_only=True)
class Heads:
    """How many people of an area are registered, and of these how many offered help or cannot be reached."""

    registered: int
    volunteers: int
    unreachable: int


@dataclass(frozen=True, kw_only=True)
class EventAnswers:
    """An event to come, and how many answered what."""

    id: int
    code: str
    starts_at: datetime
    zone: str
    commune: str
    yes: int
    maybe: int
    no: int


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How often an answer was given to a question (`about`: the ballot's number or the question's name)."""

    about: str
    question: str
    answer: str
    count: int


_REGISTERED = people.c.state == "registered"


async def heads(tx: AsyncConnection, area: str) -> Heads:
    query = sa.select(
        sa.func.count().label("registered"),
        sa.func.count().filter(people.c.volunteer).label("volunteers"),
        sa.func.count().filter(people.c.unreachable_at.is_not(None)).label("unreachable"),
    )
    row = (await tx.execute(query.where(_REGISTERED, person_in(area)))).one()
    return Heads(**row._mapping)


PLACES = {"region": people.c.region, "department": people.c.department, "commune": people.c.commune}


async def by_place(tx: AsyncConnection, area: str, level: str, most: int) -> list[tuple[str, int]]:
    """The areas of a level (region, department, commune) with most supporters, and how many there are."""
    place = PLACES[level]
    number = sa.func.count().label("number")
    query = sa.select(place, number).where(_REGISTERED, person_in(area), place.is_not(None))
    rows = await tx.execute(query.group_by(place).order_by(number.desc(), place).limit(most))
    return [(row[0], row.number) for row in rows]


async def event_answers(tx: AsyncConnection, area: str, *, now: datetime, most: int) -> list[EventAnswers]:
    """The next events in the area, with what was answered to the invitation."""

    def answered(answer: str) -> sa.Label[Any]:
        return sa.func.count().filter(rsvps.c.answer == answer).label(answer)

    shown = (events.c.id, events.c.code, events.c.starts_at, events.c.zone, events.c.commune)
    query = (
        sa.select(*shown, answered("yes"), answered("maybe"), answered("no"))
        .select_from(events.outerjoin(rsvps, rsvps.c.event == events.c.id))
        .where(events.c.state == "open", events.c.ends_at > now, event_in(area))
        .group_by(*shown)
        .order_by(events.c.starts_at, events.c.id)
        .limit(most)
    )
    return [EventAnswers(**row._mapping) for row in await tx.execute(query)]


async def vote_answers(tx: AsyncConnection, area: str) -> list[Tally]:
    """What people plan and did, per ballot: `intention`, `slot` and `vote`, each with its answers."""
    found: list[Tally] = []
    for name in ("intention", "slot", "vote"):
        column = vote_plans.c[name]
        query = (
            sa.select(vote_plans.c.ballot, column, sa.func.count())
            .select_from(vote_plans.join(people, vote_plans.c.person == people.c.id))
            .where(person_in(area), _REGISTERED, column.is_not(None))
            .group_by(vote_plans.c.ballot, column)
            .order_by(vote_plans.c.ballot, column)
        )
        found += [
            Tally(about=str(ballot), question=name, answer=answer, count=count)
            for ballot, answer, count in await tx.execute(query)
        ]
    return found


async def logged_answers(tx: AsyncConnection, area: str, questions: Sequence[str]) -> list[Tally]:
    """Every answer ever logged from the area to these questions, by question and answer."""
    columns = responses.c
    # The log does not say `abroad`: those answers have no place at all, and are counted with everybody's.
    place = lies_in(
        area,
        commune=columns.commune,
        department=columns.department,
        region=columns.region,
        territory=sa.null(),
    )
    query = (
        sa.select(columns.question, columns.answer, sa.func.count())
        .where(place, columns.question.in_(questions))
        .group_by(columns.question, columns.answer)
        .order_by(columns.question, sa.func.count().desc(), columns.answer)
    )
    rows = await tx.execute(query)
    return [
        Tally(about=question, question=question, answer=answer, count=count)
        for question, answer, count in rows
    ]
