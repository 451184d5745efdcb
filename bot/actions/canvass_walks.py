"""Walks are offered by coordinators, taken by walkers in pairs, and ended; who offered one hears of its end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcasts
import db.canvass_counts
import db.canvass_walks
import db.staff
from bot.actions import audit, notices
from bot.actions.authority import CandidateOut
from bot.actions.canvass_doors import Going, NotYourWalk, WalkQuiet, silence_at, zone_at
from bot.actions.people import require_supporter
from bot.campaign.campaign import Campaign
from bot.communes import Gazetteer
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.areas import city_of
from bot.rules.canvass.doors import place_of
from bot.rules.canvass.meetings import TOLD_BEFORE, WAITED, MeetingPoint, fit, is_missed
from bot.rules.canvass.visits import MOST_WALKERS, Tally, doubt
from bot.rules.permissions import Action, Role, Staff, may
from bot.rules.retention import final_ballot_end
from db.canvass_doors import WalkView
from db.canvass_walks import Companion, LegSummary
from db.facts import get_fact, set_fact
from db.people import Person

MOST_LISTED = 8
OUT = ("offered", "under_way")
"""The states of a walk that people may take, or are on."""
HELP = "walker_needs_help"
MOST_CALLS, CALLS_WITHIN = 5, timedelta(minutes=10)
"""So many calls for help from one walk are told within this time: whoever got them knows."""
IDLE = timedelta(hours=24)
"""A walk of which nothing is heard for so long is nobody’s any more."""


class WalkGone(PortevoixError):
    """A walk that there is not, or that is not offered any more."""

    default_message = "toasts/walk_gone"


class WalkFull(PortevoixError):
    """A pair has taken the walk already."""

    default_message = "toasts/walk_full"


class OtherWalk(PortevoixError):
    """Whoever is on a walk takes no other one."""

    default_message = "toasts/walk_other"


class Offered(Frozen):
    """A walk that may be taken: where it begins, when and where its people meet, and how many it has; `waiting`:
    whether whoever waits there has walked before; None: nobody does.
    """

    id: int
    commune: str
    street: str
    doors: int
    metres: int
    walkers: int
    meeting: MeetingPoint | None
    zone: str
    waiting: bool | None


class WalkSeen(Frozen):
    """A walk as a walker sees it: its legs, how many go, where people vote, when and where one meets, by the clock of
    its `zone`; `quiet`: until when the law asks for silence there. Who comes along and whom to turn to is shown to
    those who are on it.
    """

    walk: WalkView
    legs: tuple[LegSummary, ...]
    companions: tuple[Companion, ...]
    walkers: int
    contact: tuple[int, str | None] | None
    place: str | None
    quiet: datetime | None
    meeting: MeetingPoint | None
    zone: str
    now: datetime

    @property
    def is_missed(self) -> bool:
        """Whether its people have met, and went."""
        return is_missed(self.meeting, self.now)

    @property
    def done(self) -> int:
        return sum(leg.done for leg in self.legs)

    @property
    def all_doors(self) -> int:
        return sum(leg.doors for leg in self.legs)


# -- walkers --


async def offered_to(
    tx: AsyncConnection, person: Person, gazetteer: Gazetteer, now: datetime, page: int = 0
) -> tuple[list[Offered], bool]:
    """A page of the walks that somebody may take in their département, and whether there are more: those of their
    commune first, of these those where one waits, of these the nearest. Raises NotASupporter.
    """
    require_supporter(person)
    here = gazetteer.by_code(person.commune) if person.commune else None
    found = await db.canvass_walks.offered_near(
        tx,
        person.department,
        commune=person.commune and city_of(person.commune),
        near=None if here is None else (here.latitude, here.longitude),
        since=now - WAITED,
        first=page * MOST_LISTED,
        most=MOST_LISTED + 1,
    )
    has_walked = await db.canvass_walks.has_walked(tx, person.id)
    offered = [
        Offered(
            id=row.id,
            commune=row.commune,
            street=await db.canvass_walks.first_street(tx, row.id),
            doors=row.doors,
            metres=row.metres,
            walkers=row.walkers,
            meeting=None
            if row.meets_at is None
            else MeetingPoint(at=row.meets_at, where=row.meets_where or ""),
            zone=zone_at(gazetteer, row.commune),
            waiting=bool(row.walked) if row.walkers else None,
        )
        for row in found[:MOST_LISTED]
    ]
    offered.sort(key=lambda each: fit(has_walked=has_walked, waiting=each.waiting))
    return offered, len(found) > MOST_LISTED


async def mine(tx: AsyncConnection, person: Person) -> int | None:
    """The walk that somebody is on."""
    return await db.canvass_walks.walk_of(tx, person.id)


async def by_code(tx: AsyncConnection, code: str) -> int:
    """The number of a walk. Raises WalkGone."""
    walk = await db.canvass_walks.walk_by_code(tx, code)
    if walk is None:
        raise WalkGone(f"There is no walk {code}: `portevoix canvass walks` lists them.")
    return walk


async def seen(tx: AsyncConnection, going: Going) -> WalkSeen:
    """A walk that is offered, or that the person is on. Raises NotASupporter, WalkGone."""
    require_supporter(going.person)
    walk = await db.canvass_walks.walk_seen(tx, going.walk, going.person.id)
    if walk is None or not (walk.mine or walk.state in OUT):
        raise WalkGone("The walk is not offered.")
    quiet = silence_at(going.campaign, going.gazetteer, walk.commune, going.now)
    return WalkSeen(
        walk=walk,
        legs=tuple(await db.canvass_walks.legs_of(tx, walk.id, walk.outing)),
        companions=tuple(await db.canvass_walks.companions(tx, walk, going.person.id)) if walk.mine else (),
        walkers=await db.canvass_walks.walkers_on(tx, walk),
        contact=await _contact(tx, walk) if walk.mine else None,
        place=await db.canvass_walks.place_of(tx, walk.station),
        quiet=None if quiet is None else quiet.until,
        meeting=await db.canvass_walks.meeting_of(tx, walk.id),
        zone=zone_at(going.gazetteer, walk.commune),
        now=going.now,
    )


async def take(tx: AsyncConnection, going: Going) -> WalkSeen:
    """Somebody takes a walk, of which whoever is on it is told.

    Raises NotASupporter, WalkGone, WalkFull, WalkQuiet, OtherWalk, CandidateOut.
    """
    found = await seen(tx, going)
    if going.campaign.is_out(going.now):
        raise CandidateOut("The candidate is out.")
    if found.walk.mine:
        return found
    if await db.canvass_walks.walk_of(tx, going.person.id) is not None:
        raise OtherWalk("One walk at a time.")
    if found.is_missed:
        raise WalkGone("Its people have met and went.")
    if found.quiet is not None:
        raise WalkQuiet("The law asks for silence there.", until=found.quiet)
    if await db.canvass_walks.take(tx, found.walk, going.person.id, going.now) > MOST_WALKERS:
        await db.canvass_walks.leave(tx, found.walk, going.person.id, going.now)
        raise WalkFull("A pair has taken it.")
    await _tell_others(tx, going, found.walk, comes=True)
    return await seen(tx, going)


async def _tell_others(tx: AsyncConnection, going: Going, walk: WalkView, *, comes: bool) -> None:
    """Tells whoever is on a walk that somebody comes along, or cannot; who it is stands on the walk itself."""
    details = {
        "walk": walk.code,
        "number": walk.id,
        "comes": comes,
        "has_walked": await db.canvass_walks.has_walked(tx, going.person.id),
    }
    others = await db.canvass_walks.others_on(tx, walk, going.person.id)
    await notices.tell(tx, others, "walk_companion", details, now=going.now)


async def _own(tx: AsyncConnection, going: Going) -> WalkView:
    """A walk that the person is on. Raises NotASupporter, NotYourWalk."""
    require_supporter(going.person)
    walk = await db.canvass_walks.walk_seen(tx, going.walk, going.person.id)
    if walk is None or not walk.mine or walk.state == "done":
        raise NotYourWalk("You are not on this walk.")
    return walk


async def leave(tx: AsyncConnection, going: Going) -> None:
    """Somebody cannot come after all. Raises NotASupporter, NotYourWalk."""
    walk = await _own(tx, going)
    await db.canvass_walks.leave(tx, walk, going.person.id, going.now)
    await _tell_others(tx, going, walk, comes=False)


async def tend(tx: AsyncConnection, now: datetime, *, after: datetime | None = None) -> int:
    """What time does: who left the campaign leaves their walk, one that lies idle is over or offered again, and
    walkers are told that they meet soon, unless they may have been told until `after`; how many were told.
    """
    if not await db.canvass_walks.are_under_way(tx):
        return 0
    await db.canvass_walks.release(tx)
    for number in await db.canvass_walks.idle(tx, now - IDLE):
        walk = await db.canvass_walks.walk_seen(tx, number, 0)
        assert walk is not None  # just found
        if (await db.canvass_counts.tally_of(tx, number, walk.outing)).doors:
            await db.canvass_walks.end(tx, walk, now)
        else:
            await db.canvass_walks.free(tx, walk, now)
    return await _remind(tx, now if after is None else max(now, after + TOLD_BEFORE), now)


async def _remind(tx: AsyncConnection, later_than: datetime, now: datetime) -> int:
    """Tells walkers that they meet soon, once; how many."""
    told = 0
    rows = await db.canvass_walks.meeting_soon(tx, later_than, now + TOLD_BEFORE)
    for (walk, outing), some in groupby(rows, key=lambda row: (row.id, row.outing)):
        people = list(some)
        first = people[0]
        details = {
            "walk": first.code,
            "number": walk,
            "meets_at": first.meets_at.isoformat(),
            "where": first.meets_where,
            "commune": first.commune,
        }
        numbers = {row.telegram_id for row in people}
        key = f"{db.canvass_walks.SOON}{walk}:{outing}"
        told += await notices.tell(tx, numbers, "walk_soon", details, now=now, key=key)
    return told


class WalkOver(Frozen):
    """A walk that is over, and what was noted on it."""

    walk: WalkView
    tally: Tally


async def end(tx: AsyncConnection, going: Going) -> WalkOver:
    """The walk is over: who offered it is told, and whoever walked along. Raises NotASupporter, NotYourWalk."""
    walk = await _own(tx, going)
    found = await db.canvass_counts.tally_of(tx, walk.id, walk.outing)
    await _tell_end(tx, walk, found, going)
    await db.canvass_walks.end(tx, walk, going.now)
    return WalkOver(walk=walk, tally=found)


async def call_for_help(tx: AsyncConnection, going: Going) -> int:
    """Somebody on a walk needs help: the team of the place, else every admin, and whoever walks with them are told; how
    many of them could be. Also of who left the campaign meanwhile. Who taps it again and again is not told on again and
    again. Raises NotYourWalk.
    """
    walk = await db.canvass_walks.walk_seen(tx, going.walk, going.person.id)
    if walk is None or not walk.mine:
        raise NotYourWalk("You are not on this walk.")
    me = going.person.telegram_id
    details = {"walk": walk.code, "telegram_id": me, "first_name": going.person.first_name}
    beside = await db.canvass_walks.others_on(tx, walk, going.person.id)
    team = await _coordinators_of(tx, walk.station) - {me} or set(await notices.admins(tx)) - {me}
    calls = f"{HELP}:{walk.id}:{walk.outing}:"
    if await db.broadcasts.made_since(tx, calls, going.now - CALLS_WITHIN) >= MOST_CALLS:
        return len({*team, *beside})
    key = f"{calls}{going.origin.number}"
    return await notices.tell(tx, {*team, *beside}, HELP, details, now=going.now, key=key)


async def _contact(tx: AsyncConnection, walk: WalkView) -> tuple[int, str | None] | None:
    """Who offered the walk, as long as they may."""
    found = await db.canvass_walks.telegram_id_of(tx, walk.offered_by)
    return found if found is not None and found[0] in await _coordinators_of(tx, walk.station) else None


async def _tell_end(tx: AsyncConnection, walk: WalkView, found: Tally, going: Going) -> None:
    """Tells who offered the walk, or those who may offer walks there by now, and whoever walked along."""
    contact = await _contact(tx, walk)
    who = {contact[0]} if contact is not None else await _coordinators_of(tx, walk.station)
    details = {"walk": walk.code, "number": walk.id, "doors": found.doors, "contacts": found.contacts}
    await notices.tell(tx, who, "walk_over", {**details, "doubt": doubt(found)}, now=going.now)
    beside = await db.canvass_walks.others_on(tx, walk, going.person.id)
    await notices.tell(tx, set(beside) - who, "walk_ended", {"walk": walk.code}, now=going.now)


async def _coordinators_of(tx: AsyncConnection, station: str) -> set[int]:
    """The Telegram numbers of everybody who may offer walks of a station."""
    team, place = await db.staff.all_current(tx), place_of(station)
    held = ((each.telegram_id, Staff(id=0, role=Role(each.role), area=each.area)) for each in team)
    return {number for number, role in held if may(role, Action.OFFER_WALK, place)}


# -- paper --

SHEETS = "canvass_sheets"
"""The fact that counts the sheets that were printed: each has a number of its own."""
SHEET_KEPT = timedelta(days=14)


class Sheet(Frozen):
    """What is printed of a walk: its doors in order, where people vote, the sheet’s number and last day."""

    walk: WalkView
    doors: tuple[Any, ...]
    place: str | None
    number: int
    destroy_on: date


async def print_sheet(
    tx: AsyncConnection, code: str, campaign: Campaign, *, actor: str, now: datetime
) -> Sheet:
    """A walk on paper, for the operator; noted in the log. Raises WalkGone."""
    walk = await db.canvass_walks.walk_seen(tx, await by_code(tx, code), 0)
    assert walk is not None  # just found
    number = int(await get_fact(tx, SHEETS, 0)) + 1
    await set_fact(tx, SHEETS, number)
    forgotten = final_ballot_end(campaign.ballots) + timedelta(days=campaign.retention.door_days)
    details = {"walk": walk.code, "sheet": number}
    await audit.note(tx, actor=actor, action=Action.EXPORT_DOORS, details=details, now=now)
    return Sheet(
        walk=walk,
        doors=tuple(await db.canvass_walks.doors_in_order(tx, walk.id)),
        place=await db.canvass_walks.place_of(tx, walk.station),
        number=number,
        destroy_on=max(now, min(now + SHEET_KEPT, forgotten)).date(),
    )
