"""Reminder steps for one person: who gets which, and a life played through both rounds."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.campaign import Campaign, load_campaign
from bot.rules.consent import Purpose
from bot.rules.kinds import PARTISAN, Kind
from bot.rules.leaving import COURTESY_HOURS, hold
from bot.rules.moments import parse_moment
from bot.rules.people import PersonFacts, State, VoteFacts, VoteState
from bot.rules.reminders import (
    Skip,
    StepOccurrence,
    ballots_of_answer,
    due_now,
    is_due,
    occurrence_for,
    reason_to_skip,
)
from bot.rules.territories import TERRITORIES, zone, zone_of

CAMPAIGN = load_campaign(Path("campaigns/primaire-2016"))
LONG_AGO = datetime(2016, 10, 1, tzinfo=UTC)
PARIS = zone("Europe/Paris")

SOMEBODY = PersonFacts(
    territory="FR",
    zone="Europe/Paris",
    language="fr",
    registered_at=LONG_AGO,
    consents=frozenset({Purpose.CONTACT}),
)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(f"2016-{text}").replace(tzinfo=PARIS)


def due(facts: PersonFacts, now: datetime, *, candidate_out: bool = False) -> str | None:
    found = due_now(
        ballots=CAMPAIGN.ballots,
        steps=CAMPAIGN.steps,
        schedule=CAMPAIGN.schedule,
        facts=facts,
        now=now,
        candidate_out=candidate_out,
    )
    return f"{found.step} {found.ballot}" if found is not None else None


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
    assert due(replace(SOMEBODY, registered_at=paris(now)), paris(now)) == expected


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(SOMEBODY, state=State.STOPPED), Skip.NOT_ACTIVE),
        (replace(SOMEBODY, state=State.UNREACHABLE), Skip.NOT_ACTIVE),
        (replace(SOMEBODY, state=State.UNFINISHED), Skip.NOT_ACTIVE),
        (replace(SOMEBODY, consents=frozenset({Purpose.TEAM})), Skip.NO_CONSENT),
        (replace(SOMEBODY, muted=frozenset({Kind.GOTV})), Skip.MUTED),
        (replace(SOMEBODY, unanswered=2), Skip.SILENT),
        (voting(VoteState.VOTED), Skip.VOTED),
        (voting(VoteState.CANNOT), Skip.CANNOT),
        (voting(VoteState.NONE, sent={"plan": LONG_AGO}), Skip.ALREADY_SENT),
    ],
)
def test_why_a_step_does_not_leave(facts: PersonFacts, reason: Skip) -> None:
    step = CAMPAIGN.step("plan")
    (occurrence,) = CAMPAIGN.occurrences(CAMPAIGN.ballot(1), step, "FR")
    now = occurrence.at_utc
    assert is_due(step=step, occurrence=occurrence, facts=SOMEBODY, now=now)
    assert reason_to_skip(step=step, occurrence=occurrence, facts=facts, now=now) is reason


def test_a_step_leaves_neither_before_its_time_nor_when_it_is_useless() -> None:
    step = CAMPAIGN.step("plan")
    (occurrence,) = CAMPAIGN.occurrences(CAMPAIGN.ballot(1), step, "FR")
    before = occurrence.at_utc - timedelta(seconds=1)
    assert reason_to_skip(step=step, occurrence=occurrence, facts=SOMEBODY, now=before) is Skip.NOT_YET
    after = occurrence.expires_at
    assert reason_to_skip(step=step, occurrence=occurrence, facts=SOMEBODY, now=after) is Skip.EXPIRED


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
    assert ballots_of_answer(step=pledge, ballot=1, cannot=True, ballots=CAMPAIGN.ballots) == (1, 2)
    assert ballots_of_answer(step=go, ballot=1, cannot=True, ballots=CAMPAIGN.ballots) == (1,)
    assert ballots_of_answer(step=pledge, ballot=1, cannot=False, ballots=CAMPAIGN.ballots) == (1,)


def test_nothing_is_due_once_the_candidate_is_out() -> None:
    for now in ("11-23T18:00:00", "11-25T18:00:00", "11-27T11:00:00", "11-27T20:30:00"):
        assert due(SOMEBODY, paris(now)) is not None
        assert due(SOMEBODY, paris(now), candidate_out=True) is None


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


# One life, played by the rules alone: the bot ticks now and then, the clock jumps, staff broadcast, and
# the person does as people do.


@dataclass(frozen=True, kw_only=True)
class Left:
    """A message that left: a step, or (None) a broadcast."""

    at: datetime
    kind: Kind
    occurrence: StepOccurrence | None


@dataclass
class Life:
    """What a bot would keep of one person, in memory."""

    campaign: Campaign
    facts: PersonFacts
    left: list[Left] = field(default_factory=list)

    def tick(self, now: datetime) -> None:
        found = due_now(
            ballots=self.campaign.ballots,
            steps=self.campaign.steps,
            schedule=self.campaign.schedule,
            facts=self.facts,
            now=now,
            silent_after=self.campaign.caps.silent_after,
        )
        if found is None:
            return
        step = self.campaign.step(found.step)
        if self._is_held(found.kind, now, evening=step.evening):
            return
        self._check(Left(at=now, kind=found.kind, occurrence=found))
        vote = self.facts.vote(found.ballot)
        self._vote(found.ballot, replace(vote, sent={**vote.sent, found.step: now}))
        self.facts = replace(self.facts, unanswered=self.facts.unanswered + (step.asks is not None))

    def broadcast(self, kind: Kind, now: datetime) -> None:
        if self.facts.state is State.ACTIVE and not self._is_held(kind, now):
            self._check(Left(at=now, kind=kind, occurrence=None))

    def answer(self, ballot: int, state: VoteState, slot: str | None) -> None:
        self._vote(ballot, replace(self.facts.vote(ballot), state=state, slot=slot))
        self.facts = replace(self.facts, unanswered=0)

    def happen(self, what: tuple[str, object, object], now: datetime) -> None:
        match what:
            case ("answer", VoteState() as state, slot):
                ballot = self.campaign.next_ballot(now)
                if ballot is not None:
                    self.answer(ballot.number, state, slot if isinstance(slot, str) else None)
            case ("move", str() as code, str() as zone_name):
                self.facts = replace(self.facts, territory=code, zone=zone_name)
            case ("state", State() as state, _):
                self.facts = replace(self.facts, state=state)

    def _is_held(self, kind: Kind, now: datetime, *, evening: bool = False) -> bool:
        held = hold(
            kind=kind,
            territory=self.facts.territory,
            zone=self.facts.zone,
            now=now,
            policy=self.campaign.policy,
            sent=[each.at for each in self.left if each.kind in PARTISAN],
            unanswered=self.facts.unanswered,
            evening=evening,
        )
        return held is not None

    def _vote(self, ballot: int, vote: VoteFacts) -> None:
        self.facts = replace(self.facts, votes={**self.facts.votes, ballot: vote})

    def _check(self, message: Left) -> None:
        self.left.append(message)
        check_hours_law_and_caps(self.campaign, self.facts, self.left)
        if message.occurrence is not None:
            check_step(self.facts, message.at, message.occurrence)


def check_hours_law_and_caps(campaign: Campaign, facts: PersonFacts, left: list[Left]) -> None:
    """The rules said again in their plainest form, on the message that just left."""
    message, own_zone = left[-1], zone(facts.zone)
    wall = message.at.astimezone(own_zone).time()
    is_thanks = message.occurrence is not None and message.occurrence.step == "thanks"
    if message.kind in PARTISAN:
        assert time(9) <= wall < (time(21, 30) if is_thanks else time(20, 30)), "outside courtesy hours"
        partisan = [each.at for each in left if each.kind in PARTISAN]
        days = [at.astimezone(own_zone).date() for at in partisan]
        assert days.count(days[-1]) == 1, "two campaign messages on one day"
        week = [at for at in partisan if at > message.at - timedelta(days=7)]
        assert len(week) <= (3 if facts.unanswered < 2 else 2), "too many in a week"
    if message.kind in PARTISAN | {Kind.EVENT_SERVICE}:
        for ballot in campaign.ballots:
            eves = [
                polling.day - timedelta(days=1)
                for polling in ballot.pollings
                if polling.territory == facts.territory
            ]
            where = zone_of(facts.territory or "FR")
            eve = datetime.combine(eves[0] if eves else ballot.day - timedelta(days=2), time(), tzinfo=where)
            close = datetime.combine(ballot.day, time(19), tzinfo=PARIS)
            assert not eve.astimezone(UTC) <= message.at < close.astimezone(UTC), "in a quiet period"


def check_step(facts: PersonFacts, at: datetime, found: StepOccurrence) -> None:
    assert facts.state is State.ACTIVE
    assert at >= facts.registered_at
    assert found.at_utc <= at < found.expires_at, "early or useless"
    vote = facts.vote(found.ballot)
    assert found.step not in vote.sent, "a step left twice"
    assert vote.state is not VoteState.CANNOT
    assert vote.state is not VoteState.VOTED or found.step == "thanks"
    assert facts.unanswered < 2 or found.step in {"echo", "go"}


def campaign_on(day: date, gap: int) -> Campaign:
    """The campaign of 2016 with its rounds on other days."""
    moved = []
    for ballot, to in zip(CAMPAIGN.ballots, (day, day + timedelta(days=gap)), strict=True):
        by = to - ballot.day
        pollings = tuple(replace(polling, day=polling.day + by) for polling in ballot.pollings)
        moved.append(replace(ballot, day=to, pollings=pollings))
    return replace(CAMPAIGN, ballots=tuple(moved))


ABROAD_ZONES = ["America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Australia/Sydney", "Europe/London"]
HOMES = st.sampled_from(
    [(code, territory.zone) for code, territory in TERRITORIES.items()]
    + [("abroad", zone_name) for zone_name in ABROAD_ZONES]
    + [("", "Europe/Paris")]  # no commune named
)
STATES = st.sampled_from([State.STOPPED, State.UNREACHABLE, State.ACTIVE])
SLOTS = st.sampled_from([None, "morning", "last_hour"])
HAPPENINGS = st.one_of(
    st.tuples(st.just("answer"), st.sampled_from(VoteState), SLOTS),
    HOMES.map(lambda home: ("move", *home)),
    st.tuples(st.just("state"), STATES, st.none()),
    st.none(),
)


@given(
    day=st.dates(date(2016, 1, 1), date(2035, 12, 31)),
    gap=st.sampled_from([7, 14]),
    home=HOMES,
    registered_days_before=st.floats(-12, 25),
    # Hours between ticks: mostly a few, now and then an outage of up to a week.
    pauses=st.lists(st.one_of(st.floats(0.3, 4), st.floats(4, 170)), min_size=5, max_size=12),
    happenings=st.lists(HAPPENINGS, min_size=1, max_size=12),
    broadcasts=st.lists(st.one_of(st.none(), st.sampled_from(Kind)), min_size=3, max_size=12),
)
@settings(max_examples=150, deadline=None)
def test_whatever_happens_no_rule_is_broken(
    day: date,
    gap: int,
    home: tuple[str, str],
    registered_days_before: float,
    pauses: list[float],
    happenings: list[tuple[str, object, object] | None],
    broadcasts: list[Kind | None],
) -> None:
    campaign = campaign_on(day, gap)
    registered = datetime.combine(day, time(12), tzinfo=UTC) - timedelta(days=registered_days_before)
    facts = replace(SOMEBODY, territory=home[0], zone=home[1], registered_at=registered)
    life = Life(campaign=campaign, facts=facts)
    now, tick = registered, 0
    while now < campaign.ballots[-1].ends_at + timedelta(days=4):
        happening = happenings[tick // 3 % len(happenings)]
        if happening is not None and tick % 3 == 0:
            life.happen(happening, now)
        life.tick(now)
        kind = broadcasts[tick % len(broadcasts)]
        if kind is not None:
            life.broadcast(kind, now)
        now += timedelta(hours=pauses[tick % len(pauses)])
        tick += 1


def test_a_hold_tells_when_the_message_may_leave() -> None:
    # Friday 23:30 in Paris: too late for courtesy, then the quiet period until Sunday 19:00.
    held = hold(
        kind=Kind.PERSUASION,
        territory="FR",
        zone="Europe/Paris",
        now=paris("11-18T23:30:00"),
        policy=CAMPAIGN.policy,
    )
    assert held is not None
    assert held.reason == COURTESY_HOURS
    assert held.until == paris("11-20T19:00:00")
    # In Mayotte the quiet period ends at 21:00 local: too late, so the next morning.
    held = hold(
        kind=Kind.PERSUASION,
        territory="976",
        zone="Indian/Mayotte",
        now=paris("11-19T12:00:00"),
        policy=CAMPAIGN.policy,
    )
    assert held is not None
    assert held.reason == "quiet_period"
    assert held.until == datetime(2016, 11, 21, 9, tzinfo=zone("Indian/Mayotte"))


@given(
    territory=st.sampled_from([*TERRITORIES, None]),
    kind=st.sampled_from(Kind),
    hours=st.integers(-200, 300),
    sent=st.lists(st.integers(0, 200), max_size=6),
)
def test_at_the_end_of_a_hold_the_message_leaves(
    territory: str | None, kind: Kind, hours: int, sent: list[int]
) -> None:
    now = paris("11-20T12:00:00").astimezone(UTC) + timedelta(hours=hours)
    zone_name = zone_of(territory or "FR").key
    instants = [now - timedelta(hours=ago) for ago in sent]
    held = hold(
        kind=kind, territory=territory, zone=zone_name, now=now, policy=CAMPAIGN.policy, sent=instants
    )
    if held is not None:
        assert held.until > now
        later = hold(
            kind=kind,
            territory=territory,
            zone=zone_name,
            now=held.until,
            policy=CAMPAIGN.policy,
            sent=instants,
        )
        assert later is None
