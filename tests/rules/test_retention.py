"""Retention and consent: what is kept how long, and what is allowed with it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.campaign.campaign import load_campaign
from bot.rules.consent import Purpose, may_contact
from bot.rules.retention import Retention, cutoffs, final_ballot_end, may_erase, votes_expire
from tests.frozen import FROZEN

BALLOTS = load_campaign(FROZEN).ballots
RETENTION = Retention()
# Voting ends when metropolitan France and the online vote close, on 27 November at 19:00 in Paris.
END = datetime(2016, 11, 27, 18, tzinfo=UTC)


def test_the_final_ballot_ends_where_it_is_held_longest() -> None:
    assert final_ballot_end(BALLOTS) == END
    assert votes_expire(BALLOTS, RETENTION) == END + timedelta(days=7)


@pytest.mark.parametrize(
    ("last", "told", "is_new", "may"),
    [
        # Telegram says what time it is: that alone counts.
        (None, timedelta(), False, True),
        (timedelta(days=-90), timedelta(), False, True),
        (timedelta(days=-1), timedelta(days=-1), False, True),
        (timedelta(days=-1), timedelta(days=-1, seconds=-1), False, False),
        (timedelta(days=-1), timedelta(days=-30), True, False),
        (timedelta(days=-1), timedelta(days=30), False, True),  # behind: it erases later
        # It says nothing.
        (timedelta(days=-7), None, False, True),
        (timedelta(days=-7, seconds=-1), None, False, False),
        (timedelta(days=30), None, False, True),  # it was ahead, and was set
        (None, None, False, False),
        (None, None, True, True),
    ],
)
def test_a_clock_that_may_be_ahead_erases_nothing(
    last: timedelta | None, told: timedelta | None, is_new: bool, may: bool
) -> None:
    """`last` and `told`: from now on."""
    purged, elsewhere = (None if each is None else END + each for each in (last, told))
    assert may_erase(now=END, last=purged, told=elsewhere, is_new=is_new) is may


def test_a_purge_knows_its_cutoffs() -> None:
    now = END + timedelta(days=7)
    found = cutoffs(now=now, ballots=BALLOTS, retention=RETENTION)
    assert found.votes
    assert not found.profiles
    assert found.unfinished_since == now - timedelta(days=7)
    assert found.events_ended == now - timedelta(days=30)
    assert not cutoffs(now=now - timedelta(seconds=1), ballots=BALLOTS, retention=RETENTION).votes
    assert cutoffs(now=END + timedelta(days=30), ballots=BALLOTS, retention=RETENTION).profiles


def test_only_the_first_choice_lets_the_campaign_write() -> None:
    assert may_contact({Purpose.CONTACT})
    assert not may_contact(frozenset(Purpose) - {Purpose.CONTACT})
