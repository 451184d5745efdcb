"""Drawing by lot: each person once, as often as was asked, and the same at every draw."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.experiments import (
    COUNTED_BY,
    COUNTED_FOR,
    HOLDOUT,
    MOST_HELD_OUT,
    REPORTED_WITHIN,
    VERSIONS,
    Experiment,
    Outcome,
    counted_until,
    erased_from,
    events_named,
    experiment_from,
    goals_of,
    lot_of,
    may_be_compared,
)
from bot.rules.kinds import Kind
from bot.rules.retention import Retention, final_ballot_end, votes_expire
from tests.conversation import CAMPAIGN

BALLOTS = CAMPAIGN.ballots
EXPERIMENTS = st.builds(
    Experiment,
    versions=st.integers(1, len(VERSIONS)),
    holdout=st.integers(0, MOST_HELD_OUT),
    goal=st.sampled_from(Outcome),
)
LEFT = datetime(2016, 11, 10, 12, tzinfo=UTC)


@given(EXPERIMENTS, st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(1, 10**9))
def test_everybody_draws_one_of_the_groups_and_always_the_same(
    experiment: Experiment, key: str, person: int
) -> None:
    drawn = experiment.drawn(lot_of(key, 7), person)
    assert drawn in experiment.arms
    assert drawn == experiment.drawn(lot_of(key, 7), person)


@given(EXPERIMENTS)
def test_it_is_kept_as_json(experiment: Experiment) -> None:
    assert experiment_from(experiment.as_json()) == experiment
    assert sum(experiment.shares.values()) == pytest.approx(1)


@pytest.mark.xdist_group("scipy")
def test_the_groups_are_as_large_as_chance_makes_them() -> None:
    """Over many keys the split is off as often as it has to be: neither a lot that is loaded nor one that is rigged."""
    from scipy import stats  # as in tests/rules/test_effects.py

    experiment = Experiment(versions=3, holdout=10, goal=Outcome.RSVP)
    people = range(1, 2_001)
    found = []
    for key in range(150):
        lot = lot_of(str(key), 1)
        groups = Counter(experiment.drawn(lot, person) for person in people)
        expected = [share * len(people) for share in experiment.shares.values()]
        found.append(stats.chisquare([groups[arm] for arm in experiment.arms], expected).pvalue)
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_two_messages_are_drawn_for_anew() -> None:
    """Who is left out of one is no more often left out of the next."""
    experiment = Experiment(holdout=20, goal=Outcome.RSVP)
    one, other = lot_of("key", 1), lot_of("key", 2)
    left_out = [person for person in range(5_000) if experiment.drawn(one, person) == HOLDOUT]
    again = sum(experiment.drawn(other, person) == HOLDOUT for person in left_out)
    assert again / len(left_out) == pytest.approx(0.2, abs=0.05)


def test_nobody_who_lacks_the_key_can_tell() -> None:
    experiment = Experiment(versions=2, goal=Outcome.RSVP)
    draws = {key: [experiment.drawn(lot_of(key, 1), person) for person in range(64)] for key in "ab"}
    assert draws["a"] != draws["b"]


@pytest.mark.parametrize("kind", Kind)
def test_what_people_are_owed_is_never_compared(kind: Kind) -> None:
    wanted = {Kind.PERSUASION, Kind.GOTV, Kind.POLL, Kind.RESULT}
    assert may_be_compared(kind, template=None) is (kind in wanted)
    assert not may_be_compared(kind, template="neutral/reminder")


def test_goals_are_those_that_can_be_counted() -> None:
    assert Outcome.VOTED not in goals_of(votes_to_come=False)
    assert goals_of(votes_to_come=True) == tuple(Outcome)[:-1]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Venez : https://t.me/portevoix_bot?start=ev_ab12", ("ab12",)),
        (
            '<a href="https://t.me/bot?start=ev_ab12&amp;x=1">ici</a>, t.me/bot?start=ev_cd34',
            ("ab12", "cd34"),
        ),
        ("ev_ab12 sans lien, et ?start=r_ab12", ()),
    ],
)
def test_the_events_that_a_text_names(text: str, codes: tuple[str, ...]) -> None:
    assert events_named([text]) == codes


@pytest.mark.parametrize(
    ("outcome", "events_end", "vote_ends", "known"),
    [
        (Outcome.RSVP, None, None, LEFT + COUNTED_FOR),
        (Outcome.CAME, LEFT + timedelta(days=20), None, LEFT + timedelta(days=20) + REPORTED_WITHIN),
        (Outcome.CAME, None, None, LEFT + COUNTED_FOR),
        (Outcome.VOTED, None, LEFT + timedelta(days=10), LEFT + timedelta(days=10) + COUNTED_BY),
        # Nobody plans once the vote is over.
        (Outcome.PLANNED, None, LEFT + timedelta(days=2), LEFT + timedelta(days=2)),
        (Outcome.PLANNED, None, LEFT + timedelta(days=20), LEFT + COUNTED_FOR),
    ],
)
def test_when_an_outcome_is_known(
    outcome: Outcome, events_end: datetime | None, vote_ends: datetime | None, known: datetime
) -> None:
    assert counted_until(outcome, left_at=LEFT, events_end=events_end, vote_ends=vote_ends) == known


@pytest.mark.parametrize(
    ("outcome", "first_event_ends", "erased"),
    [
        # Answers to an event are erased thirty days after it; where none is named, any may be the first.
        (Outcome.RSVP, LEFT + timedelta(days=5), LEFT + timedelta(days=35)),
        (Outcome.OPENED, None, LEFT + timedelta(days=30)),
        # Plans and votes a week after the last round, profiles thirty days after it.
        (Outcome.VOTED, None, votes_expire(BALLOTS, Retention())),
        (Outcome.STOPPED, None, final_ballot_end(BALLOTS) + timedelta(days=30)),
        (Outcome.CAME, LEFT + timedelta(days=90), final_ballot_end(BALLOTS) + timedelta(days=30)),
    ],
)
def test_what_was_erased_is_not_counted(
    outcome: Outcome, first_event_ends: datetime | None, erased: datetime
) -> None:
    found = erased_from(
        outcome, since=LEFT, first_event_ends=first_event_ends, ballots=BALLOTS, retention=Retention()
    )
    assert found == erased
