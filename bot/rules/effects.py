"""Whether a message changed what people did: rates, differences with their intervals, and what may be said of them.

Nothing is judged before everybody was counted (`bot.rules.experiments.counted_until`): who looks every day and stops at
the first good number finds winners that are none. Everybody counts who was drawn, whether or not it reached them.

Newcombe, “Interval estimation for the difference between independent proportions”, Statistics in Medicine 17 (1998),
method 10; it holds for few people too. `scipy` and `statsmodels` are the oracles of the tests.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from statistics import NormalDist

from bot.frozen import Frozen
from bot.rules.experiments import HOLDOUT, VERSIONS, Experiment, Outcome

CONFIDENCE = 0.95
POWER = 0.8
"""How surely a difference that matters is found, where there are people enough."""
MATTERS = 0.2
"""The smallest change of a rate that matters: by a fifth of it, from 10 % to 12 %."""
RAREST = 0.01
"""A rate below it is taken for it where people are counted that would be needed."""
BROKEN_SPLIT = 0.001
"""A split that chance alone makes so seldom was not made by the lot alone."""
FEWEST_EXPECTED = 5
"""The fewest people of a group whose split can be checked."""

_NORMAL = NormalDist()


class Verdict(StrEnum):
    """What may be said of a difference."""

    WORKS = "works"
    DOES_NOT = "does not"
    TOO_FEW = "too few to know"
    TOO_EARLY = "too early"


class HowMuchLeft(StrEnum):
    """How much of a message left in the end. Of one that nobody got nothing is judged."""

    ALL = "all"
    PART = "part"
    NOTHING = "nothing"


class Count(Frozen):
    """Of so many people who were drawn, so many did it."""

    drawn: int
    did: int

    @property
    def rate(self) -> float:
        return self.did / self.drawn if self.drawn else 0.0


class Interval(Frozen):
    """Between which two numbers a difference of rates lies."""

    low: float
    high: float


def wilson(count: Count, *, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's interval of a rate; everything from 0 to 1 where nobody was drawn."""
    if not count.drawn:
        return Interval(low=0.0, high=1.0)
    z, n, p = _z(confidence), count.drawn, count.rate
    middle = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    width = 1 + z * z / n
    return Interval(low=max(0.0, (middle - half) / width), high=min(1.0, (middle + half) / width))


def newcombe(one: Count, other: Count, *, confidence: float = CONFIDENCE) -> Interval:
    """The interval of the difference of two rates, the first less the second."""
    first, second = wilson(one, confidence=confidence), wilson(other, confidence=confidence)
    difference = one.rate - other.rate
    return Interval(
        low=max(-1.0, difference - math.hypot(one.rate - first.low, second.high - other.rate)),
        high=min(1.0, difference + math.hypot(first.high - one.rate, other.rate - second.low)),
    )


def _z(confidence: float) -> float:
    return _NORMAL.inv_cdf((1 + confidence) / 2)


def people_needed(rate: float, *, change: float | None = None, confidence: float = CONFIDENCE) -> int:
    """How many people each group needs so that a change of a rate is found four times in five.

    `change`: of the rate itself (0.02: from 10 % to 12 %); else the smallest that matters.
    """
    rate = min(max(rate, RAREST), 1 - RAREST)
    change = matters(rate) if change is None else change
    other = rate + change if rate + change < 1 else rate - change
    both = (rate + other) / 2
    found = _z(confidence) * math.sqrt(2 * both * (1 - both))
    found += _NORMAL.inv_cdf(POWER) * math.sqrt(rate * (1 - rate) + other * (1 - other))
    return math.ceil((found / change) ** 2)


def matters(rate: float) -> float:
    """The smallest change of a rate that matters; of one above a half, by what is left of it."""
    rate = min(max(rate, RAREST), 1 - RAREST)
    return MATTERS * min(rate, 1 - rate)


def people_to_rule_out(rate: float, *, confidence: float = CONFIDENCE) -> int:
    """How many people each group needs so that, where nothing changes a rate, no change that matters is left possible,
    four times in five.
    """
    rate = min(max(rate, RAREST), 1 - RAREST)
    surely = _z(confidence) + _NORMAL.inv_cdf((1 + POWER) / 2)
    return math.ceil(2 * rate * (1 - rate) * (surely / matters(rate)) ** 2)


def change_found(people: int, rate: float, *, confidence: float = CONFIDENCE) -> float:
    """The smallest change of a rate that so many people in each group would show, four times in five."""
    low, high = 0.0, max(rate, 1 - rate)
    for _ in range(50):
        middle = (low + high) / 2
        enough = middle > 0 and people_needed(rate, change=middle, confidence=confidence) <= people
        low, high = (low, middle) if enough else (middle, high)
    return high


class Prospect(Frozen):
    """What two groups would show of a rate: a change so large; None: hardly any. The smallest of all (`people`), and
    the one `beside` which it stands.
    """

    people: int
    beside: int
    rate: float
    change: float | None


SUPPOSED = 0.1
"""The rate that is supposed where nobody knows it yet: one person in ten does it."""
HOPELESS = 0.4
"""A change of it that no words bring about."""


def prospect(experiment: Experiment, people: int) -> Prospect:
    """What an experiment with so many people would show, told before it is sent."""
    shares, confidence = experiment.shares, confidence_for(experiment, experiment.goal)
    pairs = [sorted(int(people * shares[arm]) for arm in pair) for pair in compared(experiment)]
    few, beside = min(pairs, key=lambda pair: (pair[0], pair[1]))
    # As many as two groups of one size would need to be as precise: the harmonic mean.
    alike = 2 * few * beside // (few + beside) if few else 0
    change = change_found(alike, SUPPOSED, confidence=confidence)
    return Prospect(people=few, beside=beside, rate=SUPPOSED, change=change if change < HOPELESS else None)


# -- whether the lot was kept --


class Split(Frozen):
    """How many people each group has and how many it was drawn for; `p`: how often chance alone is further off.

    None: too few to check.
    """

    counted: Mapping[str, int]
    expected: Mapping[str, float]
    p: float | None

    @property
    def fits(self) -> bool:
        """Whether the lot alone may have made it."""
        return self.p is None or self.p >= BROKEN_SPLIT


def split_of(experiment: Experiment, counted: Mapping[str, int]) -> Split:
    """The groups as they are, beside what was drawn (chi-square)."""
    total = sum(counted.values())
    expected = {arm: share * total for arm, share in experiment.shares.items()}
    p = None
    if len(expected) > 1 and min(expected.values()) >= FEWEST_EXPECTED:
        chi = sum((counted.get(arm, 0) - wanted) ** 2 / wanted for arm, wanted in expected.items())
        p = _beyond(chi, len(expected) - 1)
    return Split(counted={arm: counted.get(arm, 0) for arm in expected}, expected=expected, p=p)


def _beyond(chi: float, freedom: int) -> float:
    """How often a chi-square of one to three degrees of freedom is larger."""
    if freedom == 2:
        return math.exp(-chi / 2)
    tail = math.erfc(math.sqrt(chi / 2))
    return tail if freedom == 1 else tail + math.sqrt(2 * chi / math.pi) * math.exp(-chi / 2)


# -- what is said --


class Finding(Frozen):
    """One group beside another (`against`) in one outcome. `would_do`: so many people in each group would be enough.

    `interval`: of the difference, so sure (`confidence`) that of all comparisons together chance makes a winner one
    time in twenty. `is_worse`: the difference is none of chance, and the wrong way.
    """

    outcome: Outcome
    arm: str
    against: str
    count: Count
    base: Count
    difference: float | None
    interval: Interval | None
    confidence: float
    verdict: Verdict
    is_worse: bool = False
    would_do: int | None = None


def compared(experiment: Experiment) -> tuple[tuple[str, str], ...]:
    """Which groups are set side by side: each version beside who is left out, and each later one beside the first."""
    versions = VERSIONS[: experiment.versions]
    left_out = ((arm, HOLDOUT) for arm in versions) if experiment.holdout else ()
    return (*left_out, *((arm, versions[0]) for arm in versions[1:]))


def confidence_for(experiment: Experiment, outcome: Outcome) -> float:
    """How sure each comparison has to be, so that of all of them together chance makes a winner one time in twenty.

    The goal is named before anything leaves, and judged by itself; whatever else is looked at shares the rest.
    """
    others = len(experiment.outcomes) - 1
    pairs = len(compared(experiment)) * (1 if outcome == experiment.goal else others)
    return 1 - (1 - CONFIDENCE) / max(1, pairs)


def judged(
    experiment: Experiment, outcome: Outcome, counts: Mapping[str, Count], *, is_over: bool, fits: bool = True
) -> list[Finding]:
    """What may be said of an outcome. `is_over`: everybody was counted. `fits`: the groups are as the lot made them."""
    none = Count(drawn=0, did=0)
    confidence = confidence_for(experiment, outcome)
    return [
        _judged(
            outcome,
            (arm, counts.get(arm, none)),
            (against, counts.get(against, none)),
            confidence=confidence,
            is_over=is_over,
            fits=fits,
        )
        for arm, against in compared(experiment)
    ]


def _judged(
    outcome: Outcome,
    one: tuple[str, Count],
    other: tuple[str, Count],
    *,
    confidence: float,
    is_over: bool,
    fits: bool,
) -> Finding:
    (arm, count), (against, base) = one, other
    is_known = is_over and bool(count.drawn and base.drawn)
    sure = newcombe(count, base, confidence=confidence)

    def found(verdict: Verdict, *, is_worse: bool = False, would_do: int | None = None) -> Finding:
        return Finding(
            outcome=outcome,
            arm=arm,
            against=against,
            count=count,
            base=base,
            difference=count.rate - base.rate if is_known else None,
            interval=sure if is_known else None,
            confidence=confidence,
            verdict=verdict,
            is_worse=is_worse,
            would_do=would_do,
        )

    if not is_over:
        return found(Verdict.TOO_EARLY)
    if not fits or not is_known:
        return found(Verdict.TOO_FEW)
    if sure.low > 0 or sure.high < 0:
        is_better = (sure.high < 0) if outcome is Outcome.STOPPED else (sure.low > 0)
        return found(Verdict.WORKS if is_better else Verdict.DOES_NOT, is_worse=not is_better)
    most = matters(base.rate)
    if -most < sure.low and sure.high < most:
        return found(Verdict.DOES_NOT)
    would_do = people_to_rule_out(base.rate, confidence=confidence)
    return found(Verdict.TOO_FEW, would_do=would_do if min(count.drawn, base.drawn) < would_do else None)


def with_gone(outcome: Outcome, counts: Mapping[str, Count], gone: Mapping[str, int]) -> dict[str, Count]:
    """The counts with those who had everything erased since it left: they drew, and they stopped the messages."""
    found = dict(counts)
    for arm, people in gone.items():
        before = found.get(arm, Count(drawn=0, did=0))
        stopped = people if outcome is Outcome.STOPPED else 0
        found[arm] = Count(drawn=before.drawn + people, did=before.did + stopped)
    return found


def headline(findings: Sequence[Finding]) -> Finding | None:
    """The one of the goal's findings that is told in a sentence: a difference before none, the largest first."""
    order = {Verdict.TOO_EARLY: 0, Verdict.WORKS: 1, Verdict.TOO_FEW: 3, Verdict.DOES_NOT: 4}

    def rank(finding: Finding) -> tuple[int, float]:
        return (2 if finding.is_worse else order[finding.verdict], -abs(finding.difference or 0.0))

    return min(findings, key=rank, default=None)


def between_versions(told: Finding, findings: Sequence[Finding]) -> Finding | None:
    """Of the goal's findings the one that says which version did better, where another one is `told`."""
    others = [each for each in findings if each.against != HOLDOUT]
    return headline(others) if told.against == HOLDOUT else None
