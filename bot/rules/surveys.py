"""Surveys: which question follows which answer, and what a tap makes of the answers of one person.

Questions stand in the order in which they are asked. An option of a question with one answer, or a question itself, may
lead further down than to the next one, or to the end: what is asked is a tree, and never goes in a circle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from bot.frozen import Frozen
from bot.rules.kinds import Kind

SKIPPED: Final = ""
"""Stands in the place of an option where a question was left out."""
END: Final = "end"
"""What an option leads to after which nothing more is asked."""
KINDS = (Kind.POLL, Kind.PERSUASION)
"""A poll of opinion, and a question that takes sides; both are silent where the law silences polls and the campaign."""
QUESTION = "surveys/question"
"""The template of the message that asks."""

Words = Mapping[str, str]
"""One text by language."""
Answers = Mapping[str, tuple[str, ...]]
"""The options chosen, by question; none where it was left out. A question that is not in it was not answered."""


def words_in(text: Words, language: str) -> str:
    """The text in a language; where it has none, the first that it was written in."""
    return text.get(language) or next(iter(text.values()))


class Option(Frozen):
    """One answer that is offered. `next`: the question that it leads to, or END; None: where its question leads."""

    id: str
    text: Words
    next: str | None = None


class Question(Frozen):
    """A question with its options; `several` of them may be chosen. `next`: None: the question below it."""

    id: str
    text: Words
    options: tuple[Option, ...]
    several: bool = False
    next: str | None = None

    def has(self, option: str) -> bool:
        """Whether it offers the option."""
        return any(each.id == option for each in self.options)


class Form(Frozen):
    """What a survey asks, and what people are told that it is for."""

    title: Words
    purpose: Words
    questions: tuple[Question, ...]

    def question(self, id_: str) -> Question | None:
        return next((each for each in self.questions if each.id == id_), None)

    def after(self, question: Question, chosen: tuple[str, ...]) -> Question | None:
        """The question that follows an answer; None: nothing more is asked."""
        led = next((each.next for each in question.options if chosen == (each.id,)), None)
        below = self.questions[self.questions.index(question) + 1 :]
        following = led or question.next
        if following == END:
            return None
        return self.question(following) if following else next(iter(below), None)

    def ways(self, question: Question) -> list[Way]:
        """What follows each answer to a question, and its being left out. Where several may be chosen no answer leads
        anywhere by itself: there is one way.
        """
        by_answer = () if question.several else question.options
        return [
            *(Way(option=each, to=self.after(question, (each.id,))) for each in by_answer),
            Way(option=None, to=self.after(question, ())),
        ]

    def most_after(self, question: Question | None) -> int:
        """How many questions may still come, this one included, however it is answered."""
        if question is None:
            return 0
        following = {None if not each.to else each.to.id: each.to for each in self.ways(question)}
        return 1 + max(self.most_after(each) for each in following.values())


class Way(Frozen):
    """The question that an answer leads `to`; None: the end. `option` None: the question is left out, or, where several
    may be chosen, whatever is.
    """

    option: Option | None
    to: Question | None


def way(form: Form, answers: Answers) -> tuple[Question, ...]:
    """The questions that these answers lead through, up to the first one that is open."""
    found: list[Question] = []
    question: Question | None = form.questions[0]
    while question is not None:
        found.append(question)
        if question.id not in answers:
            break
        question = form.after(question, answers[question.id])
    return tuple(found)


def still_asked(form: Form, answers: Answers) -> Answers:
    """The answers to the questions that these answers lead through: those to others are taken back."""
    return {each.id: answers[each.id] for each in way(form, answers) if each.id in answers}


class Move(StrEnum):
    """What a button under a survey does."""

    CHOOSE = "choose"
    SKIP = "skip"
    NEXT = "next"
    BACK = "back"
    SHOW = "show"


class SurveyTap(Frozen):
    """A tap under the question of that number (0: the first); `option`: the number of the one that is chosen."""

    move: Move
    question: int
    option: int = 0


class SurveyStanding(Frozen):
    """The answers of one person, and the question that they see; None: everything was asked."""

    answers: Answers
    question: Question | None


def standing(form: Form, answers: Answers) -> SurveyStanding:
    """Where somebody goes on who comes back: at the first question that they did not answer."""
    last = way(form, answers)[-1]
    return SurveyStanding(answers=answers, question=None if last.id in answers else last)


def tapped(form: Form, answers: Answers, tap: SurveyTap) -> SurveyStanding:
    """What a tap leads to. One under a question that these answers do not lead to any more changes nothing."""
    asked = way(form, answers)
    if tap.question >= len(form.questions) or form.questions[tap.question] not in asked:
        return standing(form, answers)
    question = form.questions[tap.question]
    match tap.move:
        case Move.CHOOSE if tap.option < len(question.options):
            return _chosen(form, answers, question, question.options[tap.option].id)
        case Move.SKIP:
            return _answered(form, answers, question, ())
        case Move.NEXT if question.id in answers:
            return SurveyStanding(answers=answers, question=form.after(question, answers[question.id]))
        case Move.BACK:
            before = asked[max(0, asked.index(question) - 1)]
            return SurveyStanding(answers=answers, question=before)
    return SurveyStanding(answers=answers, question=question)


def _chosen(form: Form, answers: Answers, question: Question, option: str) -> SurveyStanding:
    if not question.several:
        return _answered(form, answers, question, (option,))
    chosen = {*answers.get(question.id, ())} ^ {option}
    kept = tuple(each.id for each in question.options if each.id in chosen)
    return SurveyStanding(answers=still_asked(form, {**answers, question.id: kept}), question=question)


def _answered(form: Form, answers: Answers, question: Question, chosen: tuple[str, ...]) -> SurveyStanding:
    said = still_asked(form, {**answers, question.id: chosen})
    return SurveyStanding(answers=said, question=form.after(question, chosen))


class SurveyProgress(Frozen):
    """The question on the screen is the `number`th (1: the first) of at most `total`."""

    number: int
    total: int


def progress(form: Form, at: SurveyStanding) -> SurveyProgress:
    """How far somebody has come."""
    asked = way(form, at.answers)
    number = asked.index(at.question) + 1 if at.question is not None else len(asked)
    return SurveyProgress(number=number, total=number - 1 + form.most_after(at.question))


def is_open(closes_at: datetime, now: datetime) -> bool:
    """Whether answers are still taken."""
    return now < closes_at


# -- as it is kept --


def as_json(form: Form) -> dict[str, Any]:
    """The form as JSON holds it."""
    return {
        "title": dict(form.title),
        "purpose": dict(form.purpose),
        "questions": [
            {
                "id": question.id,
                "text": dict(question.text),
                "several": question.several,
                "next": question.next,
                "options": [
                    {"id": each.id, "text": dict(each.text), "next": each.next} for each in question.options
                ],
            }
            for question in form.questions
        ],
    }


def from_json(data: Mapping[str, Any]) -> Form:
    """The form that was kept."""
    return Form(
        title=data["title"],
        purpose=data["purpose"],
        questions=tuple(
            Question(**{**question, "options": tuple(Option(**each) for each in question["options"])})
            for question in data["questions"]
        ),
    )


def every_option(form: Form) -> Iterator[tuple[str, str]]:
    """Each question with each of its options."""
    for question in form.questions:
        for option in question.options:
            yield question.id, option.id
