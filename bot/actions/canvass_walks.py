"""Walks are offered by coordinators, taken by walkers in pairs, and ended; who offered one hears of its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.canvass
import db.canvass_counts
import db.canvass_walks
import db.staff
from bot.actions import audit, notices
from bot.actions.authority import Author, CandidateOut
from bot.actions.canvass import ranking
from bot.actions.canvass_doors import Going, NotYourWalk, WalkQuiet, silence_at
from bot.actions.people import require_supporter
from bot.campaign.campaign import Campaign
from bot.errors import PortevoixError
from bot.rules.canvass.ranking import Ranked, Weights
from bot.rules.canvass.visits import MOST_WALKERS, Doubt, Outcome, Tally, doubt
from bot.rules.permissions import Action, Role, Staff, may
from bot.rules.retention import final_ballot_end
from db.canvass_doors import Ground
from db.canvass_walks import Companion, LegSummary, WalkLine
from db.facts import get_fact, set_fact
from db.people import Person

MOST_LISTED = 8


class WalkGone(PortevoixError):
    """A walk that there is not, or that is not offered any more."""

    default_message = "toasts/walk_gone"


class WalkFull(PortevoixError):
    """A pair has taken the walk already."""

    default_message = "toasts/walk_full"


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A walk that may be taken: where it begins, and how many walkers it has."""

    id: int
    commune: str
    street: str
    doors: int
    metres: int
    walkers: int


@dataclass(frozen=True, kw_only=True)
class WalkSeen:
    """A walk as a walker sees it: its legs, who comes along, whom to turn to, where people vote; `quiet`: until
    when the law asks for silence there.
    """

    walk: Ground
    legs: tuple[LegSummary, ...]
    companions: tuple[Companion, ...]
    contact: tuple[int, str | None] | None
    place: str | None
    quiet: datetime | None

    @property
    def done(self) -> int:
        return sum(leg.done for leg in self.legs)

    @property
    def all_doors(self) -> int:
        return sum(leg.doors for leg in self.legs)


# -- walkers --


async def offered_to(tx: AsyncConnection, person: Person) -> list[Offered]:
    """The walks that somebody may take: of their commune first, then of their département. Raises NotASupporter."""
    require_supporter(person)
    found: dict[int, Any] = {}
    for area in filter(None, (person.commune, person.department)):
        for row in await db.canvass_walks.offered_near(tx, area, MOST_LISTED):
            found.setdefault(row.id, row)
    return [
        Offered(
            id=row.id,
            commune=row.commune,
            street=await db.canvass_walks.first_street(tx, row.id),
            doors=row.doors,
            metres=row.metres,
            walkers=row.walkers,
        )
        for row in list(found.values())[:MOST_LISTED]
    ]


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
    if walk is None or not (walk.mine or walk.state in ("offered", "under_way")):
        raise WalkGone("The walk is not offered.")
    quiet = silence_at(going.campaign, going.gazetteer, walk.commune, going.now)
    return WalkSeen(
        walk=walk,
        legs=tuple(await db.canvass_walks.legs_of(tx, walk.id, walk.outing)),
        companions=tuple(await db.canvass_walks.companions(tx, walk, going.person.id)),
        contact=await db.canvass_walks.telegram_id_of(tx, walk.offered_by),
        place=await db.canvass_walks.place_of(tx, walk.station),
        quiet=None if quiet is None else quiet.until,
    )


async def take(tx: AsyncConnection, going: Going) -> WalkSeen:
    """Somebody takes a walk. Raises NotASupporter, WalkGone, WalkFull, WalkQuiet, CandidateOut."""
    found = await seen(tx, going)
    if going.campaign.is_out(going.now):
        raise CandidateOut("The candidate is out.")
    if found.quiet is not None:
        raise WalkQuiet("The law asks for silence there.", until=found.quiet)
    if (
        not found.walk.mine
        and await db.canvass_walks.take(tx, found.walk, going.person.id, going.now) > MOST_WALKERS
    ):
        await db.canvass_walks.leave(tx, found.walk, going.person.id)
        raise WalkFull("A pair has taken it.")
    return await seen(tx, going)


async def _own(tx: AsyncConnection, going: Going) -> Ground:
    """A walk that the person is on. Raises NotASupporter, NotYourWalk."""
    require_supporter(going.person)
    walk = await db.canvass_walks.walk_seen(tx, going.walk, going.person.id)
    if walk is None or not walk.mine or walk.state == "done":
        raise NotYourWalk("You are not on this walk.")
    return walk


async def leave(tx: AsyncConnection, going: Going) -> None:
    """Somebody cannot come after all. Raises NotASupporter, NotYourWalk."""
    await db.canvass_walks.leave(tx, await _own(tx, going), going.person.id)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A walk that is over, and what was noted on it."""

    walk: Ground
    tally: Tally


async def end(tx: AsyncConnection, going: Going) -> Ended:
    """The walk is over: who offered it is told. Raises NotASupporter, NotYourWalk."""
    walk = await _own(tx, going)
    await db.canvass_walks.end(tx, walk, going.now)
    found = await db.canvass_counts.tally_of(tx, walk.id, walk.outing)
    details = {"walk": walk.code, "number": walk.id, "doors": found.doors, "contacts": found.contacts}
    await _tell(tx, walk, "walk_over", {**details, "doubt": doubt(found)}, now=going.now, but=None)
    return Ended(walk=walk, tally=found)


async def call_for_help(tx: AsyncConnection, going: Going) -> Ground:
    """Somebody on a walk needs help: who offered it and the coordinators of the place are told. Raises as `leave`."""
    walk = await _own(tx, going)
    details = {
        "walk": walk.code,
        "telegram_id": going.person.telegram_id,
        "first_name": going.person.first_name,
    }
    await _tell(tx, walk, "walker_needs_help", details, now=going.now, but=going.person.telegram_id)
    return walk


async def _tell(
    tx: AsyncConnection,
    walk: Ground,
    template: str,
    details: dict[str, Any],
    *,
    now: datetime,
    but: int | None,
) -> None:
    """Tells who offered the walk; where help is needed, or they are gone, everybody who may offer walks there."""
    contact = await db.canvass_walks.telegram_id_of(tx, walk.offered_by)
    who = {contact[0]} if contact is not None else set()
    if not who or template == "walker_needs_help":
        who |= await _coordinators_of(tx, walk.commune)
    who.discard(but or 0)
    if who:
        await notices.tell(tx, who, template, details, now=now)


async def _coordinators_of(tx: AsyncConnection, commune: str) -> set[int]:
    """The Telegram numbers of everybody who may offer walks in a commune."""
    team = await db.staff.all_current(tx)
    held = ((each.telegram_id, Staff(id=0, role=Role(each.role), area=each.area)) for each in team)
    return {number for number, role in held if may(role, Action.OFFER_WALK, commune)}


# -- the team --


@dataclass(frozen=True, kw_only=True)
class StationSeen:
    """A station as its coordinator sees it: its place in the order, its walks, what was noted at its doors."""

    code: str
    commune: str
    ranked: Ranked | None
    of: int
    walks: tuple[WalkLine, ...]
    counts: Counter[Outcome]


@dataclass(frozen=True, kw_only=True)
class WalkAccount:
    """A walk as its coordinator sees it: who is on it, what was noted, and whether that wants talking over."""

    walk: Ground
    companions: tuple[Companion, ...]
    tally: Tally
    doubt: Doubt | None


async def stations_for(tx: AsyncConnection, author: Author) -> Sequence[Ranked]:
    """The stations of the author’s areas, the best first. Raises NotAllowed, ImportUnfinished."""
    author.require(Action.OFFER_WALK)
    return (await ranking(tx, Weights(), author.areas(Action.OFFER_WALK))).stations


async def station_for(tx: AsyncConnection, author: Author, code: str) -> StationSeen:
    """A station of the author’s areas. Raises NotAllowed, WalkGone."""
    station = await db.canvass.station(tx, code)
    author.require(Action.OFFER_WALK, station.commune if station is not None else None)
    if station is None:
        raise WalkGone("There is no such station.")
    ranked = await stations_for(tx, author)
    return StationSeen(
        code=code,
        commune=station.commune,
        ranked=next((each for each in ranked if each.turnout.station == code), None),
        of=len(ranked),
        walks=tuple(await db.canvass_walks.lines_of(tx, code)),
        counts=await db.canvass_counts.counts_of(tx, code),
    )


async def offer(tx: AsyncConnection, author: Author, code: str, walk: int | None = None) -> StationSeen:
    """Offers every walk of a station that is free, or one of them. Raises NotAllowed, WalkGone, CandidateOut."""
    found = await station_for(tx, author, code)
    author.require_standing()
    number = await db.canvass_walks.offer(tx, code, author.id, author.now, walk)
    if not number:
        raise WalkGone("No walk of this station is free.")
    await audit.note(
        tx,
        actor=author.name,
        action=Action.OFFER_WALK,
        details={"station": found.code, "walks": number},
        now=author.now,
    )
    return await station_for(tx, author, code)


async def account(tx: AsyncConnection, author: Author, walk: int) -> WalkAccount:
    """A walk of the author’s areas. Raises NotAllowed, WalkGone."""
    found = await db.canvass_walks.walk_seen(tx, walk, author.id or 0)
    author.require(Action.OFFER_WALK, found.commune if found is not None else None)
    if found is None:
        raise WalkGone("There is no such walk.")
    noted = await db.canvass_counts.tally_of(tx, walk, found.outing)
    return WalkAccount(
        walk=found,
        companions=tuple(await db.canvass_walks.companions(tx, found, None)),
        tally=noted,
        doubt=doubt(noted),
    )


async def withdraw(tx: AsyncConnection, author: Author, walk: int) -> WalkAccount:
    """Takes back the offer of a walk that nobody has taken. Raises NotAllowed, WalkGone."""
    found = await account(tx, author, walk)
    if not await db.canvass_walks.withdraw(tx, walk):
        raise WalkGone("It is not offered, or somebody has taken it.")
    details = {"walk": found.walk.code, "withdrawn": True}
    await audit.note(tx, actor=author.name, action=Action.OFFER_WALK, details=details, now=author.now)
    return await account(tx, author, walk)


SHEETS = "canvass_sheets"
"""The fact that counts the sheets that were printed: each has a number of its own."""
SHEET_KEPT = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What is printed of a walk: its doors in order, where people vote, the sheet’s number and last day."""

    walk: Ground
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
