"""Series: events announced together by one invitation, each with answers of its own; changed one by one, or with all
that follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

import db.event_news
import db.events
import db.series
from bot.actions import announcing, audit, event_ends, events
from bot.actions.announcing import Announced, NewEvent
from bot.actions.authority import Author, in_turn
from bot.actions.broadcasts import NewBroadcast, Queued
from bot.actions.event_news import (
    TOLD_TOGETHER,
    News,
    Told,
    coming_to,
    follow_cancellation,
    gather,
    tell,
)
from bot.actions.events import EventChange, ManagedEvent
from bot.actions.last_change import require_unchanged
from bot.frozen import Frozen
from bot.rules.expressions import Expression
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.sending import CANCELLATION, SERIES, all_at
from bot.rules.series import LEAST_DATES, BadSeries, Every, every_of, rule_of
from bot.rules.territories import at_wall
from db.broadcast_accounts import series_key
from db.events import Event, EventTexts


class Repeats(Frozen):
    """How often something takes place, and its dates by the clock of the place, the first one among them."""

    every: Every
    walls: Sequence[datetime]


async def announce(tx: AsyncConnection, author: Author, new: NewEvent, repeats: Repeats) -> Announced:
    """Makes an event of each date and queues the one invitation to all of them.

    Raises NotAllowed, CandidateOut, EventRefused, BadSeats, BadSeries.
    """
    author = await in_turn(tx, author)
    announcing.require_announceable(author, new)
    made = await make(tx, author, new, repeats)
    queued = await invite(tx, author, made, repeats.every, new.audience)
    details: dict[str, object] = {
        "event": made[0].code,
        "dates": len(made),
        "broadcast": queued.broadcast,
        "people": queued.people,
    }
    await audit.note(tx, actor=author.name, action=Action.CREATE_EVENT, details=details, now=author.now)
    return Announced(event=made[0], invitation=queued)


async def make(tx: AsyncConnection, author: Author, new: NewEvent, repeats: Repeats) -> list[Event]:
    """An event of each date, one series; nobody is invited yet. The caller checked what the author may do.

    Raises CandidateOut, EventRefused, BadSeats, BadSeries.
    """
    if len(repeats.walls) < LEAST_DATES:
        raise BadSeries("A series has two dates at least.", why="none")
    zone = ZoneInfo(new.commune.zone)
    made = []
    for wall in repeats.walls:
        dated = replace(new, starts_at=at_wall(wall, zone))
        announcing.require_sound(author, dated)
        columns = announcing.columns_of(dated, announcing.new_code())
        by = {"created_by": author.id, "created_at": author.now}
        made.append(await db.events.create(tx, texts=new.texts, **by, **columns))
    rule = rule_of(repeats.every, repeats.walls[0].date())
    await db.series.create(tx, rule=rule, of=[event.id for event in made], now=author.now)
    return made


async def invite(
    tx: AsyncConnection,
    author: Author,
    dates: Sequence[Event],
    every: Every,
    audience: Expression,
    *,
    areas: Iterable[str] | None = None,
) -> Queued:
    """Queues the one invitation to all dates of a series that has none: see `announcing.invite`."""
    number = await db.series.number_of(tx, dates[0].id)
    assert number is not None  # they are dates of one
    invitation = NewBroadcast(
        key=series_key(number),
        kind=Kind.EVENT_INVITE,
        audience=audience,
        when=all_at(author.now),
        texts={},
        template=SERIES,
        event=dates[0].id,
        expires_at=dates[-1].starts_at,
        series=as_told(every, [(event.code, event.starts_at) for event in dates]),
    )
    return await announcing.queue_invitation(tx, author, dates[0], invitation, areas)


async def of_event(tx: AsyncConnection, event: int) -> tuple[Every, list[Event]] | None:
    """How often the series of an event takes place, and all its dates; None: it is of none."""
    found = await db.series.whole(tx, event)
    return None if found is None else (every_of(found[0]), found[1])


def as_told(every: Every, dates: Sequence[tuple[str, datetime]]) -> dict[str, object]:
    """How often, and on which dates (the code of the event, its start), as an invitation keeps it."""
    return {"every": every.value, "dates": [[code, start.isoformat()] for code, start in dates]}


async def following(tx: AsyncConnection, found: ManagedEvent) -> list[Event]:
    """An event that was found for its author, and the later dates of its series; of none, nothing."""
    return await db.series.following(tx, found.event)


async def how_many_others(tx: AsyncConnection, author: Author, event: Event) -> int:
    """The other dates of its series that are to come."""
    dates = await db.series.taking_place(tx, event.id, since=author.now)
    return sum(date.id != event.id for date in dates)


async def change_following(
    tx: AsyncConnection, author: Author, code: str, change: EventChange, *, sequence: int, reason: str = ""
) -> Told:
    """Changes an event and all later dates of its series alike, and tells those who come to one of them.

    A date moves as far as the first, by the clock of its place: one that was moved alone before keeps its own
    difference. Raises as `events.change_event` does.
    """
    author = await in_turn(tx, author)
    found = await events.find_open(tx, author, code)
    dates = await following(tx, found)
    if not dates:
        return await events.change_event(tx, author, code, change, sequence=sequence, reason=reason)
    change, held = await events.parted(tx, author, found.event, change)
    if held and change.is_empty:
        return await _reword(tx, author, code, dates, held, Told(), reason=reason, sequence=sequence)
    # It is news until the last of them is over: who comes to that one may be told when the first one is.
    moved: dict[str, Any] = {}
    over = found.event.ends_at
    await db.seats.hold_events(tx, [date.id for date in dates])
    for date in dates:
        each = await events.find_open(tx, author, date.code)
        number = sequence if date.id == found.event.id else date.sequence
        alike = _alike(found.event, date, change)
        values = await events.apply_change(tx, author, each, alike, sequence=number)
        moved = values if date.id == found.event.id else moved
        over = max(over, events.over_at(date, values))
    key, told = f"event:{found.event.id}:change:{sequence + 1}", Told()
    if not found.event.is_hidden:
        news = replace(events.news_of(found.event, moved, reason), expires_at=over, follows=True)
        told = await _tell(tx, author, dates, await gather(tx, author, found.event, news), key=key)
    if held:
        return await _reword(tx, author, code, dates, held, told, reason="", sequence=sequence + 1)
    details = {"event": code, "told": told.people.total, "dates": len(dates), "sequence": sequence + 1}
    await audit.note(tx, actor=author.name, action=Action.CHANGE_EVENT, details=details, now=author.now)
    return told


async def _reword(
    tx: AsyncConnection,
    author: Author,
    code: str,
    dates: Sequence[Event],
    texts: EventTexts,
    told: Told,
    *,
    reason: str,
    sequence: int,
) -> Told:
    """The words of all these dates wait for a second person; noted with what changed at once."""
    told = await events.hold_words(tx, author, dates, texts, told, reason=reason, sequence=sequence)
    details = {
        "event": code,
        "told": told.people.total,
        "dates": len(dates),
        "held": True,
        "sequence": sequence,
    }
    await audit.note(tx, actor=author.name, action=Action.CHANGE_EVENT, details=details, now=author.now)
    return told


def moved_with(found: Event, dates: Sequence[Event], change: EventChange) -> dict[int, datetime]:
    """When each of these dates would begin if they all change as the first one that was found does."""
    return {date.id: _alike(found, date, change).starts_at or date.starts_at for date in dates}


def _alike(first: Event, date: Event, change: EventChange) -> EventChange:
    """The change of a date, as the first one changes."""
    if change.starts_at is None:
        return change
    zone = ZoneInfo(first.zone)

    def wall(instant: datetime) -> datetime:
        return instant.astimezone(zone).replace(tzinfo=None)

    moved = wall(date.starts_at) + (wall(change.starts_at) - wall(first.starts_at))
    return replace(change, starts_at=at_wall(moved, zone))


async def cancel_following(
    tx: AsyncConnection, author: Author, code: str, *, sequence: int | None = None, reason: str = ""
) -> Told:
    """Cancels an event and all later dates of its series, and tells those who come to one of them.

    Raises as `events.cancel_event` does.
    """
    author = await in_turn(tx, author)
    found = await events.find_open(tx, author, code)
    events.require_may_cancel(author, found.event)
    dates = await following(tx, found)
    if not dates:
        return await events.cancel_event(tx, author, code, sequence=sequence, reason=reason)
    if sequence is not None:
        await require_unchanged(tx, author, found.event, sequence)
    if found.event.is_hidden:
        await event_ends.drop(tx, author, dates)
        return Told()
    await db.seats.hold_events(tx, [date.id for date in dates])
    for date in reversed(dates):  # so that no news are handed on to a date that is off next
        await events.apply_cancellation(tx, author, (await events.find_open(tx, author, date.code)).event)
    await follow_cancellation(tx, author, found.event)
    news = News(
        template=CANCELLATION,
        starts_at=found.event.starts_at,
        expires_at=dates[-1].ends_at,
        words=reason,
        follows=True,
    )
    told = await _tell(tx, author, dates, news, key=db.event_news.cancel_key(found.event.id))
    details = {"event": code, "told": told.people.total, "dates": len(dates)}
    await audit.note(tx, actor=author.name, action="cancel_event", details=details, now=author.now)
    return told


async def _tell(tx: AsyncConnection, author: Author, dates: Sequence[Event], news: News, *, key: str) -> Told:
    """One message about the first of some dates, which says that it is so of all that follow."""
    told = Told()
    for start in range(0, len(dates), TOLD_TOGETHER):
        some = dates[start : start + TOLD_TOGETHER]
        each = f"{key}:{start}" if start else key
        told += await tell(tx, author, some[0], news, key=each, audience=coming_to(*some))
    return told
