"""/vote: the next ballot where the person votes: when, what to bring, their plan, and "I voted" once it has opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram import Update

from bot.actions import vote_plans
from bot.actions.polling_places import where_of
from bot.rules.ballot_kinds import ELSEWHERE
from bot.rules.polling_places import PollingPlace
from bot.words.step_values import Vote, next_vote, values_for_step
from handlers.context import Context
from handlers.registration_dialog import must_sign_up, places
from handlers.routing import Awaited, Handler


async def vote(update: Update, context: Context) -> None:
    if await must_sign_up(context):
        return
    upcoming = next_vote(context.campaign, person=context.person, language=context.language, now=context.now)
    if upcoming is None:
        _tell_that_none_is_to_come(context)
        return
    shown = await values(context, upcoming)
    context.edit("vote/out" if context.campaign.is_out(context.now) else "vote/vote", **shown)
    send_venue(context, shown["where"].place)


def _tell_that_none_is_to_come(context: Context) -> None:
    """No vote is to come for this person: all are over, or held elsewhere."""
    ballot = context.campaign.next_ballot(context.now)
    if context.person.territory == ELSEWHERE and ballot is not None:
        context.edit("vote/elsewhere", places=places(context), day=ballot.day)
    else:
        context.edit("vote/over")


async def values(context: Context, about: Vote) -> Mapping[str, Any]:
    """The values that the templates about voting are given, for this person and ballot."""
    return values_for_step(
        person=context.person,
        plan=await vote_plans.plan_of(context.tx, context.person, about.ballot),
        campaign=context.campaign,
        ballot=about.ballot,
        language=context.language,
        bot_username=context.services.bot_username,
        now=context.now,
        where=await where_of(context.tx, context.person, about.ballot),
    )


def send_venue(context: Context, place: PollingPlace | None) -> None:
    """The polling place as a card that opens a map, where the file tells its point."""
    if place is not None and place.is_on_the_map:
        context.call(
            "sendVenue",
            latitude=place.latitude,
            longitude=place.longitude,
            title=place.name,
            address=place.address,
        )


BUTTONS: dict[str, Handler] = {}
DIALOGS: dict[str, dict[str, Awaited]] = {}
