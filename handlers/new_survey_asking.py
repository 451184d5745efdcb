"""The questions of /survey: the first thing that is still missing is asked next, and the summary last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from telegram import Update

from bot.actions import survey_drafts, surveys
from bot.actions.authority import Author
from bot.actions.forecasts import Forecast
from bot.actions.survey_drafts import written
from bot.actions.surveys import NewSurvey, SurveyRefused
from bot.departure.composable import Draft
from bot.rules.event_draft import DraftQuestion
from bot.rules.survey_draft import (
    OF_A_QUESTION,
    TERMS,
    being_written,
    gaps,
    in_hand,
    is_added,
    is_anew,
    next_question,
)
from bot.rules.surveys import KINDS, QUESTION
from handlers import audience_dialog, desk, drafting, survey_tree
from handlers.context import Context

FLOW = survey_drafts.FLOW


def question_of(context: Context) -> DraftQuestion:
    return next_question(context.kept, context.campaign.languages)


def number_of(context: Context) -> int:
    """Which question is being written: its number from 0."""
    return being_written(in_hand(context.kept), context.campaign.languages)


async def proceed(context: Context, answer: Callable[..., None], **said: Any) -> None:
    """Keeps what was said and asks the next thing."""
    question = next_question({**context.kept, **said}, context.campaign.languages)
    if question.step == "summary":
        said["before"] = None
    await context.ask(FLOW, question.step, **said)
    await show_step(context, answer)


async def take_up(update: Update, context: Context) -> None:
    """It was written on at the desk, or is asked for in its middle: what is asked now is shown before anything typed
    here counts.
    """
    context.say("new_survey/resumed", **said_of_cancel(context, context.kept))
    say_so_far(context)
    await proceed(context, context.say)


def said_of_cancel(context: Context, data: Mapping[str, Any] | None) -> dict[str, Any]:
    """What /cancel leaves as it was, where it does not drop the survey: a question, the other ones, or a field."""
    return {
        "is_anew": is_anew(data),
        "is_added": is_added(data, context.campaign.languages),
        "is_reopened": bool(data and data.get("before")),
    }


def say_so_far(context: Context) -> None:
    """The questions of a draft of which one is not whole, wherever that was written, and what each such one lacks."""
    missing, questions = gaps(context.kept, context.campaign.languages), in_hand(context.kept)
    if missing and len(questions) > 1 and not is_anew(context.kept):
        said = [each.get("texts", {}).items() for each in questions]
        shown = [{language: words for language, words in texts if words} for texts in said]
        context.say("new_survey/so_far", questions=shown, missing=missing)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    question = question_of(context)
    if question.step == "more":
        survey_tree.show(context, answer)
        return
    values = _values(context, question)
    await drafting.ask(context, answer, question, folder="new_survey", summary=_show_summary, **values)


def _values(context: Context, question: DraftQuestion) -> dict[str, Any]:
    """What a step is asked with; of a question that is written anew, the old one, and the way back to it."""
    if question.step not in OF_A_QUESTION:
        return {"kinds": KINDS, "terms": TERMS}
    data, number = context.kept, number_of(context)
    return {
        "number": number + 1,
        "read": data.get("read"),
        "like": next(iter(in_hand(data)[number].get("options", {}).values()), ()),
        "old": data["questions"][number] if is_anew(data) else None,
        **said_of_cancel(context, data),
    }


async def _show_summary(context: Context) -> None:
    """The message in each language, then what it will do, and what is wrong with it, if anything is."""
    author, new = await desk.author(context), written(context.kept, "preview", context.zone)
    fault = None
    try:
        surveys.require_sound(new, context.campaign, context.now)
    except SurveyRefused as refusal:
        fault = refusal.values
    draft = surveys.draft_of(new, author)
    if fault is None:
        context.say("broadcasts/previews")
        wording = Draft(kind=new.kind.value, template=QUESTION)
        context.replies += desk.previews(context, wording, {}, survey=draft)
        desk.show_whole(context, new.form)
    context.say(
        "new_survey/summary",
        new=new,
        fault=fault,
        audience=await audience_dialog.view(context, new.audience),
        forecast=await forecast_of(context, author, new),
        counts=author.reader,
        knowing=new.knowing,
    )


async def forecast_of(context: Context, author: Author, new: NewSurvey) -> Forecast:
    sending = surveys.sending_of(new, context.now)
    return await audience_dialog.forecast(
        context, author, kind=sending.kind, when=sending.when, expires_at=sending.expires_at
    )
