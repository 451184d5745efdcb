"""A survey that somebody answers: one message, which changes from question to question."""

from __future__ import annotations

from functools import partial

from telegram import Update

from bot.actions import surveys
from bot.actions.people import NotASupporter
from bot.actions.surveys import SurveyOver, SurveyQuiet, SurveyUnknown
from bot.rules.kinds import Mute
from bot.rules.surveys import Move, SurveyTap, is_open, words_in
from bot.words.surveys import first_text, survey_text
from db.surveys import Survey
from handlers.buttons import arguments, one_of, whole_number
from handlers.context import Context
from handlers.registration_dialog import must_sign_up
from handlers.routing import Awaited, Handler, MalformedButton


async def answer(update: Update, context: Context) -> None:
    """A tap under a question: noted at once, and what follows stands in its place."""
    code, question, move, option = arguments(context, 4)
    tap = SurveyTap(move=one_of(Move, move), question=whole_number(question), option=whole_number(option))
    render = partial(context.render, shared=True)

    def read(survey: Survey) -> str:
        return first_text(render, survey, context.language, mute=Mute.NEWS.value).written

    try:
        seen = await surveys.answer(
            context.tx,
            context.person,
            context.origin,
            code,
            tap,
            context.campaign,
            language=context.language,
            read=read,
        )
    except NotASupporter:
        await must_sign_up(context)
    except SurveyOver as over:
        _tell_over(context, over)
    except (SurveyUnknown, SurveyQuiet) as refusal:
        context.toast(refusal.message, alert=True, **refusal.values)
    else:
        context.show(survey_text(render, seen.survey, seen.at, context.language, mute=Mute.NEWS.value))


def _tell_over(context: Context, over: SurveyOver) -> None:
    survey: Survey = over.values["survey"]
    context.edit(
        over.message,
        title=words_in(survey.form.title, context.language),
        why=over.values["why"],
        code=survey.code,
        answered=over.values["answered"],
    )


async def take_back(update: Update, context: Context) -> None:
    """Asks first; then what was answered is erased."""
    code, said = arguments(context, 2)
    try:
        if said == "ask":
            survey = await surveys.to_take_back(context.tx, context.person, code)
            context.edit("surveys/take_back", title=words_in(survey.form.title, context.language), code=code)
            return
        if said != "yes":
            raise MalformedButton
        survey = await surveys.take_back(
            context.tx,
            context.person,
            context.origin,
            code,
            language=context.language,
            text=_asked_to_take_back(context, code),
        )
    except SurveyOver as over:
        _tell_over(context, over)
    except SurveyUnknown as refusal:
        context.toast(refusal.message, alert=True)
    else:
        title = words_in(survey.form.title, context.language)
        still_open = not survey.is_withdrawn and is_open(survey.closes_at, context.now)
        context.edit("surveys/taken_back", title=title, code=code, still_open=still_open)


def _asked_to_take_back(context: Context, code: str) -> str:
    return context.render("surveys/take_back", title="", code=code).written


BUTTONS: dict[str, Handler] = {"survey": answer, "survey_mine": take_back}

DIALOGS: dict[str, dict[str, Awaited]] = {}
