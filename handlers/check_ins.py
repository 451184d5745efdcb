"""Check-in: the code on the host's phone, the list to tick, the list on paper; and whoever says that they are there.

The dialog `door` keeps the event's code while a name is awaited.
"""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import attendees, check_ins, event_cards, events
from bot.actions.check_ins import CheckedIn, CheckInDoor
from bot.delivery.calls import Attachment
from bot.delivery.messages import captioned, deletion
from bot.links import check_in_link, list_link
from bot.printing.codes import qr_png
from bot.printing.tick_lists import TickList, is_printable, tick_list_pdf
from bot.rules.attendees import Attendee
from bot.rules.check_ins import EARLY, How, typed_digits
from bot.rules.people import FIRST_NAME_LIMIT
from bot.words.texts import Text
from db.events import EventInWords, EventTexts, text_in
from handlers import desk, event_card
from handlers.buttons import arguments, whole_number, yes_or_no
from handlers.context import Context
from handlers.registration_dialog import begin, is_drafting
from handlers.routing import Awaited, Handler

FLOW = "door"


async def show(update: Update, context: Context) -> None:
    code, number = arguments(context, 2)
    on_a_picture = context.message is not None and context.message.text is None
    await _show(context, code, context.say if on_a_picture else context.edit, number=whole_number(number))


async def show_from_link(context: Context, code: str) -> None:
    """The QR code on a printed list: whoever organizes the event sees its list, everybody else the event."""
    found = await event_cards.find(context.tx, code)
    hosted = (await desk.author(context)).hosted
    if context.staff or (found is not None and found.event.id in hosted):
        await _show(context, code, context.say)
    else:
        await event_card.show_from_link(context, code)


async def _show(
    context: Context,
    code: str,
    answer: Callable[..., None],
    *,
    number: int = 0,
    search: str = "",
    ticked: int | None = None,
) -> None:
    author = await desk.author(context)
    found, shown = await attendees.at_the_door(
        context.tx, author, code, page=number, search=search, ticked=ticked
    )
    answer(
        "check_ins/door",
        event=found.event,
        text=desk.event_text(context, found.texts),
        there=await attendees.there(context.tx, found),
        sheet=shown,
        search=search,
        opens=found.event.starts_at - EARLY,
    )


async def tick(update: Update, context: Context) -> None:
    """Whoever is tapped is there, or is not after all."""
    code, number, said, page = arguments(context, 4)
    author = await desk.author(context)
    one = whole_number(number)
    await check_ins.tick(context.tx, author, code, one, there=yes_or_no(said))
    await _show(context, code, context.edit, number=whole_number(page), ticked=one)


async def ask_name(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    await events.find_managed(context.tx, author, code)
    await context.ask_anew(FLOW, "search", code=code)
    context.say("check_ins/search")


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    """Asks the open question again."""
    answer("check_ins/search")


async def type_name(update: Update, context: Context) -> None:
    search, code = desk.typed(context, FIRST_NAME_LIMIT), context.kept["code"]
    await context.end_dialog()
    await _show(context, code, context.say, search=search)


async def show_code(update: Update, context: Context) -> None:
    """The code of the minute, in a message of its own that is kept up to date; the one before it goes."""
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    shown, before = await check_ins.open_screen(context.tx, author, code, context.door_key)
    if before is not None:
        context.replies.append(deletion(context.chat_id, before))
    link = check_in_link(context.services.bot_username, shown.token)
    picture = Attachment(field="photo", name=f"{code}.png", content=qr_png(link))
    context.replies.append(
        captioned(
            context.chat_id,
            _screen(context, shown),
            method="sendPhoto",
            file={},
            attachment=picture,
            remember=f"{check_ins.SCREEN}{code}",
        )
    )


def _screen(context: Context, shown: CheckInDoor) -> Text:
    found = shown.found
    return context.render(
        "check_ins/screen",
        event=found.event,
        text=desk.event_text(context, found.texts),
        there=shown.there,
        digits=shown.digits,
    )


async def close_code(update: Update, context: Context) -> None:
    """The picture goes: nobody scans it any more."""
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    await check_ins.close_screen(context.tx, author, code)
    if context.message is not None:
        context.replies.append(deletion(context.chat_id, context.message.message_id))
    await _show(context, code, context.say)


async def send_paper(update: Update, context: Context) -> None:
    """The list on paper, with boxes to tick and a QR code that leads back to it."""
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    paper = await attendees.paper_list(context.tx, author, code)
    event, text = paper.found.event, desk.event_text(context, paper.found.texts)
    values = {"event": event, "number": paper.number, "destroy_on": paper.destroy_on}
    printed = TickList(
        heading=text.title,
        below=[line for line in context.words("check_ins/paper_head", **values).splitlines() if line],
        lines=[_line(context, each) for each in paper.everybody],
        foot=context.words("check_ins/paper_foot", **values),
        link=list_link(context.services.bot_username, code),
        printed_at=context.now,
    )
    name = f"{code}-{paper.number}.pdf"
    context.send_file(tick_list_pdf(printed), name=name, caption="check_ins/paper", **values)


def _line(context: Context, each: Attendee) -> tuple[str, str]:
    """A name that the font knows, else the number; and what is said beside it."""
    known = each.name if each.name is not None and is_printable(each.name) else None
    first, *beside = context.words("check_ins/paper_line", each=each, known=known).splitlines()
    return first, " ".join(beside).strip()


async def by_link(context: Context, token: str) -> None:
    """Somebody scanned the code on the host's phone."""
    found = await check_ins.at_its_door(context.tx, token, context.door_key, context.now)
    if context.person.is_registered:
        said = await check_ins.check_in(context.tx, context.person, context.origin, found, How.LINK)
        _welcome(context, said)
    elif is_drafting(context):
        context.say("registration/draft_open")
    else:
        await _walk_in(context, found)


async def _walk_in(context: Context, found: EventInWords) -> None:
    """Counted once; whether they join is asked below."""
    code = found.event.code
    quiet = context.quiet_about_events is not None
    context.say("check_ins/walk_in", title=_title(context, found.texts), quiet=quiet)
    await begin(context, f"ev_{code}")
    await check_ins.walk_in(context.tx, found, context.person.telegram_id, context.door_key)
    assert context.dialog is not None  # signing up has begun, or goes on
    await context.ask(context.dialog.flow, context.step, here=code)


async def type_digits(context: Context) -> bool:
    """Whether what was typed are six digits while people are let in somewhere: then it was answered."""
    digits = typed_digits(context.message.text or "") if context.message is not None else None
    if digits is None or not context.person.is_registered:
        return False
    if not await check_ins.is_any_door_open(context.tx, context.now):
        return False
    said = await check_ins.check_in_by_digits(
        context.tx, context.person, context.origin, digits, context.door_key
    )
    if said is None:
        context.say("check_ins/wrong_digits")
    else:
        _welcome(context, said)
    return True


def _welcome(context: Context, said: CheckedIn) -> None:
    context.say(
        "check_ins/done",
        title=_title(context, said.found.texts),
        code=said.found.event.code,
        again=said.again,
        quiet=context.quiet_about_events is not None,
    )


def _title(context: Context, texts: EventTexts) -> str:
    return text_in(texts, context.language, context.campaign.languages[0]).title


BUTTONS: dict[str, Handler] = {
    "door": show,
    "tick": tick,
    "door_search": ask_name,
    "door_code": show_code,
    "door_close": close_code,
    "door_paper": send_paper,
}

DIALOGS = {FLOW: {"search": Awaited(text=type_name)}}
