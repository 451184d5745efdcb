"""Lives played through both rounds by the rules alone: whatever happens, no rule is broken."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.campaign.campaign import Campaign, load_campaign
from bot.rules.ballots import Ballot
from bot.rules.kinds import PARTISAN, Kind
from bot.rules.leaving import hold
from bot.rules.people import PersonFacts, PersonState, VoteFacts, VoteState
from bot.rules.reminders import StepOccurrence, occurrence_for
from bot.rules.steps import Step
from bot.rules.territories import TERRITORIES, zone, zone_of
from tests.frozen import FROZEN
from tests.somebody import PARIS, SOMEBODY, due_now
from tests.thorough import examples

CAMPAIGN = load_campaign(FROZEN)
# Under the electoral code, with the neutral reminders that it blocks.
CODE = replace(load_campaign(Path("campaigns/presidentielle-2027")), steps=CAMPAIGN.steps)


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
        for ballot, step in due_now(self.campaign, self.facts, now):
            unanswered = step.unanswered_before(self.facts.unanswered)
            if not self._is_held(step.kind, now, evening=step.evening, unanswered=unanswered):
                self._leave(ballot, step, now)

    def _leave(self, ballot: Ballot, step: Step, now: datetime) -> None:
        found = occurrence_for(ballot=ballot, step=step, schedule=self.campaign.schedule, facts=self.facts)
        self._check(Left(at=now, kind=step.kind, occurrence=found))
        vote = self.facts.vote(ballot.number)
        self._vote(ballot.number, replace(vote, sent={**vote.sent, step.name: now}))
        self.facts = replace(self.facts, unanswered=self.facts.unanswered + (step.asks is not None))

    def broadcast(self, kind: Kind, now: datetime) -> None:
        unanswered = self.facts.unanswered
        if self.facts.state is PersonState.ACTIVE and not self._is_held(kind, now, unanswered=unanswered):
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
            case ("move", str() | None as code, str() as zone_name):
                self.facts = replace(self.facts, territory=code, zone=zone_name)
            case ("state", PersonState() as state, _):
                self.facts = replace(self.facts, state=state)

    def _is_held(self, kind: Kind, now: datetime, *, unanswered: int, evening: bool = False) -> bool:
        held = hold(
            kind=kind,
            territory=self.facts.territory,
            zone=self.facts.zone,
            now=now,
            policy=self.campaign.policy,
            sent=[each.at for each in self.left if each.kind in PARTISAN],
            unanswered=unanswered,
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
    under_the_code = campaign.law.code == "fr-L49-2020"
    last_close = time(20) if under_the_code else time(19)  # in Lyon, Marseille and Paris
    consulate_votes_on_saturday = (
        under_the_code and facts.territory == "abroad" and facts.zone.startswith("America/")
    )
    wall = message.at.astimezone(own_zone).time()
    is_thanks = message.occurrence is not None and message.occurrence.step == "thanks"
    if message.kind in PARTISAN:
        assert time(9) <= wall < (time(21, 30) if is_thanks else time(20, 30)), "outside courtesy hours"
        partisan = [each.at for each in left if each.kind in PARTISAN]
        days = [at.astimezone(own_zone).date() for at in partisan]
        assert days.count(days[-1]) == 1, "two campaign messages on one day"
        week = [at for at in partisan if at > message.at - timedelta(days=7)]
        remains = message.occurrence is not None and message.occurrence.step in {"echo", "go"}
        assert len(week) <= (3 if facts.unanswered < 2 or remains else 2), "too many in a week"
    if message.kind in PARTISAN | {Kind.EVENT_SERVICE}:
        for ballot in campaign.ballots:
            eves = [
                polling.day - timedelta(days=1)
                for polling in ballot.pollings
                if polling.territory == facts.territory
            ]
            where = zone_of(facts.territory or "FR")
            first = eves[0] if eves else ballot.day - timedelta(days=2)
            first -= timedelta(days=consulate_votes_on_saturday)
            eve = datetime.combine(first, time(), tzinfo=where)
            close = datetime.combine(ballot.day, last_close, tzinfo=PARIS)
            assert not eve.astimezone(UTC) <= message.at < close.astimezone(UTC), "in a quiet period"


def check_step(facts: PersonFacts, at: datetime, found: StepOccurrence) -> None:
    assert facts.state is PersonState.ACTIVE
    assert found.at_utc <= at < found.expires_at, "early or useless"
    vote = facts.vote(found.ballot)
    assert found.step not in vote.sent, "a step left twice"
    assert vote.state is not VoteState.CANNOT
    assert vote.state is not VoteState.VOTED or found.step == "thanks"
    assert facts.unanswered < 2 or found.step in {"echo", "go"}


def campaign_on(day: date, gap: int, campaign: Campaign = CAMPAIGN) -> Campaign:
    """A campaign with its rounds on other days."""
    moved = []
    for ballot, to in zip(campaign.ballots, (day, day + timedelta(days=gap)), strict=True):
        by = to - ballot.day
        pollings = tuple(replace(polling, day=polling.day + by) for polling in ballot.pollings)
        moved.append(replace(ballot, day=to, pollings=pollings))
    return replace(campaign, ballots=tuple(moved))


def clock_changes() -> list[date]:
    """The Sundays on which the clocks of Paris or of Miquelon change, 2016 to 2035."""
    found = []
    for year in range(2016, 2036):
        for month, which in ((3, -1), (10, -1), (3, 1), (11, 0)):
            days = [date(year, month, number) for number in range(1, 31)]
            found.append([day for day in days if day.weekday() == 6][which])
        if date(year, 10, 31).weekday() == 6:
            found.append(date(year, 10, 31))
        if date(year, 3, 31).weekday() == 6:
            found.append(date(year, 3, 31))
    return found


MOST_TICKS = 200
ABROAD_ZONES = ["America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Australia/Sydney", "Europe/London"]
HOMES = st.sampled_from(
    [(code, territory.zone) for code, territory in TERRITORIES.items()]
    + [("abroad", zone_name) for zone_name in ABROAD_ZONES]
    + [(None, "Europe/Paris")]  # no commune named
)
STATES = st.sampled_from([PersonState.STOPPED, PersonState.UNREACHABLE, PersonState.ACTIVE])
SLOTS = st.sampled_from([None, "morning", "last_hour"])
HAPPENINGS = st.one_of(
    st.tuples(st.just("answer"), st.sampled_from(VoteState), SLOTS),
    HOMES.map(lambda home: ("move", *home)),
    st.tuples(st.just("state"), STATES, st.none()),
    st.none(),
)


@given(
    # Any day; often one on which the clocks change, or the round before or after it is on one.
    day=st.one_of(
        st.dates(date(2016, 1, 1), date(2035, 12, 31)),
        st.builds(
            lambda day, days: day + timedelta(days),
            st.sampled_from(clock_changes()),
            st.sampled_from([-7, 0, 1, 7]),
        ),
    ),
    base=st.sampled_from([CAMPAIGN, CODE]),
    gap=st.sampled_from([7, 14]),
    home=HOMES,
    registered_days_before=st.floats(-12, 25),
    # Hours between ticks: mostly a few, now and then an outage of up to a week, or a clock that is set back.
    pauses=st.lists(
        st.one_of(st.floats(0.3, 4), st.floats(4, 170), st.floats(-30, -0.3)), min_size=5, max_size=12
    ),
    happenings=st.lists(HAPPENINGS, min_size=1, max_size=12),
    broadcasts=st.lists(st.one_of(st.none(), st.sampled_from(Kind)), min_size=3, max_size=12),
)
@settings(max_examples=examples(150), deadline=None)
def test_whatever_happens_no_rule_is_broken(
    day: date,
    base: Campaign,
    gap: int,
    home: tuple[str | None, str],
    registered_days_before: float,
    pauses: list[float],
    happenings: list[tuple[str, object, object] | None],
    broadcasts: list[Kind | None],
) -> None:
    campaign = campaign_on(day, gap, base)
    registered = datetime.combine(day, time(12), tzinfo=UTC) - timedelta(days=registered_days_before)
    facts = replace(SOMEBODY, territory=home[0], zone=home[1])
    life = Life(campaign=campaign, facts=facts)
    now, tick = registered, 0
    end = campaign.ballots[-1].ends_at + timedelta(days=4)
    # A clock that is mostly set back never arrives: it plays as long as it may.
    while now < end and tick < MOST_TICKS:
        happening = happenings[tick // 3 % len(happenings)]
        if happening is not None and tick % 3 == 0:
            life.happen(happening, now)
        life.tick(now)
        kind = broadcasts[tick % len(broadcasts)]
        if kind is not None:
            life.broadcast(kind, now)
        # Nobody is written to before they registered: the clock is not set back as far.
        now = max(registered, now + timedelta(hours=pauses[tick % len(pauses)]))
        tick += 1
