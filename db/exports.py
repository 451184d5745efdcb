"""What exports read: one query each, fetched in chunks from one snapshot, so that its size does not matter.

Instants come as text, ISO 8601 in UTC to the millisecond: the database spells a million of them in a fraction of the
time that Python needs to read and spell them.

A person's Telegram id, first name and commune are in a row only while they agree to be known to the local
team; otherwise the pseudonym and the département stand for them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.areas import EVERYWHERE
from db import sqlite
from db.areas import counted_in, event_in, lies_in, person_in
from db.days import day_of, first_whole_day
from db.export_columns import in_row_order, instants_as_text
from db.notices import IS_NOTICE
from db.schema import (
    answer_counts,
    audit,
    broadcasts,
    deliveries,
    event_texts,
    events,
    people,
    responses,
    rsvps,
    vote_plans,
)

CHUNK = 2_500
DAY = timedelta(days=1)

EVENT_QUESTIONS = ("rsvp", "attendance", "came")
"""The questions whose subject is an event's code; where a ballot's number is the subject, the question is another."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rows: those of an area, of an instant from `since` on and before `until` (aware), about one event
    (its code) or one ballot (its number).
    """

    area: str = EVERYWHERE
    since: datetime | None = None
    until: datetime | None = None
    event: str | None = None
    ballot: int | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """A query without order, and the columns that number its rows, by which it is read in chunks."""

    query: sa.Select[Any]
    keys: tuple[sa.ColumnElement[Any], ...]


# The French title where there is one: the languages of a campaign file are few, and fr comes late among them.
_TITLE = (
    sa.select(event_texts.c.title)
    .where(event_texts.c.event == events.c.id)
    .order_by(event_texts.c.language.desc())
    .limit(1)
    .scalar_subquery()
)

# How many supporters somebody brought; whom leaves no export.
_RECRUITS = people.alias("recruits")
_RECRUITED = (
    sa.select(sa.func.count())
    .where(_RECRUITS.c.recruiter == people.c.id, _RECRUITS.c.state != "new")
    .scalar_subquery()
    .label("recruited")
)

_KNOWN = sa.and_(people.c.state == "registered", people.c.consent_team)


def _identity(
    *, commune: sa.ColumnElement[Any] = people.c.commune, known: sa.ColumnElement[bool] = _KNOWN
) -> tuple[sa.ColumnElement[Any], ...]:
    """The pseudonym, and who that is where it is known to the team."""
    told = (people.c.telegram_id, people.c.first_name, commune)
    return (
        people.c.pseudonym.label("supporter"),
        *(sa.case((known, column)).label(column.key) for column in told),
    )


def _within(column: sa.ColumnElement[Any], selection: Selection) -> list[sa.ColumnElement[bool]]:
    conditions = []
    if selection.since is not None:
        conditions.append(column >= selection.since)
    if selection.until is not None:
        conditions.append(column < selection.until)
    return conditions


def _person_in_row_order(area: str) -> sa.ColumnElement[bool]:
    """Whether a row of `people`, read in the order of their numbers, lies in the area."""
    names = ("commune", "department", "region", "territory")
    return lies_in(area, **{name: in_row_order(people.c[name]) for name in names})


def _event_id(code: str) -> sa.ScalarSelect[Any]:
    return sa.select(events.c.id).where(events.c.code == code).scalar_subquery()


def supporters(selection: Selection) -> Source:
    """People who finished signing up, those who asked for silence included.

    Of an event: who answered its invitation. Of a ballot: who answered something about it.
    """
    about = []
    if selection.event is not None:
        invited = sa.select(rsvps.c.person).where(rsvps.c.event == _event_id(selection.event))
        about.append(people.c.id.in_(invited))
    if selection.ballot is not None:
        voting = sa.select(vote_plans.c.person).where(vote_plans.c.ballot == selection.ballot)
        about.append(people.c.id.in_(voting))
    query = (
        sa.select(
            *_identity(),
            people.c.department,
            people.c.region,
            people.c.territory,
            people.c.country,
            people.c.language,
            people.c.state,
            people.c.consent_contact,
            people.c.consent_commune,
            people.c.consent_team,
            people.c.consent_keep,
            people.c.mutes_events,
            people.c.mutes_news,
            people.c.mutes_reminders,
            people.c.volunteer,
            _RECRUITED,
            people.c.unreachable_at,
            people.c.registered_at,
        )
        .where(people.c.state != "new", person_in(selection.area))
        .where(*_within(people.c.registered_at, selection), *about)
    )
    return Source(query=query, keys=(people.c.id,))


def _commune_hidden(answer: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """An answer; that to “where do you vote?” tells only the département of who is not known to the team."""
    overseas = sa.func.substr(answer, 1, 2).in_(("97", "98"))
    department = sa.func.substr(answer, 1, sa.case((overseas, 3), else_=2))
    asks_commune = responses.c.question == "commune"
    return sa.case((~asks_commune, answer), (_KNOWN, answer), else_=department).label("answer")


def answers(selection: Selection) -> Source:
    """Every answer of people who are known; those of people who left are told by `counts`."""
    about = []
    asks_event = responses.c.question.in_(EVENT_QUESTIONS)
    if selection.event is not None:
        about.append(sa.and_(responses.c.subject == selection.event, asks_event))
    if selection.ballot is not None:
        about.append(sa.and_(responses.c.subject == str(selection.ballot), ~asks_event))
    # A person's answers follow them when they move.
    place = lies_in(
        selection.area,
        commune=sa.func.coalesce(people.c.commune, responses.c.commune),
        department=sa.func.coalesce(people.c.department, responses.c.department),
        region=sa.func.coalesce(people.c.region, responses.c.region),
        territory=in_row_order(people.c.territory),
    )
    query = (
        sa.select(
            responses.c.id,
            responses.c.at,
            *_identity(commune=responses.c.commune),
            responses.c.department,
            responses.c.region,
            responses.c.question,
            responses.c.subject,
            _commune_hidden(responses.c.answer),
            broadcasts.c.key.label("broadcast"),
            responses.c.message_id,
        )
        .select_from(
            responses.join(people, responses.c.person == people.c.id).outerjoin(
                broadcasts, responses.c.broadcast == broadcasts.c.id
            )
        )
        .where(place, *_within(in_row_order(responses.c.at), selection), *about)
    )
    return Source(query=query, keys=(responses.c.id,))


def counts(selection: Selection) -> Source:
    """The answers of people who left, in tens: by day, and of all days together where no period narrows it.

    An area is told its own counts and those of the areas in it.
    """
    about = []
    if selection.event is not None:
        asks_event = answer_counts.c.question.in_(EVENT_QUESTIONS)
        about.append(sa.and_(answer_counts.c.subject == selection.event, asks_event))
    if selection.ballot is not None:
        asks_event = answer_counts.c.question.in_(EVENT_QUESTIONS)
        about.append(sa.and_(answer_counts.c.subject == str(selection.ballot), ~asks_event))
    query = sa.select(answer_counts).where(counted_in(selection.area), *_on_days(selection), *about)
    return Source(query=query, keys=tuple(answer_counts.primary_key.columns))


def _on_days(selection: Selection) -> list[sa.ColumnElement[bool]]:
    """Of a period the days that lie in it wholly: a day that is cut in two would be told as a whole."""
    conditions = []
    if selection.since is not None:
        conditions.append(answer_counts.c.day >= first_whole_day(selection.since).isoformat())
    if selection.until is not None:
        conditions.append(answer_counts.c.day.between("0", (day_of(selection.until) - DAY).isoformat()))
    return conditions


def sent(selection: Selection) -> Source:
    """Every delivery with its outcome; the period is that of the last change.

    Those of one area come person by person: in the order of their own numbers they would have to be sorted first, in
    memory. Those of erased people lie nowhere.
    """
    about = []
    everywhere = selection.area == EVERYWHERE
    person = people.c.id if everywhere else in_row_order(people.c.id)
    if selection.event is not None:
        about.append(broadcasts.c.event == _event_id(selection.event))
    if selection.ballot is not None:
        about.append(broadcasts.c.ballot == selection.ballot)
    query = (
        sa.select(
            deliveries.c.id,
            broadcasts.c.key.label("broadcast"),
            broadcasts.c.kind,
            broadcasts.c.ballot,
            broadcasts.c.step,
            *_identity(),
            people.c.department,
            people.c.territory,
            people.c.language,
            deliveries.c.state,
            deliveries.c.reason,
            deliveries.c.attempts,
            deliveries.c.due_at,
            deliveries.c.sent_at,
            deliveries.c.answered_at,
            deliveries.c.changed_at,
        )
        .select_from(
            deliveries.join(broadcasts, deliveries.c.broadcast == broadcasts.c.id).join(
                people, deliveries.c.person == person, isouter=everywhere
            )
        )
        # What tells the team something is no message of the campaign, and would tell who is of the team.
        .where(sa.not_(IS_NOTICE))
        .where(_person_in_row_order(selection.area), *_within(deliveries.c.changed_at, selection), *about)
    )
    keys = (deliveries.c.id,) if everywhere else (people.c.id, deliveries.c.id)
    return Source(query=query, keys=keys)


def attendance(selection: Selection) -> Source:
    """The answers to the invitations to the events that take place in the area; the period is the events'.

    Whoever comes from elsewhere is counted, and not named: they agreed to be known to their own local team.
    """
    about = [] if selection.event is None else [events.c.code == selection.event]
    query = (
        sa.select(
            events.c.code.label("event"),
            _TITLE.label("title"),
            events.c.starts_at,
            events.c.commune.label("event_commune"),
            events.c.state.label("event_state"),
            *_identity(known=sa.and_(_KNOWN, person_in(selection.area))),
            people.c.department,
            rsvps.c.answer,
            rsvps.c.confirmed,
            rsvps.c.attended,
            rsvps.c.at,
        )
        .select_from(
            rsvps.join(events, rsvps.c.event == events.c.id).join(people, rsvps.c.person == people.c.id)
        )
        .where(event_in(selection.area), *_within(events.c.starts_at, selection), *about)
    )
    return Source(query=query, keys=(rsvps.c.event, rsvps.c.person))


def actions(selection: Selection) -> Source:
    """The audit log. It tells of the whole campaign: an area does not narrow it."""
    return Source(query=sa.select(audit).where(*_within(audit.c.at, selection)), keys=(audit.c.id,))


SOURCES: Mapping[str, Callable[[Selection], Source]] = {
    "supporters": supporters,
    "responses": answers,
    "answer_counts": counts,
    "deliveries": sent,
    "attendance": attendance,
    "audit": actions,
}


async def chunks(
    tx: AsyncConnection, source: Source, *, little_memory: bool = False
) -> AsyncGenerator[Sequence[sa.Row[Any]]]:
    """The rows in the order of their keys, at most CHUNK at a time.

    `tx` is a reading transaction: what is written meanwhile is not in it. `little_memory` makes it a little slower.
    """
    query = instants_as_text(source.query).order_by(*source.keys)
    async with (
        _small_cache(tx) if little_memory else nullcontext(),
        tx.stream(query, execution_options={"yield_per": CHUNK}) as result,
    ):
        async for rows in result.partitions():
            yield rows


@asynccontextmanager
async def _small_cache(tx: AsyncConnection) -> AsyncIterator[None]:
    if tx.dialect.name != "sqlite":
        yield
        return
    await tx.exec_driver_sql(sqlite.SMALL_CACHE)
    try:
        yield
    finally:
        await tx.exec_driver_sql(sqlite.CACHE)


async def count(tx: AsyncConnection, source: Source, most: int) -> int:
    """How many rows there are; counting stops at `most`."""
    some = source.query.with_only_columns(sa.literal(1)).limit(most).subquery()
    return int((await tx.execute(sa.select(sa.func.count()).select_from(some))).scalar_one())


@dataclass(frozen=True, kw_only=True)
class EventName:
    """An event to choose: its code, its title in one of its languages, when it begins and in which zone."""

    code: str
    title: str
    starts_at: datetime
    zone: str


_EVENT_NAMES = sa.select(
    events.c.code,
    sa.func.coalesce(_TITLE, events.c.code).label("title"),
    events.c.starts_at,
    events.c.zone,
)


async def latest_events(tx: AsyncConnection, area: str, most: int) -> list[EventName]:
    """The events of an area that begin last, the latest first."""
    query = _EVENT_NAMES.where(event_in(area))
    rows = await tx.execute(query.order_by(events.c.starts_at.desc(), events.c.id.desc()).limit(most))
    return [EventName(**row._mapping) for row in rows]


async def event_named(tx: AsyncConnection, code: str, area: str) -> EventName | None:
    """The event of this code, if it takes place in the area."""
    row = (await tx.execute(_EVENT_NAMES.where(events.c.code == code, event_in(area)))).one_or_none()
    return None if row is None else EventName(**row._mapping)
