"""What may be put right and what taken back, and until when Telegram lets it be deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery.settling import REPEATED_LAST, repeated_after
from bot.rules.kinds import Kind
from bot.rules.mends import (
    NEVER_LEFT,
    REACHED,
    may_be_corrected,
    may_be_deleted,
    may_be_recalled,
    says_something_else,
)

SENT = datetime(2016, 11, 16, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "may"),
    [(0, True), (47.9, True), (47.99, False), (48, False), (72, False)],  # a minute for the way
)
def test_it_may_be_deleted_within_two_days(hours: float, may: bool) -> None:
    assert may_be_deleted(SENT, SENT + timedelta(hours=hours)) is may


@pytest.mark.parametrize("kind", Kind)
def test_what_people_are_owed_stays(kind: Kind) -> None:
    owed = kind in (Kind.SERVICE, Kind.EVENT_SERVICE)
    assert may_be_recalled(kind) is not owed
    is_worded_by_people = not owed and kind is not Kind.CIVIC_NEUTRAL
    assert may_be_corrected(kind, template=None) is is_worded_by_people
    assert not may_be_corrected(kind, template="broadcasts/event_invitation")


@pytest.mark.parametrize(
    ("texts", "before", "differs"),
    [
        ({"fr": "a"}, {"fr": "a"}, False),
        ({"fr": "a", "en": ""}, {"fr": "a"}, False),  # blank is none
        ({"fr": "b"}, {"fr": "a"}, True),
        ({"fr": "a", "en": "x"}, {"fr": "a"}, True),
        ({"fr": "a"}, {"fr": "a", "en": "x"}, True),
    ],
)
def test_a_correction_changes_something(texts: dict[str, str], before: dict[str, str], differs: bool) -> None:
    assert says_something_else(texts, before) is differs


def test_every_state_reached_somebody_or_did_not() -> None:
    states = (
        "queued leased sending sent failed unreachable in_doubt withheld expired cancelled held_out".split()
    )
    assert sorted((*REACHED, *NEVER_LEFT)) == sorted(states)


def test_what_got_no_answer_waits_longer_and_longer() -> None:
    waits = [repeated_after(attempts) for attempts in range(30)]
    assert waits[0] == timedelta()
    assert waits == sorted(waits)
    assert waits[-1] == REPEATED_LAST
