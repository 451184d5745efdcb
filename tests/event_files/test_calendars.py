"""Calendars: what other programs write is read, and ours is read again as it was."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot import communes
from bot.event_files.calendars import CalendarEvent, calendar_of, read_calendar
from bot.event_files.filed import EventsRead
from bot.rules.spreadsheets import UnreadableSheet
from tests.conversation import CAMPAIGN

NOW = datetime(2016, 11, 2, 9, tzinfo=UTC)


def read(*lines: str) -> EventsRead:
    """A calendar of one event with these properties, besides a title, a place and hours unless they name some."""
    usual = {
        "UID": "UID:u1",
        "SUMMARY": "SUMMARY:Réunion",
        "LOCATION": "LOCATION:Salle Molière\\, 20 quai de Bondy\\, 69005 Lyon",
        "DTSTART": "DTSTART;TZID=Europe/Paris:20161018T190000",
        "DTEND": "DTEND;TZID=Europe/Paris:20161018T210000",
    }
    usual |= {line.partition(":")[0].partition(";")[0]: line for line in lines}
    body = [line for line in usual.values() if not line.endswith(":-")]
    text = "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:x",
            "BEGIN:VEVENT",
            *body,
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )
    return read_calendar(text.encode(), campaign=CAMPAIGN, gazetteer=communes.load(), now=NOW)


def test_an_event_of_another_program() -> None:
    (event,) = read("GEO:45.7676;4.8270").events
    assert (event.key, event.commune.name, event.address) == (
        "u1",
        "Lyon 5e",
        "Salle Molière, 20 quai de Bondy",
    )
    assert event.starts_at == datetime(2016, 10, 18, 17, tzinfo=UTC)
    assert event.pin == (45.7676, 4.827)


@pytest.mark.parametrize(
    "exdate",
    [
        "EXDATE;TZID=Europe/Paris:20161025T190000",
        "EXDATE:20161025T190000",  # by the clock of the place, wherever the machine stands
        "EXDATE:20161025T170000Z",
        "EXDATE;VALUE=DATE:20161025",
    ],
)
def test_a_series_is_its_dates_at_the_same_hour_after_the_clocks_changed(exdate: str) -> None:
    found = read("RRULE:FREQ=WEEKLY;COUNT=4", exdate).events
    assert [event.key for event in found] == ["u1/20161018T1900", "u1/20161101T1900", "u1/20161108T1900"]
    assert [event.starts_at.hour for event in found] == [19, 19, 19]
    assert [event.starts_at.astimezone(UTC).hour for event in found] == [17, 18, 18]


def test_a_date_that_was_moved_is_there_once_however_its_series_names_it() -> None:
    series = ["UID:u1", "SUMMARY:Réunion", "LOCATION:Salle Molière\\, 69005 Lyon"]
    entries = (
        [*series, "RRULE:FREQ=WEEKLY;COUNT=3", "DTSTART;TZID=Europe/Paris:20161115T190000", "DURATION:PT2H"],
        [*series, "RECURRENCE-ID:20161122T180000Z", "DTSTART:20161123T190000Z", "DURATION:PT2H"],
    )
    lines = [line for entry in entries for line in ("BEGIN:VEVENT", *entry, "END:VEVENT")]
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *lines, "END:VCALENDAR", ""])
    reading = read_calendar(text.encode(), campaign=CAMPAIGN, gazetteer=communes.load(), now=NOW)
    assert reading.faults == ()
    assert [event.key for event in reading.events] == [
        "u1/20161115T1900",
        "u1/20161129T1900",
        "u1/20161122T1900",
    ]


def test_a_series_that_has_long_begun_counts_what_is_to_come() -> None:
    found = read(
        "DTSTART;TZID=Europe/Paris:20141021T190000",
        "DTEND;TZID=Europe/Paris:20141021T210000",
        "RRULE:FREQ=WEEKLY;UNTIL=20161231T180000Z",
    ).events
    assert len([event for event in found if event.starts_at > NOW]) == 8
    assert all(event.history for event in found)


def test_a_series_until_an_instant_of_greenwich() -> None:
    assert len(read("RRULE:FREQ=WEEKLY;UNTIL=20161101T180000Z").events) == 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("RRULE:FREQ=WEEKLY", "This series never ends: say until which day, or how many times."),
        ("RRULE:FREQ=DAILY;COUNT=1000", "more than 60 dates"),
        ("RRULE:FREQ=HOURLY;COUNT=3", "several times a day"),
        ("LOCATION:chez Paul", "of which no commune can be told"),
        (
            "LOCATION:a" + " " * 4000 + "\\,\\n",
            "of which no commune can be told",
        ),  # once it took minutes to read
        ("LOCATION:" + "a\\, " * 2000, "of which no commune can be told"),
        ("DTSTART;VALUE=DATE:20161018", "it takes all day"),
        ("DTEND;TZID=Europe/Paris:20161018T180000", "write a later end"),
        ("SUMMARY:", "it has no title"),
        ("UID:-", "the key is missing"),
    ],
)
def test_each_fault_is_told_by_its_line(line: str, said: str) -> None:
    reading = read(line)
    assert reading.events == ()
    told = [str(fault) for fault in reading.faults]
    assert any(each.startswith("line 4: ") and said.rstrip(".") in each for each in told), told


@pytest.mark.parametrize("content", [b"", b"hello", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", b"\xff\xfe\x00"])
def test_what_is_no_calendar_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(UnreadableSheet):
        read_calendar(content, campaign=CAMPAIGN, gazetteer=communes.load(), now=NOW)


def test_ours_is_read_again_as_it_was() -> None:
    entry = CalendarEvent(
        code="ab12cd34",
        sequence=3,
        starts_at=datetime(2016, 11, 24, 18, tzinfo=UTC),
        ends_at=datetime(2016, 11, 24, 20, tzinfo=UTC),
        zone="Europe/Paris",
        title="Réunion; à “Lyon”, demain",
        description="Ligne un\nligne deux",
        location="Salle Molière, Lyon",
        status="CANCELLED",
        link="https://t.me/bot?start=ev_ab12cd34",
        point=(45.76, 4.83),
    )
    written = calendar_of([entry], now=NOW, name="Équipe")
    (event,) = read_calendar(written, campaign=CAMPAIGN, gazetteer=communes.load(), now=NOW).events
    assert (event.key, event.starts_at, event.ends_at) == (
        "ab12cd34@portevoix",
        entry.starts_at,
        entry.ends_at,
    )
    assert (event.texts["fr"].title, event.address, event.commune.code) == (
        entry.title,
        "Salle Molière",
        "69123",
    )
    assert (event.cancelled, event.pin) == (True, entry.point)
