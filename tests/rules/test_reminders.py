"""Reminder steps for one person: who gets which, when."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from bot.campaign.campaign import load_campaign
from bot.rules.consent import Purpose
from bot.rules.kinds import Mute
from bot.rules.moments import parse_moment
from bot.rules.people import PersonFacts, PersonState, VoteFacts, VoteState
from bot.rules.reminders import (
    NotNow,
    Skip,
    ballots_of_cannot,
    occurrence_for,
    reason_to_skip,
)
from bot.rules.territories import zone
from tests.frozen import FROZEN
from tests.somebody import PARIS, SOMEBODY, due_now

CAMPAIGN = load_campaign(FROZEN)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(f"2016-{text}").replace(tzinfo=PARIS)


def due(facts: PersonFacts, now: datetime) -> str | None:
    """The one step that may leave now: of the default steps never two at once."""
    found = due_now(CAMPAIGN, facts, now)
    assert len(found) <= 1
    return f"{found[0][1].name} {found[0][0].number}" if found else None


def plan_skipped(facts: PersonFacts, now: datetime) -> NotNow | None:
    """Why the step `plan` of the first round is not to leave."""
    return reason_to_skip(
        step=CAMPAIGN.step("plan"),
        ballot=CAMPAIGN.ballot(1),
        schedule=CAMPAIGN.schedule,
        facts=facts,
        now=now,
        silent_after=CAMPAIGN.caps.silent_after,
    )


(PLAN,) = CAMPAIGN.occurrences(CAMPAIGN.ballot(1), CAMPAIGN.step("plan"), "FR")


def voting(state: VoteState, *, ballot: int = 1, sent: dict[str, datetime] | None = None) -> PersonFacts:
    return replace(SOMEBODY, votes={ballot: VoteFacts(state=state, sent=sent or {})})


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("10-30T17:59:59", None),
        ("10-30T18:00:00", "pledge 1"),
        ("11-12T17:59:59", "pledge 1"),  # still useful until the next step
        ("11-12T18:00:00", "where 1"),
        ("11-16T18:00:00", "plan 1"),
        ("11-18T18:00:00", "echo 1"),
        ("11-19T00:00:00", None),  # the eve
        ("11-20T11:00:00", "go 1"),  # no plan: an hour before midday
        ("11-20T19:00:00", None),  # the polls are closed
        ("11-20T20:30:00", "thanks 1"),
        ("11-22T20:30:00", None),
        ("11-23T18:00:00", "plan 2"),
        ("11-25T18:00:00", "echo 2"),
        ("11-27T11:00:00", "go 2"),
        ("11-27T20:30:00", "thanks 2"),
    ],
)
def test_who_registers_late_gets_the_step_that_matters(now: str, expected: str | None) -> None:
    assert due(SOMEBODY, paris(now)) == expected


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(SOMEBODY, state=PersonState.STOPPED), Skip.NOT_ACTIVE),
        (replace(SOMEBODY, state=PersonState.UNREACHABLE), Skip.NOT_ACTIVE),
        (replace(SOMEBODY, state=PersonState.UNFINISHED), Skip.NOT_ACTIVE),
        (replace(SOMEBODY, consents=frozenset({Purpose.TEAM})), Skip.NO_CONSENT),
        (replace(SOMEBODY, mutes=frozenset({Mute.REMINDERS})), Skip.MUTED),
        (replace(SOMEBODY, unanswered=2), Skip.SILENT),
        (voting(VoteState.VOTED), Skip.VOTED),
        (voting(VoteState.CANNOT), Skip.CANNOT),
        (replace(SOMEBODY, mutes=frozenset({Mute.NEWS, Mute.EVENTS})), None),
    ],
)
def test_why_a_step_does_not_leave(facts: PersonFacts, reason: Skip | None) -> None:
    assert plan_skipped(SOMEBODY, PLAN.at_utc) is None
    assert plan_skipped(facts, PLAN.at_utc) == (NotNow(reason=reason) if reason is not None else None)


def test_a_step_leaves_neither_before_its_time_nor_when_it_is_useless() -> None:
    before = plan_skipped(SOMEBODY, PLAN.at_utc - timedelta(seconds=1))
    assert before == NotNow(reason=Skip.NOT_YET, until=PLAN.at_utc)
    assert plan_skipped(SOMEBODY, PLAN.expires_at) == NotNow(reason=Skip.EXPIRED)


def test_a_step_is_silenced_as_a_reminder_and_by_its_kind() -> None:
    after = paris("11-20T20:30:00")  # the thanks, which are persuasion
    for mute in (Mute.REMINDERS, Mute.NEWS):
        assert due(replace(SOMEBODY, mutes=frozenset({mute})), after) is None
    assert due(replace(SOMEBODY, mutes=frozenset({Mute.EVENTS})), after) == "thanks 1"


def test_two_unanswered_steps_leave_only_echo_and_go() -> None:
    silent = replace(SOMEBODY, unanswered=2)
    assert due(silent, paris("11-12T18:00:00")) is None
    assert due(silent, paris("11-16T18:00:00")) is None
    assert due(silent, paris("11-18T18:00:00")) == "echo 1"
    assert due(silent, paris("11-20T11:00:00")) == "go 1"
    gone = replace(silent, votes={1: VoteFacts(sent={"go": paris("11-20T11:00:00")})})
    assert due(gone, paris("11-20T16:30:00")) is None
    assert due(silent, paris("11-20T20:30:00")) is None


def test_who_voted_gets_thanks_and_nothing_else_of_that_round() -> None:
    voted = voting(VoteState.VOTED)
    assert due(voted, paris("11-20T11:00:00")) is None
    assert due(voted, paris("11-20T20:30:00")) == "thanks 1"
    assert due(voted, paris("11-23T18:00:00")) == "plan 2"


def test_who_cannot_vote_gets_nothing_of_that_round() -> None:
    cannot = voting(VoteState.CANNOT)
    for now in ("11-16T18:00:00", "11-18T18:00:00", "11-20T11:00:00", "11-20T20:30:00"):
        assert due(cannot, paris(now)) is None
    assert due(cannot, paris("11-23T18:00:00")) == "plan 2"


def test_cannot_said_to_the_pledge_holds_for_all_rounds_and_on_the_day_for_one() -> None:
    pledge, go = CAMPAIGN.step("pledge"), CAMPAIGN.step("go")
    assert ballots_of_cannot(step=pledge, ballot=1, ballots=CAMPAIGN.ballots) == (1, 2)
    assert ballots_of_cannot(step=go, ballot=1, ballots=CAMPAIGN.ballots) == (1,)


@pytest.mark.parametrize(
    ("went", "state", "expected"),
    [
        ("11-20T11:00:00", VoteState.NONE, "last 1"),  # no answer
        ("11-20T11:00:00", VoteState.LATER, "last 1"),
        ("11-20T11:00:00", VoteState.VOTED, None),
        ("11-20T11:00:00", VoteState.CANNOT, None),
        ("11-20T15:45:00", VoteState.NONE, None),  # too soon after go, which came late
        (None, VoteState.LATER, "go 1"),  # go never left
    ],
)
def test_last_follows_go(went: str | None, state: VoteState, expected: str | None) -> None:
    facts = voting(state, sent={"go": paris(went)} if went else {})
    assert due(facts, paris("11-20T16:30:00")) == expected


def test_go_follows_the_plan_and_its_changes() -> None:
    planned = replace(SOMEBODY, votes={1: VoteFacts(slot="last_hour")})
    assert due(planned, paris("11-20T16:59:59")) is None
    assert due(planned, paris("11-20T17:00:00")) == "go 1"
    earlier = replace(SOMEBODY, votes={1: VoteFacts(slot="morning")})
    assert due(earlier, paris("11-20T09:00:00")) == "go 1"
    # A slot that the campaign file no longer has counts as no plan.
    forgotten = replace(SOMEBODY, votes={1: VoteFacts(slot="siesta")})
    assert due(forgotten, paris("11-20T10:59:59")) is None
    assert due(forgotten, paris("11-20T11:00:00")) == "go 1"


def test_somebody_without_a_commune_follows_metropolitan_france() -> None:
    nowhere = replace(SOMEBODY, territory=None)
    assert due(nowhere, paris("11-16T18:00:00")) == "plan 1"


def test_moving_overseas_changes_what_follows() -> None:
    now = paris("11-19T16:00:00")  # Saturday 11:00 in Guadeloupe, the polling day there
    assert due(SOMEBODY, now) is None
    assert due(replace(SOMEBODY, territory="971", zone="America/Guadeloupe"), now) == "go 1"


@pytest.mark.parametrize(
    ("zone_name", "local"),
    # The reminder of the day is planned for 11:00 in Paris.
    [
        ("Europe/London", "11-20 10:00"),
        ("Asia/Tokyo", "11-20 19:00"),  # 11:00+8
        (
            "America/Los_Angeles",
            "11-20 09:00",
        ),  # 2:00 there; 9:00 is 18:00 in Paris, an hour before the close
        (
            "Australia/Sydney",
            "11-20 20:00",
        ),  # 21:00 there, and Monday 9:00 is too late: half an hour before 20:30
        ("Pacific/Auckland", "11-20 20:00"),  # 23:00 there
    ],
)
def test_people_abroad_are_reminded_in_their_own_hours_before_the_close(zone_name: str, local: str) -> None:
    facts = replace(SOMEBODY, territory="abroad", zone=zone_name)
    occurrence = occurrence_for(
        ballot=CAMPAIGN.ballot(1), step=CAMPAIGN.step("go"), schedule=CAMPAIGN.schedule, facts=facts
    )
    assert occurrence is not None
    assert f"{occurrence.at_utc.astimezone(zone(zone_name)):%m-%d %H:%M}" == local


def test_a_territory_without_this_ballot_has_no_step() -> None:
    ballot = replace(CAMPAIGN.ballot(1), pollings=CAMPAIGN.ballot(1).pollings[:1])
    facts = replace(SOMEBODY, territory="971")
    step = CAMPAIGN.step("plan")
    assert occurrence_for(ballot=ballot, step=step, schedule=CAMPAIGN.schedule, facts=facts) is None


@pytest.mark.parametrize("text", ["", "D-21", "18:00", "D-21 24:00", "D 16:60", "slot+1h"])
def test_what_is_no_moment_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match="slot-1h"):
        parse_moment(text)


def test_moments_read_as_they_are_written() -> None:
    assert parse_moment("D-21 18:00").days_before == 21
    assert parse_moment("D+2 9:05").days_before == -2
    assert parse_moment("D+2 9:05").at == time(9, 5)
    assert parse_moment("slot-90m").before == timedelta(minutes=90)
    assert parse_moment("close").before == timedelta()
