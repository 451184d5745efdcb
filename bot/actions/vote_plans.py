"""What people say of their vote: will they, when, from where, with whom, did they. Any of it may change at any time."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.vote_plans
from bot.actions.authority import CandidateOut
from bot.actions.people import require_supporter
from bot.actions.responses import Origin, record
from bot.campaign.campaign import Campaign
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.reminders import Step, ballots_of_cannot
from bot.rules.steps import StepQuestion
from bot.rules.vote_plans import Turnout, may_have_voted, may_tell_turnout
from bot.words.step_values import Vote, vote_in
from db.people import Person
from db.vote_plans import VotePlan


class VoteOver(PortevoixError):
    """It is too late to say this of the vote, or there is none where the person votes."""

    default_message: ClassVar[str] = "toasts/vote_over"


class VotingNotOpen(PortevoixError):
    """Nobody has voted yet where the person votes; `vote` tells when it opens."""

    default_message: ClassVar[str] = "toasts/voting_not_open"


class Pledge(StrEnum):
    WILL = "will"
    UNSURE = "unsure"
    CANNOT = "cannot"


class StartingPoint(StrEnum):
    HOME = "home"
    WORK = "work"
    ELSEWHERE = "elsewhere"


class Company(StrEnum):
    ALONE = "alone"
    FAMILY = "family"
    FRIENDS = "friends"


def require_open(campaign: Campaign, person: Person, vote: Vote, now: datetime) -> None:
    """Raises NotASupporter, VoteOver or CandidateOut unless the person may still plan this vote."""
    require_not_over(person, vote, now)
    _require_standing(campaign, now)


def require_not_over(person: Person, vote: Vote, now: datetime) -> None:
    """Raises NotASupporter or VoteOver unless the vote is still to come for the person, whoever stands in it."""
    require_supporter(person)
    if vote.is_over(now):
        raise VoteOver("This vote is over.")


def _require_standing(campaign: Campaign, now: datetime) -> None:
    if campaign.is_out(now):
        raise CandidateOut("The candidate is out: nothing is asked any more.", message="toasts/candidate_out")


def next_vote_after(campaign: Campaign, person: Person, vote: Vote, language: str) -> Vote | None:
    """The vote after this one where the person votes; None after the last."""
    later = (ballot for ballot in campaign.ballots if ballot.number > vote.ballot)
    held = next((ballot for ballot in later if ballot.takes_place_in(vote.territory)), None)
    return vote_in(campaign, held, person=person, language=language) if held is not None else None


async def plan_of(tx: AsyncConnection, person: Person, ballot: int) -> VotePlan | None:
    """The person's plan for a ballot; None while they said nothing."""
    return await db.vote_plans.get(tx, person=person.id, ballot=ballot)


async def pledge(
    tx: AsyncConnection, person: Person, origin: Origin, campaign: Campaign, vote: Vote, answer: Pledge
) -> None:
    """The intention. "Can't" may speak of every later ballot too; taking it back lifts it from those again.

    Raises as `require_open` does.
    """
    require_open(campaign, person, vote, origin.at)
    step = _step_asking(campaign, StepQuestion.PLEDGE)
    spoken_of: tuple[int, ...] = (vote.ballot,)
    if step is not None:
        spoken_of = ballots_of_cannot(step=step, ballot=vote.ballot, ballots=campaign.ballots)
    plans = await db.vote_plans.of_person(tx, person.id)
    for ballot in spoken_of:
        before = plans[ballot].intention if ballot in plans else None
        if answer is Pledge.CANNOT or ballot == vote.ballot or before == Pledge.CANNOT:
            await _change(tx, person, origin, ballot, intention=answer.value)
    await record(tx, person, origin, StepQuestion.PLEDGE, answer, subject=str(vote.ballot))


def _step_asking(campaign: Campaign, question: StepQuestion) -> Step | None:
    return next((step for step in campaign.steps if step.asks is question), None)


async def tell_place(
    tx: AsyncConnection, person: Person, origin: Origin, campaign: Campaign, vote: Vote, answer: str
) -> None:
    """Whether the person knows their polling place (`known`) or wants to be told more (`help`).

    Raises as `require_open` does.
    """
    require_open(campaign, person, vote, origin.at)
    await record(tx, person, origin, StepQuestion.PLACE, answer, subject=str(vote.ballot))


async def plan_slot(
    tx: AsyncConnection, person: Person, origin: Origin, campaign: Campaign, vote: Vote, slot: str
) -> None:
    """When. Who plans intends to vote, whatever was said before. Raises as `require_open` does."""
    require_open(campaign, person, vote, origin.at)
    plan = await db.vote_plans.get(tx, person=person.id, ballot=vote.ballot)
    values: dict[str, str | None] = {"slot": slot, "intention": Pledge.WILL.value}
    if plan is not None and plan.vote == Turnout.CANNOT:
        values["vote"] = None
    await _change(tx, person, origin, vote.ballot, **values)
    await record(tx, person, origin, "plan.slot", slot, subject=str(vote.ballot))


async def keep_slot(
    tx: AsyncConnection, person: Person, origin: Origin, campaign: Campaign, vote: Vote
) -> bool:
    """The time planned before suits, and is answered again; whether there was one. Raises as `require_open` does."""
    require_open(campaign, person, vote, origin.at)
    plan = await db.vote_plans.get(tx, person=person.id, ballot=vote.ballot)
    if plan is None or plan.slot is None:
        return False
    await plan_slot(tx, person, origin, campaign, vote, plan.slot)
    return True


async def plan_departure(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    campaign: Campaign,
    vote: Vote,
    departure: StartingPoint,
) -> None:
    """From where. Raises as `require_open` does."""
    require_open(campaign, person, vote, origin.at)
    await _change(tx, person, origin, vote.ballot, departure=departure.value)
    await record(tx, person, origin, "plan.departure", departure, subject=str(vote.ballot))


async def plan_company(
    tx: AsyncConnection, person: Person, origin: Origin, campaign: Campaign, vote: Vote, company: Company
) -> None:
    """With whom. Raises as `require_open` does."""
    require_open(campaign, person, vote, origin.at)
    await _change(tx, person, origin, vote.ballot, company=company.value)
    await record(tx, person, origin, "plan.company", company, subject=str(vote.ballot))


async def answer_echo(
    tx: AsyncConnection, person: Person, origin: Origin, campaign: Campaign, vote: Vote, *, holds: bool
) -> None:
    """Two days before: the plan holds, or is to be changed. Raises as `require_open` does."""
    require_open(campaign, person, vote, origin.at)
    await record(tx, person, origin, StepQuestion.ECHO, "ok" if holds else "change", subject=str(vote.ballot))


async def tell_turnout(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    campaign: Campaign,
    vote: Vote,
    *,
    question: StepQuestion,
    answer: Turnout,
) -> None:
    """On the day: voted, later or can't, for this ballot alone; the last word counts.

    Raises NotASupporter, CandidateOut, VotingNotOpen and VoteOver.
    """
    require_supporter(person)
    _require_standing(campaign, origin.at)
    if answer is Turnout.VOTED and not may_have_voted(opens_at=vote.opens_at, now=origin.at):
        raise VotingNotOpen("Voting has not opened where this person votes.", vote=vote)
    if not may_tell_turnout(answer, closes_at=vote.closes_at, now=origin.at):
        raise VoteOver("This vote is over.")
    await _change(tx, person, origin, vote.ballot, vote=answer.value)
    await record(tx, person, origin, question, answer, subject=str(vote.ballot))


class NextPlan(Frozen):
    """The vote that follows, and whether the plan was taken over to it; if not, there was none or it is to change."""

    vote: Vote
    kept: bool


async def keep_plan(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    campaign: Campaign,
    vote: Vote,
    *,
    keep: bool,
    language: str,
) -> NextPlan:
    """After a round: the same plan for the next one, or another. Raises NotASupporter, CandidateOut and VoteOver."""
    require_supporter(person)
    _require_standing(campaign, origin.at)
    following = next_vote_after(campaign, person, vote, language)
    if following is None or following.is_over(origin.at):
        raise VoteOver("No vote follows.")
    plan = await db.vote_plans.get(tx, person=person.id, ballot=vote.ballot)
    kept = keep and plan is not None and plan.slot is not None
    if kept and plan is not None:
        await _change(
            tx,
            person,
            origin,
            following.ballot,
            intention=Pledge.WILL.value,
            slot=plan.slot,
            departure=plan.departure,
            company=plan.company,
        )
    await record(
        tx, person, origin, StepQuestion.KEEP_PLAN, "keep" if keep else "change", subject=str(vote.ballot)
    )
    return NextPlan(vote=following, kept=kept)


async def _change(
    tx: AsyncConnection, person: Person, origin: Origin, ballot: int, **values: str | None
) -> None:
    await db.vote_plans.change(tx, person=person.id, ballot=ballot, at=origin.at, **values)
