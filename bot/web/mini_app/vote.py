"""The next vote of whoever reads, and their plan for it, by the actions and with the words of the chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.routing import Route

from bot.actions import polling_places, questions, vote_plans
from bot.actions.authority import area_name
from bot.actions.people import require_supporter
from bot.actions.vote_plans import Company, StartingPoint, VoteOver
from bot.rules.ballot_kinds import ELSEWHERE
from bot.rules.steps import StepQuestion
from bot.rules.typed import is_number
from bot.rules.vote_plans import Turnout
from bot.web.desk import Desk, Visit, whole_number
from bot.web.refusals import Missing
from bot.web.taps import Key
from bot.words.step_values import Vote, next_vote, values_for_step, vote_in

PLACES_A_PAGE = 12
PAGES = {"when": "plan_slot", "from": "plan_departure", "with": "plan_company", "places": "places"}
"""What is asked on the way, by the name in the address, and its words."""
Chosen = TypeVar("Chosen", bound=StrEnum)
Answering = Callable[[Visit, Vote, str], Awaitable[str]]


class MyVote:
    """One page, whose address tells which question of the plan is open (`?ask=when`)."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk = self._desk
        return [
            Route("/app/vote", desk.reading(self.show)),
            Route("/app/vote", desk.changing(self.answer), methods=["POST"]),
        ]

    async def show(self, visit: Visit) -> Response:
        require_supporter(visit.author.person)
        author, asked = visit.author, visit.request.query_params.get("ask", "")
        vote = next_vote(author.campaign, person=author.person, language=visit.language, now=visit.now)
        if vote is None:
            return visit.page("vote", message=_none_to_come(visit))
        values = await _values(visit, vote)
        if author.campaign.is_out(visit.now):
            name = "vote/out"
        elif asked in PAGES:
            name = f"step_replies/{PAGES[asked]}"
            if asked == "places":
                values = {**values, **_places(visit, values)}
        else:
            name = "vote/vote"
        message = visit.shown(name, ("step",), **values)
        rows = [[key for key in row if _is_answered_here(key)] for row in message.rows]
        return visit.page("vote", message=replace(message, rows=[row for row in rows if row]))

    async def answer(self, visit: Visit) -> Response:
        """`step:1:plan:noon`: the answer to a question about a ballot; then what is asked next."""
        author = visit.author
        require_supporter(author.person)
        tap = visit.form.get("tap", "").split(":")
        number, question, said = tap[1:] if len(tap) == 4 else ("", "", "")
        held = {str(ballot.number): ballot for ballot in author.campaign.ballots}
        if question not in QUESTIONS or number not in held:
            raise Missing("There is no such question.")
        vote = vote_in(author.campaign, held[number], person=author.person, language=visit.language)
        if vote is None:
            raise VoteOver("This ballot is not held where the person votes.")
        following = await QUESTIONS[question](visit, vote, said)
        await questions.settle_vote(
            visit.tx,
            author.person,
            visit.origin,
            author.campaign,
            ballot=vote.ballot,
            question=question,
            answer=said,
        )
        return visit.go(f"/app/vote{following}")


def _is_answered_here(key: Key) -> bool:
    _, _, question, said = (key.tap or ":::").split(":")
    return bool(key.url) or (question in QUESTIONS and said != "map")


def _none_to_come(visit: Visit) -> Any:
    campaign = visit.author.campaign
    ballot = campaign.next_ballot(visit.now)
    if visit.author.person.territory == ELSEWHERE and ballot is not None:
        areas = () if campaign.is_everywhere else campaign.areas
        places = [area_name(visit.author.gazetteer, area) for area in areas]
        return visit.shown("vote/elsewhere", places=places, day=ballot.day)
    return visit.shown("vote/over")


async def _values(visit: Visit, vote: Vote) -> Mapping[str, Any]:
    author = visit.author
    return values_for_step(
        person=author.person,
        plan=await vote_plans.plan_of(visit.tx, author.person, vote.ballot),
        campaign=author.campaign,
        ballot=vote.ballot,
        language=visit.language,
        bot_username=visit.desk.composer.bot_username,
        now=visit.now,
        where=await polling_places.where_of(visit.tx, author.person, vote.ballot),
    )


def _places(visit: Visit, values: Mapping[str, Any]) -> dict[str, Any]:
    """A page of the polling places of the commune."""
    places = values["where"].choices
    last = max(0, (len(places) - 1) // PLACES_A_PAGE)
    page = min(last, whole_number(visit, "page", 0))
    first = page * PLACES_A_PAGE
    shown = places[first : first + PLACES_A_PAGE]
    return {"page": page, "last": last, "first": first, "places": shown, "changed": False}


def _one_of(kind: type[Chosen], said: str) -> Chosen:
    if said not in tuple(kind):
        raise Missing("There is no such answer.")
    return kind(said)


async def _plan(visit: Visit, vote: Vote, said: str) -> str:
    author = visit.author
    if said == "open":
        vote_plans.require_open(author.campaign, author.person, vote, visit.now)
        return "?ask=when"
    if said not in {slot.name for slot in author.campaign.slots}:
        raise Missing("There is no such time.")
    await vote_plans.plan_slot(visit.tx, author.person, visit.origin, author.campaign, vote, said)
    return "" if vote.online else "?ask=from"


async def _departure(visit: Visit, vote: Vote, said: str) -> str:
    departure = _one_of(StartingPoint, said)
    campaign = visit.author.campaign
    await vote_plans.plan_departure(visit.tx, visit.author.person, visit.origin, campaign, vote, departure)
    return "?ask=with"


async def _company(visit: Visit, vote: Vote, said: str) -> str:
    company = _one_of(Company, said)
    campaign = visit.author.campaign
    await vote_plans.plan_company(visit.tx, visit.author.person, visit.origin, campaign, vote, company)
    return ""


async def _turnout(visit: Visit, vote: Vote, said: str) -> str:
    await vote_plans.tell_turnout(
        visit.tx,
        visit.author.person,
        visit.origin,
        visit.author.campaign,
        vote,
        question=StepQuestion.TURNOUT,
        answer=_one_of(Turnout, said),
    )
    return ""


async def _list_places(visit: Visit, vote: Vote, said: str) -> str:
    return f"?ask=places&page={said if is_number(said, 4) else 0}"


async def _polling_place(visit: Visit, vote: Vote, said: str) -> str:
    await polling_places.choose(visit.tx, visit.author.person, visit.origin, vote=vote, number=said)
    return ""


QUESTIONS: Mapping[str, Answering] = {
    StepQuestion.PLAN: _plan,
    "plan.departure": _departure,
    "plan.company": _company,
    StepQuestion.TURNOUT: _turnout,
    "places": _list_places,
    "polling_place": _polling_place,
}
