"""Saved answers: coordinators keep them from /inbox, and whoever answers sends one, as it will read, by two taps."""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import inbox, saved_answers
from bot.actions.authority import Author
from bot.actions.conversations import Content
from bot.rules.conversations import LONGEST
from bot.rules.permissions import Action
from bot.rules.placeholders import placeholders_in
from bot.words.staff_texts import check_staff_text
from handlers import desk
from handlers.buttons import arguments
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton

FLOW = "saved_answer"
MOST_LISTED = 20


async def manage(update: Update, context: Context) -> None:
    """The list, a new one, or one less."""
    what, *rest = context.arguments or [""]
    author = await desk.author(context)
    if what == "list" and not rest:
        await _list(context, author)
    elif what == "new" and not rest:
        author.require(Action.SAVE_ANSWER)
        await context.ask(FLOW, "title")
        context.edit("inbox/saved_title")
    elif what == "delete" and len(rest) == 1:
        await saved_answers.delete(context.tx, author, desk.number(rest[0]))
        await _list(context, author)
    else:
        raise MalformedButton


async def _list(context: Context, author: Author) -> None:
    found = (await saved_answers.listed(context.tx, author))[:MOST_LISTED]
    context.edit("inbox/saved", saved=found, may_save=bool(author.areas(Action.SAVE_ANSWER)))


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    if context.step == "language":
        answer("inbox/saved_language")
    else:
        answer(f"inbox/saved_{context.step}", longest=LONGEST)


async def type_title(update: Update, context: Context) -> None:
    title = desk.typed(context, saved_answers.LONGEST_TITLE)
    only = context.campaign.languages[0] if len(context.campaign.languages) == 1 else None
    await context.ask(FLOW, "language" if only is None else "text", title=title, language=only)
    await show_step(context, context.say)


async def choose_language(update: Update, context: Context) -> None:
    (language,) = arguments(context, 1)
    if language not in context.campaign.languages:
        raise MalformedButton
    if desk.is_asked(context, FLOW, "language"):
        await context.ask(FLOW, "text", language=language)
        await show_step(context, context.edit)


async def type_text(update: Update, context: Context) -> None:
    text = desk.typed(context, LONGEST)
    check_staff_text(text)
    kept = context.kept
    await saved_answers.save(
        context.tx, await desk.author(context), language=kept["language"], title=kept["title"], text=text
    )
    await context.end_dialog()
    context.say("inbox/saved_kept", title=kept["title"])


# -- sending one --


async def offer(update: Update, context: Context) -> None:
    """Those that serve in the conversation."""
    (number,) = (desk.number(each) for each in arguments(context, 1))
    found = await saved_answers.usable(context.tx, await desk.author(context), number)
    context.say("inbox/saved_choice", number=number, saved=found[:MOST_LISTED])


async def send(update: Update, context: Context) -> None:
    """Its words; then it leaves. Who it is for is not told: its placeholders are filled as it leaves."""
    said, chosen, what = arguments(context, 3)
    if what not in ("show", "yes"):
        raise MalformedButton
    number, author = desk.number(said), await desk.author(context)
    found = await saved_answers.usable(context.tx, author, number)
    saved = next((each for each in found if each.id == desk.number(chosen)), None)
    if saved is None:
        context.toast("inbox/saved_gone", alert=True)
        return
    if what == "show":
        has_names = bool(placeholders_in(saved.text))
        context.edit("inbox/saved_preview", number=number, saved=saved, has_names=has_names)
        return
    assert context.message is not None  # a tapped button
    content = Content(message_id=context.message.message_id, text=saved.text, filled=saved.language)
    await inbox.answer(context.tx, author, number, content)
    context.edit("inbox/saved_sent", number=number, words=saved.text)


BUTTONS: dict[str, Handler] = {
    "saved": manage,
    "saved_language": choose_language,
    "talk_saved": offer,
    "talk_saved_send": send,
}

DIALOGS: dict[str, dict[str, Awaited]] = {
    FLOW: {
        "title": Awaited(text=type_title),
        "language": Awaited(),
        "text": Awaited(text=type_text),
    }
}
