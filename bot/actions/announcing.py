"""Announcing an event: what is asked of it, what is kept of it, and who is invited, in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.events
from bot.actions import audit, broadcasts
from bot.actions.audiences import target_of
from bot.actions.authority import Author, in_turn
from bot.actions.broadcasts import NewBroadcast, Queued
from bot.campaign.campaign import Campaign
from bot.communes import Commune
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.event_draft import too_long
from bot.rules.events import is_to_come
from bot.rules.expressions import Expression
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.quiet import Quiet
from bot.rules.seats import ENOUGH, SeatsWanted
from bot.rules.sending import INVITATION, all_at
from db.broadcast_accounts import invitation_key
from db.events import Event, EventTexts


class EventRefused(PortevoixError):
    """An event that cannot be made, or not be changed any more."""

    default_message: ClassVar[str] = "errors/event_gone"


class NewEvent(Frozen):
    """An event to be; `starts_at` is aware. `pin`: latitude and longitude of the exact place, in degrees.

    `audience`: whom its invitation is for.
    """

    texts: EventTexts
    commune: Commune
    address: str
    pin: tuple[float, float] | None
    starts_at: datetime
    duration: timedelta
    audience: Expression
    seats: SeatsWanted = ENOUGH


class Announced(Frozen):
    """The event and the invitation that is leaving."""

    event: Event
    invitation: Queued


def draft_of(new: NewEvent, *, code: str, author: Author) -> Event:
    """The event as it will be, for its preview; it has no number yet."""
    return Event(
        id=0, state="open", created_by=author.id, created_at=author.now, sequence=0, **columns_of(new, code)
    )


def columns_of(new: NewEvent, code: str) -> dict[str, Any]:
    """What the row of an event holds of what was written."""
    latitude, longitude = new.pin or (new.commune.latitude, new.commune.longitude)
    return {
        "code": code,
        "starts_at": new.starts_at,
        "ends_at": new.starts_at + new.duration,
        **columns_of_place(new.commune, (latitude, longitude)),
        "address": new.address,
        "pinned": new.pin is not None,
        **new.seats.columns(),
    }


def columns_of_place(commune: Commune, point: tuple[float, float]) -> dict[str, Any]:
    return {
        "zone": commune.zone,
        "commune": commune.code,
        "department": commune.department,
        "region": commune.region,
        "territory": commune.territory,
        "latitude": point[0],
        "longitude": point[1],
    }


def silence_at(campaign: Campaign, event: Event) -> Quiet | None:
    """The quiet period that an event begins in, if any: then no word of it can leave for a while before."""
    return campaign.quiet(kind=Kind.EVENT_SERVICE, territory=event.territory, now=event.starts_at)


async def announce(
    tx: AsyncConnection, author: Author, new: NewEvent, *, areas: Iterable[str] | None = None
) -> Announced:
    """Makes the event and queues its invitation, which goes to people of the author's areas, or of these `areas` of
    theirs alone. Raises NotAllowed, CandidateOut, EventRefused.
    """
    author = await in_turn(tx, author)
    require_announceable(author, new)
    event = await db.events.create(
        tx,
        texts=new.texts,
        created_by=author.id,
        created_at=author.now,
        **columns_of(new, new_code()),
    )
    queued = await invite(tx, author, event, new.audience, areas=areas)
    details: dict[str, object] = {
        "event": event.code,
        "broadcast": queued.broadcast,
        "people": queued.people,
        **(asdict(new.seats) if new.seats != ENOUGH else {}),
    }
    await audit.note(tx, actor=author.name, action=Action.CREATE_EVENT, details=details, now=author.now)
    return Announced(event=event, invitation=queued)


def new_code(size: int = 4) -> str:
    """The public code of a new event, of so many bytes: where 50,000 are made at once, two of 4 would be the same in
    three files of ten.
    """
    return secrets.token_hex(size)


OF_MANY = 6
"""Bytes of the codes of events that a file makes."""


def require_announceable(author: Author, new: NewEvent) -> None:
    """Raises NotAllowed, CandidateOut, EventRefused, BadSeats."""
    author.require(Action.CREATE_EVENT, new.commune.code)
    require_sound(author, new)


def require_sound(author: Author, new: NewEvent) -> None:
    """What must hold of an event whoever makes it. Raises CandidateOut, EventRefused, BadSeats."""
    author.require_standing()
    require_future(new.starts_at, author.now, new.commune.zone)
    _require_title(new.texts)
    require_fitting(new.texts, new.address)
    new.seats.require_sound()


async def invite(
    tx: AsyncConnection,
    author: Author,
    event: Event,
    audience: Expression,
    *,
    areas: Iterable[str] | None = None,
) -> Queued:
    """Queues the invitation to an event that has none. The caller checked what the author may do."""
    invitation = NewBroadcast(
        key=invitation_key(event.id),
        kind=Kind.EVENT_INVITE,
        audience=audience,
        when=all_at(author.now),
        texts={},
        template=INVITATION,
        event=event.id,
        expires_at=event.starts_at,
    )
    return await queue_invitation(tx, author, event, invitation, areas)


async def queue_invitation(
    tx: AsyncConnection, author: Author, event: Event, invitation: NewBroadcast, areas: Iterable[str] | None
) -> Queued:
    """Queues what invites to an event, or to all dates of its series; where it waits for a second person, nobody else
    sees the event meanwhile. `areas`: those that it stays within; None: those in which the author may write.
    """
    limits = author.areas(Action.BROADCAST) if areas is None else areas
    target = await target_of(tx, author, invitation.audience, limits)
    queued = await broadcasts.queue(tx, author, invitation, target)
    assert queued is not None  # it has no invitation yet, and so the key is new
    if queued.awaits_approval:
        await db.events.hide(tx, event.id)
    return queued


def require_future(starts_at: datetime, now: datetime, zone: str) -> None:
    if not is_to_come(starts_at, now):
        raise EventRefused(
            "An event begins in the future.", message="errors/date_past", moment=starts_at, place_zone=zone
        )


def _require_title(texts: EventTexts) -> None:
    if not any(text.title for text in texts.values()):
        raise EventRefused("An event needs a title.", message="errors/text_empty")


def require_worded(texts: EventTexts, address: str | None) -> None:
    """Raises EventRefused for a title or an address of nothing but spaces; None: the address stays as it is."""
    titles = [text.title for text in texts.values()]
    if not all(each.strip() for each in (*titles, "-" if address is None else address)):
        raise EventRefused("An event has a title and an address.", message="errors/text_empty")


def require_fitting(texts: EventTexts, address: str) -> None:
    """Words that leave room for the rest of a message."""
    measured = [too_long(title=text.title, description=text.description) for text in texts.values()]
    for found in (*measured, too_long(address=address)):
        if found is not None:
            length, limit = found
            raise EventRefused(
                f"At most {limit} characters fit here.",
                message="errors/text_too_long",
                length=length,
                limit=limit,
            )
