"""Messages around an event."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.rules.courtesy import CourtesyHours
from bot.rules.event_reminders import EventStep, event_occurrences, reason_to_skip_event_step
from bot.rules.people import RsvpAnswer
from bot.rules.territories import zone

HOURS = CourtesyHours()


def at(text: str, zone_name: str = "Europe/Paris") -> datetime:
    return datetime.fromisoformat(f"2016-11-{text}").replace(tzinfo=zone(zone_name))


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        # An evening: the eve at 11:00, the day at 8:00, and as 22:00 is too late, the next morning.
        ("17T19:00", "17T21:00", ["16T11:00", "17T08:00", "18T09:00"]),
        # An early morning: two hours before; an hour after its end is courteous.
        ("17T09:30", "17T11:00", ["16T11:00", "17T07:30", "17T12:00"]),
        ("17T10:00", "17T11:00", ["16T11:00", "17T08:00", "17T12:00"]),
    ],
)
def test_an_event_has_its_instants(starts: str, ends: str, expected: list[str]) -> None:
    found = event_occurrences(
        starts_at=at(starts), ends_at=at(ends), zone_name="Europe/Paris", courtesy=HOURS
    )
    assert [each.at_utc for each in found] == [at(text) for text in expected]
    assert [each.step for each in found] == list(EventStep)
    assert all(each.at_utc < each.expires_at for each in found)
    assert found[1].expires_at == at(starts)


def test_the_hours_are_those_of_the_place() -> None:
    starts, ends = at("17T19:00", "Pacific/Noumea"), at("17T20:00", "Pacific/Noumea")
    eve, *_ = event_occurrences(starts_at=starts, ends_at=ends, zone_name="Pacific/Noumea", courtesy=HOURS)
    assert eve.at_utc == datetime(2016, 11, 16, 0, tzinfo=UTC)  # 11:00-11


EVE, SAME_DAY, AFTER = event_occurrences(
    starts_at=at("17T19:00"), ends_at=at("17T20:00"), zone_name="Europe/Paris", courtesy=HOURS
)
LONG_AGO = at("01T12:00")


@pytest.mark.parametrize(
    ("answer", "answered_at", "cancelled", "sent", "expected"),
    [
        (RsvpAnswer.YES, LONG_AGO, False, False, None),
        (RsvpAnswer.MAYBE, LONG_AGO, False, False, None),
        (RsvpAnswer.NO, LONG_AGO, False, False, "not_coming"),
        (None, None, False, False, "not_coming"),
        (RsvpAnswer.YES, LONG_AGO, True, False, "cancelled"),
        (RsvpAnswer.YES, LONG_AGO, False, True, "already_sent"),
        (RsvpAnswer.YES, EVE.at_utc, False, False, "just_answered"),
    ],
)
def test_who_gets_the_reminder_of_the_eve(
    answer: RsvpAnswer | None,
    answered_at: datetime | None,
    *,
    cancelled: bool,
    sent: bool,
    expected: str | None,
) -> None:
    reason = reason_to_skip_event_step(
        occurrence=EVE,
        answer=answer,
        answered_at=answered_at,
        cancelled=cancelled,
        already_sent=sent,
        now=EVE.at_utc,
    )
    assert reason == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [(EVE.at_utc - timedelta(seconds=1), "not_yet"), (EVE.at_utc, None), (EVE.expires_at, "expired")],
)
def test_a_reminder_has_its_time(now: datetime, expected: str | None) -> None:
    reason = reason_to_skip_event_step(
        occurrence=EVE,
        answer=RsvpAnswer.YES,
        answered_at=LONG_AGO,
        cancelled=False,
        already_sent=False,
        now=now,
    )
    assert reason == expected


def test_who_answered_during_the_event_is_still_asked_afterwards() -> None:
    reason = reason_to_skip_event_step(
        occurrence=AFTER,
        answer=RsvpAnswer.YES,
        answered_at=AFTER.at_utc,
        cancelled=False,
        already_sent=False,
        now=AFTER.at_utc,
    )
    assert reason is None
