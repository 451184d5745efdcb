"""/survey: the surveys that somebody may follow, and what was answered so far."""

from __future__ import annotations

from telegram import Update

from bot.actions import surveys
from bot.rules.surveys import words_in
from handlers import desk, new_survey
from handlers.buttons import arguments
from handlers.context import Context
from handlers.routing import Awaited, Handler

MOST_LISTED = 8


async def open_(update: Update, context: Context) -> None:
    """What there is; in the middle of writing one, that."""
    if context.is_in(new_survey.FLOW):
        context.say("new_survey/resumed")
        await new_survey.proceed(context, context.say)
        return
    author = await desk.author(context)
    found = await surveys.seen_by(context.tx, author)
    listed = [(each, words_in(each.form.title, context.language)) for each in found[:MOST_LISTED]]
    context.edit("surveys/list", listed=listed)


async def show(update: Update, context: Context) -> None:
    """The counts of this moment; the same button brings those of a later one."""
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    found = await surveys.results_for(context.tx, author, code)
    context.edit(
        "surveys/results",
        results=found,
        counts=author.reader,
        title=words_in(found.survey.form.title, context.language),
    )


BUTTONS: dict[str, Handler] = {"survey_results": show, "surveys": open_}

DIALOGS: dict[str, dict[str, Awaited]] = {}
