"""What was answered in surveys, counted, for whoever may read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

import db.surveys
from bot.actions.authority import Author
from bot.actions.surveys import SurveyRefused
from bot.errors import OutOfSight
from bot.frozen import Frozen
from bot.rules.permissions import Action
from bot.rules.small_counts import NOBODY, Headcount, Reader
from bot.rules.surveys import SKIPPED, Option, Question
from db.long_counts import CountMaker
from db.surveys import ANYBODY, WHOEVER, Survey

MANY = 5_000
"""Answers of a survey from which counting them takes longer than a tap may."""


class QuestionCount(Frozen):
    """How many people chose which option of a question, and how many left it out. `asked`: to how many it was put, who
    answered or left it out; None where that is not known.
    """

    question: Question
    options: tuple[tuple[Option, Headcount], ...]
    skipped: Headcount
    asked: Headcount | None

    def most(self, reader: Reader) -> int:
        """How many chose the option that most chose, as far as the reader may know: what bars are measured by."""
        return max(1, *(reader.at_least(people) for _, people in self.options))

    def percent(self, reader: Reader, people: Headcount) -> float | None:
        """The share of those whom the question was put to, whatever they answered, not of all who took part: an answer
        may lead past it. None for staff of some areas, who read of tens, and where nobody is known to have been asked.
        """
        if not reader.is_exact or self.asked is None or not self.asked.total:
            return None
        return 100 * people.total / self.asked.total


class Results(Frozen):
    """What was answered so far: by how many people, and question by question."""

    survey: Survey
    people: Headcount
    questions: tuple[QuestionCount, ...]
    # Whether anything is known: of one area nothing is, once the answers were erased.
    is_known: bool = True


async def listed(tx: AsyncConnection) -> list[Results]:
    """Every survey with its results, the newest first; for the operator."""
    return [
        results_from(survey, await db.surveys.counts(tx, survey)) for survey in await db.surveys.all_made(tx)
    ]


async def results(tx: AsyncConnection, code: str) -> Results:
    """What was answered everywhere; for the operator. Raises SurveyRefused."""
    survey = await db.surveys.by_code(tx, code)
    if survey is None:
        raise SurveyRefused(f"There is no survey {code}: `portevoix surveys list` tells their codes.")
    return results_from(survey, await found_in(tx, survey, None))


async def seen_by(tx: AsyncConnection, author: Author) -> list[Survey]:
    """One's own surveys, and for coordinators those of their areas, the newest first."""
    author.require(Action.SEE_SURVEY)
    return [each for each in await db.surveys.all_made(tx) if author.may_control(each.area, each.created_by)]


async def seen(tx: AsyncConnection, author: Author, code: str) -> Survey:
    """A survey whose results the author may read. Raises NotAllowed, SurveyRefused."""
    author.require(Action.SEE_SURVEY)
    survey = await db.surveys.by_code(tx, code)
    if survey is None:
        raise SurveyRefused(f"There is no survey {code}.")
    if not author.may_control(survey.area, survey.created_by):
        raise OutOfSight("Only its author may see this.", message="errors/not_your_broadcast")
    return survey


async def is_long(tx: AsyncConnection, survey: Survey) -> bool:
    """Whether so many answered that they are counted where nobody who taps notices."""
    return not survey.is_counted and await db.surveys.are_many(tx, survey.id, MANY)


async def results_for(tx: AsyncConnection, author: Author, code: str) -> Results:
    """What was answered where the author looks after people. Raises NotAllowed, SurveyRefused."""
    survey, reader = await seen(tx, author, code), author.reader
    return as_read(survey, reader, await found_in(tx, survey, reader.known_in))


async def results_now(counts: CountMaker, survey: Survey, reader: Reader) -> Results:
    """The same of a survey that was `seen`, as it was committed last, in a transaction of its own."""
    count = partial(_rows, survey=survey, known_in=reader.known_in)
    found = _counts(await counts.made(count, list))
    return as_read(survey, reader, found)


async def found_in(tx: AsyncConnection, survey: Survey, known_in: Sequence[str] | None) -> db.surveys.Counts:
    """What was answered in some areas; None: everywhere."""
    if known_in is None:
        return {**await db.surveys.counts(tx, survey), **await db.surveys.put_to(tx, survey)}
    return await db.surveys.counts_in(tx, survey, known_in)


async def _rows(
    tx: AsyncConnection, survey: Survey, known_in: Sequence[str] | None
) -> list[tuple[str, str, int, int]]:
    found = await found_in(tx, survey, known_in)
    return [(*of, people.known, people.others) for of, people in found.items()]


def _counts(rows: Sequence[tuple[str, str, int, int]]) -> db.surveys.Counts:
    return {
        (question, option): Headcount(known=known, others=others) for question, option, known, others in rows
    }


def as_read(survey: Survey, reader: Reader, found: db.surveys.Counts) -> Results:
    """What was found, for its reader: of the areas of some nothing is known once the answers were erased."""
    return replace(results_from(survey, found), is_known=reader.is_exact or not survey.is_counted)


def results_from(survey: Survey, found: db.surveys.Counts) -> Results:
    """The counts of a survey in the order of its questions."""
    return Results(
        survey=survey,
        people=found.get(ANYBODY, NOBODY),
        questions=tuple(
            QuestionCount(
                question=question,
                options=tuple(
                    (option, found.get((question.id, option.id), NOBODY)) for option in question.options
                ),
                skipped=found.get((question.id, SKIPPED), NOBODY),
                asked=_asked(question, found),
            )
            for question in survey.form.questions
        ),
    )


def _asked(question: Question, found: db.surveys.Counts) -> Headcount | None:
    if question.several:
        return found.get((question.id, WHOEVER))
    said = (found.get((question.id, each), NOBODY) for each in (*(o.id for o in question.options), SKIPPED))
    return sum(said, start=NOBODY)
