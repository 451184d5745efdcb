"""What people type as a date, and the instant it means; now is Wednesday 16 November 2016, 10:00 in Paris."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.dates import BadDate, read_duration, read_moment
from bot.words.vocabulary import vocabulary

NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)
PARIS = "Europe/Paris"
WORDS = vocabulary("en").dates


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("24/11 19h", "2016-11-24T19:00+01:00"),
        ("24/11/2016 19:30", "2016-11-24T19:30+01:00"),
        ("24.11.16 à 19 h 30", "2016-11-24T19:30+01:00"),
        ("24 novembre 2016 19h30", "2016-11-24T19:30+01:00"),
        ("le jeudi 24 novembre à 19h", "2016-11-24T19:00+01:00"),
        ("1er décembre, 18h", "2016-12-01T18:00+01:00"),
        ("Nov 24 7pm", "2016-11-24T19:00+01:00"),
        ("Thursday, November 24th, 2016 at 7:30 p.m.", "2016-11-24T19:30+01:00"),
        ("24th of November 12 am", "2016-11-24T00:00+01:00"),
        ("tomorrow 19:00", "2016-11-17T19:00+01:00"),
        ("après-demain midi", "2016-11-18T12:00+01:00"),
        ("ce soir 20h", "2016-11-16T20:00+01:00"),
        ("ce soir 8h", "2016-11-16T20:00+01:00"),
        ("demain soir 8h", "2016-11-17T20:00+01:00"),  # it was 8 in the morning
        ("jeudi 17 novembre à 4h du matin", "2016-11-17T04:00+01:00"),
        ("demain à 8h30 du soir", "2016-11-17T20:30+01:00"),
        ("demain, 3 h de l’après-midi", "2016-11-17T15:00+01:00"),
        ("samedi après-midi 14h30", "2016-11-19T14:30+01:00"),
        ("Saturday evening 8:00", "2016-11-19T20:00+01:00"),
        ("tomorrow at 9:00 in the morning", "2016-11-17T09:00+01:00"),
        ("2016-11-24T19:00", "2016-11-24T19:00+01:00"),
        ("11/24 7pm", "2016-11-24T19:00+01:00"),  # there is no month 24: American order
        ("mercredi 9h", "2016-11-23T09:00+01:00"),  # today's 9:00 is past: next week's
        ("mercredi 11h", "2016-11-16T11:00+01:00"),
        ("10 mars 9h", "2017-03-10T09:00+01:00"),  # without a year: the next one
        ("29/02/2020 9h", "2020-02-29T09:00+01:00"),
        ("26/03/2017 2:30", "2017-03-26T03:30+02:00"),  # summer time skips it: just after the jump
    ],
)
def test_it_is_read(typed: str, expected: str) -> None:
    assert read_moment(typed, WORDS, now=NOW, zone=PARIS) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "errors/date_unreadable"),
        ("bientôt", "errors/date_unreadable"),
        ("19h", "errors/date_unreadable"),  # no day
        (
            "24/11 19h à la salle des fêtes",
            "errors/date_unreadable",
        ),  # nothing typed is passed over in silence
        ("demain 20h du matin", "errors/date_unreadable"),
        ("demain soir", "errors/date_without_time"),
        ("24/11", "errors/date_without_time"),
        ("31 février 19h", "errors/date_impossible"),
        ("31 novembre", "errors/date_impossible"),  # whatever the hour would be
        ("31/02 10:00", "errors/date_impossible"),
        ("29/02/2017 9h", "errors/date_impossible"),
        ("24/13 9h", "errors/date_impossible"),
        ("24/11 25h", "errors/time_impossible"),
        ("24/11 19h75", "errors/time_impossible"),
        ("24/11 19pm", "errors/time_impossible"),
        ("vendredi 24 novembre 19h", "errors/date_weekday"),
        ("31/12/9999 23:59", "errors/date_unreadable"),  # its end would be beyond every calendar
        ("24/11/2106 19h", "errors/date_unreadable"),  # a slip of the finger
        ("15/11 10h", "errors/date_past"),  # yesterday was meant, not next year
        ("24/11/2015 19h", "errors/date_past"),
        ("aujourd’hui 9h", "errors/date_past"),
        ("hier 10h", "errors/date_past"),
        ("yesterday 10am", "errors/date_past"),
        ("avant-hier à 18h30", "errors/date_past"),
        ("the day before yesterday 6pm", "errors/date_past"),
    ],
)
def test_what_is_wrong_is_named(typed: str, message: str) -> None:
    with pytest.raises(BadDate) as refusal:
        read_moment(typed, WORDS, now=NOW, zone=PARIS)
    assert refusal.value.message == message


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("hier 10h", "2016-11-15T10:00+01:00"),
        ("Yesterday at 10am", "2016-11-15T10:00+01:00"),
        ("avant-hier soir 20h", "2016-11-14T20:00+01:00"),
        ("the day before yesterday 6pm", "2016-11-14T18:00+01:00"),
    ],
)
def test_a_day_that_is_past_is_told_as_it_was_meant(typed: str, expected: str) -> None:
    with pytest.raises(BadDate) as refusal:
        read_moment(typed, WORDS, now=NOW, zone=PARIS)
    assert refusal.value.values["moment"] == datetime.fromisoformat(expected)


def test_the_time_is_that_of_the_place() -> None:
    assert read_moment("17/11 8h", WORDS, now=NOW, zone="Pacific/Noumea") == datetime(
        2016, 11, 16, 21, tzinfo=UTC
    )
    with pytest.raises(BadDate):
        # 18:00 in Nouméa was at 8:00 in Paris.
        read_moment("16/11 18h", WORDS, now=NOW, zone="Pacific/Noumea")


@given(st.text(max_size=30))
def test_nothing_typed_is_more_than_refused(typed: str) -> None:
    with suppress(BadDate):
        assert read_moment(typed, WORDS, now=NOW, zone=PARIS) > NOW


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [("2h", 120), ("1h30", 90), ("2 hours", 120), ("90 min", 90), ("45", 45), ("1:15", 75), ("2 h 30", 150)],
)
def test_durations(typed: str, minutes: int) -> None:
    assert read_duration(typed, WORDS) == timedelta(minutes=minutes)


@pytest.mark.parametrize("typed", ["", "0", "long", "100h", "-2h"])
def test_what_is_no_duration(typed: str) -> None:
    with pytest.raises(BadDate):
        read_duration(typed, WORDS)
