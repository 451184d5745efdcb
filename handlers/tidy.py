"""A question that was answered in words loses its buttons, as one answered by a button does: nothing stale stays there.

The dialogs about where one votes know which message asks what is open: kept under `ASKED` in what was said so far.
"""

from __future__ import annotations

from dataclasses import replace

from bot.actions.dialogs import ASKED, REMEMBERED
from bot.delivery.calls import Call
from db.dialogs import Dialog
from handlers.context import Context
from handlers.registration_dialog import FLOW, MOVING


async def tidy(context: Context, before: Dialog | None) -> None:
    """After an update was answered; `before`: the dialog that was open when it came."""
    now = context.dialog
    if now is before:
        return
    asked = before.data.get(ASKED) if before is not None else None
    if asked is not None and context.update.message is not None:
        context.call("editMessageReplyMarkup", message_id=asked, reply_markup={"inline_keyboard": []})
    if now is None or now.flow not in (FLOW, MOVING):
        return
    place = next(
        (at for at in reversed(range(len(context.replies))) if _has_buttons(context.replies[at])), None
    )
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
