"""/start: alone, or from a link: to an event (`ev_…`), of a friend (`r_…`), of a friend to an event (`ev_…_…`), or to
join the staff (`s_…`).
"""

from __future__ import annotations

from telegram import Update

from bot.links import read_link
from handlers import event_card, menu, staff
from handlers.context import Context
from handlers.registration_dialog import begin, is_drafting


async def start(update: Update, context: Context) -> None:
    payload = context.args[0] if context.args else ""
    kind, _, reference = payload.partition("_")
    if kind == "s" and reference:
        await staff.join(context, reference)
    elif not context.person.is_registered:
        event = read_link(payload).event
        if event and not is_drafting(context):
            await event_card.tease(context, event)
        await begin(context, payload)
    elif kind == "ev" and reference:
        await event_card.show_from_link(context, read_link(payload).event)
    else:
        await menu.show(context, answer=context.say)
