"""The questions of a survey that is written, one at a time: words, answers, and one of them written anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegram import Update

from bot.actions import surveys
from bot.actions.surveys import SurveyRefused
from bot.rules.survey_draft import (
    AS_IT_WAS,
    anew,
    form_of,
    in_hand,
    is_added,
    is_anew,
    kept_of,
    with_said,
    with_several,
    without,
)
from bot.rules.survey_forms import LEAST_OPTIONS, LIMITS, MOST_OPTIONS, MOST_QUESTIONS, Wrong
from bot.rules.survey_lines import answers_in, lines_in, question_in
from handlers import desk
from handlers.buttons import arguments, whole_number
from handlers.context import Context
from handlers.new_survey_asking import FLOW, number_of, proceed, question_of
from handlers.routing import Awaited, Handler, MalformedButton


async def type_question(update: Update, context: Context) -> None:
    """The question alone, or on several lines, of which some may be its answers: how they were understood is shown, and
    counts once that is agreed to. Typed again instead, it is understood anew.
    """
    assert context.message is not None  # a text handler
    typed = context.message.text or ""
    if len(lines_in(typed)) < 2:
        await proceed(
            context, context.say, **_with_words(context, desk.require_fits(typed, LIMITS["question"]))
        )
        return
    found = question_in(typed)
    words = desk.require_fits(found.text, LIMITS["question"])
    if found.stray:
        raise SurveyRefused("A line is neither the question nor an answer.", why="stray", word=found.stray)
    if found.answers:
        _require_options(found.answers, _others(context))
    read = {"text": words, "answers": list(found.answers), "whole": _whole(typed) if found.answers else None}
    await proceed(context, context.say, read=read)


def _whole(typed: str) -> str | None:
    """All that was typed as the question, where it could be one."""
    words = typed.strip()
    return words if len(words) <= LIMITS["question"] else None


async def agree(update: Update, context: Context) -> None:
    """What was typed is what was understood, or all of it is the question."""
    (meant,) = arguments(context, 1)
    if meant not in ("yes", "whole"):
        raise MalformedButton
    if not desk.is_asked(context, FLOW, "read"):
        return
    read = context.kept["read"]
    if meant == "yes":
        await proceed(context, context.edit, **_with_words(context, read["text"], read["answers"]))
    elif read["whole"]:
        await proceed(context, context.edit, **_with_words(context, read["whole"]))
    else:
        raise MalformedButton


def _with_words(context: Context, words: str, answers: Sequence[str] = ()) -> dict[str, Any]:
    """What is kept once the words of a question are there, and perhaps its answers."""
    language, number, questions = question_of(context).language, number_of(context), in_hand(context.kept)
    assert language is not None  # this step is asked for a language
    if answers:
        questions = with_said(questions, number, "options", language, list(answers))
    questions = with_said(questions, number, "texts", language, words)
    return kept_of(context.kept, questions, context.campaign.languages)


async def type_options(update: Update, context: Context) -> None:
    """One option on each line, as many in each language."""
    assert context.message is not None  # a text handler
    language, number = question_of(context).language, number_of(context)
    assert language is not None  # this step is asked for a language
    lines = answers_in(context.message.text or "")
    _require_options(lines, _others(context))
    questions = with_said(in_hand(context.kept), number, "options", language, lines)
    await proceed(context, context.say, **kept_of(context.kept, questions, context.campaign.languages))


def _others(context: Context) -> list[list[str]]:
    """The answers to the question in the other languages, as far as they were said."""
    return list(in_hand(context.kept)[number_of(context)].get("options", {}).values())


def _require_options(lines: Sequence[str], others: Sequence[Sequence[str]]) -> None:
    """Raises SurveyRefused: the fault is told where it was typed, and not at the end of the draft."""
    long = max(lines, key=len, default="")
    why = None
    if len(lines) < LEAST_OPTIONS:
        why = Wrong.TOO_FEW_OPTIONS.value
    elif len(lines) > MOST_OPTIONS:
        why = Wrong.TOO_MANY_OPTIONS.value
    elif len(long) > LIMITS["option"]:
        why = Wrong.TOO_LONG.value
    elif len({line.casefold() for line in lines}) < len(lines):
        why = Wrong.SAME_TEXT.value
    elif others and len(others[0]) != len(lines):
        why = "other_number"
    if why is not None:
        wanted = len(others[0]) if others else 0
        raise SurveyRefused("These options cannot be offered.", why=why, word=long, wanted=wanted)


async def choose_several(update: Update, context: Context) -> None:
    (several,) = arguments(context, 1)
    if several not in ("one", "several"):
        raise MalformedButton
    if desk.is_asked(context, FLOW, "several"):
        questions = with_several(in_hand(context.kept), number_of(context), several=several == "several")
        await proceed(context, context.edit, **kept_of(context.kept, questions, context.campaign.languages))


async def skip(update: Update, context: Context) -> None:
    """A text in one language is left out: those who read it see the first one."""
    step, language = arguments(context, 2)
    if not desk.is_asked(context, FLOW, step):
        return
    question = question_of(context)
    if not question.may_skip or language != question.language:
        raise MalformedButton
    if step == "question":
        await proceed(context, context.edit, **_with_words(context, ""))
    else:
        key = f"{step}s"
        await proceed(context, context.edit, **{key: {**(context.kept.get(key) or {}), language: ""}})


# -- more questions --


async def add_question(update: Update, context: Context) -> None:
    """Another question, or no more."""
    (wanted,) = arguments(context, 1)
    if wanted not in ("another", "done"):
        raise MalformedButton
    if not desk.is_asked(context, FLOW, "more"):
        return
    questions = context.kept["questions"]
    if wanted == "done":
        surveys.require_form(form_of(context.kept), context.campaign)
        await proceed(context, context.edit, complete=True)
    elif len(questions) < MOST_QUESTIONS:
        await proceed(context, context.edit, questions=[*questions, {}])


async def write_anew(update: Update, context: Context) -> None:
    """One of the questions is written anew: the old one stands until the new one is whole."""
    (question,) = arguments(context, 1)
    if not desk.is_asked(context, FLOW, "more"):
        return
    number, questions = whole_number(question), context.kept["questions"]
    if number >= len(questions):
        raise MalformedButton
    await proceed(context, context.edit, **anew(questions, number))


async def leave_as_it_was(update: Update, context: Context) -> None:
    """The question that was to be written anew stays."""
    (question,) = arguments(context, 1)
    number = whole_number(question)
    if context.is_in(FLOW) and is_anew(context.kept) and context.kept["anew"]["number"] == number:
        await proceed(context, context.edit, **AS_IT_WAS)
    else:
        context.toast("toasts/already_answered")


async def step_back(context: Context) -> bool:
    """Gives up a question that is added, or saying one or a field of the summary anew, and nothing else of the survey;
    whether one was.
    """
    if is_added(context.kept, context.campaign.languages):
        added = number_of(context)
        context.say("new_survey/left_out", number=added + 1)
        await proceed(context, context.say, questions=without(context.kept["questions"], added), read=None)
        return True
    before = context.kept.get("before")
    if not is_anew(context.kept) and not before:
        return False
    number = context.kept["anew"]["number"] + 1 if is_anew(context.kept) else None
    context.say("new_survey/as_it_was", number=number)
    await proceed(context, context.say, **{**(before or {}), **AS_IT_WAS})
    return True


BUTTONS: dict[str, Handler] = {
    "survey_read": agree,
    "survey_skip": skip,
    "survey_several": choose_several,
    "survey_more": add_question,
    "survey_anew": write_anew,
    "survey_as_it_was": leave_as_it_was,
}

AWAITED = {
    "question": Awaited(text=type_question),
    "read": Awaited(text=type_question),
    "options": Awaited(text=type_options),
    "several": Awaited(),
    "more": Awaited(),
}
