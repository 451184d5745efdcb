"""Who was reminded in the last two days of a round, and what explains why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.campaign.campaign import load_campaign
from bot.rehearsal.reminding import Reminded
from tests.rehearsal.lives import (
    CAMPAIGN,
    CLAIRE,
    ECHO,
    GO,
    INVITATION,
    NEWS,
    NOUMEA,
    PLEDGE,
    SILENT,
    TWO_IN_THE_WEEK,
    WHERE,
    Happening,
    reminded,
)


@pytest.mark.parametrize(
    ("why", "happenings"),
    [
        (Reminded.YES, [("2016-11-18T18:00+01:00", ECHO), ("2016-11-20T11:00+01:00", GO)]),
        # The day's one message was another: the caps held back `echo`, and nothing `go`.
        (Reminded.YES, [("2016-11-18T12:00+01:00", NEWS), ("2016-11-20T11:00+01:00", GO)]),
        # What remains for the silent was due to somebody silent, and there was room.
        (None, [("2016-11-18T18:00+01:00", ECHO)]),
        (None, [*TWO_IN_THE_WEEK[2:], ("2016-11-20T11:00+01:00", GO)]),
        (Reminded.LEFT, [("2016-11-15T12:00+01:00", "STOP")]),
        (Reminded.LEFT, [("2016-11-19T12:00+01:00", "block")]),
        (Reminded.MUTED, [("2016-11-15T12:00+01:00", "1:optout:reminders")]),
        (
            Reminded.CANNOT,
            [("2016-10-30T18:00+01:00", PLEDGE), ("2016-10-30T18:20+01:00", "1:step:1:pledge:cannot")],
        ),
        # Out of reach when both were due, and back on the day.
        (Reminded.LATE, [("2016-11-15T12:00+01:00", "block"), ("2016-11-20T14:00+01:00", "start")]),
        # Nothing held `go` back, whatever held back `echo`.
        (None, [("2016-11-18T12:00+01:00", NEWS)]),
        # A news of the week before is no reminder of this round.
        (None, [("2016-11-12T18:00+01:00", WHERE)]),
        (None, TWO_IN_THE_WEEK),
    ],
)
def test_who_was_reminded_in_the_last_two_days_or_why_not(
    why: Reminded | None, happenings: list[Happening]
) -> None:
    assert reminded(*happenings) == [why]


@pytest.mark.parametrize(
    ("why", "happenings"),
    [
        # The day's one message was another, and the quiet period begins at midnight.
        (Reminded.CAPS, [("2016-11-18T12:00+01:00", NEWS)]),
        # Three in the week.
        (Reminded.CAPS, [*TWO_IN_THE_WEEK, ("2016-11-17T12:00+01:00", INVITATION)]),
        # Two are no reason.
        (None, list(TWO_IN_THE_WEEK[2:])),
    ],
)
def test_without_reminders_on_the_day_the_caps_may_stop_the_last_one(
    why: Reminded | None, happenings: list[Happening], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = tuple(each for each in CAMPAIGN.steps if each.name not in {"go", "last"})
    monkeypatch.setattr("tests.rehearsal.lives.CAMPAIGN", replace(CAMPAIGN, steps=steps))
    assert reminded(*happenings) == [why]
    only_where = tuple(each for each in steps if each.name != "echo")
    monkeypatch.setattr("tests.rehearsal.lives.CAMPAIGN", replace(CAMPAIGN, steps=only_where))
    assert reminded(*happenings) == [Reminded.NO_STEP]


def test_a_step_that_the_silent_do_not_get_is_said_to_be_none_of_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = tuple(replace(each, when_silent=False) for each in CAMPAIGN.steps)
    monkeypatch.setattr("tests.rehearsal.lives.CAMPAIGN", replace(CAMPAIGN, steps=steps))
    assert reminded(*SILENT) == [Reminded.SILENT]
    assert reminded(*SILENT[:1]) == [None]


def test_where_the_law_holds_back_the_reminders_of_the_day_it_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under the electoral code, which lets no neutral reminder leave unless the campaign file allows it."""
    code = load_campaign(Path(__file__).parents[2] / "campaigns" / "presidentielle-2027").law
    steps = tuple(each for each in CAMPAIGN.steps if each.name != "echo")
    monkeypatch.setattr("tests.rehearsal.lives.CAMPAIGN", replace(CAMPAIGN, steps=steps, law=code))
    assert reminded() == [Reminded.QUIET]


def test_who_moves_in_the_last_days_may_miss_both_places_reminders() -> None:
    """At six in Paris it is four in the afternoon in Nouméa: too late for the one, and too early for the other."""
    moved = replace(CLAIRE, moves_to=NOUMEA, moves_at=datetime(2016, 11, 20, 5, tzinfo=UTC))
    happenings = [("2016-11-18T12:00+01:00", NEWS), ("2016-11-20T06:00+01:00", "/settings")]
    assert reminded(*happenings, member=moved) == [Reminded.MOVED]
