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
    is_daytime,
    next_door,
    reached,
)
from bot.rules.kinds import Kind
from bot.rules.quiet import Quiet
from bot.rules.territories import zone as zone_named
from db.batches import Visit, together
from db.canvass_doors import Ground
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


async def _at(
    tx: AsyncConnection,
    going: Going,
    door: int,
    change: Callable[[Visit, Ground, Sequence[DoorState]], int | None],
) -> Card:
    """Does something at a door, in one stay with the database; the card as it is then, with the door that is next.

    `change` tells the door from which the next one is looked for.
    """
    require_supporter(going.person)

    def work(visit: Visit) -> Card:
        walk = db.canvass_doors.ground(visit, going.walk, going.person.id)
        leg = db.canvass_doors.leg(visit, walk, door) if walk is not None else None
        if walk is None or leg is None or not walk.mine or walk.state == "done":
            raise NotYourWalk("This is no door of a walk that you are on.")
        at = change(visit, walk, leg.doors)
        if at is not None:
            after = db.canvass_doors.leg(visit, walk, at)
            assert after is not None  # a door of this walk
            return Card(
                walk=walk,
                side=Side(street=after.street, doors=after.doors, current=next_door(after.doors, at)),
            )
        here = next(each for each in leg.doors if each.id == door)
        return Card(walk=walk, side=Side(street=leg.street, doors=leg.doors, current=here))

    return await together(tx, work)


async def look(tx: AsyncConnection, going: Going, door: int) -> Card:
    """The card, with this door as the one that is spoken of. Raises NotASupporter, NotYourWalk."""
    return await _at(tx, going, door, lambda _visit, _walk, _doors: None)


async def begin_leg(tx: AsyncConnection, going: Going, door: int) -> Card:
    """The card, at the first door of the leg of which something is still to be noted."""

    def change(_visit: Visit, _walk: Ground, _doors: Sequence[DoorState]) -> int:
        return door

    return await _at(tx, going, door, change)


async def note(tx: AsyncConnection, going: Going, door: int, outcome: Outcome) -> Card:
    """What happened at a door. Raises NotASupporter, NotYourWalk, WalkQuiet, WalkAtNight."""

    def change(visit: Visit, walk: Ground, doors: Sequence[DoorState]) -> int:
        require_time(going, walk)
        here = next(each for each in doors if each.id == door)
        _write(visit, going, walk, [(here, outcome)])
        return door

    return await _at(tx, going, door, change)


async def nobody(tx: AsyncConnection, going: Going, first: int, last: int) -> Card:
    """Nobody came to the door, from one to another. Raises as `note` does."""

    def change(visit: Visit, walk: Ground, doors: Sequence[DoorState]) -> int:
        require_time(going, walk)
        passed = reached(doors, first, last)
        _write(visit, going, walk, [(each, Outcome.NOBODY) for each in passed for _ in range(each.left)])
        return last if any(each.id == last for each in doors) else first

    return await _at(tx, going, first, change)


def _write(visit: Visit, going: Going, walk: Ground, noted: Sequence[tuple[DoorState, Outcome]]) -> None:
    db.canvass_doors.note(
        visit,
        walk,
        noted,
        person=going.person.id,
        tap=going.origin.number,
        paper=going.paper,
        now=going.now,
    )


async def undo(tx: AsyncConnection, going: Going, door: int) -> Card:
    """Takes back what the person’s last tap noted on the walk. Raises NotASupporter, NotYourWalk."""

    def change(visit: Visit, walk: Ground, _doors: Sequence[DoorState]) -> int:
        return db.canvass_doors.undo(visit, walk, going.person.id) or door

    return await _at(tx, going, door, change)


async def count_dwellings(tx: AsyncConnection, going: Going, door: int, number: int) -> Card:
    """How many dwellings there are behind a door. Raises NotASupporter, NotYourWalk."""

    def change(visit: Visit, walk: Ground, _doors: Sequence[DoorState]) -> int:
        db.canvass_doors.count_dwellings(visit, walk.id, door, max(1, min(MOST_DWELLINGS, number)))
        return door

    return await _at(tx, going, door, change)
