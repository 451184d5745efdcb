"""What may be said of a difference: held against scipy, published figures, and many made-up campaigns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.effects import (
    Count,
    Interval,
    Verdict,
    between_versions,
    change_found,
    compared,
    confidence_for,
    headline,
    judged,
    matters,
    newcombe,
    people_needed,
    people_to_rule_out,
    prospect,
    split_of,
    wilson,
    with_gone,
)
from bot.rules.experiments import HOLDOUT, Experiment, Outcome

RATE = 0.1
TWO = Experiment(versions=2, goal=Outcome.RSVP)
BOTH = Experiment(versions=3, holdout=10, goal=Outcome.RSVP)
LEFT_OUT = Experiment(holdout=20, goal=Outcome.RSVP)
COUNTS = st.integers(1, 5_000).flatmap(
    lambda drawn: st.builds(Count, drawn=st.just(drawn), did=st.integers(0, drawn))
)

SCIPY = pytest.mark.xdist_group("scipy")
"""It takes over a second to load: one worker does, and only for these tests."""


@SCIPY
@given(COUNTS, st.sampled_from((0.9, 0.95, 0.99)))
def test_wilson_is_scipys(count: Count, confidence: float) -> None:
    from scipy import stats

    theirs = stats.binomtest(count.did, count.drawn).proportion_ci(confidence, method="wilson")
    ours = wilson(count, confidence=confidence)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        # Newcombe (1998), table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_as_he_published_it(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = newcombe(Count(did=one[0], drawn=one[1]), Count(did=other[0], drawn=other[1]))
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(COUNTS, COUNTS)
def test_an_interval_holds_the_difference_and_turns_with_it(one: Count, other: Count) -> None:
    found, turned = newcombe(one, other), newcombe(other, one)
    assert -1 <= found.low <= one.rate - other.rate <= found.high <= 1
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))
    wider = newcombe(one, other, confidence=0.99)
    assert wider.low <= found.low <= found.high <= wider.high


@SCIPY
@given(st.lists(st.integers(0, 400), min_size=4, max_size=4), st.sampled_from((TWO, LEFT_OUT, BOTH)))
def test_a_split_is_checked_as_scipy_checks_it(people: list[int], experiment: Experiment) -> None:
    from scipy import stats

    counted = dict(zip(experiment.arms, people, strict=False))
    found = split_of(experiment, counted)
    expected = list(found.expected.values())
    if min(expected) < 5:
        assert found.p is None
        return
    assert found.p == pytest.approx(stats.chisquare(list(found.counted.values()), expected).pvalue, abs=1e-12)


def test_a_split_that_was_not_made_by_the_lot_is_believed_by_nobody() -> None:
    """A tenth of one version is gone."""
    counted = {"A": 5_000, "B": 4_500}
    assert not split_of(TWO, counted).fits
    assert split_of(TWO, {"A": 5_000, "B": 4_950}).fits
    counts = {
        arm: Count(drawn=drawn, did=drawn // (2 if arm == "B" else 10)) for arm, drawn in counted.items()
    }
    (finding,) = judged(TWO, Outcome.RSVP, counts, is_over=True, fits=False)
    assert finding.verdict is Verdict.TOO_FEW
    assert finding.would_do is None


def test_how_many_it_takes() -> None:
    """From 10 % to 12 % 3,800 in each group; 0.74 points of a turnout of 65 % take 65,000."""
    assert people_needed(0.10) == pytest.approx(3_841, abs=1)
    assert people_needed(0.65, change=0.0074) == pytest.approx(65_000, rel=0.01)
    assert change_found(3_841, 0.10) == pytest.approx(0.02, abs=1e-4)
    assert people_needed(0.10, confidence=0.99) > people_needed(0.10)
    assert people_needed(0.0) < 50_000, "A rate of nothing does not ask for everybody in the world."


def test_what_so_many_people_would_show_is_told_beforehand() -> None:
    told = prospect(TWO, 7_682)
    assert (told.people, told.change) == (3_841, pytest.approx(0.02, abs=1e-4))
    assert prospect(LEFT_OUT, 100).people == 20
    unlike, alike = prospect(LEFT_OUT, 5_000), prospect(TWO, 3_200)
    assert (unlike.people, unlike.beside) == (1_000, 4_000)
    assert unlike.change == pytest.approx(alike.change), "1,000 beside 4,000 tell as much as 1,600 in each."
    assert prospect(LEFT_OUT, 40).change is None
    assert prospect(TWO, 0).change is None


def two(drawn: int, one: int, other: int) -> dict[str, Count]:
    return {"A": Count(drawn=drawn, did=one), "B": Count(drawn=drawn, did=other)}


@pytest.mark.parametrize(
    ("counts", "is_over", "verdict", "is_worse"),
    [
        (two(4_000, 400, 520), True, Verdict.WORKS, False),
        (two(4_000, 400, 520), False, Verdict.TOO_EARLY, False),
        (two(4_000, 520, 400), True, Verdict.DOES_NOT, True),
        (two(4_000, 400, 410), True, Verdict.DOES_NOT, False),
        (two(400, 40, 44), True, Verdict.TOO_FEW, False),
        # Of enough people to find a change from 10 % to 12 %; it may still be one, and may be none.
        (two(4_000, 400, 445), True, Verdict.TOO_FEW, False),
        (two(4_800, 480, 530), True, Verdict.TOO_FEW, False),
        (two(60_000, 0, 0), True, Verdict.DOES_NOT, False),
        (two(5, 0, 5), True, Verdict.WORKS, False),
        ({}, True, Verdict.TOO_FEW, False),
    ],
)
def test_what_is_said(counts: dict[str, Count], verdict: Verdict, *, is_over: bool, is_worse: bool) -> None:
    (finding,) = judged(TWO, Outcome.RSVP, counts, is_over=is_over)
    assert (finding.verdict, finding.is_worse) == (verdict, is_worse)
    assert (finding.interval is None) is (not is_over or not counts)
    assert (finding.would_do is not None) is (verdict is Verdict.TOO_FEW and 0 < finding.count.drawn < 4_729)


def test_it_does_not_only_where_no_change_that_matters_is_possible() -> None:
    """As many people as would do say so four times in five; and it is said of nothing that may matter."""
    made = np.random.default_rng(5)
    enough, said = people_to_rule_out(RATE), 0
    for a, b in made.binomial(enough, RATE, (400, 2)):
        (finding,) = judged(TWO, Outcome.RSVP, two(enough, int(a), int(b)), is_over=True)
        said += finding.verdict is Verdict.DOES_NOT and not finding.is_worse
    assert said / 400 == pytest.approx(0.8, abs=0.08)


@given(st.integers(1, 20_000), st.floats(0, 1), st.floats(0, 1), st.sampled_from((TWO, LEFT_OUT, BOTH)))
def test_what_is_printed_is_what_is_judged(drawn: int, one: float, other: float, which: Experiment) -> None:
    counts = {
        arm: Count(drawn=drawn, did=int(drawn * (one if at else other))) for at, arm in enumerate(which.arms)
    }
    for finding in judged(which, Outcome.RSVP, counts, is_over=True):
        interval = finding.interval
        assert interval == newcombe(finding.count, finding.base, confidence=finding.confidence)
        assert finding.confidence == confidence_for(which, Outcome.RSVP)
        if finding.verdict is Verdict.WORKS:
            assert interval.low > 0
        elif finding.verdict is Verdict.DOES_NOT and not finding.is_worse:
            assert max(-interval.low, interval.high) < matters(finding.base.rate)


def test_who_had_everything_erased_drew_and_stopped() -> None:
    counts = {"A": Count(drawn=50, did=5), "B": Count(drawn=40, did=5)}
    stopped = with_gone(Outcome.STOPPED, counts, {"B": 10})
    assert stopped == {"A": Count(drawn=50, did=5), "B": Count(drawn=50, did=15)}
    assert with_gone(Outcome.RSVP, counts, {"B": 10})["B"] == Count(drawn=50, did=5)


def test_fewer_who_stop_are_better() -> None:
    (finding,) = judged(TWO, Outcome.STOPPED, two(4_000, 520, 300), is_over=True)
    assert finding.verdict is Verdict.WORKS


def test_who_is_set_beside_whom() -> None:
    beside = (("A", HOLDOUT), ("B", HOLDOUT), ("C", HOLDOUT), ("B", "A"), ("C", "A"))
    assert compared(BOTH) == beside
    assert compared(TWO) == (("B", "A"),)
    assert confidence_for(TWO, Outcome.RSVP) == pytest.approx(0.95)
    assert confidence_for(BOTH, Outcome.RSVP) == pytest.approx(0.99)


def test_the_sentence_is_about_a_difference_where_there_is_one() -> None:
    counts = {
        HOLDOUT: Count(drawn=4_000, did=400),
        "A": Count(drawn=4_000, did=410),
        "B": Count(drawn=4_000, did=620),
        "C": Count(drawn=4_000, did=500),
    }
    findings = judged(BOTH, Outcome.RSVP, counts, is_over=True)
    told = headline(findings)
    assert told is not None
    assert (told.arm, told.against, told.verdict) == ("B", HOLDOUT, Verdict.WORKS)
    between = between_versions(told, findings)
    assert between is not None
    assert (between.arm, between.against, between.verdict) == ("B", "A", Verdict.WORKS)
    assert between_versions(between, findings) is None, "It was told already."
    assert headline([]) is None


# -- many campaigns --

CAMPAIGNS, PEOPLE, EVERY = 1_500, 2_000, 50


def winners(look: Callable[[np.ndarray, np.ndarray], bool], *, seed: int) -> float:
    """How many campaigns of which both versions are alike find a winner: looked at every 50 people, up to the end."""
    made = np.random.default_rng(seed)
    found = 0
    for _ in range(CAMPAIGNS):
        one, other = (made.random(PEOPLE) < RATE for _ in range(2))
        at = np.arange(EVERY, PEOPLE + 1, EVERY)
        found += look(np.cumsum(one)[at - 1], np.cumsum(other)[at - 1])
    return found / CAMPAIGNS


def test_whoever_looks_every_fifty_people_finds_no_more_winners_than_chance_allows() -> None:
    def ours(one: np.ndarray, other: np.ndarray) -> bool:
        """All looks but the last one say that it is too early."""
        looks = [
            judged(TWO, Outcome.RSVP, two(EVERY * number, int(a), int(b)), is_over=EVERY * number == PEOPLE)
            for number, (a, b) in enumerate(zip(one, other, strict=True), 1)
        ]
        return any(each.verdict is Verdict.WORKS or each.is_worse for (each,) in looks)

    assert winners(ours, seed=7) <= 0.05 + 1.96 * np.sqrt(0.05 * 0.95 / CAMPAIGNS)


def test_why_nobody_is_told_before_the_end() -> None:
    """The same looks, taken as if each were the last: what other tools do, and what this one is made against."""

    def theirs(one: np.ndarray, other: np.ndarray) -> bool:
        drawn = EVERY * np.arange(1, len(one) + 1)
        both = (one + other) / (2 * drawn)
        spread = np.sqrt(np.maximum(2 * both * (1 - both) / drawn, 1e-12))
        return bool((np.abs(one - other) / drawn / spread > 1.96).any())

    assert winners(theirs, seed=7) > 0.2


@pytest.mark.parametrize(
    ("people", "one", "other"), [(200, 0.1, 0.12), (1_000, 0.1, 0.1), (4_000, 0.1, 0.12), (500, 0.5, 0.4)]
)
def test_intervals_hold_what_they_say(people: int, one: float, other: float) -> None:
    """19 of 20 of them hold the true difference, within one in a hundred."""
    made = np.random.default_rng(11)
    times = 6_000
    found = zip(made.binomial(people, one, times), made.binomial(people, other, times), strict=True)
    held = sum(
        _holds(newcombe(Count(drawn=people, did=int(a)), Count(drawn=people, did=int(b))), one - other)
        for a, b in found
    )
    assert held / times == pytest.approx(0.95, abs=0.01)


def _holds(interval: Interval, difference: float) -> bool:
    return interval.low <= difference <= interval.high


def test_of_all_that_is_looked_at_chance_makes_a_winner_one_time_in_twenty() -> None:
    """Three versions and people left out, in the goal alone and in all the rest together."""
    made = np.random.default_rng(3)
    times, drawn = 400, {HOLDOUT: 300, "A": 900, "B": 900, "C": 900}
    found = {"goal": 0, "rest": 0}
    for _ in range(times):
        hits = {"goal": False, "rest": False}
        for outcome in BOTH.outcomes:
            counts = {arm: Count(drawn=n, did=int(made.binomial(n, 0.2))) for arm, n in drawn.items()}
            some = judged(BOTH, outcome, counts, is_over=True)
            which = "goal" if outcome is BOTH.goal else "rest"
            hits[which] |= any(each.verdict is Verdict.WORKS or each.is_worse for each in some)
        for which, hit in hits.items():
            found[which] += hit
    assert max(found.values()) / times <= 0.05 + 1.96 * np.sqrt(0.05 * 0.95 / times)
