"""Signing up: who writes and why, four choices, one's age, where one votes, and a look at what was understood.

What is asked next, and what is kept meanwhile: handlers.registration_dialog; where one votes: handlers.place.
"""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import registration
from bot.rules.consent import Purpose
from bot.rules.typed import Meaning
from handlers import events, menu
from handlers.buttons import arguments, one_of, yes_or_no
from handlers.context import Context
from handlers.place import share_place, type_place
from handlers.registration_dialog import FLOW, advance, is_friend_code, out_of_turn, show_step
from handlers.routing import Awaited, Handler, MalformedButton


def friend_of(context: Context, count: int) -> str:
    """The code of a friend's link that the first question carries after so many arguments; "" where there is none."""
    code = context.arguments[count] if len(context.arguments) == count + 1 else ""
    return code if is_friend_code(code) else ""


async def choose_language(update: Update, context: Context) -> None:
    """The language button under the first question."""
    friend = friend_of(context, 1)
    language = arguments(context, 1 + bool(friend))[0]
    if language not in context.campaign.languages:
        raise MalformedButton
    await registration.choose_language(context.tx, context.person, context.origin, language)
    await context.refresh()
    if context.is_in(FLOW):
        await show_step(context, answer=context.edit, friend=friend)
    else:
        await menu.show(context, answer=context.edit)


async def decide_consent(update: Update, context: Context) -> None:
    """One of the four choices. Without the first there is nothing to go on with, nor anything to keep."""
    friend = friend_of(context, 2)
    named, said = arguments(context, 2 + bool(friend))[:2]
    purpose, given = one_of(Purpose, named), yes_or_no(said)
    if not context.is_in(FLOW, purpose):
        await out_of_turn(context)
        return
    question = context.render("registration/consent", purpose=purpose)
    goes_on = await registration.answer_consent(
        context.tx,
        context.person,
        context.origin,
        purpose=purpose,
        given=given,
        language=context.language,
        text=question.written,
        sealing=context.sealing,
    )
    if not goes_on:
        context.edit("registration/declined")
        return
    if friend:
        await registration.brought_by(context.tx, context.person, friend)
    choices = {**context.kept.get("choices", {}), purpose: given}
    await advance(context, context.edit, choices=choices)


async def declare_age(update: Update, context: Context) -> None:
    (said,) = arguments(context, 1)
    of_age = yes_or_no(said)
    if not context.is_in(FLOW, "age"):
        await out_of_turn(context)
        return
    await registration.declare_age(
        context.tx, context.person, context.origin, of_age=of_age, sealing=context.sealing
    )
    if not of_age:
        context.edit("registration/too_young")
        return
    await advance(context, context.edit, of_age=True)


async def confirm(update: Update, context: Context) -> None:
    """Takes whether the place was understood; if not, it is asked again."""
    (said,) = arguments(context, 1)
    is_right = yes_or_no(said, yes="ok", no="place")
    if not context.is_in(FLOW, "confirm"):
        await out_of_turn(context)
    else:
        await _conclude(update, context, context.edit, is_right=is_right)


async def type_instead_of_confirming(update: Update, context: Context) -> None:
    """Yes or no in words; whoever types another commune means that one."""
    assert context.message is not None  # a text handler
    meaning = context.vocabulary.meaning(context.message.text or "")
    if meaning in (Meaning.YES, Meaning.NO):
        await _conclude(update, context, context.say, is_right=meaning is Meaning.YES)
    else:
        await type_place(update, context)


async def _conclude(update: Update, context: Context, answer: Callable[..., None], *, is_right: bool) -> None:
    if not is_right:
        await context.ask(FLOW, "place", placed=False)
        await show_step(context, answer)
        return
    start = context.kept.get("start", "")
    user = update.effective_user
    await registration.register(
        context.tx,
        context.person,
        context.origin,
        context.campaign,
        first_name=user.first_name if user else "",
        language=context.language,
        suppression_key=context.services.suppression_key,
    )
    await context.end_dialog()
    await context.refresh()
    answer("registration/welcome")
    if start.startswith("ev_"):
        await events.show_from_link(context, start.removeprefix("ev_"))


BUTTONS: dict[str, Handler] = {
    "language": choose_language,
    "consent": decide_consent,
    "age": declare_age,
    "confirm": confirm,
}

DIALOGS = {FLOW: {"confirm": Awaited(text=type_instead_of_confirming, location=share_place)}}
