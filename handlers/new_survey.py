"""/survey: a survey is written question by question, previewed as people see it, and sent by a typed word."""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import surveys
from bot.actions.authority import Author
from bot.actions.dialogs import ELSEWHERE, said_in
from bot.actions.forecasts import Forecast
from bot.actions.survey_drafts import written
from bot.rules.dates import is_now, read_moment
from bot.rules.permissions import Action
from bot.rules.survey_draft import REOPENED, TERMS, reopened
from bot.rules.survey_forms import LIMITS
from bot.rules.surveys import KINDS
from handlers import audience_dialog, audience_screens, desk, survey_questions, survey_tree
from handlers.buttons import arguments
from handlers.context import Context
from handlers.following import follow
from handlers.new_survey_asking import (
    FLOW,
    forecast_of,
    proceed,
    question_of,
    said_of_cancel,
    say_so_far,
    take_up,
)
from handlers.routing import Awaited, Handler, MalformedButton


async def begin(update: Update, context: Context) -> None:
    """Starts, or takes up again where it was left."""
    arguments(context, 0)
    await open_new(context, context.say)


async def open_new(context: Context, answer: Callable[..., None]) -> None:
    """Starts a survey, or takes it up again, from wherever one is wanted."""
    before = said_in(context.dialog, FLOW)
    await desk.begin_draft(
        context,
        FLOW,
        allowed=Action.ASK_SURVEY,
        first="kind",
        resumed="new_survey/resumed",
        **said_of_cancel(context, before),
    )
    if before is not None:
        say_so_far(context)
    await proceed(context, answer)


# -- what it asks --


async def choose_kind(update: Update, context: Context) -> None:
    (kind,) = arguments(context, 1)
    if kind not in KINDS:
        raise MalformedButton
    if desk.is_asked(context, FLOW, "kind"):
        await proceed(context, context.edit, kind=kind)


async def type_words(update: Update, context: Context) -> None:
    """The title or the purpose, in one language."""
    question = question_of(context)
    words, key = desk.typed(context, LIMITS[question.step]), f"{question.step}s"
    await proceed(context, context.say, **{key: {**(context.kept.get(key) or {}), question.language: words}})


# -- to whom, until when, and the end --


async def settle_audience(update: Update, context: Context) -> None:
    arguments(context, 0)
    if desk.is_asked(context, FLOW, "audience") and not await audience_screens.asks_again(context):
        await proceed(context, context.edit, chosen=True)


async def type_closing(update: Update, context: Context) -> None:
    assert context.message is not None  # a text handler
    moment = read_moment(
        context.message.text or "", context.vocabulary.dates, now=context.now, zone=context.zone
    )
    await proceed(context, context.say, wall=moment.replace(tzinfo=None).isoformat())


async def type_opening(update: Update, context: Context) -> None:
    assert context.message is not None  # a text handler
    typed, words = context.message.text or "", context.vocabulary.dates
    if is_now(typed, words):
        await proceed(context, context.say, opens=None, reopened=None)
        return
    moment = read_moment(typed, words, now=context.now, zone=context.zone)
    opens = moment.replace(tzinfo=None).isoformat()
    await proceed(context, context.say, opens=opens, reopened=None)


async def open_now(update: Update, context: Context) -> None:
    arguments(context, 0)
    if desk.is_asked(context, FLOW, "opens"):
        await proceed(context, context.edit, opens=None, reopened=None)


async def choose_term(update: Update, context: Context) -> None:
    """How many days after its end the answers are erased."""
    (days,) = arguments(context, 1)
    if days not in map(str, TERMS):
        raise MalformedButton
    if desk.is_asked(context, FLOW, "kept"):
        await proceed(context, context.edit, kept=int(days), reopened=None)


async def send_better(update: Update, context: Context) -> None:
    """Where nobody would get it now: at the time at which people do, or all the same."""

    async def expected(author: Author) -> Forecast:
        return await forecast_of(context, author, written(context.kept, "preview", context.zone))

    await audience_dialog.send_better(context, FLOW, proceed, expected, lambda local: {"opens": local})


async def change_field(update: Update, context: Context) -> None:
    """Back from the summary to one of the fields."""
    (field,) = arguments(context, 1)
    if field not in REOPENED:
        raise MalformedButton
    if desk.is_asked(context, FLOW, "summary"):
        context.drop_buttons()
        await proceed(context, context.say, **reopened(context.kept, field))


async def confirm(update: Update, context: Context) -> None:
    """The word typed under the summary sends; any other is asked again."""
    if not desk.is_to_be_sent(context):
        return
    new = written(context.kept, surveys.new_code(), context.zone)
    author = await desk.take_draft(context)
    expected = None if new.knowing else await forecast_of(context, author, new)
    made = await surveys.send(context.tx, author, new, expected=expected)
    await context.end_dialog()
    assert made.broadcast is not None  # just made
    context.say("new_survey/sent", code=new.code, awaits_approval=made.awaits_approval)
    await follow(context, made.broadcast)


BUTTONS: dict[str, Handler] = {
    "survey_new": begin,
    "survey_kind": choose_kind,
    **survey_questions.BUTTONS,
    **survey_tree.BUTTONS,
    "survey_audience": settle_audience,
    "survey_now": open_now,
    "survey_term": choose_term,
    "survey_back": change_field,
    "survey_better": send_better,
}

DIALOGS = {
    FLOW: {
        "kind": Awaited(),
        "title": Awaited(text=type_words),
        "purpose": Awaited(text=type_words),
        **survey_questions.AWAITED,
        "closes": Awaited(text=type_closing),
        "opens": Awaited(text=type_opening),
        "kept": Awaited(),
        "summary": Awaited(text=confirm),
        ELSEWHERE: Awaited(text=take_up, anything=take_up),
        **audience_screens.AWAITED,
    }
}
