"""/survey: the surveys that somebody may follow, and what was answered so far."""

from __future__ import annotations

from telegram import Update

import db.approvals
from bot.actions import survey_results
from bot.actions.authority import Author
from bot.actions.survey_results import QuestionCount, Results
from bot.delivery.calls import Attachment
from bot.delivery.messages import captioned
from bot.printing.bars import Bar, Bars, bars_png
from bot.printing.tick_lists import is_printable
from bot.rules.small_counts import Reader
from bot.rules.surveys import words_in
from handlers import desk, new_survey_asking
from handlers.buttons import arguments, whole_number
from handlers.context import Context
from handlers.routing import Awaited, Handler

MOST_LISTED = 8


async def open_(update: Update, context: Context) -> None:
    """What there is; in the middle of writing one, that."""
    if context.is_in(new_survey_asking.FLOW):
        await new_survey_asking.take_up(update, context)
        return
    first = whole_number(context.arguments[0]) if context.arguments else 0
    author = await desk.author(context)
    found = await survey_results.seen_by(context.tx, author)
    shown = found[first : first + MOST_LISTED]
    listed = [(each, words_in(each.form.title, context.language)) for each in shown]
    older = first + MOST_LISTED if len(found) > first + MOST_LISTED else None
    newer = max(0, first - MOST_LISTED) if first else None
    context.edit("surveys/list", listed=listed, older=older, newer=newer)


async def show(update: Update, context: Context) -> None:
    """The counts of this moment; the same button brings those of a later one."""
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    found = await _results(context, author, code)
    held = await db.approvals.of_unapproved(context.tx, [found.survey.broadcast])
    context.edit(
        "surveys/results",
        results=found,
        approval=held.get(found.survey.broadcast or 0),
        counts=author.reader,
        title=words_in(found.survey.form.title, context.language),
    )


async def _results(context: Context, author: Author, code: str) -> Results:
    survey = await survey_results.seen(context.tx, author, code)
    if not await survey_results.is_long(context.tx, survey):
        return await survey_results.results_for(context.tx, author, code)
    reader = author.reader
    return await context.readings.get(
        repr(("survey", code, reader)),
        lambda rolls: survey_results.results_now(rolls.counts, survey, reader),
    )


async def draw(update: Update, context: Context) -> None:
    """The counts as a picture, below; where the font does not know the letters, the text has to do."""
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    found = await _results(context, author, code)
    title = words_in(found.survey.form.title, context.language)
    groups = [_bars(context, author.reader, each) for each in found.questions]
    words = (title, *(text for each in groups for text in (each.heading, *(bar.label for bar in each.bars))))
    if not all(map(is_printable, words)):
        context.toast("toasts/not_drawn")
        return
    caption = context.render("surveys/drawn", results=found, counts=author.reader, title=title)
    picture = Attachment(field="photo", name=f"{code}.png", content=bars_png(title, groups))
    context.replies.append(
        captioned(context.chat_id, caption, method="sendPhoto", file={}, attachment=picture)
    )


def _bars(context: Context, reader: Reader, counted: QuestionCount) -> Bars:
    most = counted.most(reader)
    return Bars(
        heading=words_in(counted.question.text, context.language),
        bars=[
            Bar(
                label=words_in(option.text, context.language),
                shown=reader.shown(people),
                share=reader.at_least(people) / most,
            )
            for option, people in counted.options
        ],
    )


BUTTONS: dict[str, Handler] = {"survey_results": show, "survey_drawn": draw, "surveys": open_}

DIALOGS: dict[str, dict[str, Awaited]] = {}
