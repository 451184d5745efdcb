"""Ballots: one round each, with the local polling day and hours of every territory that takes part."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from bot.errors import UnknownTerritory
from bot.frozen import Frozen
from bot.rules.areas import contains
from bot.rules.territories import METROPOLE, at_local, territories_in, territory_of, zone_of
from bot.rules.territories import zone as zone_named


class Span(Frozen):
    """From `starts`, included, to `ends`, excluded; aware UTC."""

    starts: datetime
    ends: datetime

    def holds(self, now: datetime) -> bool:
        """Whether the instant lies in the span."""
        return self.starts <= now < self.ends


class Hours(Frozen):
    """Opening hours of polling places, local wall-clock times."""

    opens: time
    closes: time


class HoursException(Frozen):
    """Other hours in one area (a département, a commune …) than in the rest of its territory."""

    area: str
    hours: Hours


class Polling(Frozen):
    """How one territory votes in one ballot: its local polling day and its hours.

    Online voting may open `opens_days_before` the polling day; it closes on the polling day. `clock`: the zone of a
    consulate abroad, for somebody whose own is known.
    """

    territory: str
    day: date
    hours: Hours
    online: bool = False
    opens_days_before: int = 0
    clock: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone that the day and the hours are written in."""
        return zone_of(self.territory) if self.clock is None else zone_named(self.clock)

    @property
    def opens_local(self) -> datetime:
        """When voting begins, in the territory's zone."""
        return at_local(self.day - timedelta(days=self.opens_days_before), self.hours.opens, self.zone)

    @property
    def closes_local(self) -> datetime:
        """When voting ends, in the territory's zone."""
        return at_local(self.day, self.hours.closes, self.zone)

    @property
    def voting_window(self) -> Span:
        """When one can vote, in UTC."""
        return Span(starts=self.opens_local.astimezone(UTC), ends=self.closes_local.astimezone(UTC))


class Ballot(Frozen):
    """One round: `day` is the polling day of metropolitan France, `pollings` holds one row per territory."""

    number: int
    day: date
    pollings: tuple[Polling, ...]
    exceptions: tuple[HoursException, ...] = ()

    def __hash__(self) -> int:
        # Cheap, because calculations are cached by their arguments and asked for every message.
        return hash((self.number, self.day))

    @cached_property
    def territories(self) -> tuple[str, ...]:
        """The codes of the territories that take part, in the order of the table of territories."""
        return tuple(polling.territory for polling in self.pollings)

    def takes_place_in(self, territory: str | None) -> bool:
        """Whether people of this territory vote in this ballot."""
        return territory in self.territories

    def polling(self, territory: str) -> Polling:
        """How a territory votes; raises UnknownTerritory when it does not take part."""
        for polling in self.pollings:
            if polling.territory == territory:
                return polling
        raise UnknownTerritory(
            f"Ballot {self.number} is not held in “{territory}”: it is in {', '.join(self.territories)}.",
            code=territory,
        )

    def hours_in(self, commune: str) -> Hours:
        """The hours in a commune: the narrowest exception that covers it, or its territory's hours."""
        covering = [exception for exception in self.exceptions if contains(exception.area, commune)]
        if covering:
            # An area inside another is the narrower of the two.
            narrowest = covering[0]
            for exception in covering[1:]:
                if contains(narrowest.area, exception.area):
                    narrowest = exception
            return narrowest.hours
        return self.polling(territory_of(commune)).hours

    @property
    def metropolitan_close(self) -> datetime:
        """When the last polling place of metropolitan France closes, in UTC."""
        return metropolitan_close(self)

    def closes_in(self, area: str) -> datetime | None:
        """When voting is over for everybody of an area, in UTC; None where nobody of it votes."""
        closes = [last_close(self, each) for each in self.territories if each in territories_in(area)]
        return max(closes, default=None)

    @property
    def ends_at(self) -> datetime:
        """When voting is over everywhere, in UTC."""
        return _ends_at(self)


@lru_cache(maxsize=64)
def _ends_at(ballot: Ballot) -> datetime:
    # Asked for every message that is worded.
    return max(last_close(ballot, territory) for territory in ballot.territories)


@lru_cache(maxsize=256)
def last_close(ballot: Ballot, territory: str) -> datetime:
    """When the last polling place of a territory closes, in UTC, exceptions included. Raises
    UnknownTerritory.
    """
    polling = ballot.polling(territory)
    closes = polling.hours.closes
    for exception in ballot.exceptions:
        if territory in territories_in(exception.area):
            closes = max(closes, exception.hours.closes)
    return at_local(polling.day, closes, polling.zone).astimezone(UTC)


def metropolitan_close(ballot: Ballot) -> datetime:
    """When the last polling place of metropolitan France closes, in UTC.

    A ballot that is not held in metropolitan France ends with its last polling place anywhere.
    """
    if ballot.takes_place_in(METROPOLE):
        return last_close(ballot, METROPOLE)
    return ballot.ends_at
