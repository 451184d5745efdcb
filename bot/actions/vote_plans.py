"""What people say of their vote: will they, when, from where, with whom, did they. Any of it may change at any time."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

import db.vote_plans
from bot.actions.responses import Origin, record
from bot.campaign.campaign import Campaign
from bot.rules.ballots import Ballot
from bot.rules.reminders import Step, ballots_of_cannot
from bot.rules.steps import StepQuestion
from bot.words.step_values import Vote
from db.people import Person

TOLD_AFTERWARDS = timedelta(days=2)
"""How long after the close one may still tell that one voted."""


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


class Turnout(StrEnum):
    VOTED = "voted"
    LATER = "later"
    CANNOT = "cannot"


def may_still_tell_turnout(vote: Vote, answer: Turnout, now: datetime) -> bool:
    """Whether "voted", "later" or "can't" makes sense: the first and last also a little after the close."""
    if answer is Turnout.LATER:
        return now < vote.closes_at
    return now < vote.closes_at + TOLD_AFTERWARDS


def next_ballot_for(campaign: Campaign, vote: Vote) -> Ballot | None:
    """The ballot after this one in the same territory."""
    later = (ballot for ballot in campaign.ballots if ballot.number > vote.ballot)
    return next((ballot for ballot in later if ballot.takes_place_in(vote.territory)), None)


async def pledge(
    tx: AsyncConnection, person: Person, origin: Origin, campaign: Campaign, vote: Vote, answer: Pledge
) -> None:
    """The intention. "Can't" may speak of every later ballot too; taking it back lifts it from those again."""
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


async def tell_place(tx: AsyncConnection, person: Person, origin: Origin, vote: Vote, answer: str) -> None:
    """Whether the person knows their polling place (`known`) or wants to be told more (`help`)."""
    await record(tx, person, origin, StepQuestion.PLACE, answer, subject=str(vote.ballot))


async def plan_slot(tx: AsyncConnection, person: Person, origin: Origin, vote: Vote, slot: str) -> None:
    """When. Who plans intends to vote, whatever was said before."""
    plan = await db.vote_plans.get(tx, person=person.id, ballot=vote.ballot)
    values: dict[str, str | None] = {"slot": slot, "intention": Pledge.WILL.value}
    if plan is not None and plan.vote == Turnout.CANNOT:
        values["vote"] = None
    await _change(tx, person, origin, vote.ballot, **values)
    await record(tx, person, origin, "plan.slot", slot, subject=str(vote.ballot))


async def plan_departure(
    tx: AsyncConnection, person: Person, origin: Origin, vote: Vote, departure: StartingPoint
) -> None:
    await _change(tx, person, origin, vote.ballot, departure=departure.value)
    await record(tx, person, origin, "plan.departure", departure, subject=str(vote.ballot))


async def plan_company(
    tx: AsyncConnection, person: Person, origin: Origin, vote: Vote, company: Company
) -> None:
    await _change(tx, person, origin, vote.ballot, company=company.value)
    await record(tx, person, origin, "plan.company", company, subject=str(vote.ballot))


async def answer_echo(
    tx: AsyncConnection, person: Person, origin: Origin, vote: Vote, *, holds: bool
) -> None:
    """Two days before: the plan holds, or is to be changed."""
    await record(tx, person, origin, StepQuestion.ECHO, "ok" if holds else "change", subject=str(vote.ballot))


async def tell_turnout(
    tx: AsyncConnection, person: Person, origin: Origin, vote: Vote, question: StepQuestion, answer: Turnout
) -> None:
    """On the day: voted, later or can't, for this ballot alone; the last word counts."""
    await _change(tx, person, origin, vote.ballot, vote=answer.value)
    await record(tx, person, origin, question, answer, subject=str(vote.ballot))


async def keep_plan(
    tx: AsyncConnection, person: Person, origin: Origin, campaign: Campaign, vote: Vote, *, keep: bool
) -> bool:
    """After a round: the same plan for the next one, or another. False if there was no plan to keep."""
    plan = await db.vote_plans.get(tx, person=person.id, ballot=vote.ballot)
    following = next_ballot_for(campaign, vote)
    kept = keep and plan is not None and plan.slot is not None and following is not None
    if kept and plan is not None and following is not None:
        await _change(
            tx,
            person,
            origin,
            following.number,
            intention=Pledge.WILL.value,
            slot=plan.slot,
            departure=plan.departure,
            company=plan.company,
        )
    await record(
        tx, person, origin, StepQuestion.KEEP_PLAN, "keep" if keep else "change", subject=str(vote.ballot)
    )
    return kept


async def _change(
    tx: AsyncConnection, person: Person, origin: Origin, ballot: int, **values: str | None
) -> None:
    await db.vote_plans.change(tx, person=person.id, ballot=ballot, at=origin.at, **values)
