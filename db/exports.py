"""What exports read: one query each, fetched in chunks from one snapshot, so that its size does not matter.

A person's Telegram id, first name and commune are in a row only while they agree to be known to the local
team; otherwise the pseudonym and the département stand for them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.areas import EVERYWHERE
from db.areas import event_in, lies_in, person_in
from db.schema import audit, broadcasts, deliveries, event_texts, events, people, responses, rsvps

CHUNK = 5000


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rows: those of an area, and of an instant from `since` on and before `until` (aware)."""

    area: str = EVERYWHERE
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """A query without order, and the columns that number its rows, by which it is read in chunks."""

    query: sa.Select[Any]
    keys: tuple[sa.ColumnElement[Any], ...]


_KNOWN = sa.and_(people.c.state == "registered", people.c.consent_team)


def _if_known(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The column, empty unless the person agreed to be known to the team."""
    return sa.case((_KNOWN, column)).label(column.key)


def _identity(commune: sa.ColumnElement[Any] = people.c.commune) -> tuple[sa.ColumnElement[Any], ...]:
    known = (_if_known(people.c.telegram_id), _if_known(people.c.first_name), _if_known(commune))
    return (people.c.pseudonym.label("supporter"), *known)


def _within(column: sa.ColumnElement[Any], selection: Selection) -> list[sa.ColumnElement[bool]]:
    conditions = []
    if selection.since is not None:
        conditions.append(column >= selection.since)
    if selection.until is not None:
        conditions.append(column < selection.until)
    return conditions


def supporters(selection: Selection) -> Source:
    """People who finished signing up, those who asked for silence included."""
    recruiter = people.alias("recruiters")
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
            recruiter.c.pseudonym.label("recruiter"),
            people.c.unreachable_at,
            people.c.registered_at,
        )
        .select_from(people.outerjoin(recruiter, people.c.recruiter == recruiter.c.id))
        .where(people.c.state != "new", person_in(selection.area))
        .where(*_within(people.c.registered_at, selection))
    )
    return Source(query=query, keys=(people.c.id,))


def _commune_hidden(answer: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """An answer; that to “where do you vote?” tells only the département of who is not known to the team."""
    overseas = sa.func.substr(answer, 1, 2).in_(("97", "98"))
    department = sa.func.substr(answer, 1, sa.case((overseas, 3), else_=2))
    asks_commune = responses.c.question == "commune"
    return sa.case((~asks_commune, answer), (_KNOWN, answer), else_=department).label("answer")


def answers(selection: Selection) -> Source:
    """Every answer ever logged, also those of people since erased, who then have no pseudonym."""
    # A person's answers follow them when they move; an erased person's stay where they were given.
    place = lies_in(
        selection.area,
        commune=sa.func.coalesce(people.c.commune, responses.c.commune),
        department=sa.func.coalesce(people.c.department, responses.c.department),
        region=sa.func.coalesce(people.c.region, responses.c.region),
        territory=people.c.territory,
    )
    query = (
        sa.select(
            responses.c.id,
            responses.c.at,
            *_identity(responses.c.commune),
            responses.c.department,
            responses.c.region,
            responses.c.question,
            responses.c.subject,
            _commune_hidden(responses.c.answer),
            broadcasts.c.key.label("broadcast"),
            responses.c.message_id,
        )
        .select_from(
            responses.outerjoin(people, responses.c.person == people.c.id).outerjoin(
                broadcasts, responses.c.broadcast == broadcasts.c.id
            )
        )
        .where(place, *_within(responses.c.at, selection))
    )
    return Source(query=query, keys=(responses.c.id,))


def sent(selection: Selection) -> Source:
    """Every delivery with its outcome; the period is that of the last change."""
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
            deliveries.join(broadcasts, deliveries.c.broadcast == broadcasts.c.id).outerjoin(
                people, deliveries.c.person == people.c.id
            )
        )
        .where(person_in(selection.area), *_within(deliveries.c.changed_at, selection))
    )
    return Source(query=query, keys=(deliveries.c.id,))


def attendance(selection: Selection) -> Source:
    """Who answered the invitations to the events that take place in the area; the period is the events'."""
    title = (
        sa.select(event_texts.c.title)
        .where(event_texts.c.event == events.c.id)
        .order_by(event_texts.c.language.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        sa.select(
            events.c.code.label("event"),
            title.label("title"),
            events.c.starts_at,
            events.c.commune.label("event_commune"),
            events.c.state.label("event_state"),
            *_identity(),
            people.c.department,
            rsvps.c.answer,
            rsvps.c.confirmed,
            rsvps.c.attended,
            rsvps.c.at,
        )
        .select_from(
            rsvps.join(events, rsvps.c.event == events.c.id).join(people, rsvps.c.person == people.c.id)
        )
        .where(event_in(selection.area), *_within(events.c.starts_at, selection))
    )
    return Source(query=query, keys=(rsvps.c.event, rsvps.c.person))


def actions(selection: Selection) -> Source:
    """The audit log. It tells of the whole campaign: an area does not narrow it."""
    return Source(query=sa.select(audit).where(*_within(audit.c.at, selection)), keys=(audit.c.id,))


SOURCES: Mapping[str, Callable[[Selection], Source]] = {
    "supporters": supporters,
    "responses": answers,
    "deliveries": sent,
    "attendance": attendance,
    "audit": actions,
}


async def chunks(tx: AsyncConnection, source: Source) -> AsyncIterator[list[Sequence[Any]]]:
    """The rows in the order of their keys, at most CHUNK at a time, none twice and none left out.

    `tx` is a reading transaction: what is written meanwhile is not in it.
    """
    width = len(source.keys)
    keys = sa.tuple_(*source.keys)
    labelled = [key.label(f"key_{number}") for number, key in enumerate(source.keys)]
    page = source.query.add_columns(*labelled).order_by(*source.keys).limit(CHUNK)
    last: tuple[Any, ...] | None = None
    while True:
        query = page if last is None else page.where(keys > sa.tuple_(*map(sa.literal, last)))
        rows = (await tx.execute(query)).all()
        if rows:
            yield [row[:-width] for row in rows]
        if len(rows) < CHUNK:
            return
        last = rows[-1][-width:]


async def count(tx: AsyncConnection, source: Source, most: int) -> int:
    """How many rows there are; counting stops at `most`."""
    some = source.query.with_only_columns(sa.literal(1)).limit(most).subquery()
    return int((await tx.execute(sa.select(sa.func.count()).select_from(some))).scalar_one())
