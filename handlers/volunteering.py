"""“I’d like to help”: with what, when, and whether the team may write; and the card on which the team opens an offer.

`help:<step>` shows a step, `help_choose:<task or moment>` marks one or takes it back, `help_contact:yes|no` answers the
question, `offer:open|take:<number>` is the team's.
"""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import volunteering
from bot.actions.volunteering import OfferCard, OfferGone
from bot.rules.consent import Purpose
from bot.rules.volunteering import FreeTime, Task
from handlers import desk
from handlers.buttons import arguments, one_of, yes_or_no
from handlers.choices import ask_once
from handlers.context import Context
from handlers.questions import as_asked, of_today
from handlers.registration_dialog import must_sign_up
from handlers.routing import Awaited, Handler, MalformedButton

QUESTION = "consents/help"
OPEN, WHAT, WHEN, ASK, DONE = STEPS = ("open", "what", "when", "ask", "done")


async def offer_help(update: Update, context: Context) -> None:
    """A step of the offer; `open` comes from another message, which it leaves as it is."""
    (step,) = arguments(context, 1)
    if step not in STEPS:
        raise MalformedButton
    if not await must_sign_up(context):
        await show_step(context, step, context.say if step == OPEN else context.edit)


async def show_step(context: Context, step: str, answer: Callable[..., None]) -> None:
    """Nothing offered yet: with what comes first. The question comes by itself where it was never answered."""
    await volunteering.begin(context.tx, context.person, context.origin, context.campaign)
    offer = await volunteering.offer_of(context.tx, context.person)
    if offer is None or not offer.tasks or step in (OPEN, WHAT):
        answer("volunteering/what", offer=offer)
    elif step == WHEN:
        answer("volunteering/when", offer=offer)
    elif step == ASK or offer.contact is None:
        answer("volunteering/ask")
    else:
        answer("volunteering/done", offer=offer)


async def ask_with_what(context: Context) -> None:
    """After words that may mean an offer: a tap makes one of it, and nothing is noted before."""
    offer = await volunteering.offer_of(context.tx, context.person)
    context.say("volunteering/what", offer=offer)


async def choose(update: Update, context: Context) -> None:
    """Something offered, or not any more; a moment too."""
    (named,) = arguments(context, 1)
    choice = one_of(Task, named) if named in set(Task) else one_of(FreeTime, named)
    if await must_sign_up(context):
        return
    offer = await volunteering.choose(context.tx, context.person, context.origin, context.campaign, choice)
    context.edit("volunteering/what" if isinstance(choice, Task) else "volunteering/when", offer=offer)


async def decide_contact(update: Update, context: Context) -> None:
    """Whether the team may write, on the very words that stand in the message; asked again where they are others."""
    given = yes_or_no(*arguments(context, 1))
    if await must_sign_up(context):
        return
    question = as_asked(context, QUESTION)
    if question is None and given:
        await show_step(context, ASK, context.edit)
        return
    question = question or of_today(context, QUESTION)
    try:
        offer = await volunteering.decide_contact(
            context.tx,
            context.person,
            context.origin,
            context.campaign,
            given=given,
            language=question.language,
            text=question.text,
        )
    except OfferGone:
        await show_step(context, WHAT, context.edit)
        return
    context.edit("volunteering/done", offer=offer)
    if given:
        await ask_once(context, Purpose.TEAM)


# -- the team --


async def open_offer(update: Update, context: Context) -> None:
    """The card of an offer, or word that whoever made it took it back."""
    said, number = arguments(context, 2)
    takes = yes_or_no(said, yes="take", no="open")
    act = volunteering.take if takes else volunteering.open_card
    try:
        card = await act(context.tx, await desk.author(context), desk.number(number))
    except OfferGone as gone:
        context.edit(gone.message)
    else:
        _show_card(context, card)


def _show_card(context: Context, card: OfferCard) -> None:
    person = card.person
    commune = context.services.gazetteer.by_code(person.commune) if person.commune else None
    context.edit(
        "volunteering/card",
        offer=card.offer,
        person=person,
        commune=commune,
        taken_by=card.taken_by,
        reader=context.person.telegram_id,
    )


BUTTONS: dict[str, Handler] = {
    "help": offer_help,
    "help_choose": choose,
    "help_contact": decide_contact,
    "offer": open_offer,
}

DIALOGS: dict[str, dict[str, Awaited]] = {}
