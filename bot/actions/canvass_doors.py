"""At the door: a walker taps what happened, and the card moves on. Nothing of who lives there is asked or kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.canvass_doors
from bot.actions.authority import CandidateOut
from bot.actions.people import require_supporter
from bot.actions.responses import Origin
from bot.campaign.campaign import Campaign
from bot.communes import Gazetteer
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.canvass.visits import (
    MOST_DWELLINGS,
    DoorOutcome,
    DoorState,
    Side,
    after,
    is_daytime,
    next_door,
    reached,
)
from bot.rules.kinds import Kind
from bot.rules.quiet import Quiet
from bot.rules.territories import zone as zone_named
from db.batches import DatabaseVisit, together
from db.canvass_doors import SideView, Tapped, WalkView
from db.people import Person
from db.postponed import postpone, taken_up

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


class SideCard(Frozen):
    """One side of a street on the screen, with the walk that it belongs to."""

    walk: WalkView
    side: Side


class Going(Frozen):
    """Who is at the doors, and where: a walk of theirs; `paper`: they enter what they noted on a sheet."""

    person: Person
    origin: Origin
    campaign: Campaign
    gazetteer: Gazetteer
    walk: int
    paper: bool = False
    found: SideView | None = None
    """What stands at the door that they tap, where it was found for many together (handlers.gathering)."""

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


def require_time(going: Going, walk: WalkView) -> None:
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


async def find_standing(tx: AsyncConnection, tapped: Iterable[Tapped]) -> dict[Tapped, SideView]:
    """What many who tap at doors at once find there, each on a walk of their own. Of a walk the first alone: whoever
    comes after finds what that one has changed.
    """
    firsts: dict[int, Tapped] = {}
    for each in tapped:
        firsts.setdefault(each.walk, each)
    if not firsts:
        return {}
    write_first = taken_up(tx)

    def work(visit: DatabaseVisit) -> dict[Tapped, SideView]:
        write_first(visit)
        return db.canvass_doors.standing(visit, list(firsts.values()))

    return await together(tx, work)


async def _standing(tx: AsyncConnection, going: Going, door: int) -> SideView:
    """What stands at a door, for somebody who is on the walk. Raises NotASupporter, NotYourWalk."""
    require_supporter(going.person)
    tapped = Tapped(person=going.person.id, walk=going.walk, door=door)
    found = going.found
    if found is None or found.tapped != tapped:
        found = (await find_standing(tx, [tapped])).get(tapped)
    if found is None or not found.walk.mine or found.walk.state == "done":
        raise NotYourWalk("This is no door of a walk that you are on.")
    return found


def _card(found: SideView, doors: Sequence[DoorState], at: int) -> SideCard:
    """The card that speaks of the door after the one where something was done."""
    side = Side(street=found.leg.street, doors=tuple(doors), current=next_door(doors, at))
    return SideCard(walk=found.walk, side=side)


async def look(tx: AsyncConnection, going: Going, door: int) -> SideCard:
    """The card, with this door as the one that is spoken of. Raises NotASupporter, NotYourWalk."""
    found = await _standing(tx, going, door)
    here = next(each for each in found.leg.doors if each.id == door)
    return SideCard(walk=found.walk, side=Side(street=found.leg.street, doors=found.leg.doors, current=here))


async def begin_leg(tx: AsyncConnection, going: Going, door: int) -> SideCard:
    """The card, at the first door of the leg of which something is still to be noted."""
    found = await _standing(tx, going, door)
    return _card(found, found.leg.doors, door)


async def note(tx: AsyncConnection, going: Going, door: int, outcome: DoorOutcome) -> SideCard:
    """What happened at a door. Raises NotASupporter, NotYourWalk, WalkQuiet, WalkAtNight."""
    found = await _standing(tx, going, door)
    here = next(each for each in found.leg.doors if each.id == door)
    return _noted(tx, going, found, [(here, outcome)], door)


async def nobody(tx: AsyncConnection, going: Going, first: int, last: int) -> SideCard:
    """Nobody came to the door, from one to another. Raises as `note` does."""
    found = await _standing(tx, going, first)
    doors = found.leg.doors
    noted = [(each, DoorOutcome.NOBODY) for each in reached(doors, first, last) for _ in range(each.left)]
    return _noted(tx, going, found, noted, last if any(each.id == last for each in doors) else first)


def _noted(
    tx: AsyncConnection,
    going: Going,
    found: SideView,
    noted: Sequence[tuple[DoorState, DoorOutcome]],
    at: int,
) -> SideCard:
    """Notes it, where it is time for it; the card, which is not read again: nobody else writes in between. It is
    written at the end of the transaction, with what others note meanwhile.
    """
    require_time(going, found.walk)
    rows = db.canvass_doors.noting(
        found.walk,
        noted,
        person=going.person.id,
        tap=going.origin.number,
        paper=going.paper,
        now=going.now,
    )
    postpone(tx, db.canvass_doors.note, rows)
    return _card(found, after(found.leg.doors, noted), at)


async def undo(tx: AsyncConnection, going: Going, door: int) -> SideCard:
    """Takes back what the person’s last tap noted on the walk. Raises NotASupporter, NotYourWalk."""
    found = await _standing(tx, going, door)

    def work(visit: DatabaseVisit) -> int:
        return db.canvass_doors.undo(visit, found.walk, going.person.id) or door

    return await _seen_again(tx, going, await together(tx, work))


async def count_dwellings(tx: AsyncConnection, going: Going, door: int, number: int) -> SideCard:
    """How many dwellings there are behind a door. Raises NotASupporter, NotYourWalk."""
    found = await _standing(tx, going, door)
    dwellings = max(1, min(MOST_DWELLINGS, number))
    await together(tx, lambda visit: db.canvass_doors.count_dwellings(visit, found.walk.id, door, dwellings))
    return await _seen_again(tx, going, door)


async def _seen_again(tx: AsyncConnection, going: Going, door: int) -> SideCard:
    return await begin_leg(tx, replace(going, found=None), door)
