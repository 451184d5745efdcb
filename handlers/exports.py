"""/export: which rows, in which format; the file is made when it is about to be sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import MappingProxyType

from telegram import Update

from bot.actions import downloads, export_orders, exports
from bot.actions.authority import Author, area_name
from bot.actions.export_orders import Ordered
from bot.actions.exports import CHAT_FORMATS, CHAT_ROWS, Commission, ExportTooLarge, Order
from bot.delivery.messages import captioned
from bot.exporting.layouts import LAYOUTS, layouts_of
from bot.exporting.tables import TABLES, ExportTable
from bot.frozen import Frozen
from bot.links import download_url
from bot.rules.permissions import Action
from db.export_choices import EventName
from db.exports import Selection
from handlers import areas, buttons, desk
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton

PRODUCER = "export"
"""The name under which the application registers `bot.export_files.ExportFiles`."""

PERIODS = MappingProxyType(
    {"all": None, "d1": timedelta(days=1), "d7": timedelta(days=7), "d30": timedelta(days=30)}
)
"""How far back an export goes."""
NOTHING_IN_PARTICULAR = "-"


class Choices(Frozen):
    """The choices so far, as buttons carry them: `about` is `-`, a ballot (`b1`) or an event (`e` and its code)."""

    area: str
    table: ExportTable
    period: str = "all"
    about: str = NOTHING_IN_PARTICULAR

    @property
    def ballot(self) -> int | None:
        return int(self.about[1:]) if self.about[0] == "b" else None

    @property
    def event(self) -> str | None:
        return self.about[1:] if self.about[0] == "e" else None

    def order(self) -> Order:
        """The order that the choices come to, whatever the format and period."""
        selection = Selection(area=self.area, event=self.event, ballot=self.ballot)
        return Order(table=self.table.name, format=CHAT_FORMATS[0], selection=selection)

    def selection(self, context: Context) -> Selection:
        back = PERIODS[self.period]
        since = context.now - back if back is not None else None
        return Selection(area=self.area, since=since, event=self.event, ballot=self.ballot)


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
    """The choices made so far are in the button: an area, a table, a period and a subject, a format."""
    typed, *rest = context.arguments or [""]
    author = await desk.author(context)
    if not rest:
        _ask_table(context, author, areas.tapped(typed), context.edit)
        return
    choices = _read(context, typed, rest[:3])
    exports.require(author, choices.order())
    if len(rest) == 4:
        await _send(context, author, choices, rest[3])
    elif len(rest) in (1, 3):
        await _ask_format(context, author, choices)
    else:
        raise MalformedButton


async def choose_event(update: Update, context: Context) -> None:
    """The latest events of the area, one of which the export is narrowed to."""
    typed, table, period = buttons.arguments(context, 3)
    choices = _read(context, typed, [table, period, NOTHING_IN_PARTICULAR])
    found = await exports.latest_events(context.tx, await desk.author(context), choices.order())
    context.edit("exports/events", choices=choices, events=found)


def _read(context: Context, area: str, rest: list[str]) -> Choices:
    """The choices that a button carries; raises MalformedButton for what none ever said."""
    name, *narrowed = rest
    if name not in TABLES or len(narrowed) not in (0, 2):
        raise MalformedButton
    choices = Choices(area=areas.tapped(area), table=TABLES[name])
    if not narrowed:
        return choices
    period, about = narrowed
    ballots = [f"b{ballot.number}" for ballot in context.campaign.ballots] if choices.table.of_ballot else []
    is_event = choices.table.of_event and about[:1] == "e" and about[1:].isalnum()
    if period not in PERIODS or not (is_event or about in (NOTHING_IN_PARTICULAR, *ballots)):
        raise MalformedButton
    return Choices(area=choices.area, table=choices.table, period=period, about=about)


def _ask_table(context: Context, author: Author, area: str, answer: Callable[..., None]) -> None:
    author.require(Action.EXPORT_RESPONSES, area)
    tables = [table.name for table in exports.tables_for(author, area)]
    answer(
        "exports/tables",
        area=area,
        area_name=area_name(author.gazetteer, area),
        tables=tables,
        names_only=_names_only(author, "responses"),
    )


def _names_only(author: Author, table: str) -> bool:
    """Whether only who is known to the team has rows in a file, and all others are counted."""
    order = Order(table=table, format="csv", selection=Selection())
    return exports.as_read_by(author, order).selection.known_in is not None


async def _ask_format(context: Context, author: Author, choices: Choices) -> None:
    campaign = context.campaign
    names = {
        number: campaign.text(words, context.language) for number, words in campaign.ballot_names.items()
    }
    context.edit(
        "exports/formats",
        choices=choices,
        event=await _event(context, author, choices),
        periods=list(PERIODS),
        ballots=names if choices.table.of_ballot else {},
        formats=CHAT_FORMATS,
        layouts=[layout.name for layout in layouts_of(choices.table.name)],
    )


async def _event(context: Context, author: Author, choices: Choices) -> EventName | None:
    """The event chosen. One of another area, or of none, was forged."""
    event = await exports.event_of(context.tx, author, choices.order())
    if event is None and choices.event is not None:
        raise MalformedButton
    return event


async def _send(context: Context, author: Author, choices: Choices, chosen: str) -> None:
    order = _order(context, choices, chosen)
    await _event(context, author, choices)
    ordered = await export_orders.order(context.tx, author, order)
    back = (choices.area, choices.table.name, choices.period, choices.about)
    await _deliver(context, author, ordered, back=back)


async def _deliver(context: Context, author: Author, ordered: Ordered, *, back: tuple[str, ...]) -> None:
    """`back`: the choices to go back to where they come to nothing."""
    if not ordered.rows:
        context.edit("exports/nothing", back=back)
    elif ordered.waits:
        context.edit("exports/waits")
    elif ordered.rows > CHAT_ROWS:
        await _offer_link(context, author, ordered.order)
    else:
        _promise_file(context, author, ordered.order, ordered.rows)


# -- what waits for a second admin --


async def decide(update: Update, context: Context) -> None:
    """A second admin agrees to a large export, or does not."""
    approval, said = buttons.arguments(context, 2)
    author, granted = await desk.author(context), buttons.yes_or_no(said)
    decided = await export_orders.decide(context.tx, author, desk.number(approval), granted=granted)
    area = decided.details["area"]
    context.edit(
        "exports/decided",
        granted=granted,
        by=decided.asked_by,
        table=decided.details["export"],
        area=area,
        area_name=area_name(context.services.gazetteer, area),
    )


async def fetch(update: Update, context: Context) -> None:
    """What was granted, to whoever asked for it."""
    (approval,) = buttons.arguments(context, 1)
    author = await desk.author(context)
    ordered = await export_orders.fetch(context.tx, author, desk.number(approval))
    back = (ordered.order.selection.area, ordered.order.table)
    await _deliver(context, author, ordered, back=back)


def _order(context: Context, choices: Choices, chosen: str) -> Order:
    table, selection = choices.table.name, choices.selection(context)
    layout = LAYOUTS.get(chosen)
    if layout is not None and table in layout.shapes:
        return Order(table=table, format=layout.format, layout=layout.name, selection=selection)
    if chosen not in CHAT_FORMATS:
        raise MalformedButton
    return Order(table=table, format=chosen, selection=selection)


async def _offer_link(context: Context, author: Author, order: Order) -> None:
    address = context.services.links_to
    if address is None:
        raise ExportTooLarge("The export is too large for the chat.")
    token = await downloads.offer(context.tx, author, order, context.language)
    context.edit("exports/link", url=download_url(address, token))


def _promise_file(context: Context, author: Author, order: Order, rows: int) -> None:
    area = order.selection.area
    context.edit("exports/preparing", rows=rows)
    context.call("sendChatAction", action="upload_document")
    described = context.render(
        "exports/caption",
        table=order.table,
        area=area,
        area_name=area_name(author.gazetteer, area),
        names_only=_names_only(author, order.table),
    )
    commission = Commission(
        order=order,
        number=context.update.update_id,
        chat=context.chat_id,
        message=context.message.message_id if context.message is not None else 0,
        language=context.language,
        rows=rows,
    )
    context.replies.append(
        captioned(
            context.chat_id,
            described,
            file={},
            produce=PRODUCER,
            produce_arguments=commission.arguments,
            otherwise=context.composed(context.render("exports/failed")).payload,
        )
    )


BUTTONS: dict[str, Handler] = {
    "export": choose,
    "export_events": choose_event,
    "export_decide": decide,
    "export_fetch": fetch,
}
DIALOGS: dict[str, dict[str, Awaited]] = {}
