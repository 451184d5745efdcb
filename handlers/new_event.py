"""/new_event: an event is written step by step, previewed as it will be received, and announced.

The dialog asks the first thing still missing (bot.rules.event_draft), so that leaving, a restart or a change of
one field all end at the summary.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import timedelta
from typing import Any

from telegram import Update

from bot.actions import event_drafts
from bot.actions.dialogs import ELSEWHERE
from bot.communes import Commune
from bot.rules.dates import LONGEST_EVENT, BadDate, read_duration, read_moment
from bot.rules.event_draft import (
    ADDRESS_LIMIT,
    DESCRIPTION_LIMIT,
    ONCE,
    TITLE_LIMIT,
    read_seats,
    reopened,
    require_near,
)
from bot.rules.events import UNUSUALLY_LONG
from bot.rules.permissions import Action
from bot.rules.seats import MOST_GUESTS, OVERBOOKINGS
from bot.rules.series import BadSeries, Every
from handlers import audience_dialog, audience_screens, desk
from handlers.buttons import arguments
from handlers.context import Context
from handlers.following import follow
from handlers.new_event_asking import (
    DURATIONS,
    FLOW,
    commune_of,
    forecast,
    is_hosting,
    proceed,
    question_of,
    starts_of,
    take_up,
)
from handlers.routing import Awaited, Handler, MalformedButton
from handlers.typed_communes import communes_typed

LONGEST_NUMBER = 4
"""Digits of how many times a series takes place; whatever is longer is no such number."""


async def begin(update: Update, context: Context) -> None:
    """Starts, or takes up again where it was left."""
    await desk.begin_draft(
        context, FLOW, allowed=Action.CREATE_EVENT, first="title", resumed="new_event/resumed"
    )
    await proceed(context, context.say)


# -- words --


async def type_title(update: Update, context: Context) -> None:
    await _keep_words(context, "titles", TITLE_LIMIT)


async def type_description(update: Update, context: Context) -> None:
    await _keep_words(context, "descriptions", DESCRIPTION_LIMIT)


async def _keep_words(context: Context, key: str, limit: int) -> None:
    words = desk.typed(context, limit)
    language = question_of(context).language
    assert language is not None  # these steps are asked for a language
    kept = context.kept.get(key) or {}
    await proceed(context, context.say, **{key: {**kept, language: words}})


async def skip(update: Update, context: Context) -> None:
    """A text in one language, or the pin, is left out."""
    step, language = arguments(context, 2)
    question = question_of(context) if context.is_in(FLOW, step) else None
    if question is None or language != (question.language or "-"):
        context.toast("toasts/already_answered")
    elif not question.may_skip:
        raise MalformedButton
    elif step in ("pin", "seats"):
        await proceed(context, context.edit, **{step: []})
    else:
        key = f"{step}s"
        kept = context.kept.get(key) or {}
        await proceed(context, context.edit, **{key: {**kept, language: ""}})


# -- where --


async def type_commune(update: Update, context: Context) -> None:
    assert context.message is not None  # a text handler
    typed = context.message.text or ""
    found = communes_typed(context, typed)
    if found.confident:
        await _settle_commune(context, found.results[0], context.say)
    elif found.results:
        context.say("new_event/communes", communes=found.results)
    else:
        context.say("new_event/commune_unknown", typed=typed[:60])


async def choose_commune(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    commune = context.services.gazetteer.by_code(code)
    if commune is None:
        raise MalformedButton
    if not desk.is_asked(context, FLOW, "commune"):
        return
    await _settle_commune(context, commune, context.edit)


async def _settle_commune(context: Context, commune: Commune, answer: Callable[..., None]) -> None:
    """Only where one may organize; the pin and the people around belong to the old place."""
    moved = context.kept.get("place") != commune.code
    forgotten: dict[str, Any] = {"address": None, "pin": None} if moved else {}
    if not is_hosting(context):
        author = await desk.author(context)
        author.require(Action.CREATE_EVENT, commune.code)
        forgotten |= {"chosen": None, **audience_dialog.FORGOTTEN} if moved else {}
    await proceed(context, answer, commune=commune.code, place=commune.code, **forgotten)


async def type_address(update: Update, context: Context) -> None:
    await proceed(context, context.say, address=desk.typed(context, ADDRESS_LIMIT))


async def share_pin(update: Update, context: Context) -> None:
    assert context.message is not None  # a location handler
    location = context.message.location
    assert location is not None  # the handler's filter
    commune = context.services.gazetteer.by_code(context.kept["commune"])
    if commune is not None:
        require_near((location.latitude, location.longitude), commune)
    await proceed(context, context.say, pin=[location.latitude, location.longitude])


# -- when --


async def type_date(update: Update, context: Context) -> None:
    """A local time of the place, as people write it."""
    assert context.message is not None  # a text handler
    moment = read_moment(
        context.message.text or "", context.vocabulary.dates, now=context.now, zone=commune_of(context).zone
    )
    await proceed(context, context.say, wall=moment.replace(tzinfo=None).isoformat())


async def type_duration(update: Update, context: Context) -> None:
    assert context.message is not None  # a text handler
    duration = read_duration(context.message.text or "", context.vocabulary.dates)
    minutes = int(duration.total_seconds()) // 60
    if duration >= UNUSUALLY_LONG:
        context.say(
            "new_event/long",
            minutes=minutes,
            until=starts_of(context) + duration,
            commune=commune_of(context),
        )
        return
    await proceed(context, context.say, minutes=minutes)


async def confirm_long(update: Update, context: Context) -> None:
    """It really lasts so long."""
    (minutes,) = arguments(context, 1)
    if not UNUSUALLY_LONG <= timedelta(minutes=desk.number(minutes)) <= LONGEST_EVENT:
        raise MalformedButton
    if desk.is_asked(context, FLOW, "duration"):
        await proceed(context, context.edit, minutes=desk.number(minutes))


async def choose_duration(update: Update, context: Context) -> None:
    (minutes,) = arguments(context, 1)
    if desk.number(minutes) not in DURATIONS:
        raise MalformedButton
    if not desk.is_asked(context, FLOW, "duration"):
        return
    await proceed(context, context.edit, minutes=desk.number(minutes))


# -- how often --


async def choose_repeat(update: Update, context: Context) -> None:
    (said,) = arguments(context, 1)
    if said != ONCE and said not in set(Every):
        raise MalformedButton
    if desk.is_asked(context, FLOW, "repeat"):
        await proceed(context, context.edit, repeat=said, ends=None)


async def type_ends(update: Update, context: Context) -> None:
    """Until which day, or how many times."""
    assert context.message is not None  # a text handler
    typed = (context.message.text or "").strip()
    ends: dict[str, Any] = {}
    if typed.isascii() and typed.isdigit() and len(typed) < LONGEST_NUMBER:
        ends["times"] = int(typed)
    else:
        try:
            last = read_moment(
                f"{typed} 23:59", context.vocabulary.dates, now=context.now, zone=commune_of(context).zone
            )
        except BadDate:
            raise BadSeries("This is no end.", why="endless") from None
        ends["until"] = last.date().isoformat()
    event_drafts.dates({**context.kept, "ends": ends})  # whatever is wrong with it is told here
    await proceed(context, context.say, ends=ends)


# -- seats --


async def type_seats(update: Update, context: Context) -> None:
    assert context.message is not None  # a text handler
    await proceed(context, context.say, seats=[read_seats(context.message.text or "")])


async def choose_guests(update: Update, context: Context) -> None:
    await _choose_number(context, "guests", range(MOST_GUESTS + 1))


async def choose_overbooking(update: Update, context: Context) -> None:
    await _choose_number(context, "overbooking", OVERBOOKINGS)


async def _choose_number(context: Context, step: str, offered: Container[int]) -> None:
    (number,) = arguments(context, 1)
    if desk.number(number) not in offered:
        raise MalformedButton
    if desk.is_asked(context, FLOW, step):
        await proceed(context, context.edit, **{step: desk.number(number)})


# -- the end --


async def settle_audience(update: Update, context: Context) -> None:
    arguments(context, 0)
    if not desk.is_asked(context, FLOW, "audience"):
        return
    if await audience_screens.asks_again(context):
        return
    context.drop_buttons()
    await proceed(context, context.say, chosen=True)


async def announce_anyway(update: Update, context: Context) -> None:
    """Nobody would get its invitation, and whoever announces it knows."""
    arguments(context, 0)
    if desk.is_asked(context, FLOW, "summary"):
        context.drop_buttons()
        await proceed(context, context.say, knowing=True)


async def change_field(update: Update, context: Context) -> None:
    """Back from the summary to one of the fields."""
    (field,) = arguments(context, 1)
    if not desk.is_asked(context, FLOW, "summary"):
        return
    try:
        reopening = reopened(field)
    except KeyError:
        raise MalformedButton from None
    context.drop_buttons()
    await proceed(context, context.say, **reopening)


async def confirm(update: Update, context: Context) -> None:
    """The word typed under the summary announces the event; any other is asked again. A host has a button for it."""
    if is_hosting(context):
        context.say("hosts/tap")
        return
    if not desk.is_to_be_sent(context):
        return
    author = await desk.take_draft(context)
    expected = None if context.kept.get("knowing") else await forecast(context, author)
    announced = await event_drafts.announce(
        context.tx, author, context.kept, commune_of(context), expected=expected
    )
    await context.end_dialog()
    context.say(
        "new_event/announced",
        event=announced.event,
        bot=context.services.bot_username,
        awaits_approval=announced.invitation.awaits_approval,
    )
    await follow(context, announced.invitation.broadcast)


BUTTONS: dict[str, Handler] = {
    "event_skip": skip,
    "event_commune": choose_commune,
    "event_duration": choose_duration,
    "event_long": confirm_long,
    "event_repeat": choose_repeat,
    "event_guests": choose_guests,
    "event_overbooking": choose_overbooking,
    "event_audience": settle_audience,
    "event_back": change_field,
    "event_anyway": announce_anyway,
}

DIALOGS = {
    FLOW: {
        "title": Awaited(text=type_title),
        "description": Awaited(text=type_description),
        "commune": Awaited(text=type_commune),
        "address": Awaited(text=type_address),
        "pin": Awaited(location=share_pin),
        "date": Awaited(text=type_date),
        "duration": Awaited(text=type_duration),
        "repeat": Awaited(),
        "ends": Awaited(text=type_ends),
        "seats": Awaited(text=type_seats),
        "guests": Awaited(),
        "overbooking": Awaited(),
        "summary": Awaited(text=confirm),
        ELSEWHERE: Awaited(text=take_up, anything=take_up),
        **audience_screens.AWAITED,
    }
}
