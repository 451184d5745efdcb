"""The answers to the reminder steps: `step:<ballot>:<question>:<answer>`, each edited into what follows it.

`QUESTIONS` is the one table. The words of the steps themselves are `locales/templates/steps/<template>`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from telegram import Update

from bot.actions import polling_places, vote_plans
from bot.actions.vote_plans import Company, Pledge, StartingPoint, Turnout
from bot.rules.steps import StepQuestion
from bot.words import neutral
from bot.words.step_values import Vote, vote_in
from handlers import registration
from handlers.buttons import arguments, one_of, whole_number, yes_or_no
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton
from handlers.vote import send_venue, values

PLACES_A_PAGE = 8

Answering = Callable[[Context, Vote, str], Awaitable[None]]


async def answer(update: Update, context: Context) -> None:
    """A button of a step. One whose vote is over explains and shows the next vote."""
    number, question, said = arguments(context, 3)
    ballot = whole_number(number)
    if question not in QUESTIONS or ballot not in {held.number for held in context.campaign.ballots}:
        raise MalformedButton
    if await registration.must_sign_up(context):
        return
    vote = _vote(context, ballot)
    if vote is None or (vote.is_over(context.now) and question not in ASKED_AFTERWARDS):
        _explain_over(context)
    elif context.campaign.is_out(context.now) and question not in ABOUT_THE_PLACE:
        context.toast("toasts/candidate_out", alert=True)
        context.edit("vote/out", **await values(context, vote))
    else:
        await QUESTIONS[question](context, vote, said)


def _vote(context: Context, number: int) -> Vote | None:
    """The ballot as it takes place for this person; None where it is not held."""
    ballot = context.campaign.ballot(number)
    return vote_in(context.campaign, ballot, person=context.person, language=context.language)


def _explain_over(context: Context) -> None:
    context.toast("toasts/vote_over", alert=True)
    context.edit("steps/over")


async def _pledge(context: Context, vote: Vote, said: str) -> None:
    pledged = one_of(Pledge, said)
    await vote_plans.pledge(context.tx, context.person, context.origin, context.campaign, vote, pledged)
    context.edit("steps/pledged", answer=pledged, **await values(context, vote))


async def _place(context: Context, vote: Vote, said: str) -> None:
    known = yes_or_no(said, yes="known", no="help")
    await vote_plans.tell_place(context.tx, context.person, context.origin, vote, said)
    context.edit("steps/place_known" if known else "steps/place_help", **await values(context, vote))


async def _polling_place(context: Context, vote: Vote, said: str) -> None:
    """One of the commune's polling places, by its number; `map` shows the person's own."""
    where = await polling_places.where_of(context.tx, context.person, vote.ballot)
    if said == "map":
        send_venue(context, where.place)
        return
    place = next((each for each in where.choices if str(each.id) == said), None)
    if place is None:
        # The places were imported again since, or the person moved.
        context.toast("toasts/places_changed", alert=True)
        await _list_places(context, vote, "0")
        return
    await polling_places.choose(context.tx, context.person, context.origin, ballot=vote.ballot, place=place)
    context.toast("toasts/noted")
    context.edit("steps/place_chosen", **await values(context, vote))
    send_venue(context, place)


async def _list_places(context: Context, vote: Vote, said: str) -> None:
    """The commune's polling places, a page at a time, with what helps to tell which is one's own."""
    shown = await values(context, vote)
    places = shown["where"].choices
    if not places:
        context.edit("steps/place_help", **shown)
        return
    last = (len(places) - 1) // PLACES_A_PAGE
    page = min(whole_number(said), last)
    first = page * PLACES_A_PAGE
    context.edit(
        "steps/places",
        page=page,
        last=last,
        first=first,
        places=places[first : first + PLACES_A_PAGE],
        **shown,
    )


async def _plan(context: Context, vote: Vote, said: str) -> None:
    """`open` asks when; the name of a slot answers, and from where comes next."""
    if said == "open":
        context.edit("steps/plan_slot", **await values(context, vote))
        return
    if said not in {slot.name for slot in context.campaign.slots}:
        raise MalformedButton
    await vote_plans.plan_slot(context.tx, context.person, context.origin, vote, said)
    context.edit("steps/plan_departure", **await values(context, vote))


async def _departure(context: Context, vote: Vote, said: str) -> None:
    departure = one_of(StartingPoint, said)
    await vote_plans.plan_departure(context.tx, context.person, context.origin, vote, departure)
    context.edit("steps/plan_company", **await values(context, vote))


async def _company(context: Context, vote: Vote, said: str) -> None:
    company = one_of(Company, said)
    await vote_plans.plan_company(context.tx, context.person, context.origin, vote, company)
    context.edit("steps/plan_made", **await values(context, vote))


async def _echo(context: Context, vote: Vote, said: str) -> None:
    """The plan holds, then there is a text for three friends; or another plan."""
    holds = yes_or_no(said, yes="ok", no="change")
    await vote_plans.answer_echo(context.tx, context.person, context.origin, vote, holds=holds)
    shown = await values(context, vote)
    context.edit("steps/plan_made" if holds else "steps/plan_slot", **shown)
    if holds and shown["friend_link"] is not None:
        context.say("steps/forward", **shown)


async def _turnout(context: Context, vote: Vote, said: str) -> None:
    await _tell_turnout(context, vote, StepQuestion.TURNOUT, one_of(Turnout, said))


async def _last_call(context: Context, vote: Vote, said: str) -> None:
    await _tell_turnout(context, vote, StepQuestion.LAST_CALL, one_of(Turnout, said))


async def _tell_turnout(context: Context, vote: Vote, question: StepQuestion, said: Turnout) -> None:
    """Nobody has voted before voting opens where they vote; "can't" may be said earlier."""
    if said is Turnout.VOTED and not vote.has_opened(context.now):
        context.toast("toasts/voting_not_open", alert=True, vote=vote)
    elif not vote_plans.may_still_tell_turnout(vote, said, context.now):
        _explain_over(context)
    else:
        await vote_plans.tell_turnout(context.tx, context.person, context.origin, vote, question, said)
        context.toast("toasts/noted")
        context.show(
            neutral.worded("turnout", context.language, vote=vote, answer=said.value, now=context.now)
        )


async def _keep_plan(context: Context, vote: Vote, said: str) -> None:
    """After a round: the same plan for the next one, or another."""
    keep = yes_or_no(said, yes="keep", no="change")
    following = vote_plans.next_ballot_for(context.campaign, vote)
    upcoming = _vote(context, following.number) if following is not None else None
    if upcoming is None or upcoming.is_over(context.now):
        _explain_over(context)
        return
    kept = await vote_plans.keep_plan(
        context.tx, context.person, context.origin, context.campaign, vote, keep=keep
    )
    context.edit("steps/plan_kept" if kept else "steps/plan_slot", **await values(context, upcoming))


QUESTIONS: dict[str, Answering] = {
    StepQuestion.PLEDGE: _pledge,
    StepQuestion.PLACE: _place,
    "polling_place": _polling_place,
    "places": _list_places,
    StepQuestion.PLAN: _plan,
    "plan.departure": _departure,
    "plan.company": _company,
    StepQuestion.ECHO: _echo,
    StepQuestion.TURNOUT: _turnout,
    StepQuestion.LAST_CALL: _last_call,
    StepQuestion.KEEP_PLAN: _keep_plan,
}

# Answered once the polling places are closed; each says by itself until when.
ASKED_AFTERWARDS = {StepQuestion.TURNOUT, StepQuestion.LAST_CALL, StepQuestion.KEEP_PLAN}

# The vote goes on where a candidate is out, and so does where one votes.
ABOUT_THE_PLACE = {"polling_place", "places"}

BUTTONS: dict[str, Handler] = {"step": answer}
DIALOGS: dict[str, dict[str, Awaited]] = {}
