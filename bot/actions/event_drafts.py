"""An event from its draft (bot.rules.event_draft): the same for the chat and the desk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.actions import announcing, series
from bot.actions.announcing import Announced, NewEvent
from bot.actions.audiences import target_of
from bot.actions.authority import Author
from bot.actions.broadcasts import require_somebody
from bot.actions.forecasts import Forecast, PlannedSending
from bot.actions.series import Repeats
from bot.communes import Commune
from bot.rules.event_draft import ONCE, starts_at
from bot.rules.expressions import stored
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.seats import SeatsWanted
from bot.rules.sending import all_at
from bot.rules.series import Every, dates_of
from bot.rules.territories import at_wall
from bot.rules.territories import zone as zone_named
from db.events import EventText

FLOW = "new_event"
"""The draft of an event, as dialogs call it."""


def written(data: Mapping[str, Any], commune: Commune) -> NewEvent:
    """Everything that was said, as an event."""
    descriptions = data.get("descriptions") or {}
    texts = {
        language: EventText(title=title, description=descriptions.get(language, ""))
        for language, title in data["titles"].items()
        if title
    }
    pin = data["pin"]
    return NewEvent(
        texts=texts,
        commune=commune,
        address=data["address"],
        pin=(pin[0], pin[1]) if pin else None,
        starts_at=starts_at(data, commune.zone),
        duration=timedelta(minutes=data["minutes"]),
        audience=stored(data.get("audience")),
        seats=SeatsWanted(
            capacity=data["seats"][0] if data["seats"] else None,
            guests=data.get("guests") or 0,
            overbooking=data.get("overbooking") or 0,
        ),
    )


def dates(data: Mapping[str, Any]) -> list[datetime]:
    """The dates of a series, by the clock of its place; of one event, none. Raises BadSeries."""
    if data.get("repeat") in (None, ONCE):
        return []
    ends = data["ends"]
    until = date.fromisoformat(ends["until"]) if "until" in ends else None
    first = datetime.fromisoformat(data["wall"])
    return dates_of(Every(data["repeat"]), first, times=ends.get("times"), until=until)


def repeats(data: Mapping[str, Any]) -> Repeats | None:
    """How often it takes place; None: once. Raises BadSeries."""
    walls = dates(data)
    return Repeats(every=Every(data["repeat"]), walls=walls) if walls else None


def useful_until(data: Mapping[str, Any], zone: str) -> datetime:
    """Until when its invitation is of use: the last date of a series has yet to begin. `zone` is that of its place."""
    walls = dates(data)
    if not walls:
        return starts_at(data, zone)
    return at_wall(walls[-1], zone_named(zone))


def as_told(data: Mapping[str, Any], zone: str) -> dict[str, Any] | None:
    """The series as its invitation tells it, before it has events; None of one event."""
    repeated = repeats(data)
    if repeated is None:
        return None
    there = zone_named(zone)
    told = [("preview", at_wall(wall, there)) for wall in repeated.walls]
    return series.as_told(repeated.every, told)


def sending(data: Mapping[str, Any], commune: Commune, now: datetime) -> PlannedSending:
    """Its invitation, as it would leave now."""
    return PlannedSending(
        kind=Kind.EVENT_INVITE, when=all_at(now), expires_at=useful_until(data, commune.zone)
    )


async def announce(
    tx: AsyncConnection,
    author: Author,
    data: Mapping[str, Any],
    commune: Commune,
    *,
    expected: Forecast | None = None,
) -> Announced:
    """Announces it, or all dates of its series. `expected`: who was found to get its invitation, just before.

    Raises NotAllowed, CandidateOut, EventRefused, BadSeats, BadSeries; BroadcastRefused where nobody would get its
    invitation, and its author does not know.
    """
    new, repeated = written(data, commune), repeats(data)
    announcing.require_announceable(author, new)
    if not data.get("knowing"):
        target = await target_of(tx, author, new.audience, author.areas(Action.BROADCAST))
        await require_somebody(tx, author, target, sending(data, commune, author.now), expected)
    if repeated is None:
        return await announcing.announce(tx, author, new)
    return await series.announce(tx, author, new, repeated)
