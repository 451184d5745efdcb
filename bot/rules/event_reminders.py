"""Messages around an event that a person accepted: the eve, the same day, and afterwards.

All are `event_service`: they follow the event's own clock and not courtesy hours, but for the question
afterwards, which nobody needs to read at night. Quiet periods hold for all of them.
"""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from bot.frozen import Frozen
from bot.rules.courtesy import CourtesyHours, next_courteous
from bot.rules.kinds import Kind
from bot.rules.territories import at_local, zone


class EventStep(StrEnum):
    """A message around an event; the confirmation of an answer leaves at once and is no step."""

    EVE = "event_eve"
    SAME_DAY = "event_same_day"
    AFTER = "event_after"


EVE_AT = time(11)
SAME_DAY_AT = time(8)
BEFORE_EARLY_EVENT = timedelta(hours=2)
AFTER_END = timedelta(hours=1)
AFTER_USEFUL = timedelta(days=2)


class EventOccurrence(Frozen):
    """One step of one event: due from `at_utc` until `expires_at`, both aware UTC."""

    step: EventStep
    at_utc: datetime
    expires_at: datetime


def event_occurrences(
    *, starts_at: datetime, ends_at: datetime, zone_name: str, courtesy: CourtesyHours
) -> tuple[EventOccurrence, ...]:
    """The steps of an event in its place's zone.

    The eve at 11:00 (confirm or cancel) until the same day's reminder; at 8:00 of the day, or two hours
    before the start if that is earlier, until the start; an hour after the end ("I came"), at a courteous
    hour, for two days.
    """
    where = zone(zone_name)
    day = starts_at.astimezone(where).date()
    eve = at_local(day - timedelta(days=1), EVE_AT, where).astimezone(UTC)
    same_day = min(
        at_local(day, SAME_DAY_AT, where).astimezone(UTC),
        starts_at.astimezone(UTC) - BEFORE_EARLY_EVENT,
    )
    ended = ends_at.astimezone(UTC) + AFTER_END
    # Asked like a campaign message as to the hour, although it is none.
    after = next_courteous(now=ended, zone=zone_name, kind=Kind.CIVIC_NEUTRAL, hours=courtesy)
    return (
        EventOccurrence(step=EventStep.EVE, at_utc=eve, expires_at=same_day),
        EventOccurrence(step=EventStep.SAME_DAY, at_utc=same_day, expires_at=starts_at.astimezone(UTC)),
        EventOccurrence(step=EventStep.AFTER, at_utc=after, expires_at=after + AFTER_USEFUL),
    )
