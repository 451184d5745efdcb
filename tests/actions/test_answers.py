"""What is refused of an answer, whoever passes it on: the action itself says no, with the text that is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.events
import db.people
from bot.actions import erasure, polling_places, registration, rsvps, vote_plans
from bot.actions.authority import CandidateOut
from bot.actions.people import NotASupporter
from bot.actions.polling_places import PlaceGone
from bot.actions.registration import NoConsent, SignUpClosed
from bot.actions.responses import Origin
from bot.actions.rsvps import EventClosed
from bot.actions.vote_plans import Company, Pledge, StartingPoint, VoteOver, VotingNotOpen
from bot.campaign.campaign import Campaign
from bot.errors import PortevoixError
from bot.rules.consent import Purpose
from bot.rules.people import RsvpAnswer
from bot.rules.steps import StepQuestion
from bot.rules.suppression import SuppressionKey
from bot.rules.vote_plans import Turnout
from bot.words.step_values import Vote, vote_in
from db.engine import Database
from db.events import Event, EventText
from db.people import Person
from db.postponed import write_postponed
from db.schema import people, responses
from db.schema import rsvps as rsvp_rows
from db.schema import vote_plans as plan_rows
from tests.conversation import CAMPAIGN, paris
from tests.places import place_of

NOW = paris("2016-11-16T10:00")
STARTS, ENDS = NOW + timedelta(days=1), NOW + timedelta(days=1, hours=2)
OPENS, CLOSES = paris("2016-11-20T08:00"), paris("2016-11-20T19:00")
BEATEN = replace(CAMPAIGN, out_after=1)
OUT_FROM = paris("2016-11-20T20:30")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A person of Lyon, an event to come, and the first round where they vote."""

    tx: AsyncConnection
    person: Person
    event: Event
    vote: Vote
    campaign: Campaign = CAMPAIGN
    at: datetime = NOW

    @property
    def origin(self) -> Origin:
        return Origin(update_id=1, message_id=None, at=self.at)

    @property
    def about(self) -> tuple[AsyncConnection, Person, Origin, Campaign, Vote]:
        """What every answer about a vote is given."""
        return (self.tx, self.person, self.origin, self.campaign, self.vote)


@pytest.fixture
async def scene(sqlite_database: Database) -> AsyncIterator[Scene]:
    async with sqlite_database.write() as tx:
        made = await db.people.create(tx, telegram_id=7, pseudonym="p7", now=NOW)
        await db.people.change(
            tx, made.id, state="registered", consent_contact=True, territory="FR", **place_of("69123")
        )
        person = await db.people.get(tx, made.id)
        assert person is not None
        event = await db.events.create(
            tx,
            texts={"fr": EventText(title="Réunion", description="")},
            code="abc",
            starts_at=STARTS,
            ends_at=ENDS,
            zone="Europe/Paris",
            address="Salle Molière",
            territory="FR",
            created_by=None,
            created_at=NOW,
            **place_of("69123"),
        )
        vote = vote_in(CAMPAIGN, CAMPAIGN.ballot(1), person=person, language="fr")
        assert vote is not None
        yield Scene(tx=tx, person=person, event=event, vote=vote)


Answering = Callable[[Scene], Awaitable[Any]]


async def answer(scene: Scene) -> None:
    await rsvps.answer_invitation(
        scene.tx, scene.person, scene.origin, scene.event, RsvpAnswer.YES, before=None
    )


async def confirm(scene: Scene) -> None:
    await rsvps.confirm_coming(scene.tx, scene.person, scene.origin, scene.event, coming=True, before=None)


async def came(scene: Scene) -> None:
    await rsvps.tell_whether_came(scene.tx, scene.person, scene.origin, scene.event, came=True)


async def choose_place(scene: Scene) -> None:
    await polling_places.choose(scene.tx, scene.person, scene.origin, vote=scene.vote, number="1")


async def keep_plan(scene: Scene) -> None:
    await vote_plans.keep_plan(*scene.about, keep=True, language="fr")


def turnout(said: Turnout) -> Answering:
    async def tell(scene: Scene) -> None:
        await vote_plans.tell_turnout(*scene.about, question=StepQuestion.TURNOUT, answer=said)

    return tell


PLANNING: tuple[Answering, ...] = (
    lambda scene: vote_plans.pledge(*scene.about, Pledge.WILL),
    lambda scene: vote_plans.tell_place(*scene.about, "known"),
    lambda scene: vote_plans.plan_slot(*scene.about, "morning"),
    lambda scene: vote_plans.plan_departure(*scene.about, StartingPoint.HOME),
    lambda scene: vote_plans.plan_company(*scene.about, Company.ALONE),
    lambda scene: vote_plans.answer_echo(*scene.about, holds=True),
)
"""What is said before the vote, and has no sense after it."""
EVERYTHING = (*PLANNING, answer, confirm, came, choose_place, keep_plan, turnout(Turnout.CANNOT))


async def refused(scene: Scene, answering: Answering) -> PortevoixError:
    """Why the answer is refused; nothing of it is kept."""
    with pytest.raises(PortevoixError) as refusal:
        await answering(scene)
    for table in (responses, rsvp_rows, plan_rows):
        assert await scene.tx.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    return refusal.value


@pytest.mark.parametrize("state", ["new", "stopped"])
async def test_only_supporters_answer(scene: Scene, state: str) -> None:
    nobody = replace(scene, person=scene.person._replace(state=state))
    for answering in EVERYTHING:
        assert isinstance(await refused(nobody, answering), NotASupporter)


@pytest.mark.parametrize("answering", [answer, confirm])
@pytest.mark.parametrize(
    ("at", "state", "text"),
    [(ENDS, "open", "toasts/event_over"), (NOW, "cancelled", "toasts/event_cancelled")],
)
async def test_an_event_that_is_over_or_cancelled_takes_no_answer(
    scene: Scene, answering: Answering, at: datetime, state: str, text: str
) -> None:
    closed = replace(scene, at=at, event=replace(scene.event, state=state))
    refusal = await refused(closed, answering)
    assert isinstance(refusal, EventClosed)
    assert refusal.message == text


@pytest.mark.parametrize(
    ("at", "state", "text"),
    [
        (STARTS - timedelta(seconds=1), "open", "toasts/event_not_begun"),
        (ENDS, "cancelled", "toasts/event_cancelled"),
    ],
)
async def test_nobody_came_before_it_began_or_where_it_did_not_take_place(
    scene: Scene, at: datetime, state: str, text: str
) -> None:
    refusal = await refused(replace(scene, at=at, event=replace(scene.event, state=state)), came)
    assert refusal.message == text


async def test_an_event_is_answered_until_its_end_and_attended_from_its_start(scene: Scene) -> None:
    await answer(replace(scene, at=ENDS - timedelta(seconds=1)))
    await came(replace(scene, at=STARTS))


@pytest.mark.parametrize("answering", [*PLANNING, choose_place])
async def test_a_vote_that_is_over_is_not_planned(scene: Scene, answering: Answering) -> None:
    assert isinstance(await refused(replace(scene, at=CLOSES), answering), VoteOver)


@pytest.mark.parametrize("answering", [*PLANNING, keep_plan, turnout(Turnout.CANNOT)])
async def test_nothing_is_asked_for_a_candidate_who_is_out(scene: Scene, answering: Answering) -> None:
    second = vote_in(CAMPAIGN, CAMPAIGN.ballot(2), person=scene.person, language="fr")
    assert second is not None
    out = replace(scene, campaign=BEATEN, at=OUT_FROM, vote=second)
    refusal = await refused(out, answering)
    assert isinstance(refusal, CandidateOut)
    assert refusal.message == "toasts/candidate_out"


@pytest.mark.parametrize(
    ("said", "at", "why"),
    [
        (Turnout.VOTED, OPENS - timedelta(seconds=1), VotingNotOpen),
        (Turnout.VOTED, OPENS, None),
        (Turnout.CANNOT, OPENS - timedelta(days=3), None),
        (Turnout.LATER, CLOSES - timedelta(seconds=1), None),
        (Turnout.LATER, CLOSES, VoteOver),
        (Turnout.VOTED, CLOSES + timedelta(days=2, seconds=-1), None),
        (Turnout.VOTED, CLOSES + timedelta(days=2), VoteOver),
    ],
)
async def test_one_tells_that_one_voted_from_the_opening_on_and_two_days_after_the_close(
    scene: Scene, said: Turnout, at: datetime, why: type[PortevoixError] | None
) -> None:
    told = replace(scene, at=at)
    if why is None:
        await turnout(said)(told)
    else:
        assert isinstance(await refused(told, turnout(said)), why)


async def test_no_plan_is_kept_where_no_vote_follows(scene: Scene) -> None:
    last = vote_in(CAMPAIGN, CAMPAIGN.ballot(2), person=scene.person, language="fr")
    assert last is not None
    assert isinstance(await refused(replace(scene, vote=last), keep_plan), VoteOver)
    # The second round is over too.
    assert isinstance(await refused(replace(scene, at=paris("2016-11-27T19:00")), keep_plan), VoteOver)


async def test_a_place_that_is_not_of_the_commune_is_not_chosen(scene: Scene) -> None:
    refusal = await refused(scene, choose_place)
    assert isinstance(refusal, PlaceGone)
    assert refusal.message == "toasts/places_changed"


KEY = SuppressionKey(links=(b"k" * 32,))
SEALING = erasure.sealing(KEY, CAMPAIGN.retention, NOW)


async def register(scene: Scene) -> None:
    await registration.register(
        scene.tx,
        scene.person,
        scene.origin,
        scene.campaign,
        first_name="Zoé",
        language="fr",
        suppression_key=KEY,
    )


async def test_nobody_becomes_a_supporter_without_consent_or_once_the_candidate_is_out(scene: Scene) -> None:
    await db.people.change(scene.tx, scene.person.id, state="new", consent_contact=False)
    assert isinstance(await refused(scene, register), NoConsent)
    await db.people.change(scene.tx, scene.person.id, consent_contact=True)
    closed = await refused(replace(scene, campaign=BEATEN, at=OUT_FROM), register)
    assert isinstance(closed, SignUpClosed)
    assert closed.message == "registration/closed"
    await register(scene)


async def count_people(scene: Scene) -> int:
    return int(await scene.tx.scalar(sa.select(sa.func.count()).select_from(people)) or 0)


async def test_who_is_too_young_is_forgotten(scene: Scene) -> None:
    await registration.is_too_young(scene.tx, scene.person, scene.origin, sealing=SEALING)
    assert await count_people(scene) == 0


@pytest.mark.parametrize("given", [True, False])
async def test_who_does_not_agree_to_be_written_to_is_forgotten(scene: Scene, given: bool) -> None:
    await registration.answer_first(
        scene.tx, scene.person, scene.origin, given=given, language="fr", text="?", sealing=SEALING
    )
    assert await count_people(scene) == int(given)


async def test_a_choice_that_serves_later_is_put_once(scene: Scene) -> None:
    async def asks() -> bool:
        person = await db.people.get(scene.tx, scene.person.id)
        assert person is not None
        is_first = await registration.is_first_time(scene.tx, person, Purpose.TEAM)
        await write_postponed(scene.tx)  # as whoever comes next does
        return is_first

    await db.people.change(scene.tx, scene.person.id, asked_team=False)
    assert [await asks(), await asks()] == [True, False]
