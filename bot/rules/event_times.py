"""When the people who accepted an event are reminded of it: on the eve, the same day, and asked afterwards."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from bot.rules.territories import at_local
from bot.rules.territories import zone as zone_named

DEFAULT_DURATION = timedelta(hours=2)
EVE_AT, SAME_DAY_AT = time(11), time(8)
LEAD = timedelta(hours=2)
"""How long before an early event its reminder leaves."""
AFTER_END = timedelta(hours=1)
ASKED_FOR = timedelta(days=2)
"""How long it makes sense to ask who came."""


class Reminder(StrEnum):
    """The reminders of an event; each is the template `broadcasts/event_<name>`."""

    EVE = "eve"
    TODAY = "today"
    AFTER = "after"


@dataclass(frozen=True, kw_only=True)
class EventReminder:
    """One reminder: when it leaves and until when it is of use, aware UTC."""

    name: Reminder
    at: datetime
    until: datetime


def event_reminders(*, starts_at: datetime, ends_at: datetime, zone: str) -> tuple[EventReminder, ...]:
    """The three reminders of an event, in the zone of its place."""
    where = zone_named(zone)
    local = starts_at.astimezone(where)
    eve = at_local(local.date() - timedelta(days=1), EVE_AT, where).astimezone(UTC)
    morning = at_local(local.date(), SAME_DAY_AT, where).astimezone(UTC)
    after = ends_at.astimezone(UTC) + AFTER_END
    return (
        EventReminder(name=Reminder.EVE, at=eve, until=min(morning, starts_at - LEAD).astimezone(UTC)),
        EventReminder(
            name=Reminder.TODAY, at=min(morning, starts_at - LEAD).astimezone(UTC), until=starts_at
        ),
        EventReminder(name=Reminder.AFTER, at=after, until=after + ASKED_FOR),
    )
