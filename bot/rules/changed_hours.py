"""When and until when people of a place can vote, in words that can be kept and compared with those of another day."""

from collections.abc import Mapping
from datetime import time
from typing import TypedDict

from bot.rules.areas import areas_around
from bot.rules.ballots import Ballot, Hours
from bot.rules.steps import Slot


class KnownHours(TypedDict):
    """The hours of one ballot, fit for JSON: `day hours` by territory, `hours` by smaller area."""

    territories: Mapping[str, str]
    areas: Mapping[str, str]


def known_hours(ballot: Ballot) -> KnownHours:
    """What of a ballot people may have planned by."""
    return {
        "territories": {
            polling.territory: f"{polling.opens_local.date()} {polling.day} {_told(polling.hours)}"
            for polling in ballot.pollings
        },
        "areas": {exception.area: _told(exception.hours) for exception in ballot.exceptions},
    }


def differ(before: KnownHours, after: KnownHours, *, territory: str | None, commune: str | None) -> bool:
    """Whether people of a place vote at other hours than before, or on another day."""
    return _hours_of(before, territory, commune) != _hours_of(after, territory, commune)


def is_gone(
    before: KnownHours, after: KnownHours, *, territory: str | None, commune: str | None, slot: Slot
) -> bool:
    """Whether the time that somebody of a place chose is another now, or lies outside the hours."""
    (days_before, hours_before), (days, hours) = (
        _hours_of(known, territory, commune) for known in (before, after)
    )
    if days_before != days:
        return True
    opens, _, closes = hours.partition("-")
    if slot.starts is None:  # so long before the close
        return hours_before.partition("-")[2] != closes
    return not time.fromisoformat(opens) <= slot.starts < time.fromisoformat(closes)


def _hours_of(known: KnownHours, territory: str | None, commune: str | None) -> tuple[str, str]:
    days, _, hours = known["territories"].get(territory or "", "").rpartition(" ")
    around = areas_around(commune)[:-1] if commune else ()  # the last one is everywhere
    return days, next((known["areas"][area] for area in around if area in known["areas"]), hours)


def _told(hours: Hours) -> str:
    return f"{hours.opens:%H:%M}-{hours.closes:%H:%M}"
