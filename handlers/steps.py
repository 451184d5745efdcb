"""The answers to the reminder steps: `step:<ballot>:<question>:<answer>`, each edited into what follows it.

`QUESTIONS` is the one table. The words of the steps themselves are `locales/templates/steps/<template>`,
those of the replies `step_replies/`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from telegram import Update

from bot.actions import polling_places, questions, vote_plans
from bot.actions.authority import CandidateOut
from bot.actions.polling_places import PlaceGone
from bot.actions.vote_plans import (
    Company,
    Pledge,
    StartingPoint,
    VoteOver,
    VotingNotOpen,
    require_not_over,
    require_open,
)
from bot.rules.dates import read_time_of_day
from bot.rules.steps import StepQuestion, slot_at
from bot.rules.vote_plans import Turnout
from bot.words import neutral
from bot.words.step_values import Vote, next_vote, vote_in
from handlers.buttons import arguments, one_of, whole_number, yes_or_no
from handlers.context import Context
from handlers.registration_dialog import must_sign_up
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
    if await must_sign_up(context):
        return
    vote = vote_in(
        context.campaign, context.campaign.ballot(ballot), person=context.person, language=context.language
    )
    await _take(context, vote, question, said)


async def tell_that_one_voted(context: Context) -> None:
    """“I voted”, typed: what the button of the vote under way, or of the next one, does."""
    vote = next_vote(context.campaign, person=context.person, language=context.language, now=context.now)
    await _take(context, vote, StepQuestion.TURNOUT, Turnout.VOTED)


async def _take(context: Context, vote: Vote | None, question: str, said: str) -> None:
    """An answer, or why it cannot be given."""
    try:
        if vote is None:
            raise VoteOver("This ballot is not held where the person votes.")
        await QUESTIONS[question](context, vote, said)
        await _settle(context, vote, question, said)
    except VotingNotOpen as early:
        context.notify(early.message, **early.values)
    except VoteOver:
        following = next_vote(
            context.campaign, person=context.person, language=context.language, now=context.now
        )
        context.edit("step_replies/over", is_more_to_come=following is not None)
    except CandidateOut:
        assert vote is not None  # only what was asked about a vote raises it
        context.edit("vote/out", **await values(context, vote))


async def _settle(context: Context, vote: Vote, question: str, said: str) -> None:
    """What asked the same elsewhere asks it no more."""
    for message in await questions.settle_vote(
        context.tx,
        context.person,
        context.origin,
        context.campaign,
        ballot=vote.ballot,
        question=question,
        answer=said,
    ):
        context.drop_buttons_of(message)


async def plan_in_words(context: Context) -> bool:
    """A time typed in answer to the reminder that asks when one goes; whether it was one."""
    text = context.message.text if context.message is not None else None
    at = read_time_of_day(text or "", context.vocabulary.dates)
    asked = await questions.last_asked(context.tx, context.person, context.now) if at is not None else None
    if at is None or asked is None or asked.ballot is None:
        return False
    step = next((step for step in context.campaign.steps if step.name == asked.step), None)
    if step is None or step.asks not in (StepQuestion.PLAN, StepQuestion.ECHO):
        return False
    ballot = context.campaign.ballot(asked.ballot)
    vote = vote_in(context.campaign, ballot, person=context.person, language=context.language)
    if vote is not None:
        await _take(
            context, vote, StepQuestion.PLAN, slot_at(context.campaign.slots, at, closes=vote.closes).name
        )
    return vote is not None


async def _pledge(context: Context, vote: Vote, said: str) -> None:
    pledged = one_of(Pledge, said)
    await vote_plans.pledge(context.tx, context.person, context.origin, context.campaign, vote, pledged)
    context.edit("step_replies/pledged", answer=pledged, **await values(context, vote))


async def _place(context: Context, vote: Vote, said: str) -> None:
    known = yes_or_no(said, yes="known", no="help")
    await vote_plans.tell_place(context.tx, context.person, context.origin, context.campaign, vote, said)
    context.edit(
        "step_replies/place_known" if known else "step_replies/place_help", **await values(context, vote)
    )


async def _polling_place(context: Context, vote: Vote, said: str) -> None:
    """One of the commune's polling places, by its number; `map` shows the person's own."""
    if said == "map":
        require_not_over(context.person, vote, context.now)
        send_venue(context, (await polling_places.where_of(context.tx, context.person, vote.ballot)).place)
        return
    try:
        place = await polling_places.choose(
            context.tx, context.person, context.origin, vote=vote, number=said
        )
    except PlaceGone:
        await _show_places(context, vote, 0, changed=True)
        return
    context.edit("step_replies/place_chosen", **await values(context, vote))
    send_venue(context, place)


async def _list_places(context: Context, vote: Vote, said: str) -> None:
    """The commune's polling places, a page at a time, with what helps to tell which is one's own."""
    await _show_places(context, vote, whole_number(said))


async def _show_places(context: Context, vote: Vote, number: int, *, changed: bool = False) -> None:
    """`changed`: the one that was tapped is not among them any more."""
    require_not_over(context.person, vote, context.now)
    shown = await values(context, vote)
    places = shown["where"].choices
    if not places:
        context.edit("step_replies/place_help", **shown)
        return
    last = (len(places) - 1) // PLACES_A_PAGE
    page = min(number, last)
    first = page * PLACES_A_PAGE
    context.edit(
        "step_replies/places",
        page=page,
        last=last,
        first=first,
        places=places[first : first + PLACES_A_PAGE],
        changed=changed,
        **shown,
    )


async def _plan(context: Context, vote: Vote, said: str) -> None:
    """`open` asks when, `keep` leaves the plan as it is; the name of a slot answers, and from where comes next, but not
    to who votes online.
    """
    if said == "open":
        require_open(context.campaign, context.person, vote, context.now)
        context.edit("step_replies/plan_slot", **await values(context, vote))
        return
    if said == "keep":
        kept = await vote_plans.keep_slot(context.tx, context.person, context.origin, context.campaign, vote)
        context.edit(f"step_replies/{'plan_made' if kept else 'plan_slot'}", **await values(context, vote))
        return
    if said not in {slot.name for slot in context.campaign.slots}:
        raise MalformedButton
    await vote_plans.plan_slot(context.tx, context.person, context.origin, context.campaign, vote, said)
    following = "plan_made" if vote.online else "plan_departure"
    context.edit(f"step_replies/{following}", **await values(context, vote))


async def _departure(context: Context, vote: Vote, said: str) -> None:
    departure = one_of(StartingPoint, said)
    await vote_plans.plan_departure(
        context.tx, context.person, context.origin, context.campaign, vote, departure
    )
    context.edit("step_replies/plan_company", **await values(context, vote))


async def _company(context: Context, vote: Vote, said: str) -> None:
    company = one_of(Company, said)
    await vote_plans.plan_company(context.tx, context.person, context.origin, context.campaign, vote, company)
    context.edit("step_replies/plan_made", **await values(context, vote))


async def _echo(context: Context, vote: Vote, said: str) -> None:
    """The plan holds, then there is a text for three friends; or another plan."""
    holds = yes_or_no(said, yes="ok", no="change")
    await vote_plans.answer_echo(
        context.tx, context.person, context.origin, context.campaign, vote, holds=holds
    )
    shown = await values(context, vote)
    if holds and shown["friend_link"] is not None:
        # The text for three friends comes by itself, below.
        context.edit("step_replies/plan_made", **{**shown, "friend_link": None})
        context.say("step_replies/forward", **shown)
        return
    context.edit("step_replies/plan_made" if holds else "step_replies/plan_slot", **shown)


async def _turnout(context: Context, vote: Vote, said: str) -> None:
    await _tell_turnout(context, vote, StepQuestion.TURNOUT, one_of(Turnout, said))


async def _last_call(context: Context, vote: Vote, said: str) -> None:
    await _tell_turnout(context, vote, StepQuestion.LAST_CALL, one_of(Turnout, said))


async def _tell_turnout(context: Context, vote: Vote, question: StepQuestion, said: Turnout) -> None:
    await vote_plans.tell_turnout(
        context.tx, context.person, context.origin, context.campaign, vote, question=question, answer=said
    )
    helps = context.campaign.needs_hands(context.now)
    link = (await values(context, vote))["friend_link"]
    if said is Turnout.VOTED and link is not None and not vote.is_over(context.now):
        context.edit("step_replies/voted", vote=vote, answer=said.value, friend_link=link, may_help=helps)
    else:
        context.show(
            neutral.turnout(context.language, vote=vote, answer=said.value, may_help=helps, now=context.now)
        )


async def _keep_plan(context: Context, vote: Vote, said: str) -> None:
    """After a round: the same plan for the next one, or another."""
    found = await vote_plans.keep_plan(
        context.tx,
        context.person,
        context.origin,
        context.campaign,
        vote,
        keep=yes_or_no(said, yes="keep", no="change"),
        language=context.language,
    )
    context.edit(
        "step_replies/plan_kept" if found.kept else "step_replies/plan_slot",
        **await values(context, found.vote),
    )


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

BUTTONS: dict[str, Handler] = {"step": answer}
DIALOGS: dict[str, dict[str, Awaited]] = {}
