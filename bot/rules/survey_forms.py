"""What is wrong with a survey that is being written: sizes, names, languages, and what follows which answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

from bot.frozen import Frozen
from bot.rules.surveys import END, Form, Option, Question, Words

MOST_QUESTIONS = 10
LEAST_OPTIONS, MOST_OPTIONS = 2, 8
LIMITS: Mapping[str, int] = {"title": 100, "purpose": 300, "question": 200, "option": 40}
"""Characters of each text: all the answers of somebody fit into one message, and an option on its button."""
_NAME = re.compile(r"[a-z0-9_-]{1,16}")
RESERVED = frozenset({"any", "none", END})
"""What audiences and `next` mean something else by."""


class Wrong(StrEnum):
    """What is wrong with a part of a survey."""

    NO_QUESTION = "no_question"
    TOO_MANY_QUESTIONS = "too_many_questions"
    TOO_FEW_OPTIONS = "too_few_options"
    TOO_MANY_OPTIONS = "too_many_options"
    NAME = "name"
    RESERVED = "reserved"
    TWICE = "twice"
    NO_TEXT = "no_text"
    TOO_LONG = "too_long"
    SAME_TEXT = "same_text"
    NO_SUCH_QUESTION = "no_such_question"
    CIRCLE = "circle"
    NEXT_OF_SEVERAL = "next_of_several"
    NEVER_ASKED = "never_asked"


class FormFault(Frozen):
    """A fault of a form: of which `part` (title, purpose, id, text, next, options, questions), of which question and
    option (their numbers from 0; None: of none), and the `word` or the number of characters that is wrong.
    """

    wrong: Wrong
    part: str
    question: int | None = None
    option: int | None = None
    word: str = ""


def faults(form: Form, first_language: str) -> list[FormFault]:
    """Everything that is wrong with a form. Each text is needed in the campaign's first language."""
    found = [*_of_words(form.title, "title", "title", first_language)]
    found += _of_words(form.purpose, "purpose", "purpose", first_language)
    if not form.questions:
        found.append(FormFault(wrong=Wrong.NO_QUESTION, part="questions"))
    if len(form.questions) > MOST_QUESTIONS:
        found.append(
            FormFault(wrong=Wrong.TOO_MANY_QUESTIONS, part="questions", word=str(len(form.questions)))
        )
    # What is beyond is too many: each is compared with all before it, and somebody may send a hundred thousand lines.
    for number, question in enumerate(form.questions[:MOST_QUESTIONS]):
        found += _of_question(form, number, question, first_language)
    return found or [*_never_asked(form)]


def _of_words(
    words: Words, part: str, what: str, first: str, question: int | None = None, option: int | None = None
) -> Iterator[FormFault]:
    where = {"part": part, "question": question, "option": option}
    if not words.get(first, "").strip():
        yield FormFault(wrong=Wrong.NO_TEXT, word=first, **where)  # type: ignore[arg-type]  # str and int, as named
    for text in words.values():
        if len(text) > LIMITS[what]:
            yield FormFault(wrong=Wrong.TOO_LONG, word=str(len(text)), **where)  # type: ignore[arg-type]  # the same


def _of_question(form: Form, number: int, question: Question, first: str) -> Iterator[FormFault]:
    yield from _of_name(question.id, [each.id for each in form.questions[:number]], number, None)
    yield from _of_words(question.text, "text", "question", first, number)
    if len(question.options) < LEAST_OPTIONS:
        yield FormFault(wrong=Wrong.TOO_FEW_OPTIONS, part="options", question=number)
    if len(question.options) > MOST_OPTIONS:
        yield FormFault(
            wrong=Wrong.TOO_MANY_OPTIONS, part="options", question=number, word=str(len(question.options))
        )
    yield from _of_next(form, number, question.next, None)
    for place, option in enumerate(question.options[:MOST_OPTIONS]):
        yield from _of_option(form, number, question, place, option, first)


def _of_option(
    form: Form, number: int, question: Question, place: int, option: Option, first: str
) -> Iterator[FormFault]:
    before = question.options[:place]
    yield from _of_name(option.id, [each.id for each in before], number, place)
    yield from _of_words(option.text, "text", "option", first, number, place)
    shown = {each.text.get(first, "").casefold() for each in before}
    if option.text.get(first, "").casefold() in shown - {""}:
        yield FormFault(
            wrong=Wrong.SAME_TEXT, part="text", question=number, option=place, word=option.text[first]
        )
    if option.next is not None and question.several:
        yield FormFault(
            wrong=Wrong.NEXT_OF_SEVERAL, part="next", question=number, option=place, word=option.next
        )
    else:
        yield from _of_next(form, number, option.next, place)


def _of_name(name: str, before: list[str], question: int, option: int | None) -> Iterator[FormFault]:
    wrong = None
    if not _NAME.fullmatch(name):
        wrong = Wrong.NAME
    elif name in RESERVED:
        wrong = Wrong.RESERVED
    elif name in before:
        wrong = Wrong.TWICE
    if wrong is not None:
        yield FormFault(wrong=wrong, part="id", question=question, option=option, word=name)


def _of_next(form: Form, number: int, following: str | None, option: int | None) -> Iterator[FormFault]:
    """What an answer leads to stands below its question: whatever leads up again would go in a circle."""
    if following in (None, END):
        return
    below = [each.id for each in form.questions[number + 1 :]]
    if following not in below:
        known = any(each.id == following for each in form.questions)
        yield FormFault(
            wrong=Wrong.CIRCLE if known else Wrong.NO_SUCH_QUESTION,
            part="next",
            question=number,
            option=option,
            word=str(following),
        )


def _never_asked(form: Form) -> Iterator[FormFault]:
    """Questions that no answer leads to."""
    reached = {form.questions[0].id}
    for question in form.questions:
        if question.id in reached:
            reached |= {way.to.id for way in form.ways(question) if way.to is not None}
    for number, question in enumerate(form.questions):
        if question.id not in reached:
            yield FormFault(wrong=Wrong.NEVER_ASKED, part="id", question=number, word=question.id)
