"""Walks as the team offers them: a coordinator sees where to go first, who goes, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.canvass
import db.canvass_counts
import db.canvass_walks
import db.console
from bot.actions import audit, notices
from bot.actions.authority import Author, in_turn
from bot.actions.canvass import ranking
from bot.actions.canvass_doors import silence_at, zone_at
from bot.actions.canvass_walks import OUT, Sheet, WalkGone, print_sheet
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.canvass.doors import place_of
from bot.rules.canvass.meetings import MeetingPoint
from bot.rules.canvass.ranking import Ranked, Weights
from bot.rules.canvass.visits import MOST_WALKERS, DoorOutcome, Tally, WalkDoubt, doubt, is_daytime
from bot.rules.console import Entrance
from bot.rules.permissions import Action
from bot.rules.territories import zone as zone_named
from db.canvass_doors import WalkView
from db.canvass_walks import Companion, WalkLine


class BadMeeting(PortevoixError):
    """An hour at which nobody goes from door to door; `why`: past, hours or quiet."""

    default_message = "errors/walk_meeting"


NEAR_KM = 10
"""How far from a station those are invited first who offered to help."""


class StationSeen(Frozen):
    """A station as its coordinator sees it: its place in the order, its walks, what was noted at its doors."""

    code: str
    commune: str
    ranked: Ranked | None
    of: int
    walks: tuple[WalkLine, ...]
    counts: Counter[DoorOutcome]


class WalkAccount(Frozen):
    """A walk as its coordinator sees it: who is on it, what was noted, and whether that wants talking over."""

    walk: WalkView
    companions: tuple[Companion, ...]
    tally: Tally
    doubt: WalkDoubt | None
    meeting: MeetingPoint | None
    zone: str

    @property
    def are_all_new(self) -> bool:
        """Whether a pair goes of whom neither has walked before."""
        return len(self.companions) == MOST_WALKERS and not any(each.has_walked for each in self.companions)


async def stations_for(tx: AsyncConnection, author: Author) -> Sequence[Ranked]:
    """The stations of the author’s areas, the best first. Raises NotAllowed, ImportUnfinished."""
    author.require(Action.OFFER_WALK)
    return (await ranking(tx, Weights(), author.areas(Action.OFFER_WALK))).stations


async def commune_of(tx: AsyncConnection, author: Author, code: str) -> str:
    """The commune of a station of the author’s areas. Raises NotAllowed, WalkGone."""
    station = await db.canvass.station(tx, code)
    author.require(Action.OFFER_WALK, place_of(code) if station is not None else None)
    if station is None:
        raise WalkGone("There is no such station.")
    commune: str = station.commune
    return commune


async def station_for(tx: AsyncConnection, author: Author, code: str) -> StationSeen:
    """A station of the author’s areas. Raises NotAllowed, WalkGone."""
    commune = await commune_of(tx, author, code)
    ranked = await stations_for(tx, author)
    return StationSeen(
        code=code,
        commune=commune,
        ranked=next((each for each in ranked if each.turnout.station == code), None),
        of=len(ranked),
        walks=tuple(await db.canvass_walks.lines_of(tx, code)),
        counts=await db.canvass_counts.counts_of(tx, code),
    )


def invited_to(commune: str) -> dict[str, Any]:
    """Whom an invitation to walk in a commune is for: those who offered to help near it."""
    return {"all": [f"near:{commune}:{NEAR_KM}", "volunteer"]}


async def offer(
    tx: AsyncConnection,
    author: Author,
    code: str,
    walk: int | None = None,
    meeting: MeetingPoint | None = None,
) -> StationSeen:
    """Offers every walk of a station that is free, or one of them; its people meet, or go whenever they like.

    Raises NotAllowed, WalkGone, CandidateOut, BadMeeting.
    """
    author = await in_turn(tx, author)
    found = await station_for(tx, author, code)
    author.require_standing()
    if meeting is not None:
        require_sound(author, found.commune, meeting)
    number = await db.canvass_walks.offer(tx, code, author.id, author.now, walk, meeting)
    if not number:
        raise WalkGone("No walk of this station is free.")
    await _note(tx, author, station=found.code, walks=number)
    return await station_for(tx, author, code)


def require_sound(author: Author, commune: str, meeting: MeetingPoint) -> None:
    """A meeting that is to come, by day, and in no silence of the law. Raises BadMeeting."""
    zone, hours = zone_at(author.gazetteer, commune), author.campaign.walking
    if meeting.at <= author.now:
        why = "past"
    elif not is_daytime(meeting.at.astimezone(zone_named(zone)), hours):
        why = "hours"
    elif silence_at(author.campaign, author.gazetteer, commune, meeting.at) is not None:
        why = "quiet"
    else:
        return
    raise BadMeeting("Nobody goes from door to door then.", why=why, opens=hours.opens, closes=hours.closes)


async def account(tx: AsyncConnection, author: Author, walk: int) -> WalkAccount:
    """A walk of the author’s areas. Raises NotAllowed, WalkGone."""
    found = await db.canvass_walks.walk_seen(tx, walk, author.id or 0)
    author.require(Action.OFFER_WALK, place_of(found.station) if found is not None else None)
    if found is None:
        raise WalkGone("There is no such walk.")
    noted = await db.canvass_counts.tally_of(tx, walk, found.outing)
    return WalkAccount(
        walk=found,
        companions=tuple(await db.canvass_walks.companions(tx, found, None)),
        tally=noted,
        doubt=doubt(noted),
        meeting=await db.canvass_walks.meeting_of(tx, walk),
        zone=zone_at(author.gazetteer, found.commune),
    )


async def sheet(tx: AsyncConnection, author: Author, walk: int) -> Sheet:
    """A walk that is out, on paper. Raises NotAllowed, WalkGone."""
    author = await in_turn(tx, author)
    found = await account(tx, author, walk)
    if found.walk.state not in OUT:
        raise WalkGone("Nobody could enter what it says.")
    return await print_sheet(tx, found.walk.code, author.campaign, actor=author.name, now=author.now)


async def sign_out(tx: AsyncConnection, author: Author, walk: int) -> int:
    """Signs everybody on a walk out of their pages, where a phone was lost; how many sessions ended.

    Raises NotAllowed, WalkGone.
    """
    author = await in_turn(tx, author)
    found = await account(tx, author, walk)
    ended = 0
    for number in await db.canvass_walks.others_on(tx, found.walk, 0):
        ended += await db.console.end_all(tx, Entrance.APP, number, author.now)
    await _note(tx, author, walk=found.walk.code, signed_out=ended)
    return ended


async def free(tx: AsyncConnection, author: Author, walk: int) -> WalkAccount:
    """Takes those off a walk who do not go: it is offered again, and they are told. Raises NotAllowed, WalkGone."""
    author = await in_turn(tx, author)
    found = await account(tx, author, walk)
    if found.walk.state != "under_way":
        raise WalkGone("Nobody has taken it.")
    who = await db.canvass_walks.others_on(tx, found.walk, 0)
    await notices.tell(tx, who, "walk_freed", {"walk": found.walk.code}, now=author.now)
    await db.canvass_walks.free(tx, found.walk, author.now)
    await _note(tx, author, walk=found.walk.code, freed=len(who))
    return await account(tx, author, walk)


async def withdraw(tx: AsyncConnection, author: Author, walk: int) -> WalkAccount:
    """Takes back the offer of a walk that nobody has taken. Raises NotAllowed, WalkGone."""
    author = await in_turn(tx, author)
    found = await account(tx, author, walk)
    if not await db.canvass_walks.withdraw(tx, walk):
        raise WalkGone("It is not offered, or somebody has taken it.")
    await _note(tx, author, walk=found.walk.code, withdrawn=True)
    return await account(tx, author, walk)


async def _note(tx: AsyncConnection, author: Author, **details: object) -> None:
    await audit.note(tx, actor=author.name, action=Action.OFFER_WALK, details=details, now=author.now)
