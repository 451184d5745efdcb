"""Who is meant by a step: the rows that SQL queues are those of whom the rule says so, on both engines.

Any people, plans, steps and instants; what the planner queues is compared with `reason_to_skip`, which is asked again
of each message when it is about to leave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
import db.vote_plans
from bot.actions.planning import plan, step_key
from bot.campaign.campaign import Campaign, load_campaign
from bot.departure.unwanted import facts_of
from bot.rules.ballots import Ballot
from bot.rules.kinds import Kind
from bot.rules.moments import Anchor, Moment
from bot.rules.reminders import occurrence_for, reason_to_skip, territory_followed
from bot.rules.steps import Step
from db.engine import Database
from db.schema import broadcasts, deliveries, people, vote_plans
from tests.conversation import CAMPAIGN
from tests.thorough import examples

# Under the charter; under the electoral code, where the consulates of the Americas vote the day before.
LAWS = {
    "charter": CAMPAIGN,
    "code": replace(load_campaign(Path("campaigns/presidentielle-2027")), ballots=CAMPAIGN.ballots),
}
# Where the vote is held; nothing: in the whole country and abroad.
HELD_IN = ((), (), ("971", "974", "988"), ("abroad",))
HOMES = (
    ("FR", "Europe/Paris"),
    ("FR", None),
    (None, "Europe/Paris"),
    (None, None),
    ("971", "America/Guadeloupe"),
    ("974", "Indian/Reunion"),
    ("988", "Pacific/Noumea"),
    ("abroad", "America/New_York"),
    ("abroad", "Asia/Tokyo"),
    ("abroad", "Australia/Sydney"),
    ("abroad", None),
)
ZONES = tuple(dict.fromkeys(zone or "Europe/Paris" for _, zone in HOMES))


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """Rows about one person. `left`: what became of the steps that were queued, by ballot and step."""

    person: Mapping[str, Any]
    plans: Mapping[int, Mapping[str, str | None]]
    left: Mapping[tuple[int, str], Mapping[str, Any]]


FIRST = Step(
    name="go",
    when=Moment(anchor=Anchor.SLOT, before=timedelta(hours=1)),
    until=Moment(anchor=Anchor.CLOSE),
    kind=Kind.CIVIC_NEUTRAL,
    template="go",
)
WINDOWS = (
    (FIRST.when, FIRST.until),
    (
        Moment(anchor=Anchor.POLLING_DAY, days_before=2, at=time(18)),
        Moment(anchor=Anchor.POLLING_DAY, days_before=1),
    ),
    (Moment(anchor=Anchor.POLLING_DAY, at=time(16, 30)), FIRST.until),
    (Moment(anchor=Anchor.EMBARGO), Moment(anchor=Anchor.POLLING_DAY, days_before=-2, at=time(20, 30))),
)


@st.composite
def steps(draw: st.DrawFn) -> tuple[Step, ...]:
    """One step, or a second one that may follow it."""
    found: list[Step] = []
    for name in ("go", "last")[: draw(st.integers(1, 2))]:
        when, until = draw(st.sampled_from(WINDOWS))
        found.append(
            Step(
                name=name,
                when=when,
                until=until,
                kind=draw(st.sampled_from((Kind.GOTV, Kind.CIVIC_NEUTRAL, Kind.PERSUASION, Kind.POLL))),
                template=name,
                ballots=draw(st.sampled_from(((), (), (1,), (2,)))),
                follows="go" if found and draw(st.booleans()) else None,
                when_silent=draw(st.booleans()),
                when_voted=draw(st.booleans()),
                evening=draw(st.booleans()),
            )
        )
    return tuple(found)


def campaign_of(law: str, held_in: Sequence[str], found: tuple[Step, ...]) -> Campaign:
    return replace(
        LAWS[law], ballots=tuple(_held(ballot, held_in) for ballot in LAWS[law].ballots), steps=found
    )


def _held(ballot: Ballot, where: Sequence[str]) -> Ballot:
    pollings = tuple(each for each in ballot.pollings if not where or each.territory in where)
    return replace(ballot, pollings=pollings)


@st.composite
def instants(draw: st.DrawFn, campaign: Campaign) -> tuple[datetime, str]:
    """When a window is open in a territory, often at its very edges."""
    windows = {
        (each.at_utc, each.expires_at, territory)
        for ballot in campaign.ballots
        for step in campaign.steps
        for territory in ballot.territories
        for each in campaign.occurrences(ballot, step, territory)
    }
    opens, closes, territory = draw(st.sampled_from(sorted(windows)))
    at = draw(st.sampled_from((opens, opens, closes)) | st.datetimes(_naive(opens), _naive(closes)))
    off = draw(st.sampled_from((0, 0, 0, 0, -1, 1)))
    return at.replace(tzinfo=UTC, microsecond=0) + timedelta(seconds=off), territory


def _naive(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)


AGO = (timedelta(), timedelta(seconds=3599), timedelta(hours=1), timedelta(hours=5))
OFTEN = st.sampled_from((True, True, True, False))
SELDOM = st.sampled_from((False,) * 9 + (True,))
LEFT = ("sent", "sent", "sent", "queued", "withheld", "cancelled", "in_doubt", "failed")


UNLIKE: Mapping[str, st.SearchStrategy[Any]] = {
    "state": st.sampled_from(("new", "stopped", "restricted")),
    "consent_contact": st.just(False),
    "unreachable_at": st.just(datetime(2016, 11, 1, tzinfo=UTC)),
    "mutes_reminders": st.just(True),
    "mutes_news": st.just(True),
    "mutes_events": st.just(True),
    "unanswered": st.integers(1, 3),
}
"""In what somebody may differ from those whom most steps are for."""
LIKE = {
    "state": "registered",
    "consent_contact": True,
    "unreachable_at": None,
    "mutes_reminders": False,
    "mutes_news": False,
    "mutes_events": False,
    "unanswered": 0,
}
SAID = st.fixed_dictionaries(
    {
        "intention": st.sampled_from((None, "will", "cannot", "cannot")),
        "slot": st.sampled_from((None, None, "morning", "last_hour", "of an older file")),
        "vote": st.sampled_from((None, "voted", "later", "cannot")),
    }
)


@st.composite
def somebody(draw: st.DrawFn, campaign: Campaign, now: datetime, there: str) -> Somebody:
    """Somebody of the place where a step is due, like those whom it is for in most things."""
    unknown = territory_followed(None, campaign.ballots[0])
    homes = [home for home in HOMES if (home[0] or unknown) == there] or HOMES
    unlike = draw(st.sampled_from(((), (), *((column,) for column in UNLIKE))))
    territory, zone = draw(st.sampled_from((*homes, *homes, *homes, *HOMES)))
    person = {
        "territory": territory,
        "zone": zone,
        **{column: draw(UNLIKE[column]) for column in unlike},
    }
    left: dict[tuple[int, str], dict[str, Any]] = {}
    for ballot, step in product((1, 2), campaign.steps):
        is_followed = any(other.follows == step.name for other in campaign.steps)
        if draw(OFTEN if is_followed else SELDOM):
            state = draw(st.sampled_from(LEFT))
            sent_at = now - draw(st.sampled_from(AGO)) if state == "sent" else None
            left[ballot, step.name] = {"state": state, "sent_at": sent_at}
    plans = {ballot: said for ballot in (1, 2) if (said := draw(st.none() | st.none() | SAID)) is not None}
    return Somebody(person=person, plans=plans, left=left)


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that is drawn, as short as a failure shows it."""

    law: str
    held_in: Sequence[str]
    steps: tuple[Step, ...]
    now: datetime
    everybody: Sequence[Somebody]

    @property
    def campaign(self) -> Campaign:
        return campaign_of(self.law, self.held_in, self.steps)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    law, held_in = draw(st.sampled_from(sorted(LAWS))), draw(st.sampled_from(HELD_IN))
    found = draw(steps())
    campaign = campaign_of(law, held_in, found)
    now, there = draw(instants(campaign))
    everybody = draw(st.lists(somebody(campaign, now, there), min_size=6, max_size=12))
    return World(law=law, held_in=held_in, steps=found, now=now, everybody=everybody)


async def fill(
    tx: AsyncConnection, campaign: Campaign, now: datetime, everybody: Sequence[Somebody]
) -> list[int]:
    """The ids of these people, once all that is said of them is in the database."""
    names: dict[tuple[int, str], int] = {}
    for number, (ballot, step) in enumerate(product((1, 2), campaign.steps), start=1):
        names[ballot, step.name] = number
        row = {"key": step_key(ballot, step.name), "kind": step.kind, "template": step.template}
        row |= {"ballot": ballot, "step": step.name, "audience": {}, "area": "FR", "id": number}
        await tx.execute(sa.insert(broadcasts).values(starts_at=now, created_at=now, **row))
    numbered = list(enumerate(everybody, start=1))
    rows = [
        {"id": number, "telegram_id": number, "pseudonym": f"p{number}", **LIKE, **each.person}
        for number, each in numbered
    ]
    await tx.execute(sa.insert(people), [{"created_at": now, "seen_at": now, **row} for row in rows])
    plans = [
        {"person": number, "ballot": ballot, "at": now, **said}
        for number, each in numbered
        for ballot, said in each.plans.items()
    ]
    left = [
        {"broadcast": names[which], "person": number, "due_at": now, "changed_at": now, **what}
        for number, each in numbered
        for which, what in each.left.items()
    ]
    for table, found in ((vote_plans, plans), (deliveries, left)):
        if found:
            await tx.execute(sa.insert(table), found)
    return [number for number, _ in numbered]


async def expected(
    tx: AsyncConnection, campaign: Campaign, now: datetime, ids: Sequence[int], everybody: Sequence[Somebody]
) -> set[tuple[int, str, datetime]]:
    """Whom the rule means now, by the step's key, with when it expires; never one who has a delivery of it."""
    found: set[tuple[int, str, datetime]] = set()
    known = await db.people.get_many(tx, ids)
    for ballot in campaign.ballots:
        plans = await db.vote_plans.of_people(tx, ids, ballot.number)
        for person, each in zip(ids, everybody, strict=True):
            sent = {
                name: left["sent_at"]
                for (number, name), left in each.left.items()
                if number == ballot.number and left["sent_at"] is not None
            }
            facts = facts_of(known[person], ballot.number, plans.get(person), sent)
            asked: dict[str, Any] = {"ballot": ballot, "schedule": campaign.schedule, "facts": facts}
            for step in campaign.steps:
                reason = reason_to_skip(step=step, now=now, silent_after=campaign.caps.silent_after, **asked)
                if reason is not None:
                    event(reason.reason)
                elif (ballot.number, step.name) not in each.left:
                    occurrence = occurrence_for(step=step, **asked)
                    assert occurrence is not None
                    found.add((person, step_key(ballot.number, step.name), occurrence.expires_at))
    return found


@given(world=worlds())
@settings(
    max_examples=examples(100),
    deadline=None,
    # The database of the test is used again: each example is undone.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_sql_queues_for_whom_the_rule_means(database: Database, world: World) -> None:
    campaign, now, everybody = world.campaign, world.now, world.everybody
    async with database.write() as tx:
        ids = await fill(tx, campaign, now, everybody)
        last = await tx.scalar(sa.select(sa.func.coalesce(sa.func.max(deliveries.c.id), 0)))
        queued = await plan(tx, campaign, now)
        query = sa.select(deliveries.c.person, broadcasts.c.key, deliveries.c.expires_at)
        new = await tx.execute(
            query.join(broadcasts, broadcasts.c.id == deliveries.c.broadcast).where(deliveries.c.id > last)
        )
        found = {(row.person, row.key, row.expires_at) for row in new}
        event(f"queued: {min(queued, 3)}")
        assert found == await expected(tx, campaign, now, ids, everybody)
        for table in (deliveries, broadcasts, vote_plans, people):
            await tx.execute(sa.delete(table))
