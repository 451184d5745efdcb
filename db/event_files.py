"""Events that come in files: found by the keys they have there, made many at once, and listed for a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.batches import Spelling, Statement, instant_text
from db.events import Event, EventInWords, EventTexts, texts_of_many
from db.records import records
from db.restrictions import IS_USABLE
from db.schema import Instant, broadcasts, event_keys, events, people, rsvps

_IS_PUBLIC = events.c.state.in_(("open", "cancelled"))
PAGE = 500
"""Values in one statement: both engines take more."""


def _pages(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + PAGE] for start in range(0, len(values), PAGE))


async def by_keys(
    tx: AsyncConnection, keys: Sequence[str], codes: Mapping[str, str]
) -> dict[str, EventInWords]:
    """The events of these keys, by key. `codes`: of keys that are no file's but our own, the event's code."""
    found: dict[str, Event] = {}
    for page in _pages(keys):
        query = sa.select(event_keys.c.key, *events.c).join(event_keys, event_keys.c.event == events.c.id)
        for row in await tx.execute(query.where(event_keys.c.key.in_(page))):
            found[row.key] = Event(**{name: value for name, value in row._mapping.items() if name != "key"})
    named = {code: key for key, code in codes.items()}
    for page in _pages(list(named)):
        for row in await tx.execute(sa.select(events).where(events.c.code.in_(page))):
            found.setdefault(named[row.code], Event(**row._mapping))
    texts: dict[int, EventTexts] = {}
    for page in _pages([event.id for event in found.values()]):
        texts |= await texts_of_many(tx, page)
    return {key: EventInWords(event=event, texts=texts.get(event.id, {})) for key, event in found.items()}


async def keep_key(tx: AsyncConnection, key: str, event: int) -> None:
    """Keeps by which key an event is known in files, in place of one that was given up."""
    await _free(tx, [key])
    await tx.execute(sa.insert(event_keys).values(key=key, event=event))


async def _free(tx: AsyncConnection, keys: Sequence[str]) -> None:
    """No event is known by these keys any more."""
    await tx.execute(sa.delete(event_keys).where(event_keys.c.key.in_(keys)))


Row = tuple[str, list[Any], list[tuple[str, str, str]]]
"""A new event ready to be kept: its key, its columns (`_MADE`), and of each language the title and the description."""
_MADE = (
    *(
        "code",
        "state",
        "starts_at",
        "ends_at",
        "zone",
        "commune",
        "department",
        "region",
        "territory",
        "address",
    ),
    *(
        "latitude",
        "longitude",
        "pinned",
        "created_by",
        "created_at",
        "capacity",
        "overbooking",
        "guests",
        "counted",
    ),
)


def ready(key: str, texts: EventTexts, columns: Mapping[str, Any]) -> Row:
    """What is kept of a new event, made ready before the database is asked to stand still for it."""
    values = [columns[name] for name in _MADE]
    values = [instant_text(value) if isinstance(value, datetime) else value for value in values]
    return key, values, [(code, text.title, text.description) for code, text in texts.items()]


def _member(spelling: Spelling, number: int, name: str) -> str:
    """A member of a row as a value of its column."""
    value, kind = f"each.value ->> {number}", events.c[name].type
    if isinstance(kind, Instant):
        return spelling.at(value)
    if isinstance(kind, sa.Float):
        return f"CAST({value} AS DOUBLE PRECISION)"
    if isinstance(kind, sa.Boolean):
        return f"CAST({value} AS BOOLEAN)"
    return f"CAST({value} AS BIGINT)" if isinstance(kind, sa.Integer) else value


_CREATE = Statement(
    lambda s: (
        f"""
    INSERT INTO events ({", ".join(_MADE)})
    SELECT {", ".join(_member(s, number, name) for number, name in enumerate(_MADE))} FROM {s.each}"""
    )
)
_KEEP_KEYS = Statement(
    lambda s: (
        f"""
    INSERT INTO event_keys (key, event)
    SELECT each.value ->> 0, events.id FROM {s.each} JOIN events ON events.code = each.value ->> 1"""
    )
)
_KEEP_TEXTS = Statement(
    lambda s: (
        f"""
    INSERT INTO event_texts (event, language, title, description)
    SELECT events.id, each.value ->> 1, each.value ->> 2, each.value ->> 3
    FROM {s.each} JOIN events ON events.code = each.value ->> 0"""
    )
)


async def create_many(tx: AsyncConnection, made: Sequence[Row]) -> None:
    """New events that nobody is invited to. Whatever had one of their keys was given up."""
    for page in _pages(made):
        await _free(tx, [key for key, _, _ in page])
        await _CREATE.run(tx, rows=[columns for _, columns, _ in page])
        await _KEEP_KEYS.run(tx, rows=[(key, columns[0]) for key, columns, _ in page])
        texts = [(columns[0], *text) for _, columns, words in page for text in words]
        await _KEEP_TEXTS.run(tx, rows=texts)


async def seen(tx: AsyncConnection) -> list[Any]:
    """What tells whether an event was made, changed, cancelled or invited to since: compare with what it was before."""
    of_events = sa.select(
        events.c.state,
        *(sa.func.sum(events.c[name]) for name in ("sequence", "capacity", "overbooking", "guests")),
        sa.func.count(),
        sa.func.max(events.c.id),
    ).group_by(events.c.state)
    invitations = sa.select(sa.func.count()).where(broadcasts.c.event.is_not(None))
    keys = sa.select(sa.func.count()).select_from(event_keys)
    counted = [tuple(row) for row in await tx.execute(of_events.order_by(events.c.state))]
    return [*counted, await tx.scalar(invitations), await tx.scalar(keys)]


async def public(
    tx: AsyncConnection,
    there: sa.ColumnElement[bool],
) -> list[EventInWords]:
    """The events of an area (see db.areas) that everybody may see, those that were cancelled among them, the soonest
    first.
    """
    return await _in_words(tx, sa.select(events).where(_IS_PUBLIC, there))


async def followed(
    tx: AsyncConnection, there: sa.ColumnElement[bool], *, since: datetime, now: datetime, most: int
) -> list[EventInWords]:
    """Those of `public` that are not over by `since`, the soonest first. Where there are more than `most`, those to
    come are found before those that are over: the soonest, then the latest.
    """
    is_to_come = events.c.ends_at > now
    query = sa.select(events).where(_IS_PUBLIC, there, events.c.ends_at > since)
    query = query.order_by(
        sa.case((is_to_come, 0), else_=1),
        sa.case((is_to_come, events.c.starts_at)),
        events.c.starts_at.desc(),
    )
    found = await _in_words(tx, query.limit(most))
    return sorted(found, key=lambda each: (each.event.starts_at, each.event.id))


async def _in_words(tx: AsyncConnection, query: sa.Select[Any]) -> list[EventInWords]:
    rows = await tx.execute(query.order_by(events.c.starts_at, events.c.id))
    found = records(Event, rows)
    texts: dict[int, EventTexts] = {}
    for page in _pages([event.id for event in found]):
        texts |= await texts_of_many(tx, page)
    return [EventInWords(event=event, texts=texts[event.id]) for event in found if event.id in texts]


async def all_made(tx: AsyncConnection) -> list[EventInWords]:
    """Every event but those that were given up before anybody saw them, the soonest first."""
    return await _in_words(tx, sa.select(events).where(events.c.state != "dropped"))


async def counts(tx: AsyncConnection, event: int | None = None) -> dict[int, dict[str, int]]:
    """How many people stand how with each event, or with one, by its id: the fields of `event_account.EventAccount`.

    Without those who restricted the processing of their data.
    """
    standings = {name: rsvps.c.answer == name for name in ("yes", "maybe", "no", "offered")}
    conditions = {
        **standings,
        "waitlisted": rsvps.c.answer == "waiting",
        "attended": rsvps.c.attended.is_(True),
        "absent": rsvps.c.attended.is_(False),
    }
    guests = sa.func.coalesce(sa.func.sum(rsvps.c.guests).filter(rsvps.c.answer == "yes"), 0)
    query = (
        sa.select(
            rsvps.c.event,
            guests.label("guests"),
            *(sa.func.count().filter(condition).label(name) for name, condition in conditions.items()),
        )
        .select_from(rsvps.join(people, people.c.id == rsvps.c.person))
        .where(IS_USABLE)
        .group_by(rsvps.c.event)
    )
    if event is not None:
        query = query.where(rsvps.c.event == event)
    found = {}
    for row in await tx.execute(query):
        found[row.event] = {name: int(value) for name, value in row._mapping.items() if name != "event"}
    return found
