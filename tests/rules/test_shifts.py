"""Shifts: what is read of hours, what no shift has, and that nobody is in two places."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.people import RsvpAnswer
from bot.rules.seats import Rsvp, WaitingParty
from bot.rules.shifts import (
    LONGEST_ROLE,
    BadShift,
    Shift,
    hours_on,
    overlapping,
    placed,
    read_hours,
    require_places,
    require_sound,
    role_in,
    seats_of,
    stands,
)

DAY = date(2016, 11, 24)
EVENT = (datetime(2016, 11, 24, 18, tzinfo=UTC), datetime(2016, 11, 24, 20, tzinfo=UTC))
NOW = datetime(2016, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "starts", "ends"),
    [
        ("14h-16h30", time(14), time(16, 30)),
        ("14:00 – 16:30", time(14), time(16, 30)),
        ("de 14h à 16h", time(14), time(16)),
        ("2pm to 4.30pm", time(14), time(16, 30)),
        ("12am-1am", time(0), time(1)),
        ("22h-24h", time(22), time(0)),
        ("9-12", time(9), time(12)),
    ],
)
def test_hours_are_read_however_they_are_typed(typed: str, starts: time, ends: time) -> None:
    assert read_hours(typed) == (starts, ends)


@pytest.mark.parametrize(
    "typed", ["", "14h", "demain", "25h-26h", "14h-16h-18h", "14:75-16:00", "13pm-2pm", "٤-٥"]
)
def test_what_are_no_hours_is_said(typed: str) -> None:
    with pytest.raises(BadShift):
        read_hours(typed)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("14h-14h", "errors/bad_shift_hours"),  # 24 hours
        ("16h-14h", "errors/bad_shift_hours"),  # ends before it begins: 22 hours
        ("14h-14h10", "errors/bad_shift_hours"),
        ("8h-21h", "errors/bad_shift_hours"),
    ],
)
def test_a_shift_that_is_too_long_or_too_short_is_refused(typed: str, why: str) -> None:
    starts, ends = hours_on(DAY, read_hours(typed), "Europe/Paris")
    with pytest.raises(BadShift) as refused:
        require_sound(starts, ends, event=EVENT, now=NOW)
    assert refused.value.message == why


def test_a_shift_may_end_after_midnight() -> None:
    starts, ends = hours_on(DAY, read_hours("22h-1h"), "Europe/Paris")
    assert ends - starts == timedelta(hours=3)
    require_sound(starts, ends, event=EVENT, now=NOW)


NIGHT = (
    datetime(2016, 11, 26, 19, tzinfo=UTC),
    datetime(2016, 11, 27, 1, tzinfo=UTC),
)  # Saturday 20:00 to 2:00
TWO_DAYS = (datetime(2016, 11, 26, 9, tzinfo=UTC), datetime(2016, 11, 27, 17, tzinfo=UTC))


@pytest.mark.parametrize(
    ("typed", "around", "starts"),
    [
        ("0h30-2h", NIGHT, datetime(2016, 11, 26, 23, 30, tzinfo=UTC)),  # to clear up: on Sunday
        ("18h-20h", NIGHT, datetime(2016, 11, 26, 17, tzinfo=UTC)),
        ("22h-1h", NIGHT, datetime(2016, 11, 26, 21, tzinfo=UTC)),
        ("27/11 9h-11h", NIGHT, datetime(2016, 11, 27, 8, tzinfo=UTC)),  # the morning after
        ("de 14h à 16h", EVENT, datetime(2016, 11, 24, 13, tzinfo=UTC)),
        ("27/11 de 14h à 16h", TWO_DAYS, datetime(2016, 11, 27, 13, tzinfo=UTC)),
        ("8h-9h30", TWO_DAYS, datetime(2016, 11, 27, 7, tzinfo=UTC)),  # on Saturday it has not begun
        ("14h-16h", TWO_DAYS, None),
        ("3/12 14h-16h", TWO_DAYS, None),
    ],
)
def test_hours_are_put_on_the_day_they_are_meant(
    typed: str, around: tuple[datetime, datetime], starts: datetime | None
) -> None:
    if starts is not None:
        assert placed(typed, around=around, zone_name="Europe/Paris")[0] == starts
        return
    with pytest.raises(BadShift):
        placed(typed, around=around, zone_name="Europe/Paris")


def test_a_shift_in_the_night_of_winter_time_lasts_as_long_as_it_does() -> None:
    starts, ends = hours_on(date(2016, 10, 29), read_hours("22h-4h"), "Europe/Paris")
    assert ends - starts == timedelta(hours=7)


@pytest.mark.parametrize(
    ("starts", "why"),
    [
        (EVENT[0] - timedelta(hours=30), "errors/shift_far"),
        (EVENT[1] + timedelta(hours=30), "errors/shift_far"),
        (NOW - timedelta(hours=1), "errors/shift_past"),
    ],
)
def test_a_shift_lies_around_its_event_and_in_the_future(starts: datetime, why: str) -> None:
    with pytest.raises(BadShift) as refused:
        require_sound(starts, starts + timedelta(hours=2), event=EVENT, now=NOW)
    assert refused.value.message == why


@pytest.mark.parametrize("number", [0, -1, 501, 10**9])
def test_no_shift_has_so_many_places(number: int) -> None:
    with pytest.raises(BadShift):
        require_places(number)


def shift(number: int, start: int, hours: int, **values: object) -> Shift:
    begins = EVENT[0] + timedelta(hours=start)
    made = Shift(
        id=number,
        event=1,
        role="welcome",
        starts_at=begins,
        ends_at=begins + timedelta(hours=hours),
        capacity=1,
    )
    return replace(made, **values)  # type: ignore[arg-type]  # of each its own


def place(of: Shift, person: int, answer: str = "yes", **values: object) -> Rsvp:
    return Rsvp(event=of.id, person=person, answer=answer, at=NOW, **values)  # type: ignore[arg-type]  # of each its own


@given(st.integers(0, 8), st.integers(1, 4), st.integers(0, 8), st.integers(1, 4))
def test_two_shifts_overlap_where_an_hour_lies_in_both(a: int, long: int, b: int, longer: int) -> None:
    one, other = shift(1, a, long), shift(2, b, longer)
    both = set(range(a, a + long)) & set(range(b, b + longer))
    assert (overlapping(one, [(other, place(other, 1))]) is not None) is bool(both)


def test_what_was_given_back_or_called_off_overlaps_with_nothing() -> None:
    one, other = shift(1, 0, 2), shift(2, 1, 2)
    for answer in ("no", "lapsed"):
        assert overlapping(one, [(other, place(other, 1, answer))]) is None
    assert overlapping(one, [(replace(other, state="off"), place(other, 1))]) is None
    assert overlapping(one, [(one, place(one, 1))]) is None
    for answer in ("waiting", "offered"):
        assert overlapping(one, [(other, place(other, 1, answer))]) == other


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=25), st.integers(1, 3))
def test_places_are_given_in_order_and_never_more_than_there_are(
    taps: list[tuple[int, bool]], capacity: int
) -> None:
    of = shift(1, 0, 2, capacity=capacity)
    places: dict[int, Rsvp] = {}
    for person, wants in taps:
        listed = sorted((each for each in places.values() if each.waits), key=lambda each: each.ticket or 0)
        waiting = [
            WaitingParty(person=each.person, ticket=each.ticket or 0, party=1, whole=False, reachable=True)
            for each in listed
        ]
        answer = RsvpAnswer.YES if wants else RsvpAnswer.NO
        blank = Rsvp(event=1, person=person, answer=answer.value, at=NOW)
        before = seats_of(of, places.values())
        after = stands(answer, of, list(places.values()), waiting, blank)
        if wants and after.answer == "yes" and person not in places and waiting:
            assert (before.free or 0) > len(waiting), "nobody new passes the list"
        places[person] = after
        assert seats_of(of, places.values()).taken <= capacity


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ("welcome", "welcome"),
        (" porter\nles  tables ", "porter les tables"),
        ("\n", None),
        ("x" * (LONGEST_ROLE + 1), None),
    ],
)
def test_what_there_is_to_do_stands_in_one_line(said: str, role: str | None) -> None:
    if role is None:
        with pytest.raises(BadShift):
            role_in(said)
    else:
        assert role_in(said) == role
