"""/survey: a survey is written question by question, previewed as people see it, and sent by a typed word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telegram import Update

from bot.actions import survey_drafts, surveys
from bot.actions.authority import Author
from bot.actions.dialogs import ELSEWHERE
from bot.actions.forecasts import Forecast
from bot.actions.survey_drafts import written
from bot.actions.surveys import NewSurvey, SurveyRefused
from bot.departure.composable import Draft
from bot.rules.dates import is_now, read_moment
from bot.rules.event_draft import DraftQuestion
from bot.rules.permissions import Action
from bot.rules.survey_draft import (
    REOPENED,
    TERMS,
    anew,
    answers_in,
    being_written,
    form_of,
    next_question,
    with_its_answers,
    with_said,
    with_several,
)
from bot.rules.survey_forms import LEAST_OPTIONS, LIMITS, MOST_OPTIONS, MOST_QUESTIONS, Wrong
from bot.rules.surveys import KINDS, QUESTION
from handlers import audience_dialog, audience_screens, desk, survey_tree
from handlers.buttons import arguments, whole_number
from handlers.context import Context
from handlers.following import follow
from handlers.routing import Awaited, Handler, MalformedButton

FLOW = survey_drafts.FLOW


async def begin(update: Update, context: Context) -> None:
    """Starts, or takes up again where it was left."""
    arguments(context, 0)
    await open_new(context, context.say)


async def open_new(context: Context, answer: Callable[..., None]) -> None:
    """Starts a survey, or takes it up again, from wherever one is wanted."""
    await desk.begin_draft(
        context, FLOW, allowed=Action.ASK_SURVEY, first="kind", resumed="new_survey/resumed"
    )
    await proceed(context, answer)


async def take_up(update: Update, context: Context) -> None:
    """It was written on at the desk: what is asked now is shown before anything typed here counts."""
    context.say("new_survey/resumed")
    await proceed(context, context.say)


def _question(context: Context) -> DraftQuestion:
    return next_question(context.kept, context.campaign.languages)


def _number(context: Context) -> int:
    """Which question is being written: its number from 0."""
    return being_written(_questions(context), context.campaign.languages)


def _questions(context: Context) -> list[dict[str, Any]]:
    return context.kept.get("questions") or [{}]


async def proceed(context: Context, answer: Callable[..., None], **said: Any) -> None:
    """Keeps what was said and asks the next thing."""
    question = next_question({**context.kept, **said}, context.campaign.languages)
    await context.ask(FLOW, question.step, **said)
    await show_step(context, answer)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    question, data = _question(context), context.kept
    number = _number(context)
    if question.step == "audience":
        await audience_dialog.show(context, answer)
    elif question.step == "summary":
        await _show_summary(context)
    elif question.step == "kind":
        answer("new_survey/kind", kinds=KINDS)
    elif question.step == "kept":
        answer("new_survey/kept", terms=TERMS)
    elif question.step == "more":
        survey_tree.show(context, answer)
    elif question.language is not None:
        answer(
            f"new_survey/{question.step}",
            wanted=question.language,
            may_skip=question.may_skip,
            several=len(context.campaign.languages) > 1,
            number=number + 1,
            like=next(iter(data["questions"][number].get("options", {}).values()), ())
            if question.step == "options"
            else (),
        )
    else:
        answer(f"new_survey/{question.step}")


# -- what it asks --


async def choose_kind(update: Update, context: Context) -> None:
    (kind,) = arguments(context, 1)
    if kind not in KINDS:
        raise MalformedButton
    if desk.is_asked(context, FLOW, "kind"):
        await proceed(context, context.edit, kind=kind)


async def type_words(update: Update, context: Context) -> None:
    """The title or the purpose, in one language."""
    question = _question(context)
    words, key = desk.typed(context, LIMITS[question.step]), f"{question.step}s"
    await proceed(context, context.say, **{key: {**(context.kept.get(key) or {}), question.language: words}})


async def type_question(update: Update, context: Context) -> None:
    """The question alone, or with its answers below it."""
    assert context.message is not None  # a text handler
    language, number, questions = _question(context).language, _number(context), _questions(context)
    assert language is not None  # this step is asked for a language
    words, answers = with_its_answers(context.message.text or "")
    words = desk.require_fits(words, LIMITS["question"])
    if answers:
        _require_options(answers, list(questions[number].get("options", {}).values()))
        questions = with_said(questions, number, "options", language, answers)
        context.say("new_survey/read", number=number + 1, question=words, answers=answers)
    questions = with_said(questions, number, "texts", language, words)
    await proceed(context, context.say, questions=questions)


async def type_options(update: Update, context: Context) -> None:
    """One option on each line, as many in each language."""
    assert context.message is not None  # a text handler
    language, number, questions = _question(context).language, _number(context), _questions(context)
    assert language is not None  # this step is asked for a language
    lines = answers_in(context.message.text or "")
    _require_options(lines, list(questions[number].get("options", {}).values()))
    await proceed(context, context.say, questions=with_said(questions, number, "options", language, lines))


def _require_options(lines: list[str], others: list[list[str]]) -> None:
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
        questions = with_several(_questions(context), _number(context), several=several == "several")
        await proceed(context, context.edit, questions=questions)


async def skip(update: Update, context: Context) -> None:
    """A text in one language is left out: those who read it see the first one."""
    step, language = arguments(context, 2)
    if not desk.is_asked(context, FLOW, step):
        return
    question = _question(context)
    if not question.may_skip or language != question.language:
        raise MalformedButton
    if step == "question":
        questions = with_said(_questions(context), _number(context), "texts", language, "")
        await proceed(context, context.edit, questions=questions)
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
    """One of the questions is written anew."""
    (question,) = arguments(context, 1)
    if not desk.is_asked(context, FLOW, "more"):
        return
    number, questions = whole_number(question), context.kept["questions"]
    if number >= len(questions):
        raise MalformedButton
    await proceed(context, context.edit, questions=anew(questions, number))


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
        forecast=await _forecast(context, author, new),
        counts=author.reader,
        knowing=new.knowing,
    )


async def _forecast(context: Context, author: Author, new: NewSurvey) -> Forecast:
    sending = surveys.sending_of(new, context.now)
    return await audience_dialog.forecast(
        context, author, kind=sending.kind, when=sending.when, expires_at=sending.expires_at
    )


async def send_better(update: Update, context: Context) -> None:
    """Where nobody would get it now: at the time at which people do, or all the same."""

    async def expected(author: Author) -> Forecast:
        return await _forecast(context, author, written(context.kept, "preview", context.zone))

    await audience_dialog.send_better(context, FLOW, proceed, expected, lambda local: {"opens": local})


async def change_field(update: Update, context: Context) -> None:
    """Back from the summary to one of the fields."""
    (field,) = arguments(context, 1)
    if field not in REOPENED:
        raise MalformedButton
    if desk.is_asked(context, FLOW, "summary"):
        context.drop_buttons()
        await proceed(context, context.say, **REOPENED[field])


async def confirm(update: Update, context: Context) -> None:
    """The word typed under the summary sends; any other is asked again."""
    if not desk.is_to_be_sent(context):
        return
    new = written(context.kept, surveys.new_code(), context.zone)
    author = await desk.take_draft(context)
    expected = None if new.knowing else await _forecast(context, author, new)
    made = await surveys.send(context.tx, author, new, expected=expected)
    await context.end_dialog()
    assert made.broadcast is not None  # just made
    context.say("new_survey/sent", code=new.code, awaits_approval=made.awaits_approval)
    await follow(context, made.broadcast)


BUTTONS: dict[str, Handler] = {
    "survey_new": begin,
    "survey_kind": choose_kind,
    "survey_skip": skip,
    "survey_several": choose_several,
    "survey_more": add_question,
    "survey_anew": write_anew,
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
        "question": Awaited(text=type_question),
        "options": Awaited(text=type_options),
        "several": Awaited(),
        "more": Awaited(),
        "closes": Awaited(text=type_closing),
        "opens": Awaited(text=type_opening),
        "kept": Awaited(),
        "summary": Awaited(text=confirm),
        ELSEWHERE: Awaited(text=take_up, anything=take_up),
        **audience_screens.AWAITED,
    }
}
