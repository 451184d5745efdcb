"""Retention and consent: what is kept how long, and what is allowed with it."""

from datetime import UTC, datetime, timedelta

from bot.campaign.campaign import load_campaign
from bot.rules.consent import Purpose, may_contact
from bot.rules.retention import Retention, cutoffs, final_ballot_end, votes_expire
from tests.frozen import FROZEN

BALLOTS = load_campaign(FROZEN).ballots
RETENTION = Retention()
# Voting ends when metropolitan France and the online vote close, on 27 November at 19:00 in Paris.
END = datetime(2016, 11, 27, 18, tzinfo=UTC)


def test_the_final_ballot_ends_where_it_is_held_longest() -> None:
    assert final_ballot_end(BALLOTS) == END
    assert votes_expire(BALLOTS, RETENTION) == END + timedelta(days=7)


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
