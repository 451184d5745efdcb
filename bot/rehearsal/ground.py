"""An invented town in which people of the cast go from door to door: by day, and, in vain, at night and in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from bot.actions import canvass, canvass_imports
from bot.campaign.campaign import Campaign
from bot.canvass.town import invented
from bot.rehearsal.acts import Act, send, tap
from bot.rehearsal.cast import CastMember, Character, paris
from bot.rehearsal.conduct import Doing
from bot.rules.canvass.ranking import StationResult
from bot.rules.territories import METROPOLE
from db.engine import Database

ADDRESSES = 60
WALKERS = 2
STEADY = (Character.DILIGENT, Character.GUEST, Character.HESITANT)
KNOCKS = 4


async def plant(database: Database, members: Sequence[CastMember], now: datetime) -> None:
    """The doors of the commune where those are who walk: one station, cut into walks."""
    there = walkers(members)
    commune = there[0].place.commune if there else None
    if commune is None:
        return
    given: dict[str, Any] = {"file": "rehearsal", "actor": "rehearsal", "now": now}
    await canvass_imports.import_addresses(database, invented(commune, ADDRESSES), **given)
    code = f"{commune.code}_0001"
    station = {
        "code": code,
        "commune": commune.code,
        "latitude": commune.latitude,
        "longitude": commune.longitude,
    }
    await canvass_imports.import_stations(database, [station], [], **given)
    turnout = StationResult(
        station=code, commune=commune.code, registered=1000, voters=600, cast=590, ours=200
    )
    await canvass_imports.import_results(database, [turnout], **given)
    await canvass.cut_area(database, code, doors=ADDRESSES // WALKERS, actor="rehearsal", now=now)


def walkers(members: Sequence[CastMember]) -> list[CastMember]:
    """One or two who live in the same commune of metropolitan France, and neither leave nor move."""
    steady = [
        member
        for member in members
        if member.character in STEADY and member.joins_at is None and member.place.commune is not None
        if member.place.territory == METROPOLE
    ]
    homes = Counter(member.place for member in steady)
    home = max(homes, key=lambda place: (homes[place], place.typed), default=None)
    return [member for member in steady if member.place == home][:WALKERS]


def offering(campaign: Campaign, organizer: int) -> Doing:
    """The walks of the station are offered."""
    acts = (send("/canvass"), _perhaps("1:ground:station:*"), _perhaps("1:ground:offer:*"))
    return Doing(at=paris(campaign, 0, 13, time(11, 5)), person=organizer, acts=acts)


def walking(campaign: Campaign, members: Sequence[CastMember]) -> Iterator[Doing]:
    """Each takes a walk and knocks; they try at night too, and on the eve; the first one ends hers before."""
    for number, member in enumerate(walkers(members)):
        walker = member.telegram_id
        day = paris(campaign, 0, 2, time(18, 5 + number))
        yield Doing(
            at=day, person=walker, acts=(send("/walks"), _perhaps("1:walk:open:*"), _perhaps("1:walk:take:*"))
        )
        for moment in (day, paris(campaign, 0, 2, time(21, 35)), paris(campaign, 0, 1, time(15, 5))):
            for minutes, acts in enumerate(_knocking(), start=1):
                yield Doing(at=moment + minutes * timedelta(minutes=2), person=walker, acts=acts)
        if number == 0:
            end = ("1:walk:open:*", "1:walk:end:*", "1:walk:end_sure:*")
            over = paris(campaign, 0, 2, time(19, 5))
            yield Doing(at=over, person=walker, acts=(send("/walks"), *map(_perhaps, end)))


def _knocking() -> Iterator[tuple[Act, ...]]:
    """One look after the other: each is at the card that the last one left."""
    yield (send("/walks"), _perhaps("1:walk:open:*"))
    yield (_perhaps("1:leg:*"),)
    for _ in range(KNOCKS):
        yield (_perhaps("1:knock:*"),)


def _perhaps(data: str) -> Act:
    """What is tapped where it is offered."""
    return {**tap(data), "optional": True}
