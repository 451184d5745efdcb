"""Events, their texts by language, and how many answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.dates import LONGEST_EVENT
from bot.rules.sending import SERIES
from bot.rules.small_counts import NOBODY, Headcount
from db.batches import Columns, Statement
from db.headcounts import counted, headcount, known_to
from db.records import records
from db.restrictions import of_others
from db.schema import broadcasts, event_texts, events, people, rsvps, series_events


class Event(Frozen):
    """One row of `events`: see db.schema for what each field means."""

    id: int
    code: str
    state: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    commune: str
    department: str
    region: str
    territory: str
    address: str
    latitude: float | None
    longitude: float | None
    pinned: bool
    created_by: int | None
    created_at: datetime
    sequence: int
    capacity: int | None = None
    overbooking: int = 0
    guests: int = 0
    counted: bool = False
    has_shifts: bool = False

    @property
    def is_cancelled(self) -> bool:
        return self.state == "cancelled"

    @property
    def is_hidden(self) -> bool:
        """Whether only its author sees it: a second person did not let its invitation go."""
        return self.state == "hidden"

    @property
    def is_dropped(self) -> bool:
        """Whether it was given up before anybody saw it."""
        return self.state == "dropped"

    @property
    def is_proposed(self) -> bool:
        """Whether a supporter proposed it and the team has yet to say yes, or has sent it back: it is not one yet."""
        return self.state in ("proposed", "returned")

    @property
    def is_public(self) -> bool:
        return self.state in ("open", "cancelled")


class EventText(Frozen):
    """The title and the description of an event, in one language; the description may be blank."""

    title: str
    description: str


EventTexts = Mapping[str, EventText]


class EventInWords(Frozen):
    """An event with its texts, of which it has at least one."""

    event: Event
    texts: EventTexts


def text_in(texts: EventTexts, language: str, fallback: str) -> EventText:
    """The text in a language; what it leaves blank comes from the campaign's first language, else from any."""
    others = [texts[code] for code in (fallback, *texts) if code in texts]
    own = texts.get(language, others[0])
    if own.description:
        return own
    description = next((text.description for text in others if text.description), "")
    return EventText(title=own.title, description=description)


class Answers(Frozen):
    """How many people gave each answer, and how many came or said they could not."""

    yes: Headcount = NOBODY
    maybe: Headcount = NOBODY
    no: Headcount = NOBODY
    confirmed: Headcount = NOBODY
    came: Headcount = NOBODY
    missed: Headcount = NOBODY


class EventPage(Frozen):
    """Events to show, with their texts by event id."""

    events: tuple[Event, ...]
    texts: Mapping[int, EventTexts] = field(default_factory=dict)


async def create(tx: AsyncConnection, *, texts: EventTexts, **values: Any) -> Event:
    """A new event; `values` are the columns of `events` but the id."""
    row = (await tx.execute(sa.insert(events).values(values).returning(events))).one()
    event = Event(**row._mapping)
    await put_texts(tx, event.id, texts)
    return event


async def put_texts(tx: AsyncConnection, event: int, texts: EventTexts) -> None:
    """Replaces the texts of an event."""
    await tx.execute(sa.delete(event_texts).where(event_texts.c.event == event))
    rows = [
        {"event": event, "language": language, "title": text.title, "description": text.description}
        for language, text in texts.items()
    ]
    await tx.execute(sa.insert(event_texts), rows)


COLUMNS = Columns(events.c)
_WITH_CODE = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}({COLUMNS}, language, title, description)) AS text)
    FROM events JOIN event_texts ON event = events.id WHERE code = :code"""
    )
)
_GIVEN: sa.BindParameter[list[int]] = sa.bindparam("events", expanding=True)
_WITH_IDS = sa.select(events).where(events.c.id.in_(_GIVEN))
_TEXTS = sa.select(
    event_texts.c.event, event_texts.c.language, event_texts.c.title, event_texts.c.description
).where(event_texts.c.event.in_(_GIVEN))


async def find(tx: AsyncConnection, code: str) -> EventInWords | None:
    """The event of a public code (`ev_<code>` in links)."""
    return in_words(await _WITH_CODE.rows(tx, code=code))


def in_words(rows: Sequence[list[Any]]) -> EventInWords | None:
    """One event from its rows: its columns (`COLUMNS`), a language, a title and a description."""
    if not rows:
        return None
    values = COLUMNS.read(rows[0][:-3])
    return EventInWords(
        event=Event(**dict(zip(events.c.keys(), values, strict=True))),
        texts={
            language: EventText(title=title, description=description)
            for *_, language, title, description in rows
        },
    )


async def get_many(tx: AsyncConnection, ids: Iterable[int]) -> dict[int, Event]:
    if not (numbers := list(ids)):
        return {}
    rows = await tx.execute(_WITH_IDS, {"events": numbers})
    return {each.id: each for each in records(Event, rows)}


async def texts_of(tx: AsyncConnection, event: int) -> EventTexts:
    return (await texts_of_many(tx, [event])).get(event, {})


async def texts_of_many(tx: AsyncConnection, ids: Iterable[int]) -> dict[int, dict[str, EventText]]:
    """The texts of several events, by event id and language."""
    found: dict[int, dict[str, EventText]] = {}
    if not (numbers := list(ids)):
        return found
    for event, language, title, description in await tx.execute(_TEXTS, {"events": numbers}):
        found.setdefault(event, {})[language] = EventText(title=title, description=description)
    return found


async def last_start(tx: AsyncConnection, codes: Iterable[str], *, after: datetime) -> datetime | None:
    """When the last of the events with these codes begins; None: none of them begins after that instant."""
    wanted = sa.and_(events.c.code.in_(list(codes)), events.c.starts_at > after)
    found: datetime | None = await tx.scalar(sa.select(sa.func.max(events.c.starts_at)).where(wanted))
    return found


async def texts_by_code(tx: AsyncConnection, codes: Iterable[str]) -> dict[str, EventTexts]:
    """The texts of several events, by the event's public code."""
    query = sa.select(events.c.id, events.c.code).where(events.c.code.in_(list(codes)))
    found = {row.id: row.code for row in await tx.execute(query)}
    return {found[event]: texts for event, texts in (await texts_of_many(tx, found)).items()}


async def change(tx: AsyncConnection, event: int, *, sequence: int, **values: Any) -> bool:
    """Sets these columns of an event, open or hidden, and raises its sequence; False if somebody was faster."""
    going_on = events.c.state.in_(("open", "hidden"))
    unchanged = sa.and_(events.c.id == event, events.c.sequence == sequence, going_on)
    changed = await tx.execute(sa.update(events).where(unchanged).values(sequence=sequence + 1, **values))
    return changed.rowcount == 1


async def cancel(tx: AsyncConnection, event: int) -> bool:
    """Cancels an event; False if it was cancelled before."""
    still_open = sa.and_(events.c.id == event, events.c.state == "open")
    values = {"state": "cancelled", "sequence": events.c.sequence + 1}
    return (await tx.execute(sa.update(events).where(still_open).values(values))).rowcount == 1


async def hide(tx: AsyncConnection, event: int) -> None:
    """Keeps a new event from everybody but its author."""
    await _move(tx, event, "open", "hidden")


async def publish(tx: AsyncConnection, event: int) -> None:
    """Shows an event that was hidden to everybody; nothing happens to others."""
    await _move(tx, event, "hidden", "open")


async def drop(tx: AsyncConnection, event: int) -> bool:
    """Gives up an event that nobody saw; False where it is public, or was given up before."""
    return await _move(tx, event, "hidden", "dropped")


async def drop_alone(tx: AsyncConnection, event: int) -> None:
    """Gives up one date of a series that nobody saw."""
    hidden = sa.and_(events.c.id == event, events.c.state == "hidden")
    await tx.execute(sa.update(events).where(hidden).values(state="dropped"))


async def take_over(tx: AsyncConnection, ids: Iterable[int], *, host: int, by: int | None) -> None:
    """What somebody hosted is whose who took it from them."""
    theirs = sa.and_(events.c.id.in_(list(ids)), events.c.created_by == host)
    await tx.execute(sa.update(events).where(theirs).values(created_by=by))


async def move(tx: AsyncConnection, event: int, *, before: str, after: str) -> bool:
    """What the team said to a proposal, or whoever made it; False where it is not `before` any more."""
    return await _move(tx, event, before, after)


def together(column: sa.ColumnElement[Any], event: int) -> sa.ColumnElement[bool]:
    """Whether a column names an event or another date of its series: one invitation stands for all."""
    own = sa.select(series_events.c.series).where(series_events.c.event == event).scalar_subquery()
    dates = sa.select(series_events.c.event).where(series_events.c.series == own)
    return sa.or_(column == event, column.in_(dates))


async def _move(tx: AsyncConnection, event: int, before: str, after: str) -> bool:
    """The other dates of its series too."""
    change = sa.update(events).where(together(events.c.id, event), events.c.state == before)
    return (await tx.execute(change.values(state=after))).rowcount > 0


def not_over(now: datetime) -> sa.ColumnElement[bool]:
    """Whether an event is to come or takes place. Those of months ago are not read for it: none lasts so long, but for
    the hour that comes twice as summer time ends.
    """
    return sa.and_(events.c.ends_at > now, events.c.starts_at > longest_ago(now))


def longest_ago(now: datetime) -> datetime:
    """Since when all events begin that are not over."""
    return now - LONGEST_EVENT - timedelta(hours=1)


NOT_OVER = sa.and_(events.c.ends_at > sa.bindparam("now"), events.c.starts_at > sa.bindparam("longest_ago"))


async def latest(
    tx: AsyncConnection, *, author: int | None, areas: Iterable[sa.ColumnElement[bool]], most: int
) -> list[EventInWords]:
    """The events that were not cancelled, past and to come, the latest first: the author's own, hidden or not, and the
    open ones in the areas (see db.areas).
    """
    own = sa.and_(events.c.created_by == author, events.c.state.in_(("open", "hidden")))
    open_there = sa.and_(events.c.state == "open", sa.or_(sa.false(), *areas))
    query = sa.select(events).where(sa.or_(own, open_there))
    rows = await tx.execute(query.order_by(events.c.starts_at.desc(), events.c.id).limit(most))
    found = records(Event, rows)
    texts = await texts_of_many(tx, (event.id for event in found))
    return [EventInWords(event=event, texts=texts[event.id]) for event in found if event.id in texts]


MOST_NAMED = 300
"""More events than a campaign has that somebody still writes about."""


async def answers(tx: AsyncConnection, event: int, known_in: Sequence[str] | None) -> Answers:
    """The counts of one event, for a reader who may know people by name in some areas."""
    known = known_to(known_in)
    conditions = {
        "yes": rsvps.c.answer == "yes",
        "maybe": rsvps.c.answer == "maybe",
        "no": rsvps.c.answer == "no",
        "confirmed": rsvps.c.confirmed,
        "came": rsvps.c.attended.is_(True),
        "missed": rsvps.c.attended.is_(False),
    }
    columns = (column for name, condition in conditions.items() for column in counted(name, known, condition))
    query = sa.select(*columns).where(rsvps.c.event == event, of_others(rsvps.c.person))
    if known_in is not None:  # people are read only where some may be known
        query = query.join(people, people.c.id == rsvps.c.person)
    row = (await tx.execute(query)).one()
    return Answers(**{name: headcount(row, name) for name in conditions})


async def broadcasts_about(tx: AsyncConnection, event: int) -> list[int]:
    """The broadcasts on an event that are not finished."""
    query = sa.select(broadcasts.c.id).where(
        broadcasts.c.event == event,
        broadcasts.c.finished_at.is_(None),
        sa.func.coalesce(broadcasts.c.template, "") != SERIES,  # it invites to the other dates too
    )
    return list(await tx.scalars(query))
