"""Messages around an event."""

from datetime import UTC, datetime

import pytest

from bot.rules.courtesy import CourtesyHours
from bot.rules.event_reminders import EventStep, event_occurrences
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
