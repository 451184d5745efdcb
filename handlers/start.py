"""/start: alone, or from a link: to an event (`ev_…`), of a friend (`r_…`), of a friend to an event (`ev_…_…`), to join
the staff (`s_…`), to organize an event together (`h_…`), to say that one is there (`ci_…`), back from a printed
list (`li_…`), to a walk from door to door (`w_…`), or from the sheet of one (`wp_…`), to all walks nearby (`walks`).
"""

from __future__ import annotations

from telegram import Update

from bot.links import is_code, is_walk, read_link
from handlers import canvass, check_ins, event_card, hosts, menu, staff
from handlers.context import Context
from handlers.registration_dialog import begin, is_drafting


async def start(update: Update, context: Context) -> None:
    payload = context.args[0] if context.args else ""
    kind, _, reference = payload.partition("_")
    if kind == "s" and reference:
        await staff.join(context, reference)
    elif kind == "ci" and reference:
        await check_ins.by_link(context, reference)
    elif kind == "li" and is_code(reference) and (context.staff or context.person.is_registered):
        await check_ins.show_from_link(context, reference)
    elif payload == "walks" and context.person.is_registered:
        await canvass.walks(update, context)
    elif kind in ("w", "wp") and is_walk(reference) and context.person.is_registered:
        await canvass.from_link(context, reference, on_paper=kind == "wp")
    elif kind == "h" and reference:
        await hosts.join(context, reference)
    elif not context.person.is_registered:
        event = read_link(payload).event
        if event and not is_drafting(context):
            await event_card.tease(context, event)
        await begin(context, payload)
    elif kind == "ev" and reference:
        await event_card.show_from_link(context, read_link(payload).event)
    else:
        await menu.show(context, answer=context.say)
