"""When those who said they would come to an event hear of it again (DOMAIN.md section 5, Events)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType

from bot.rules.territories import at_local, zone

EVE_AT = time(11, 0)
DAY_AT = time(8, 0)
BEFORE_EARLY_EVENT = timedelta(hours=2)
AFTER_THE_END = timedelta(hours=1)
STILL_ASKING = timedelta(days=2)
"""How long after an event it still makes sense to ask who came."""


@dataclass(frozen=True, kw_only=True)
class EventReminder:
    """One reminder of one event: `what` (eve, day, after), due from `at` until `expires_at`, aware UTC."""

    what: str
    at: datetime
    expires_at: datetime


TEMPLATES: Mapping[str, str] = MappingProxyType(
    {"eve": "broadcasts/event_eve", "day": "broadcasts/event_day", "after": "broadcasts/event_after"}
)


def event_reminders(*, starts_at: datetime, ends_at: datetime, zone_name: str) -> tuple[EventReminder, ...]:
    """The eve at 11:00, the day at 8:00 (two hours before an event that starts earlier), an hour after the end.

    Times are those of the event's zone. The eve's is useless once the day's is due, the day's once it began.
    """
    where = zone(zone_name)
    day = starts_at.astimezone(where).date()
    eve = at_local(day - timedelta(days=1), EVE_AT, where).astimezone(UTC)
    morning = min(at_local(day, DAY_AT, where).astimezone(UTC), starts_at - BEFORE_EARLY_EVENT)
    after = ends_at + AFTER_THE_END
    return (
        EventReminder(what="eve", at=eve, expires_at=morning),
        EventReminder(what="day", at=morning, expires_at=starts_at),
        EventReminder(what="after", at=after, expires_at=after + STILL_ASKING),
    )
