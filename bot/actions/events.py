"""Events: announced with their invitation, changed, cancelled, in one transaction with whom it is told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

import db.areas
import db.broadcast_accounts
import db.event_news
import db.events
import db.faces
import db.hosts
import db.managed_events
import db.seats
import db.shifts
from bot.actions import audit, event_ends
from bot.actions.announcing import (
    EventRefused,
    columns_of_place,
    require_fitting,
    require_future,
    require_worded,
)
from bot.actions.authority import Author, in_turn
from bot.actions.event_news import (
    News,
    Told,
    are_held,
    follow_cancellation,
    follow_change,
    gather,
    hold,
    tell,
)
from bot.actions.last_change import changed_meanwhile, require_unchanged
from bot.communes import Commune
from bot.errors import NotAllowed, OutOfSight
from bot.frozen import Frozen
from bot.rules.dates import LONGEST_EVENT
from bot.rules.events import is_over
from bot.rules.hosting import covering
from bot.rules.permissions import Action
from bot.rules.seats import Seats, door_opens
from bot.rules.sending import CANCELLATION, CHANGE
from db.events import Answers, Event, EventInWords, EventPage, EventTexts

HOSTED, CO_HOST = "host", "co"
"""As what somebody runs an event without a role: it is theirs, or they help; who helps does not cancel it."""

PAST_AT_ONCE = 8
"""Past events on one page."""


class EventChange(Frozen):
    """A change; None leaves as it is. A new start keeps the duration; a new place has no pin but its own."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    commune: Commune | None = None
    address: str | None = None
    pin: tuple[float, float] | None = None
    texts: EventTexts = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return self == EventChange()

    @property
    def rewords(self) -> bool:
        """Whether it is of anything that somebody typed: not the date alone."""
        return bool(self.texts) or (self.commune, self.address, self.pin) != (None, None, None)


class ManagedEvent(Frozen):
    """An event as those who organize it see it."""

    event: Event
    texts: EventTexts
    answers: Answers
    seats: Seats
    # The invitation that a second person has not let go, where nobody else sees the event.
    held: int | None = None


async def managed(tx: AsyncConnection, author: Author, *, waited_for: bool = False) -> EventPage:
    """One's own events to come, and for coordinators those of their areas; `waited_for`: those alone of which somebody
    waits for a seat.
    """
    if not author.hosted:
        author.require(Action.CHANGE_EVENT)
    areas = [db.areas.event_in(area) for area in author.supervised()]
    looked_after = [db.areas.event_in(area) for area in author.areas(Action.TRUST_HOST)]
    return await db.managed_events.managed(
        tx,
        author=author.person.id,
        areas=areas,
        now=author.now,
        hosted=author.hosted,
        looked_after=looked_after,
        waited_for=waited_for,
    )


async def find_for(tx: AsyncConnection, author: Author, code: str) -> EventInWords:
    """An event that the author may change; nobody is counted. Raises NotAllowed, EventRefused."""
    found = await db.events.find(tx, code)
    if (
        found is None
        or found.event.is_dropped
        or (found.event.is_hidden and found.event.created_by != author.id and not author.is_operator)
        or (found.event.is_proposed and found.event.id not in author.hosted)
    ):
        raise EventRefused("This event does not exist any more.")
    await require_managed(tx, author, found.event)
    if found.event.id not in author.hosted:
        author.require_sight(Action.SEE_EVENT_ANSWERS, found.event.commune)
    return found


async def find_managed(tx: AsyncConnection, author: Author, code: str) -> ManagedEvent:
    """The same, with who comes to it. Raises NotAllowed, EventRefused."""
    found = await find_for(tx, author, code)
    return await with_counts(tx, found, await counts_of(tx, author, found))


Counts: TypeAlias = tuple[Answers, Seats]
"""What was answered, and the seats."""


async def counts_of(tx: AsyncConnection, author: Author, found: EventInWords) -> Counts:
    """Who comes to an event that was found for its author."""
    answers = await db.events.answers(tx, found.event.id, author.reader.known_in)
    return answers, await db.seats.shown(tx, found.event)


async def with_counts(tx: AsyncConnection, found: EventInWords, counts: Counts) -> ManagedEvent:
    """An event that was found for its author, as they see it."""
    answers, seats = counts
    invitation = (
        await db.broadcast_accounts.invitation_to(tx, found.event.id) if found.event.is_hidden else None
    )
    held = invitation.id if invitation is not None else None
    return ManagedEvent(event=found.event, texts=found.texts, answers=answers, held=held, seats=seats)


async def require_managed(tx: AsyncConnection, author: Author, event: Event) -> None:
    """Raises NotAllowed. What supporters host is looked after by everybody of the team of its area, organizers too."""
    if event.id in author.hosted:
        return
    author.require_sight(Action.CHANGE_EVENT, event.commune)
    theirs = author.may_change_event(event.commune, event.created_by)
    if not theirs and not await db.hosts.of_event(tx, event.id):
        raise OutOfSight("Only its organizer may change this event.", message="errors/not_your_event")


async def find_open(tx: AsyncConnection, author: Author, code: str) -> ManagedEvent:
    """An event that the author may change and that can still be changed. Raises NotAllowed, EventRefused."""
    found = await find_managed(tx, author, code)
    if found.event.is_cancelled:
        raise EventRefused("This event was cancelled.", message="errors/event_cancelled")
    if found.event.is_proposed:
        raise EventRefused("The team has not let it take place yet.", message="errors/event_proposed")
    if is_over(found.event.ends_at, author.now):
        raise EventRefused("This event is over.", message="errors/event_over")
    return found


def changed(event: Event, change: EventChange) -> dict[str, Any]:
    """The columns that a change sets."""
    values: dict[str, Any] = {}
    if change.starts_at is not None:
        duration = event.ends_at - event.starts_at
        values |= {"starts_at": change.starts_at, "ends_at": change.starts_at + duration}
    if change.ends_at is not None:
        values["ends_at"] = change.ends_at
    if change.commune is not None:
        centre = (change.commune.latitude, change.commune.longitude)
        values |= {**columns_of_place(change.commune, centre), "pinned": False}
    if change.address is not None:
        values["address"] = change.address
    if change.pin is not None:
        values |= {"latitude": change.pin[0], "longitude": change.pin[1], "pinned": True}
    return values


async def change_event(
    tx: AsyncConnection, author: Author, code: str, change: EventChange, *, sequence: int, reason: str = ""
) -> Told:
    """Changes an event and tells those who said yes or maybe, with the `reason`. `sequence` is the one last seen.

    Raises NotAllowed; EventRefused also where somebody else changed it meanwhile.
    """
    author = await in_turn(tx, author)  # nobody lets its invitation go meanwhile
    found = await find_open(tx, author, code)
    at_once, held = await parted(tx, author, found.event, change)
    values: dict[str, Any] = {}
    told = Told()
    if not (held and at_once.is_empty):
        values = await apply_change(tx, author, found, at_once, sequence=sequence)
    if not found.event.is_hidden and not (held and at_once.is_empty):
        news = await gather(tx, author, found.event, news_of(found.event, values, reason))
        told = await tell(tx, author, found.event, news, key=f"event:{found.event.id}:change:{sequence + 1}")
    if held:
        why = "" if values else reason
        told = await hold_words(
            tx, author, [found.event], held, told, reason=why, sequence=sequence + bool(values)
        )
    details = {
        "event": code,
        "told": told.people.total,
        "changed": [*values, *(f"text:{each}" for each in change.texts)],
        "sequence": sequence + bool(values),
        **({"held": True} if held else {}),
    }
    await audit.note(tx, actor=author.name, action=Action.CHANGE_EVENT, details=details, now=author.now)
    return told


async def parted(
    tx: AsyncConnection, author: Author, event: Event, change: EventChange
) -> tuple[EventChange, EventTexts]:
    """What of a change is shown at once, and the words that a second person looks at first: so many were invited."""
    if change.texts and await are_held(tx, author, event):
        return replace(change, texts={}), change.texts
    return change, {}


async def hold_words(
    tx: AsyncConnection,
    author: Author,
    dates: Sequence[Event],
    texts: EventTexts,
    told: Told,
    *,
    reason: str,
    sequence: int,
) -> Told:
    """Asks a second person for the words of an event, or of these dates of a series; whom they are told to, or were
    `told` what changed with them. Raises EventRefused.
    """
    event = (await db.events.get_many(tx, [dates[0].id]))[dates[0].id]
    await require_unchanged(tx, author, event, sequence)
    await require_may_reword(tx, author, event)
    require_worded(texts, None)
    require_fitting(texts, "")
    last = max([event.ends_at, *(date.ends_at for date in dates)])
    news = News(template=CHANGE, starts_at=event.starts_at, expires_at=last, words=reason)
    asked = await hold(tx, author, dates, texts, replace(news, follows=len(dates) > 1))
    return replace(told if told.people.total else asked, awaits=True, holds=True)


def news_of(event: Event, values: Mapping[str, Any], reason: str) -> News:
    """The news that these columns of an event are others now; with none of them, its words are."""
    return News(
        template=CHANGE,
        starts_at=min(event.starts_at, values.get("starts_at", event.starts_at)),
        expires_at=over_at(event, values),
        words=reason,
        rewords=not values,
    )


async def require_may_reword(tx: AsyncConnection, author: Author, event: Event) -> None:
    """Raises EventRefused for a host whom the team does not trust there: it said yes to these words and no others."""
    if event.id not in author.hosted or author.may(Action.CHANGE_EVENT, event.commune):
        return
    if not covering(await db.hosts.trusted_in(tx, author.person.id), event.commune):
        raise EventRefused("The team said yes to these words and this place.", message="errors/event_words")


def require_end(starts_at: datetime, ends_at: datetime) -> None:
    """Raises EventRefused where an event would end before it begins, or last longer than any does."""
    if not timedelta() < ends_at - starts_at <= LONGEST_EVENT:
        raise EventRefused(
            "An event ends after it begins, and within three days.",
            message="console/no_end",
            hours=LONGEST_EVENT // timedelta(hours=1),
        )


def over_at(event: Event, values: Mapping[str, Any]) -> datetime:
    """Until when a change is news: those who are told late still have to know, until it is over at both its times."""
    ends_at: datetime = values.get("ends_at", event.ends_at)
    return max(event.ends_at, ends_at)


async def apply_change(
    tx: AsyncConnection, author: Author, found: ManagedEvent, change: EventChange, *, sequence: int
) -> dict[str, Any]:
    """Changes an event that was found for its author, and tells nobody; the columns that were set.

    Raises as `change_event` does. The caller took its turn.
    """
    if change.rewords:
        await require_may_reword(tx, author, found.event)
    if change.commune is not None:
        author.require(Action.CHANGE_EVENT, change.commune.code)
    if change.starts_at is not None:
        zone = change.commune.zone if change.commune is not None else found.event.zone
        require_future(change.starts_at, author.now, zone)
    require_worded(change.texts, change.address)
    require_fitting(change.texts, change.address or "")
    values = changed(found.event, change)
    require_end(values.get("starts_at", found.event.starts_at), values.get("ends_at", found.event.ends_at))
    # The event before its seats, as whoever answers: of two who hold one of them neither would get the other.
    if not await db.events.change(tx, found.event.id, sequence=sequence, **values):
        (now,) = (await db.events.get_many(tx, [found.event.id])).values()
        raise await changed_meanwhile(tx, author, now)
    await db.seats.lock(tx, found.event.id)  # nothing is offered any more by what it was before
    if change.starts_at is not None:
        await db.seats.shorten_offers(tx, found.event.id, door_opens(change.starts_at))
        await db.shifts.move(tx, found.event.id, change.starts_at - found.event.starts_at)
    if change.texts:
        await db.events.put_texts(tx, found.event.id, {**found.texts, **change.texts})
    # Before anything tells of it, so that what tells of it is true already.
    await db.faces.look(tx, author.now, event=found.event.id)
    await follow_change(tx, author, found.event)
    return values


async def cancel_event(
    tx: AsyncConnection, author: Author, code: str, *, sequence: int | None = None, reason: str = ""
) -> Told:
    """Cancels an event, stops what was still to leave about it, and tells those who said yes or maybe, with the
    `reason`. `sequence`: the one last seen, where somebody looked at it first.
    """
    author = await in_turn(tx, author)  # whether anybody sees it is settled from here on
    found = await find_open(tx, author, code)
    require_may_cancel(author, found.event)
    if sequence is not None:
        await require_unchanged(tx, author, found.event, sequence)
    if found.event.is_hidden:
        await event_ends.drop(tx, author, [found.event])
        return Told()
    await apply_cancellation(tx, author, found.event)
    await follow_cancellation(tx, author, found.event)
    event, key = found.event, db.event_news.cancel_key(found.event.id)
    news = News(template=CANCELLATION, starts_at=event.starts_at, expires_at=event.ends_at, words=reason)
    told = await tell(tx, author, event, news, key=key)
    details: Mapping[str, object] = {"event": code, "told": told.people.total}
    await audit.note(tx, actor=author.name, action="cancel_event", details=details, now=author.now)
    return told


def require_may_cancel(author: Author, event: Event) -> None:
    """Raises NotAllowed for whoever only helps to organize it."""
    if author.hosted.get(event.id) == CO_HOST and not author.may(Action.CHANGE_EVENT, event.commune):
        raise NotAllowed("Whoever helps to organize it does not cancel it.", message="errors/not_your_event")


async def apply_cancellation(tx: AsyncConnection, author: Author, event: Event) -> None:
    """Cancels an event that was found for its author, stops what was still to leave about it, and tells nobody.

    Raises EventRefused. The caller took its turn.
    """
    # The event before its seats, as `apply_change` does.
    if not await db.events.cancel(tx, event.id):
        raise EventRefused("This event was cancelled.", message="errors/event_cancelled")
    await db.seats.lock(tx, event.id)  # nor is a seat offered of what is off
    await db.faces.look(tx, author.now, event=event.id)
    await event_ends.stop_news(tx, author, event)
