"""A planted breach of each rule is found, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from bot.rehearsal.broken import Rule
from tests.rehearsal.lives import (
    ALL_IS_WELL,
    ALL_STEPS,
    CANCELLED,
    ECHO,
    GO,
    INVITATION,
    LAST,
    NEUTRAL,
    NEUTRAL_AGAIN,
    NEUTRAL_MORE,
    NEWS,
    OFFERED,
    PLAN,
    PLANNED_LATE,
    PLEDGE,
    RESULT,
    SPEECH,
    THANKS,
    TYPED,
    WHERE,
    Happening,
    rules,
    step,
)


def test_a_life_in_which_all_is_well() -> None:
    assert rules(*ALL_IS_WELL, missed=tuple(n for n in ALL_STEPS if n >= 20)) == []


@pytest.mark.parametrize(
    ("rule", "happenings"),
    [
        # Saturday noon in Paris: the charter has ended the campaign.
        (Rule.QUIET_PERIOD, [("2016-11-19T12:00+01:00", NEWS)]),
        # Sunday 19:59: the last polling places are closed, and results still under embargo.
        (Rule.QUIET_PERIOD, [("2016-11-20T19:59+01:00", RESULT)]),
        (Rule.TWICE, [("2016-11-02T12:00+01:00", NEWS), ("2016-11-10T12:00+01:00", NEWS)]),
        # The first minute that is too late, and the last that is too early.
        (Rule.COURTESY_HOURS, [("2016-11-02T20:30+01:00", NEWS)]),
        # A seat that came free is offered at no other hour, and in no quiet period.
        (Rule.COURTESY_HOURS, [("2016-11-02T20:30+01:00", OFFERED)]),
        (Rule.TOO_LATE, [("2016-11-24T18:30+01:00", OFFERED)]),
        (Rule.QUIET_PERIOD, [("2016-11-19T10:00+01:00", OFFERED)]),
        (Rule.COURTESY_HOURS, [("2016-11-02T08:59+01:00", NEWS)]),
        (Rule.CAP_DAY, [("2016-11-02T12:00+01:00", NEWS), ("2016-11-02T19:00+01:00", INVITATION)]),
        # Three partisan messages in seven days, then a fourth a minute before the first leaves them.
        (
            Rule.CAP_WEEK,
            [
                ("2016-11-01T12:00+01:00", NEWS),
                ("2016-11-03T12:00+01:00", INVITATION),
                ("2016-11-05T12:00+01:00", SPEECH),
                ("2016-11-08T11:59+01:00", RESULT),
            ],
        ),
        (Rule.TOO_EARLY, [("2016-10-30T17:59+01:00", PLEDGE)]),
        # It leaves an hour after what it follows, and not sooner.
        (Rule.TOO_EARLY, [PLANNED_LATE, ("2016-11-20T17:00+01:00", GO), ("2016-11-20T17:59+01:00", LAST)]),
        (Rule.TOO_LATE, [("2016-11-12T18:00+01:00", PLEDGE)]),
        (Rule.DELAYED, [("2016-10-30T18:10+01:00", PLEDGE)]),
        (
            Rule.AFTER_VOTED,
            [
                ("2016-11-20T11:00+01:00", GO),
                ("2016-11-20T12:20+01:00", "1:step:1:turnout:voted"),
                ("2016-11-20T16:30+01:00", LAST),
            ],
        ),
        (
            Rule.AFTER_CANNOT,
            [
                ("2016-10-30T18:00+01:00", PLEDGE),
                ("2016-10-30T18:20+01:00", "1:step:1:pledge:cannot"),
                ("2016-11-12T18:00+01:00", WHERE),
            ],
        ),
        # "Can't" to the pledge, which is asked once, holds for the second round too.
        (
            Rule.AFTER_CANNOT,
            [
                ("2016-10-30T18:00+01:00", PLEDGE),
                ("2016-10-30T18:20+01:00", "1:step:1:pledge:cannot"),
                ("2016-11-23T18:00+01:00", step(2, "plan")),
            ],
        ),
        (Rule.AFTER_STOP, [("2016-11-01T10:00+01:00", "STOP"), ("2016-11-02T12:00+01:00", NEWS)]),
        (Rule.AFTER_STOP, [("2016-11-01T10:00+01:00", "1:delete:yes"), ("2016-11-02T12:00+01:00", NEWS)]),
        (
            Rule.RESTRICTED,
            [("2016-11-01T10:00+01:00", "1:restriction:accuracy"), ("2016-11-02T12:00+01:00", NEWS)],
        ),
        (Rule.AFTER_BLOCK, [("2016-11-01T10:00+01:00", "block"), ("2016-11-02T12:00+01:00", NEWS)]),
        (Rule.MUTED, [("2016-11-01T10:00+01:00", "1:optout:news"), ("2016-11-02T12:00+01:00", NEWS)]),
        (
            Rule.MUTED,
            [("2016-11-01T10:00+01:00", "1:optout:reminders"), ("2016-11-18T18:00+01:00", ECHO)],
        ),
        # Two questions left unanswered: only echo and go remain.
        (
            Rule.NOT_MEANT,
            [
                ("2016-10-30T18:00+01:00", PLEDGE),
                ("2016-11-12T18:00+01:00", WHERE),
                ("2016-11-16T18:00+01:00", PLAN),
            ],
        ),
        (Rule.UNEXPLAINED, [("2016-11-02T12:00+01:00", 999)]),
        # Neutral reminders of the team: the program's words, one a day, two in seven days, not to who has told.
        (Rule.NOT_NEUTRAL, [("2016-11-19T12:00+01:00", TYPED)]),
        (Rule.CAP_DAY, [("2016-11-19T12:00+01:00", NEUTRAL), ("2016-11-19T18:00+01:00", NEUTRAL_AGAIN)]),
        (Rule.CAP_DAY, [("2016-11-20T11:00+01:00", GO), ("2016-11-20T12:00+01:00", NEUTRAL)]),
        (
            Rule.CAP_WEEK,
            [
                ("2016-11-13T12:01+01:00", NEUTRAL),
                ("2016-11-19T12:00+01:00", NEUTRAL_AGAIN),
                ("2016-11-20T12:00+01:00", NEUTRAL_MORE),
            ],
        ),
        (
            Rule.AFTER_VOTED,
            [
                ("2016-11-20T10:20+01:00", "1:step:1:turnout:voted"),
                ("2016-11-20T12:00+01:00", NEUTRAL),
            ],
        ),
        (
            Rule.AFTER_CANNOT,
            [
                ("2016-11-18T10:20+01:00", "1:step:1:turnout:cannot"),
                ("2016-11-19T12:00+01:00", NEUTRAL),
            ],
        ),
    ],
)
def test_a_planted_breach_is_found(rule: Rule, happenings: list[Happening]) -> None:
    assert rules(*happenings) == [rule]


@pytest.mark.parametrize(
    "happenings",
    [
        # A cancelled event must be told, whenever.
        [("2016-11-19T12:00+01:00", CANCELLED)],
        # The evening's end of the hours is for the thanks alone.
        [("2016-11-20T20:30+01:00", THANKS)],
        # The fourth one leaves once the first is seven days old.
        [
            ("2016-11-01T12:00+01:00", NEWS),
            ("2016-11-03T12:00+01:00", INVITATION),
            ("2016-11-05T12:00+01:00", SPEECH),
            ("2016-11-08T12:00+01:00", RESULT),
        ],
        # What the caps put off comes later: the day before was the day's one message.
        [("2016-10-30T12:00+01:00", NEWS), ("2016-10-31T09:00+01:00", PLEDGE)],
        # Who answers at last is asked again.
        [
            ("2016-10-30T18:00+01:00", PLEDGE),
            ("2016-11-12T18:00+01:00", WHERE),
            ("2016-11-12T18:20+01:00", "1:step:1:place:known"),
            ("2016-11-16T18:00+01:00", PLAN),
        ],
        # Neutral reminders on the eve, on the day, and again in the second week; they count for nobody else's caps.
        [
            ("2016-11-12T12:00+01:00", NEUTRAL),
            ("2016-11-18T12:00+01:00", NEUTRAL_AGAIN),
            ("2016-11-19T12:00+01:00", NEUTRAL_MORE),
            ("2016-11-20T11:00+01:00", GO),
        ],
        # It follows an hour after what came late, by a plan for the last hour.
        [PLANNED_LATE, ("2016-11-20T17:00+01:00", GO), ("2016-11-20T18:00+01:00", LAST)],
        # An answer at the same instant is no message that nobody asked for.
        [("2016-11-02T12:00+01:00", "/menu"), ("2016-11-02T12:00+01:00", 999)],
    ],
)
def test_what_looks_like_a_breach_and_is_none(happenings: list[Happening]) -> None:
    assert rules(*happenings) == []
