"""When a broadcast leaves: at an instant, or at a time of day that each person reads on their own clock."""

from datetime import UTC, datetime, timedelta

from bot.frozen import Frozen
from bot.rules.territories import METROPOLE, at_wall, zone_of
from bot.rules.territories import zone as zone_named

USEFUL_FOR = timedelta(days=2)
"""A message that staff wrote waits so long for the end of a quiet period or of a stop; then it expires."""


ON_THE_WAY = ("queued", "leased", "withheld")
"""States of a delivery that is still to leave."""

BEHIND_UTC = timedelta(hours=12)
"""How much later than in UTC it is any time of day where it comes last."""
AHEAD_OF_UTC = timedelta(hours=14)
"""And how much earlier where it comes first."""


class SendingTime(Frozen):
    """`at` is aware UTC. `local`: its date and time of day are a wall clock, each person's own."""

    at: datetime
    local: bool = False

    def due_in(self, zone: str | None) -> datetime:
        """The instant (aware UTC) for somebody who lives by a zone; without one, by Paris time."""
        if not self.local:
            return self.at
        where = zone_named(zone) if zone else zone_of(METROPOLE)
        return at_wall(self.at, where).astimezone(UTC)

    def is_past(self, now: datetime) -> bool:
        """Whether the time has passed; one that each person reads on their own clock, for everybody on earth."""
        last = self.at + BEHIND_UTC if self.local else self.at
        return last < now


def each_at(wall: datetime) -> SendingTime:
    """Everybody at this date and time of their own; the zone of `wall` does not matter."""
    return SendingTime(at=wall.replace(tzinfo=UTC), local=True)


def all_at(instant: datetime) -> SendingTime:
    """Everybody at once."""
    return SendingTime(at=instant.astimezone(UTC))


CANCELLATION = "broadcasts/event_cancelled"
"""The one template that a quiet period lets through: what is not going to take place must be told."""
CHANGE = "broadcasts/event_changed"
SERIES = "broadcasts/series_invitation"
"""The one invitation to all dates of a series; the event it is about is the first."""
WORD = "broadcasts/event_word"
"""What the organizers of an event write to those who come."""
INVITATION = "broadcasts/event_invitation"
SHIFT_OFFER = "broadcasts/shift_offer"
SHIFT_CHANGED = "broadcasts/shift_changed"
SHIFT_OFF = "broadcasts/shift_off"
NEWS = (CHANGE, WORD, SHIFT_CHANGED, SHIFT_OFF)
"""What somebody tells of an event that takes place: it wakes nobody up, unless there would be no time left to know."""
OF_A_SHIFT = (SHIFT_OFFER, SHIFT_CHANGED, SHIFT_OFF)
"""What tells of one shift of an event, for those who have a place in it or wait for one."""
OFFER = "broadcasts/event_offer"
"""A seat that came free, for one person and for a time."""
