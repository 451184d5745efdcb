"""/inbox: whoever answers for the team goes on duty, takes a conversation, reads it alone and answers it.

What they write while the dialog of a conversation is open goes to its author. `talk_<what>:<number>` are the buttons
under what they read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telegram import Update

from bot.actions import duties, inbox
from bot.actions.authority import area_name
from bot.actions.conversations import FLOW as FLOW
from bot.actions.conversations import ConversationGone
from bot.actions.duties import NameMissing
from bot.rules.conversations import BLOCKS, duty_hours
from bot.rules.permissions import Action
from handlers import desk
from handlers.buttons import arguments, whole_number
from handlers.context import Context
from handlers.conversations import acknowledge, content_of, usual_wait
from handlers.registration_dialog import is_drafting
from handlers.routing import Awaited, Handler, MalformedButton

NAMING, HOURS, BLOCKING = "duty", "duty_hours", "inbox_block"
LONGEST_HOURS = 40
MOST_LISTED = 8


async def open_(update: Update, context: Context) -> None:
    """Who waits; whoever answers for the first time says how they sign."""
    arguments(context, 0)
    await _show(context, context.edit)


async def _show(context: Context, answer: Callable[..., None]) -> None:
    found = await inbox.opened(context.tx, await desk.author(context), await usual_wait(context))
    if found.answers is None or not found.answers.name:
        await _ask_name(context, answer)
        return
    shown = [
        (each, area_name(context.services.gazetteer, each.conversation.area))
        for each in found.waiting[:MOST_LISTED]
    ]
    answer("inbox/inbox", inbox=found, shown=shown)


# -- on duty --


async def change_duty(update: Update, context: Context) -> None:
    (said,) = arguments(context, 1)
    author = await desk.author(context)
    if said == "on":
        await duties.go_on_duty(context.tx, author)
    elif said == "off":
        await duties.go_off_duty(context.tx, author)
    elif said == "hours":
        await context.ask(HOURS, "hours")
        await show_hours(context, context.edit)
        return
    elif said == "name":
        await _ask_name(context, context.edit)
        return
    else:
        raise MalformedButton
    await _show(context, context.edit)


async def choose_hours(update: Update, context: Context) -> None:
    """On duty at these hours of every day."""
    author = await desk.author(context)
    if context.is_in(HOURS):
        await context.end_dialog()
    if context.arguments == ["all"]:
        await duties.go_on_duty(context.tx, author)
    else:
        first, last = (whole_number(each) for each in arguments(context, 2))
        if first > 23 or last > 24:
            raise MalformedButton
        await duties.go_on_duty(context.tx, author, hours=(first, last))
    await _show(context, context.edit)


async def show_hours(context: Context, answer: Callable[..., None]) -> None:
    answer("inbox/hours")


async def type_hours(update: Update, context: Context) -> None:
    """On duty at the hours that were typed: `18h-22h`, `6 pm to 10 pm`."""
    hours = duty_hours(desk.typed(context, LONGEST_HOURS))
    await duties.go_on_duty(context.tx, await desk.author(context), hours=hours)
    await context.end_dialog()
    await _show(context, context.say)


async def _ask_name(context: Context, answer: Callable[..., None]) -> None:
    (await desk.author(context)).require(Action.ANSWER_CONVERSATION)
    await context.ask(NAMING, "name")
    await show_name(context, answer)


async def show_name(context: Context, answer: Callable[..., None]) -> None:
    answer("inbox/name", suggested=_suggested(context))


def _suggested(context: Context) -> str:
    user = context.update.effective_user
    return context.person.first_name or (user.first_name if user else "")


async def accept_name(update: Update, context: Context) -> None:
    """The name that was suggested."""
    arguments(context, 0)
    if desk.is_asked(context, NAMING, "name"):
        await _sign_as(context, _suggested(context), context.edit)


async def type_name(update: Update, context: Context) -> None:
    await _sign_as(context, desk.typed(context, duties.LONGEST_NAME), context.say)


async def _sign_as(context: Context, name: str, answer: Callable[..., None]) -> None:
    await duties.sign_as(context.tx, await desk.author(context), name)
    await context.end_dialog()
    await _show(context, answer)


# -- a conversation --


async def take(update: Update, context: Context) -> None:
    """Whoever is first reads it: what was written comes by itself, in a moment."""
    number = _number(context)
    if not await _may_begin(context):
        return
    try:
        found = await inbox.claim(context.tx, await desk.author(context), number)
    except NameMissing:
        await _ask_name(context, context.say)
        return
    except (inbox.ConversationTaken, ConversationGone) as refusal:
        context.edit(refusal.message, **refusal.values)
        return
    except (inbox.OneAtATime, inbox.OwnConversation) as refusal:
        context.toast(refusal.message, alert=True, **refusal.values)
        return
    await context.ask(FLOW, "answer", conversation=found.id)
    context.edit("inbox/answering", number=found.id)


def _number(context: Context) -> int:
    (number,) = arguments(context, 1)
    return desk.number(number)


async def answer(update: Update, context: Context) -> None:
    """What is written goes to whoever wrote."""
    assert context.message is not None  # a dialog's answer
    number = int(context.kept["conversation"])
    try:
        await inbox.answer(context.tx, await desk.author(context), number, content_of(context.message))
    except (inbox.NotYours, ConversationGone) as refusal:
        await context.end_dialog()
        context.say(refusal.message, **{"number": number, **refusal.values})
    else:
        acknowledge(context)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    answer("inbox/answering", number=int(context.kept["conversation"]))


async def resume(update: Update, context: Context) -> None:
    """What is written next goes there again."""
    number = _number(context)
    if not await _may_begin(context):
        return
    await inbox.require_taken(context.tx, await desk.author(context), number)
    await context.ask(FLOW, "answer", conversation=number)
    context.say("inbox/answering", number=number)


async def show_again(update: Update, context: Context) -> None:
    """Where something may not have arrived: it comes once more, in a moment."""
    number = _number(context)
    if not await _may_begin(context):
        return
    await inbox.show_again(context.tx, await desk.author(context), number)
    await context.ask(FLOW, "answer", conversation=number)
    context.drop_buttons()


async def _may_begin(context: Context) -> bool:
    """Whether nothing else that they are writing would be lost: it is said where it would."""
    if not is_drafting(context) or any(context.is_in(flow) for flow in (FLOW, NAMING, HOURS, BLOCKING)):
        return True
    context.toast("registration/draft_open", alert=True)
    return False


async def hand_back(update: Update, context: Context) -> None:
    number = _number(context)
    await inbox.hand_back(context.tx, await desk.author(context), number)
    await _leave(context, "inbox/handed_back", number=number)


async def pass_on(update: Update, context: Context) -> None:
    """To whom: those on duty there who have taken nothing."""
    number = _number(context)
    free = await inbox.may_pass_to(context.tx, await desk.author(context), number)
    if free:
        context.say("inbox/pass_on", number=number, free=free)
    else:
        context.toast("inbox/nobody_to_pass_to", alert=True)


async def pass_to(update: Update, context: Context) -> None:
    number, to = (desk.number(each) for each in arguments(context, 2))
    reader = await inbox.pass_on(context.tx, await desk.author(context), number, to)
    await _leave(context, "inbox/passed_on", number=number, who=reader.name)


async def close(update: Update, context: Context) -> None:
    """Over: its author is told, and writes again where something is left."""
    number = _number(context)
    try:
        await inbox.close(context.tx, await desk.author(context), number)
    except inbox.WroteMeanwhile as refusal:
        context.toast(refusal.message, alert=True, **refusal.values)
        return
    await _leave(context, "inbox/closed", number=number)


async def _leave(context: Context, told: str, **values: Any) -> None:
    """What is written next goes nowhere any more."""
    await context.see_dialog_ended()
    context.drop_buttons()
    context.say(told, **values)


# -- somebody who writes what nobody should read --


async def block(update: Update, context: Context) -> None:
    """For how long."""
    number = _number(context)
    await inbox.require_taken(context.tx, await desk.author(context), number)
    context.say("inbox/block", number=number, days=[each.days for each in BLOCKS])


async def block_for(update: Update, context: Context) -> None:
    """Why."""
    said, days = arguments(context, 2)
    number = desk.number(said)
    if whole_number(days) not in {each.days for each in BLOCKS}:
        raise MalformedButton
    await inbox.require_taken(context.tx, await desk.author(context), number)
    await context.ask(BLOCKING, "reason", conversation=number, days=whole_number(days))
    context.edit("inbox/block_reason")


async def show_reason(context: Context, answer: Callable[..., None]) -> None:
    answer("inbox/block_reason")


async def type_reason(update: Update, context: Context) -> None:
    number, days = int(context.kept["conversation"]), int(context.kept["days"])
    reason = desk.typed(context, inbox.LONGEST_REASON)
    await inbox.block(context.tx, await desk.author(context), number, days, reason)
    await context.end_dialog()
    context.say("inbox/blocked", number=number, days=days)


async def lift_block(update: Update, context: Context) -> None:
    """It was a mistake, or is over."""
    number = _number(context)
    await inbox.lift_block(context.tx, await desk.author(context), number)
    context.edit("inbox/block_lifted", number=number)


BUTTONS: dict[str, Handler] = {
    "inbox": open_,
    "duty": change_duty,
    "duty_hours": choose_hours,
    "duty_name": accept_name,
    "talk_take": take,
    "talk_answer": resume,
    "talk_again": show_again,
    "talk_back": hand_back,
    "talk_pass": pass_on,
    "talk_pass_to": pass_to,
    "talk_close": close,
    "talk_block": block,
    "talk_block_for": block_for,
    "talk_unblock": lift_block,
}

DIALOGS: dict[str, dict[str, Awaited]] = {
    FLOW: {"answer": Awaited(text=answer, anything=answer)},
    NAMING: {"name": Awaited(text=type_name)},
    HOURS: {"hours": Awaited(text=type_hours)},
    BLOCKING: {"reason": Awaited(text=type_reason)},
}
