"""At the door: a walker taps what happened, and the card moves on. Nothing of who lives there is asked or kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.canvass_doors
from bot.actions.authority import CandidateOut
from bot.actions.people import require_supporter
from bot.actions.responses import Origin
from bot.campaign.campaign import Campaign
from bot.communes import Gazetteer
from bot.errors import PortevoixError
from bot.rules.canvass.visits import (
    MOST_DWELLINGS,
    DoorState,
    Outcome,
    Side,
    after,
    is_daytime,
    next_door,
    reached,
)
from bot.rules.kinds import Kind
from bot.rules.quiet import Quiet
from bot.rules.territories import zone as zone_named
from db.batches import Visit, together
from db.canvass_doors import Ground, Leg
from db.people import Person

PARIS = "Europe/Paris"


class NotYourWalk(PortevoixError):
    """A door of a walk that the person is not on: over, left, or never theirs."""

    default_message = "toasts/walk_not_yours"


class WalkQuiet(PortevoixError):
    """The law asks for silence there: nobody knocks at doors."""

    default_message = "toasts/walk_quiet"


class WalkAtNight(PortevoixError):
    """It is too early or too late to knock at doors."""

    default_message = "toasts/walk_at_night"


@dataclass(frozen=True, kw_only=True)
class Card:
    """One side of a street on the screen, with the walk that it belongs to."""

    walk: Ground
    side: Side


@dataclass(frozen=True, kw_only=True)
class Going:
    """Who is at the doors, and where: a walk of theirs; `paper`: they enter what they noted on a sheet."""

    person: Person
    origin: Origin
    campaign: Campaign
    gazetteer: Gazetteer
    walk: int
    paper: bool = False

    @property
    def now(self) -> datetime:
        return self.origin.at


def silence_at(campaign: Campaign, gazetteer: Gazetteer, commune: str, now: datetime) -> Quiet | None:
    """Whether the law asks for silence in a commune: then nobody distributes, meets or knocks."""
    where = gazetteer.by_code(commune)
    territory, zone = (None, None) if where is None else (where.territory, where.zone)
    return campaign.quiet(kind=Kind.PERSUASION, territory=territory, now=now, zone=zone)


def zone_at(gazetteer: Gazetteer, commune: str) -> str:
    """The zone by whose clock one goes from door to door in a commune."""
    where = gazetteer.by_code(commune)
    return where.zone if where is not None else PARIS


def require_time(going: Going, walk: Ground) -> None:
    """Raises CandidateOut, WalkQuiet and WalkAtNight; what a sheet says happened before, and is entered at any time."""
    if going.paper:
        return
    if going.campaign.is_out(going.now):
        raise CandidateOut("The candidate is out.")
    quiet = silence_at(going.campaign, going.gazetteer, walk.commune, going.now)
    if quiet is not None:
        raise WalkQuiet("The law asks for silence there.", until=quiet.until)
    local = going.now.astimezone(zone_named(zone_at(going.gazetteer, walk.commune)))
    hours = going.campaign.walking
    if not is_daytime(local, hours):
        raise WalkAtNight("Nobody knocks at this hour.", opens=hours.opens, closes=hours.closes)


Change = Callable[[Visit, Ground, Leg], Side]
"""Does something on a leg of a walk; its card then."""


async def _at(tx: AsyncConnection, going: Going, door: int, change: Change, *, locks: bool = False) -> Card:
    """Does something at a door, in one stay with the database; the card as it is then. `locks`: it notes something."""
    require_supporter(going.person)

    def work(visit: Visit) -> Card:
        if locks:
            db.canvass_doors.lock(visit, going.walk)
        walk = db.canvass_doors.ground(visit, going.walk, going.person.id)
        leg = db.canvass_doors.leg(visit, walk, door) if walk is not None else None
        if walk is None or leg is None or not walk.mine or walk.state == "done":
            raise NotYourWalk("This is no door of a walk that you are on.")
        return Card(walk=walk, side=change(visit, walk, leg))

    return await together(tx, work)


def _moved_on(street: str, doors: Sequence[DoorState], at: int) -> Side:
    """The card that speaks of the door after the one where something was done."""
    return Side(street=street, doors=tuple(doors), current=next_door(doors, at))


def _read_again(visit: Visit, walk: Ground, at: int) -> Side:
    leg = db.canvass_doors.leg(visit, walk, at)
    assert leg is not None  # a door of this walk
    return _moved_on(leg.street, leg.doors, at)


async def look(tx: AsyncConnection, going: Going, door: int) -> Card:
    """The card, with this door as the one that is spoken of. Raises NotASupporter, NotYourWalk."""

    def change(_visit: Visit, _walk: Ground, leg: Leg) -> Side:
        here = next(each for each in leg.doors if each.id == door)
        return Side(street=leg.street, doors=leg.doors, current=here)

    return await _at(tx, going, door, change)


async def begin_leg(tx: AsyncConnection, going: Going, door: int) -> Card:
    """The card, at the first door of the leg of which something is still to be noted."""
    return await _at(tx, going, door, lambda _visit, _walk, leg: _moved_on(leg.street, leg.doors, door))


async def note(tx: AsyncConnection, going: Going, door: int, outcome: Outcome) -> Card:
    """What happened at a door. Raises NotASupporter, NotYourWalk, WalkQuiet, WalkAtNight."""

    def change(visit: Visit, walk: Ground, leg: Leg) -> Side:
        here = next(each for each in leg.doors if each.id == door)
        return _noted(visit, going, walk, leg, [(here, outcome)], door)

    return await _at(tx, going, door, change, locks=True)


async def nobody(tx: AsyncConnection, going: Going, first: int, last: int) -> Card:
    """Nobody came to the door, from one to another. Raises as `note` does."""

    def change(visit: Visit, walk: Ground, leg: Leg) -> Side:
        passed = reached(leg.doors, first, last)
        noted = [(each, Outcome.NOBODY) for each in passed for _ in range(each.left)]
        at = last if any(each.id == last for each in leg.doors) else first
        return _noted(visit, going, walk, leg, noted, at)

    return await _at(tx, going, first, change, locks=True)


def _noted(
    visit: Visit,
    going: Going,
    walk: Ground,
    leg: Leg,
    noted: Sequence[tuple[DoorState, Outcome]],
    at: int,
) -> Side:
    """Notes it, where it is time for it; the card, which is not read again: nobody else writes in between."""
    require_time(going, walk)
    db.canvass_doors.note(
        visit,
        walk,
        noted,
        person=going.person.id,
        tap=going.origin.number,
        paper=going.paper,
        now=going.now,
    )
    return _moved_on(leg.street, after(leg.doors, noted), at)


async def undo(tx: AsyncConnection, going: Going, door: int) -> Card:
    """Takes back what the person’s last tap noted on the walk. Raises NotASupporter, NotYourWalk."""

    def change(visit: Visit, walk: Ground, _leg: Leg) -> Side:
        return _read_again(visit, walk, db.canvass_doors.undo(visit, walk, going.person.id) or door)

    return await _at(tx, going, door, change, locks=True)


async def count_dwellings(tx: AsyncConnection, going: Going, door: int, number: int) -> Card:
    """How many dwellings there are behind a door. Raises NotASupporter, NotYourWalk."""

    def change(visit: Visit, walk: Ground, _leg: Leg) -> Side:
        db.canvass_doors.count_dwellings(visit, walk.id, door, max(1, min(MOST_DWELLINGS, number)))
        return _read_again(visit, walk, door)

    return await _at(tx, going, door, change)
