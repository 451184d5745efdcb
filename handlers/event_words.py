"""A word of whoever hosts an event to those who come: typed, looked at, sent by a tap.

The dialog `event_word` keeps the event's code and the words.
"""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import event_words, events
from bot.actions.event_words import MOST_WORDS
from bot.departure.composable import Draft
from bot.rules.kinds import Kind
from bot.rules.sending import WORD
from handlers import desk
from handlers.buttons import arguments, yes_or_no
from handlers.context import Context
from handlers.routing import Awaited, Handler

FLOW = "event_word"


async def begin(context: Context, code: str) -> None:
    await events.find_open(context.tx, await desk.author(context), code)
    await context.ask_anew(FLOW, "words", code=code)
    context.say("hosts/word")


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    """Asks the open question again."""
    if context.step == "words":
        answer("hosts/word")
    else:
        await _show(context)


async def type_words(update: Update, context: Context) -> None:
    await context.ask(FLOW, "confirm", words=desk.typed(context, MOST_WORDS))
    await _show(context)


async def _show(context: Context) -> None:
    """The message as they will get it."""
    author = await desk.author(context)
    found = await events.find_open(context.tx, author, context.kept["code"])
    wording = Draft(kind=Kind.EVENT_SERVICE.value, template=WORD, words=context.kept["words"])
    context.replies += desk.previews(
        context, wording, {}, event=found.event, event_texts=found.texts, languages=[context.language]
    )
    context.say("hosts/word_confirm", people=found.answers.yes)


async def confirm(update: Update, context: Context) -> None:
    sends = yes_or_no(*arguments(context, 1))
    if not desk.is_asked(context, FLOW, "confirm"):
        return
    code, words = context.kept["code"], context.kept["words"]
    await context.end_dialog()
    context.drop_buttons()
    if not sends:
        context.say("event_edit/left")
        return
    told = await event_words.write(context.tx, await desk.author(context), code, words)
    context.say("hosts/word_sent", told=told, code=code)


BUTTONS: dict[str, Handler] = {"event_word": confirm}

DIALOGS = {FLOW: {"words": Awaited(text=type_words), "confirm": Awaited(text=type_words)}}
