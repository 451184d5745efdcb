"""Events that come in files: found by the keys they have there, made many at once, and listed for a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.events import Event, EventInWords, EventTexts, texts_of_many
from db.restrictions import IS_USABLE
from db.schema import event_keys, event_texts, events, people, rsvps

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


async def create_many(tx: AsyncConnection, made: Sequence[tuple[str, EventTexts, Mapping[str, Any]]]) -> None:
    """New events that nobody is invited to: of each its key, its texts and the columns of `events` but the id.

    Whatever had one of the keys was given up.
    """
    for page in _pages(made):
        await _free(tx, [key for key, _, _ in page])
        await tx.execute(sa.insert(events), [dict(columns) for _, _, columns in page])
        query = sa.select(events.c.code, events.c.id).where(
            events.c.code.in_([columns["code"] for _, _, columns in page])
        )
        ids = {row.code: row.id for row in await tx.execute(query)}
        numbered = [(key, texts, ids[columns["code"]]) for key, texts, columns in page]
        await tx.execute(sa.insert(event_keys), [{"key": key, "event": event} for key, _, event in numbered])
        await tx.execute(
            sa.insert(event_texts),
            [
                {"event": event, "language": language, "title": text.title, "description": text.description}
                for _, texts, event in numbered
                for language, text in texts.items()
            ],
        )


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
    found = [Event(**row._mapping) for row in rows]
    texts: dict[int, EventTexts] = {}
    for page in _pages([event.id for event in found]):
        texts |= await texts_of_many(tx, page)
    return [EventInWords(event=event, texts=texts[event.id]) for event in found if event.id in texts]


async def all_made(tx: AsyncConnection) -> list[EventInWords]:
    """Every event but those that were given up before anybody saw them, the soonest first."""
    return await _in_words(tx, sa.select(events).where(events.c.state != "dropped"))


async def counts(tx: AsyncConnection, event: int | None = None) -> dict[int, dict[str, int]]:
    """How many people stand how with each event, or with one, by its id: the fields of `event_account.Account`.

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
