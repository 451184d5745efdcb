"""A question that was answered loses its buttons, whichever way it was answered: nothing stale stays on the screen.

Every dialog knows which message asks what is open: kept under `ASKED` in what was said so far.
"""

from __future__ import annotations

from dataclasses import replace

from bot.actions.dialogs import ASIDE, ASKED, ELSEWHERE, REMEMBERED
from bot.delivery.calls import Call
from db.dialogs import Dialog
from handlers.context import Context


async def tidy(context: Context, before: Dialog | None) -> None:
    """After an update was answered; `before`: the dialog that was open when it came."""
    now = context.dialog
    if now is before:
        return
    if now is not None and now.step == ELSEWHERE:
        _say_what_waits(context, now, before)
        now = None  # no question of it is on the screen
    asked = before.data.get(ASKED) if before is not None else None
    place = next(
        (at for at in reversed(range(len(context.replies))) if _has_buttons(context.replies[at])), None
    )
    if place is None and now is not None and context.update.message is None:
        return  # a tap that asks nothing new: sharing where one is, say
    changed = {call.payload.get("message_id") for call in context.replies}
    if asked is not None and asked not in changed:
        context.drop_buttons_of(asked)
    if now is None:
        return
    question = context.replies[place] if place is not None else None
    if place is not None and question is not None and question.method == "sendMessage":
        # Which message it becomes is known once it was sent.
        context.replies[place] = replace(question, remember=REMEMBERED)
    shown = question.payload.get("message_id") if question is not None else None
    await context.ask(now.flow, now.step, **{ASKED: shown})


def _has_buttons(call: Call) -> bool:
    return call.method in ("sendMessage", "editMessageText") and bool(
        call.payload.get("reply_markup", {}).get("inline_keyboard")
    )


def _say_what_waits(context: Context, now: Dialog, before: Dialog | None) -> None:
    """A draft that another dialog had set aside goes on: whoever writes next is not surprised by it."""
    if before is not None and now.flow in before.data.get(ASIDE, {}):
        context.say("general/draft_waits", flow=now.flow)
