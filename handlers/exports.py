"""/export: which rows, in which format; the file is made when it is about to be sent."""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import exports
from bot.actions.authority import Author, area_name
from bot.actions.exports import CHAT_FORMATS, Order
from bot.delivery.calls import Call
from bot.exporting.tables import TABLES
from bot.rules.permissions import Action
from db.exports import Selection
from handlers import areas, desk
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton

PRODUCER = "export"
"""The name under which the application registers `bot.actions.exports.Producer`."""


async def begin(update: Update, context: Context) -> None:
    """Over which area, where there are several; else which table."""
    author = await desk.author(context)
    author.require(Action.EXPORT_RESPONSES)
    held = areas.choices(author, Action.EXPORT_RESPONSES)
    if len(held) == 1:
        _ask_table(context, author, held[0][0], context.say)
    else:
        context.say("exports/areas", areas=held)


async def choose(update: Update, context: Context) -> None:
    """The choices made so far are in the button: an area, then a table, then a format."""
    typed, *chosen = context.arguments or [""]
    area = areas.tapped(typed)
    author = await desk.author(context)
    if not chosen:
        _ask_table(context, author, area, context.edit)
    elif chosen[0] not in TABLES or len(chosen) > 2:
        raise MalformedButton
    elif len(chosen) == 1:
        context.edit("exports/formats", area=area, table=chosen[0], formats=CHAT_FORMATS)
    else:
        await _send(context, author, table=chosen[0], format_=chosen[1], area=area)


def _ask_table(context: Context, author: Author, area: str, answer: Callable[..., None]) -> None:
    author.require(Action.EXPORT_RESPONSES, area)
    tables = [table.name for table in exports.tables_for(author, area)]
    answer("exports/tables", area=area, area_name=area_name(author.gazetteer, area), tables=tables)


async def _send(context: Context, author: Author, *, table: str, format_: str, area: str) -> None:
    if format_ not in CHAT_FORMATS:
        raise MalformedButton
    order = Order(table=table, format=format_, selection=Selection(area=area))
    rows = await exports.order_in_chat(context.tx, author, order)
    if not rows:
        context.edit("exports/nothing")
        return
    context.edit("exports/preparing", rows=rows)
    context.call("sendChatAction", action="upload_document")
    described = context.render(
        "exports/caption", table=table, rows=rows, area=area, area_name=area_name(author.gazetteer, area)
    )
    caption = {"caption": described.html, "parse_mode": "HTML"}
    context.replies.append(
        Call(
            method="sendDocument",
            payload={"chat_id": context.chat_id, **caption},
            produce=PRODUCER,
            produce_arguments={**order.details, "number": context.update.update_id},
        )
    )


BUTTONS: dict[str, Handler] = {"export": choose}
DIALOGS: dict[str, dict[str, Awaited]] = {}
