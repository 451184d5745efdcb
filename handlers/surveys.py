"""A survey that somebody answers: one message, which changes from question to question."""

from __future__ import annotations

from functools import partial

from telegram import Update

from bot.actions import surveys
from bot.actions.people import NotASupporter
from bot.actions.surveys import SurveyOver, SurveyQuiet, SurveyUnknown
from bot.rules.kinds import Mute
from bot.rules.surveys import Move, Tap, words_in
from bot.words.surveys import survey_text
from handlers.buttons import arguments, one_of, whole_number
from handlers.context import Context
from handlers.registration_dialog import must_sign_up
from handlers.routing import Awaited, Handler


async def answer(update: Update, context: Context) -> None:
    """A tap under a question: noted at once, and what follows stands in its place."""
    code, question, move, option = arguments(context, 4)
    tap = Tap(move=one_of(Move, move), question=whole_number(question), option=whole_number(option))
    try:
        seen = await surveys.answer(
            context.tx,
            context.person,
            context.origin,
            code,
            tap,
            context.campaign,
            language=context.language,
        )
    except NotASupporter:
        await must_sign_up(context)
    except SurveyOver as over:
        title = words_in(over.values["form"].title, context.language)
        context.edit(over.message, title=title, why=over.values["why"])
    except (SurveyUnknown, SurveyQuiet) as refusal:
        context.toast(refusal.message, alert=True, **refusal.values)
    else:
        context.show(
            survey_text(
                partial(context.render, shared=True),
                seen.survey,
                seen.at,
                context.language,
                mute=Mute.NEWS.value,
            )
        )


BUTTONS: dict[str, Handler] = {"survey": answer}

DIALOGS: dict[str, dict[str, Awaited]] = {}
