"""What follows which answer, while a survey is written: every question leads further down, or to the end."""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions.survey_drafts import FLOW
from bot.rules.survey_draft import OTHERWISE, form_of, led, may_lead, ways_of
from bot.rules.survey_forms import MOST_QUESTIONS, Wrong, faults
from bot.rules.surveys import END
from bot.words.surveys import plan_of
from handlers import desk
from handlers.buttons import arguments, whole_number
from handlers.context import Context
from handlers.routing import Handler, MalformedButton


def show(context: Context, answer: Callable[..., None]) -> None:
    """The questions so far, as people would walk through them, and the first that nobody would be asked."""
    questions = context.kept["questions"]
    form = form_of(context.kept)
    found = [each for each in faults(form, context.campaign.languages[0]) if each.wrong is Wrong.NEVER_ASKED]
    answer(
        "new_survey/more",
        plan=plan_of(form, context.language),
        full=len(questions) >= MOST_QUESTIONS,
        leads=may_lead(questions),
        unasked=(found[0].question or 0) + 1 if found else 0,
    )


async def show_leads(update: Update, context: Context) -> None:
    """What follows each answer to a question, to be changed."""
    (question,) = arguments(context, 1)
    if desk.is_asked(context, FLOW, "more"):
        _show_leads(context, _one_that_leads(context, question))


def _one_that_leads(context: Context, question: str) -> int:
    number = whole_number(question)
    if number not in may_lead(context.kept["questions"]):
        raise MalformedButton
    return number


def _show_leads(context: Context, number: int, way: str | None = None) -> None:
    """What follows each answer to a question; or, after `way`, what may. Where several may be chosen there is one."""
    form, names = form_of(context.kept), ways_of(context.kept["questions"][number])
    question = form.questions[number]
    ways, way = form.ways(question), OTHERWISE if question.several else way
    asked = None if way is None else ways[names.index(way)]
    context.edit(
        "new_survey/leads", form=form, question=question, number=number, ways=ways, asked=asked, way_name=way
    )


async def choose_lead(update: Update, context: Context) -> None:
    """What follows one answer: a question further down, or the end; `ask` shows what there is."""
    question, way, to = arguments(context, 3)
    if not desk.is_asked(context, FLOW, "more"):
        return
    number, questions = _one_that_leads(context, question), context.kept["questions"]
    if way not in ways_of(questions[number]):
        raise MalformedButton
    if to == "ask":
        _show_leads(context, number, way)
        return
    leads = to if to == END else whole_number(to)
    if leads != END and not number < int(leads) < len(questions):
        raise MalformedButton
    await context.ask(FLOW, "more", questions=led(context.kept, number, way, leads))
    if questions[number]["several"]:
        show(context, context.edit)
    else:
        _show_leads(context, number)


async def show_questions(update: Update, context: Context) -> None:
    arguments(context, 0)
    if desk.is_asked(context, FLOW, "more"):
        show(context, context.edit)


BUTTONS: dict[str, Handler] = {
    "survey_leads": show_leads,
    "survey_lead": choose_lead,
    "survey_questions": show_questions,
}
