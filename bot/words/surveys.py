"""A survey as one person sees it: the question that is open, or what they answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from bot.frozen import Frozen
from bot.rules.surveys import (
    END,
    QUESTION,
    Form,
    Question,
    SurveyProgress,
    SurveyStanding,
    progress,
    standing,
    way,
    words_in,
)
from bot.words.telegram_html import TEXT_LIMIT
from bot.words.texts import Text

DONE = "surveys/done"
WHOLE = "surveys/whole"


class SurveyLike(Protocol):
    """What is shown of a survey: any row or draft that has these."""

    @property
    def code(self) -> str: ...
    @property
    def form(self) -> Form: ...
    @property
    def closes_at(self) -> datetime: ...
    @property
    def erase_at(self) -> datetime: ...


class Heading(Frozen):
    """What is told of the survey itself; like all that is shown it can be hashed: many people see the same."""

    code: str
    closes_at: datetime
    erase_at: datetime


class ShownOption(Frozen):
    """An option on its button."""

    text: str
    is_chosen: bool


class ShownQuestion(Frozen):
    """The open question: its number in the survey (0: the first), how far it is, and whether it was answered before."""

    number: int
    text: str
    several: bool
    options: tuple[ShownOption, ...]
    is_answered: bool
    is_first: bool
    progress: SurveyProgress


class ShownAnswer(Frozen):
    """A question with the options that were chosen; none: it was left out."""

    question: str
    chosen: tuple[str, ...]


Render = Callable[..., Text]
"""Renders a template by its name with values."""


def survey_text(render: Render, survey: SurveyLike, at: SurveyStanding, language: str, *, mute: str) -> Text:
    """The message of a survey where somebody stands in it."""
    form = survey.form
    heading = Heading(code=survey.code, closes_at=survey.closes_at, erase_at=survey.erase_at)
    shared = {"survey": heading, "title": words_in(form.title, language), "mute": mute}
    if at.question is None:
        return render(DONE, answers=_answers(form, at, language), **shared)
    return render(
        QUESTION, question=_question(form, at, language), purpose=words_in(form.purpose, language), **shared
    )


def first_text(render: Render, survey: SurveyLike, language: str, *, mute: str) -> Text:
    """The message that asks somebody who has not answered yet."""
    return survey_text(render, survey, standing(survey.form, {}), language, mute=mute)


class PlanOption(Frozen):
    """An option, and the number of the question it leads to (1: the first), or END; None: where its question leads."""

    text: str
    leads_to: int | str | None


class PlanSource(Frozen):
    """A question after which another one is asked, by its number: after these answers, and where it is `left_out`;
    with neither, whatever is said.
    """

    number: int
    answers: tuple[str, ...] = ()
    left_out: bool = False


class PlanQuestion(Frozen):
    """A question with its number (1: the first), as people come to it and go on from it.

    `branches`: its answers lead to different ones; `leads_to` is then where it leads who leaves it out. Else it is
    where all of them lead; None: to the one below, or, from the last one, to the end. `after`: what it is asked after,
    where that is not the question above, whatever was said there.
    """

    number: int
    text: str
    several: bool
    options: tuple[PlanOption, ...]
    branches: bool
    leads_to: int | str | None
    after: tuple[PlanSource, ...]


def plan_of(form: Form, language: str) -> list[PlanQuestion]:
    """The questions of a survey as the tree that people walk."""
    numbers = {question.id: number for number, question in enumerate(form.questions, start=1)}
    ways = [form.ways(question) for question in form.questions]

    def number(to: Question | None) -> int | str:
        return END if to is None else numbers[to.id]

    def source(at: int, question: Question) -> PlanSource | None:
        led = [way for way in ways[at] if way.to is question]
        if len(led) in (0, len(ways[at])):
            return PlanSource(number=at + 1) if led else None
        said = tuple(words_in(way.option.text, language) for way in led if way.option is not None)
        return PlanSource(number=at + 1, answers=said, left_out=len(said) < len(led))

    plan = []
    for at, question in enumerate(form.questions):
        after = tuple(each for above in range(at) if (each := source(above, question)) is not None)
        otherwise, branches = ways[at][-1].to, len({number(way.to) for way in ways[at]}) > 1
        below = form.questions[at + 1] if at + 1 < len(form.questions) else None
        leads = {way.option.id: number(way.to) for way in ways[at] if way.option is not None and branches}
        plan.append(
            PlanQuestion(
                number=at + 1,
                text=words_in(question.text, language),
                several=question.several,
                options=tuple(
                    PlanOption(text=words_in(each.text, language), leads_to=leads.get(each.id))
                    for each in question.options
                ),
                branches=branches,
                leads_to=number(otherwise) if branches or otherwise is not below else None,
                after=() if after == (PlanSource(number=at),) else after,
            )
        )
    return plan


def whole_texts(render: Render, form: Form, language: str) -> list[Text]:
    """Everything that a survey of several questions asks, for whoever writes it or lets it go: people see one question
    at a time. In as many messages as it takes.
    """
    if len(form.questions) < 2:
        return []

    def told(questions: Sequence[PlanQuestion]) -> Text:
        return render(WHOLE, reader=language, questions=questions)

    texts, begun = [], 0
    plan = plan_of(form, language)
    for at in range(1, len(plan)):
        # With its tags, which count for nothing: a message takes a little more than is put into it.
        if len(told(plan[begun : at + 1]).html) > TEXT_LIMIT:
            texts.append(told(plan[begun:at]))
            begun = at
    return [*texts, told(plan[begun:])]


def _question(form: Form, at: SurveyStanding, language: str) -> ShownQuestion:
    question = at.question
    assert question is not None  # the caller looked
    chosen = at.answers.get(question.id, ())
    return ShownQuestion(
        number=form.questions.index(question),
        text=words_in(question.text, language),
        several=question.several,
        options=tuple(
            ShownOption(text=words_in(each.text, language), is_chosen=each.id in chosen)
            for each in question.options
        ),
        is_answered=bool(chosen),
        is_first=question == form.questions[0],
        progress=progress(form, at),
    )


def _answers(form: Form, at: SurveyStanding, language: str) -> tuple[ShownAnswer, ...]:
    return tuple(
        ShownAnswer(
            question=words_in(question.text, language),
            chosen=tuple(
                words_in(each.text, language)
                for each in question.options
                if each.id in at.answers[question.id]
            ),
        )
        for question in way(form, at.answers)
    )
