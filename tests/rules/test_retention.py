"""Retention and consent: what is kept how long, and what is allowed with it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.campaign.campaign import load_campaign
from bot.rules.consent import (
    OPTIONAL,
    REQUIRED,
    Purpose,
    is_old_enough,
    may_choose_by_commune,
    may_contact,
    may_keep_after_ballot,
    may_share_with_team,
)
from bot.rules.retention import (
    Retention,
    cutoffs,
    event_answers_expire,
    final_ballot_end,
    profile_expires,
    unfinished_expires,
    votes_expire,
)

BALLOTS = load_campaign(Path("campaigns/primaire-2016")).ballots
RETENTION = Retention()
# Voting ends when metropolitan France and the online vote close, on 27 November at 19:00 in Paris.
END = datetime(2016, 11, 27, 18, tzinfo=UTC)
KEEP = frozenset({Purpose.CONTACT, Purpose.KEEP})
CONTACT = frozenset({Purpose.CONTACT})


def test_each_thing_has_its_time() -> None:
    assert final_ballot_end(BALLOTS) == END
    assert unfinished_expires(END, RETENTION) == END + timedelta(days=7)
    assert event_answers_expire(END, RETENTION) == END + timedelta(days=30)
    assert votes_expire(BALLOTS, RETENTION) == END + timedelta(days=7)


@pytest.mark.parametrize(
    ("consents", "active_days_after", "kept_days"),
    [
        (CONTACT, 0, 30),
        (CONTACT, 29, 30),  # without the consent, activity changes nothing
        (KEEP, 0, 365),
        (KEEP, 100, 465),
        (KEEP, -400, 30),  # inactive for long, but never erased before the others
    ],
)
def test_a_profile_is_erased_after_the_ballot_unless_the_person_agreed(
    consents: frozenset[Purpose], active_days_after: int, kept_days: int
) -> None:
    expires = profile_expires(
        consents=consents,
        last_active_at=END + timedelta(days=active_days_after),
        ballots=BALLOTS,
        retention=RETENTION,
    )
    assert expires == END + timedelta(days=kept_days)


def test_a_purge_knows_its_cutoffs() -> None:
    now = END + timedelta(days=7)
    found = cutoffs(now=now, ballots=BALLOTS, retention=RETENTION)
    assert found.votes
    assert not found.profiles
    assert found.unfinished_since == now - timedelta(days=7)
    assert found.events_ended == now - timedelta(days=30)
    assert not cutoffs(now=now - timedelta(seconds=1), ballots=BALLOTS, retention=RETENTION).votes
    assert cutoffs(now=END + timedelta(days=30), ballots=BALLOTS, retention=RETENTION).profiles


def test_the_four_purposes_allow_what_they_say() -> None:
    assert frozenset(Purpose) == REQUIRED | OPTIONAL
    assert may_contact(CONTACT)
    assert not may_contact(OPTIONAL)
    assert not may_choose_by_commune(CONTACT)
    assert may_choose_by_commune({Purpose.CONTACT, Purpose.COMMUNE})
    assert not may_choose_by_commune({Purpose.COMMUNE})
    assert may_share_with_team({Purpose.TEAM})
    assert not may_share_with_team(KEEP)
    assert may_keep_after_ballot(KEEP)
    assert not may_keep_after_ballot(CONTACT)


@pytest.mark.parametrize(("age", "expected"), [(16, False), (17, True), (18, True)])
def test_nobody_under_seventeen(age: int, *, expected: bool) -> None:
    assert is_old_enough(age) is expected
