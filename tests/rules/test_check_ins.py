"""Codes at the door: which ones count, for how long, and what nobody can make without the key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.check_ins import (
    CheckInRefused,
    DoorKey,
    arrived,
    door_key,
    event_of_digits,
    event_of_token,
    is_at_its_door,
    minute_of,
    typed_digits,
)
from bot.rules.seats import Rsvp, Seats
from bot.rules.suppression import SuppressionKey

KEY = DoorKey(secret=b"k" * 32)
NOW = datetime(2016, 11, 24, 18, 0, 20, tzinfo=UTC)
AT = st.integers(0, 3_600_000).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(AT, st.integers(0, 300))
def test_a_code_counts_in_its_minute_and_the_next(shown_at: datetime, later: int) -> None:
    token = KEY.token("ab12", minute_of(shown_at))
    scanned_at = shown_at + timedelta(seconds=later)
    if minute_of(scanned_at) - minute_of(shown_at) <= 1:
        assert event_of_token(token, KEY, scanned_at) == "ab12"
    else:
        with pytest.raises(CheckInRefused) as refused:
            event_of_token(token, KEY, scanned_at)
        assert refused.value.message == "check_ins/old_code"


def test_a_code_of_a_minute_to_come_does_not_count_yet() -> None:
    with pytest.raises(CheckInRefused):
        event_of_token(KEY.token("ab12", minute_of(NOW) + 1), KEY, NOW)


GOOD = KEY.token("ab12", minute_of(NOW))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "ab12",
        GOOD[:-1],
        GOOD + "0",
        GOOD.upper(),
        GOOD.replace("ab12", "ab13"),
        f"ab12-{minute_of(NOW):x}-{'0' * 24}",
        # Another minute under the proof of this one.
        f"ab12-{minute_of(NOW) - 1:x}-{GOOD[-24:]}",
        DoorKey(secret=b"x" * 32).token("ab12", minute_of(NOW)),
        "é" * 40,
    ],
)
def test_what_we_did_not_make_is_refused_as_such(token: str) -> None:
    with pytest.raises(CheckInRefused) as refused:
        event_of_token(token, KEY, NOW)
    assert refused.value.message == "check_ins/forged"


@given(st.text("0123456789abcdefABCDEF-_", max_size=60))
def test_nobody_guesses_a_link(token: str) -> None:
    with pytest.raises(CheckInRefused):
        event_of_token(token, KEY, NOW)


def test_a_link_fits_where_telegram_lets_it() -> None:
    assert len("ci_" + KEY.token("a" * 16, minute_of(datetime(2200, 1, 1, tzinfo=UTC)))) <= 64


@given(AT)
def test_digits_are_those_of_one_event_and_minute(now: datetime) -> None:
    minute = minute_of(now)
    digits = KEY.digits("ab12", minute)
    assert len(digits) == 6
    assert event_of_digits(digits, ["cd34", "ab12"], KEY, now) in ("ab12", "cd34")
    assert event_of_digits(digits, ["ab12"], KEY, now + timedelta(seconds=60)) == "ab12"
    assert event_of_digits(digits, [], KEY, now) is None


def test_digits_of_earlier_minutes_are_nobody_s() -> None:
    assert event_of_digits(KEY.digits("ab12", minute_of(NOW) - 2), ["ab12"], KEY, NOW) is None


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("482913", "482913"),
        ("482 913", "482913"),
        (" 482\u202f913 ", "482913"),
        ("482-913", "482913"),
        ("75001", None),
        ("4829137", None),
        ("482 91a", None),
        ("٤٨٢٩١٣", None),
        ("", None),
    ],
)
def test_six_digits_are_read_however_they_are_typed(typed: str, read: str | None) -> None:
    assert typed_digits(typed) == read


def test_the_key_of_the_doors_follows_from_the_campaign_s_and_tells_nothing_of_it() -> None:
    links = (b"a" * 32,)
    made = door_key(SuppressionKey(links=links))
    assert made == door_key(SuppressionKey(links=links))
    assert made.secret not in links
    assert made != door_key(SuppressionKey(links=(b"b" * 32,)))
    assert made.secret.hex() not in repr(made)


@pytest.mark.parametrize(
    ("minutes", "open_"), [(-61, False), (-60, True), (0, True), (119, True), (120, False)]
)
def test_people_are_let_in_from_an_hour_before_until_it_is_over(minutes: int, open_: bool) -> None:
    assert is_at_its_door(NOW, NOW + timedelta(hours=2), NOW + timedelta(minutes=minutes)) is open_


ANSWERS = st.sampled_from(["yes", "maybe", "no", "waiting", "offered", "lapsed"])


@given(answer=st.none() | ANSWERS, guests=st.integers(0, 4), free=st.integers(0, 5))
def test_being_there_is_noted_and_takes_no_seat_that_is_not_there(
    answer: str | None, guests: int, free: int
) -> None:
    blank = Rsvp(event=1, person=2, answer="yes", at=NOW)
    own = None
    if answer is not None:
        held = 1 + guests if answer == "offered" else 0
        own = replace(blank, answer=answer, guests=guests, offered=held)
    held = own.seats if own is not None else 0
    seats = Seats(limit=held + free, taken=held)
    there = arrived(own, blank, reach=held + free)
    assert there.attended is True
    after = seats.moved(own, there)
    assert after.taken <= held + free
    if own is not None and own.answer == "yes":
        assert there.party == own.party
    if held + free and (own is None or own.answer != "yes"):
        assert there.answer == "yes"
