"""Counts for the team: how many, where, and what they answered. Nobody is named."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.areas import DEPARTMENTS, EVERYWHERE, normal_area
from bot.rules.small_counts import NOBODY, Headcount
from bot.rules.volunteering import PURPOSE as HELP
from bot.rules.volunteering import Task
from db.areas import event_in, lies_in
from db.days import hour_text
from db.events import not_over
from db.headcounts import counted, headcount, known_to
from db.restrictions import IS_USABLE, of_others
from db.schema import events, people, polling_places, responses, rsvps, volunteering, vote_plans
from db.supporters import IS_REGISTERED, REGISTERED, known_by_commune, votes_in


class Heads(Frozen):
    """How many people of an area are registered, and of these how many offered help or cannot be reached."""

    registered: Headcount
    volunteers: Headcount
    unreachable: Headcount


class EventToCome(Frozen):
    """An event to come: where, when, and who made it."""

    id: int
    code: str
    starts_at: datetime
    zone: str
    commune: str
    created_by: int | None


class AnswerCount(Frozen):
    """How many people gave an answer to a question (`about`: the ballot's number or the question's name)."""

    about: str
    question: str
    answer: str
    people: Headcount


PLAN_QUESTIONS = ("intention", "slot", "vote")
"""Columns of `vote_plans` that are counted."""
RSVPS = ("yes", "maybe", "no")
_REGISTERED = people.c.state == "registered"

KnownIn = Sequence[str] | None
"""The areas where the reader of the counts may know people by name; None: they are counted exactly."""


async def heads(tx: AsyncConnection, area: str, known_in: KnownIn) -> Heads:
    known = known_by_commune(known_in)
    query = sa.select(
        *counted("registered", known),
        *counted("volunteers", known, people.c.volunteer),
        *counted("unreachable", known, people.c.unreachable_at.is_not(None)),
    )
    row = (await tx.execute(query.where(_REGISTERED, votes_in(area)))).one()
    return Heads(**{name: headcount(row, name) for name in ("registered", "volunteers", "unreachable")})


async def joined(
    tx: AsyncConnection, area: str, bounds: Sequence[datetime], known_in: KnownIn
) -> list[Headcount]:
    """How many signed up between each instant and the next, to the hour: one number less than there are instants."""
    at, hour = people.c.registered_at, hour_text(people.c.registered_at)
    query = sa.select(hour.label("hour"), *counted("people", known_by_commune(known_in)))
    query = query.where(_REGISTERED, votes_in(area), at >= bounds[0], at < bounds[-1]).group_by(hour)
    found = [NOBODY] * (len(bounds) - 1)
    for row in await tx.execute(query):
        place = bisect_right(bounds, datetime.fromisoformat(f"{row.hour}:00+00:00")) - 1
        place = min(max(place, 0), len(found) - 1)
        found[place] += headcount(row, "people")
    return found


class _Supporters:
    """Supporters of an area with what they said: each has a row where `person` is.

    Of everywhere, and of a region, what was said is read, and for each row whose it is; of less those who vote there,
    and what they said.
    """

    def __init__(self, person: sa.Column[int], area: str, known_in: KnownIn) -> None:
        # Sums: else SQLite, which does not know how many there are of either, reads the other one first.
        place = normal_area(area)
        if place == EVERYWHERE or place.startswith("R"):
            self.rows = person.table.join(REGISTERED, REGISTERED.c.id == person + 0)
            self.there = sa.and_(IS_REGISTERED, votes_in(area, REGISTERED))
            self.known = known_by_commune(known_in, REGISTERED)
            return
        self.rows = people.join(person.table, person == people.c.id + 0)
        self.there, self.known = sa.and_(_REGISTERED, votes_in(area)), known_by_commune(known_in)


async def offers(tx: AsyncConnection, area: str, known_in: KnownIn) -> list[AnswerCount]:
    """How many offer each kind of help, whether or not the team may write to them."""
    supporters = _Supporters(volunteering.c.person, area, known_in)
    columns = (column for task in Task for column in counted(task, supporters.known, volunteering.c[task]))
    query = sa.select(*columns).select_from(supporters.rows).where(supporters.there)
    row = (await tx.execute(query)).one()
    return [AnswerCount(about=HELP, question=HELP, answer=task, people=headcount(row, task)) for task in Task]


async def by_place(
    tx: AsyncConnection, area: str, level: str, known_in: KnownIn
) -> list[tuple[str, Headcount]]:
    """The areas of a level (region, department, commune) in which there are supporters, and how many there are."""
    place = people.c.commune if level == "commune" else _DEPARTMENT
    query = sa.select(place, *counted("people", known_by_commune(known_in)))
    query = query.where(_REGISTERED, votes_in(area), people.c.commune.is_not(None)).group_by(place)
    found: dict[str, Headcount] = {}
    for row in await tx.execute(query):
        code = DEPARTMENTS[row[0]] if level == "region" else row[0]
        found[code] = found.get(code, NOBODY) + headcount(row, "people")
    return list(found.items())


_DEPARTMENT = sa.case(
    (people.c.commune >= "97000", sa.func.substr(people.c.commune, 1, 3)),
    else_=sa.func.substr(people.c.commune, 1, 2),
)
"""The département of a commune, which its code begins with: three figures overseas."""


async def by_commune(
    tx: AsyncConnection, area: str, known_in: KnownIn, *, volunteers: bool = False
) -> list[tuple[str, Headcount]]:
    """The communes of an area in which supporters vote, and how many; those alone who offered help."""
    place = people.c.commune
    query = sa.select(place, *counted("people", known_by_commune(known_in)))
    query = query.where(_REGISTERED, votes_in(area), place.is_not(None)).group_by(place)
    if volunteers:
        query = query.where(people.c.volunteer)
    return [(row[0], headcount(row, "people")) for row in await tx.execute(query)]


async def events_by_commune(tx: AsyncConnection, area: str, now: datetime) -> list[tuple[str, int]]:
    """The communes of an area in which events take place that are not over, and how many."""
    there = sa.and_(events.c.state == "open", not_over(now), event_in(area))
    query = sa.select(events.c.commune, sa.func.count()).where(there).group_by(events.c.commune)
    return [(row[0], row[1]) for row in await tx.execute(query)]


async def places_by_commune(tx: AsyncConnection) -> list[tuple[str, int]]:
    """How many polling places are known of each commune."""
    query = sa.select(polling_places.c.commune, sa.func.count()).group_by(polling_places.c.commune)
    return [(row[0], row[1]) for row in await tx.execute(query)]


async def events_to_come(tx: AsyncConnection, area: str, *, now: datetime, most: int) -> list[EventToCome]:
    """The next events in the area."""
    query = sa.select(*(events.c[each.name] for each in fields(EventToCome)))
    query = query.where(events.c.state == "open", not_over(now), event_in(area))
    query = query.order_by(events.c.starts_at, events.c.id).limit(most)
    return [EventToCome(**row._mapping) for row in await tx.execute(query)]


async def event_answers(
    tx: AsyncConnection, area: str, ids: Sequence[int], known_in: KnownIn
) -> dict[int, dict[str, Headcount]]:
    """What was answered to the invitations to these events, as far as they are in the area."""
    known, is_usable = known_to(known_in), of_others(rsvps.c.person)
    columns = (
        column
        for answer in RSVPS
        for column in counted(answer, known, sa.and_(rsvps.c.answer == answer, is_usable))
    )
    query = sa.select(events.c.id, *columns)
    query = query.select_from(events.outerjoin(rsvps, rsvps.c.event == events.c.id))
    query = query.where(events.c.id.in_(ids), event_in(area)).group_by(events.c.id)
    if known_in is not None:
        query = query.outerjoin(people, people.c.id == rsvps.c.person)
    return {row.id: {each: headcount(row, each) for each in RSVPS} for row in await tx.execute(query)}


async def vote_answers(tx: AsyncConnection, area: str, known_in: KnownIn) -> list[AnswerCount]:
    """The plans and deeds of people, per ballot: `intention`, `slot` and `vote`, each with its answers."""
    # One pass counts all of them: of each question there are few answers.
    columns = [vote_plans.c[name] for name in PLAN_QUESTIONS]
    supporters = _Supporters(vote_plans.c.person, area, known_in)
    query = (
        sa.select(vote_plans.c.ballot, *columns, *counted("people", supporters.known))
        .select_from(supporters.rows)
        .where(supporters.there)
        .group_by(vote_plans.c.ballot, *columns)
    )
    found: dict[tuple[str, int, str], Headcount] = {}
    for row in await tx.execute(query):
        for name in PLAN_QUESTIONS:
            if (answer := row._mapping[name]) is not None:
                key = (name, row.ballot, answer)
                found[key] = found.get(key, NOBODY) + headcount(row, "people")
    return [
        AnswerCount(about=str(ballot), question=name, answer=answer, people=found[name, ballot, answer])
        for name, ballot, answer in sorted(found, key=lambda key: (PLAN_QUESTIONS.index(key[0]), *key[1:]))
    ]


async def logged_answers(
    tx: AsyncConnection, area: str, questions: Sequence[str], known_in: KnownIn
) -> list[AnswerCount]:
    """Those who ever answered these questions from the area, by question and answer; each person once for each answer.

    Taps are not counted: ten of one person are no ten people. What people since erased answered cannot be told apart.
    """
    columns = responses.c
    # The log does not say `abroad`: those answers have no place at all, and are counted with everybody's.
    place = lies_in(
        area,
        commune=columns.commune,
        department=columns.department,
        region=columns.region,
        territory=sa.null(),
    )
    person = sa.distinct(columns.person)
    nobody = sa.func.count().filter(columns.person.is_(None))
    query = (
        sa.select(
            columns.question,
            columns.answer,
            (sa.func.count(person) + nobody).label("people"),
            sa.func.count(person).filter(known_to(known_in)).label("people_known"),
        )
        .select_from(responses.outerjoin(people, people.c.id == columns.person))
        .where(place, columns.question.in_(questions), IS_USABLE)
        .group_by(columns.question, columns.answer)
        .order_by(columns.question, columns.answer)
    )
    return [
        AnswerCount(
            about=row.question, question=row.question, answer=row.answer, people=headcount(row, "people")
        )
        for row in await tx.execute(query)
    ]
