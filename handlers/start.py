"""/start: alone, or from a link to an event (`ev_…`), from a recruiter (`r_…`) or to join the staff (`s_…`)."""

from __future__ import annotations

from telegram import Update

from handlers import events, menu, staff
from handlers.context import Context
from handlers.registration_dialog import begin


async def start(update: Update, context: Context) -> None:
    payload = context.args[0] if context.args else ""
    kind, _, reference = payload.partition("_")
    if kind == "s" and reference:
        await staff.join(context, reference)
    elif not context.person.is_registered:
        await begin(context, payload)
    elif kind == "ev" and reference:
        await events.show_from_link(context, reference)
    else:
        await menu.show(context, answer=context.say)
