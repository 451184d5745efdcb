"""Surveys, what people chose in them, and what is counted of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.small_counts import Headcount
from bot.rules.surveys import SKIPPED, Answers, Form, from_json
from db.areas import person_in
from db.batches import Columns, DatabaseVisit, Statement, given_texts, together
from db.headcounts import counted, headcount, known_to
from db.responses import Response, log
from db.restrictions import IS_USABLE, restricted_people
from db.schema import deliveries, people, responses, survey_answers, survey_counts, surveys
from db.upsert import insert

ANYBODY = ("", "")
"""In counts: whoever answered any question, were it by leaving it out."""
WHOEVER = "*"
"""In the place of an option: whom a question was put to, who answered it or left it out."""
HAS_IT = ("sending", "sent", "in_doubt")
"""States of a delivery whose message somebody has, or may have."""
Counts = Mapping[tuple[str, str], Headcount]
"""How many people chose which option of which question."""


class Survey(Frozen):
    """One row of `surveys`: see db.schema for what each field means."""

    id: int
    code: str
    state: str
    form: Form
    broadcast: int | None
    area: str
    closes_at: datetime
    erase_at: datetime
    created_by: int | None
    created_at: datetime

    @property
    def is_withdrawn(self) -> bool:
        return self.state == "withdrawn"

    @property
    def is_counted(self) -> bool:
        """Whether its answers were erased."""
        return self.state == "counted"


def _survey(row: sa.Row[Any]) -> Survey:
    values = {**row._mapping}
    return Survey(**{**values, "form": from_json(values["form"])})


async def create(tx: AsyncConnection, values: Mapping[str, Any]) -> Survey | None:
    """A new survey, or None where its code is taken."""
    statement = insert(tx, surveys).values(**values).on_conflict_do_nothing(index_elements=[surveys.c.code])
    row = (await tx.execute(statement.returning(*surveys.c))).one_or_none()
    return None if row is None else _survey(row)


async def leaves_as(tx: AsyncConnection, survey: int, broadcast: int) -> None:
    """The broadcast that asks it."""
    await tx.execute(sa.update(surveys).where(surveys.c.id == survey).values(broadcast=broadcast))


async def by_code(tx: AsyncConnection, code: str) -> Survey | None:
    row = (await tx.execute(sa.select(surveys).where(surveys.c.code == code))).one_or_none()
    return None if row is None else _survey(row)


async def of_codes(tx: AsyncConnection, codes: Collection[str]) -> dict[str, Survey]:
    """The surveys of these codes, as far as there are any."""
    rows = await tx.execute(sa.select(surveys).where(surveys.c.code.in_(codes)))
    return {row.code: _survey(row) for row in rows}


_OF_BROADCASTS = sa.select(surveys).where(surveys.c.broadcast.in_(sa.bindparam("broadcasts", expanding=True)))


async def of_broadcasts(tx: AsyncConnection, broadcasts: Collection[int]) -> dict[int, Survey]:
    """The surveys that these broadcasts ask, by the broadcast's number."""
    if not broadcasts:
        return {}
    rows = await tx.execute(_OF_BROADCASTS, {"broadcasts": list(broadcasts)})
    return {row.broadcast: _survey(row) for row in rows}


async def all_made(tx: AsyncConnection) -> list[Survey]:
    """Every survey, the newest first."""
    rows = await tx.execute(sa.select(surveys).order_by(surveys.c.id.desc()))
    return [_survey(row) for row in rows]


async def withdraw(tx: AsyncConnection, broadcast: int) -> None:
    """The message that asks a survey, if it asks one, is taken back: nobody answers it any more."""
    is_open = sa.and_(surveys.c.broadcast == broadcast, surveys.c.state == "open")
    await tx.execute(sa.update(surveys).where(is_open).values(state="withdrawn"))


async def give_up(tx: AsyncConnection, broadcast: int) -> None:
    """The message that asks a survey is cancelled before anybody has it: nobody answers it."""
    has_it = sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.state.in_(HAS_IT))
    if not await tx.scalar(sa.select(sa.exists().where(has_it))):
        await withdraw(tx, broadcast)


# -- answers --


class Opened(Frozen):
    """A survey as one person has it: whether its message went to them, and what they chose so far."""

    survey: Survey
    was_asked: bool
    answers: Answers


_PLAIN_COLUMNS = [column for column in surveys.c if column.name != "form"]
_PLAIN = Columns(_PLAIN_COLUMNS)
_SURVEY = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}({s.json.format("form")}, {_PLAIN})) AS text) FROM surveys WHERE code = :code"""
    )
)
# Nobody else has a button of it.
_ASKED = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}(id) AS text) FROM deliveries WHERE broadcast = :broadcast AND person = :person
        AND state IN ('sending', 'sent', 'in_doubt')"""
    )
)
_CHOSEN = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(question, "option")) AS text) FROM survey_answers
    WHERE survey = :survey AND person = :person"""
    )
)


async def opened(tx: AsyncConnection, code: str, person: int) -> Opened | None:
    """A survey and where somebody stands in it, in one stay with the database; None where there is none."""

    def look(visit: DatabaseVisit) -> Opened | None:
        found = visit.rows(_SURVEY, code=code)
        if not found:
            return None
        form, *values = found[0]
        named = dict(zip((column.name for column in _PLAIN_COLUMNS), _PLAIN.read(values), strict=True))
        survey = Survey(form=from_json(form), **named)
        asked = visit.rows(_ASKED, broadcast=survey.broadcast, person=person)
        chosen = visit.rows(_CHOSEN, survey=survey.id, person=person)
        return Opened(survey=survey, was_asked=bool(asked), answers=_in_order(survey, chosen))

    return await together(tx, look)


def _in_order(survey: Survey, chosen: Iterable[tuple[str, str]]) -> Answers:
    """The options by question, both in the order of the form."""
    found: dict[str, set[str]] = {}
    for question, option in chosen:
        found.setdefault(question, set()).add(option)
    return {
        question.id: tuple(each.id for each in question.options if each.id in found[question.id])
        for question in survey.form.questions
        if question.id in found
    }


_FORGET = Statement(
    lambda s: (
        f"""
    DELETE FROM survey_answers WHERE survey = :survey AND person = :person
        AND question IN {given_texts(s)}"""
    )
)
_KEEP = Statement(
    lambda s: (
        f"""
    INSERT INTO survey_answers (survey, person, question, "option", at)
    SELECT :survey, :person, each.value ->> 0, each.value ->> 1, :now FROM {s.each}"""
    )
)


async def put(tx: AsyncConnection, survey: int, before: Answers, after: Answers, response: Response) -> None:
    """Puts what somebody says now in the place of what they said before, and logs the answer."""
    changed = sorted(each for each in {*before, *after} if before.get(each) != after.get(each))
    rows = [
        (question, option)
        for question in changed
        if question in after
        for option in after[question] or (SKIPPED,)
    ]

    def answer(visit: DatabaseVisit) -> None:
        whose: dict[str, Any] = {"survey": survey, "person": response.person}
        visit.run(_FORGET, rows=[(question,) for question in changed], **whose)
        visit.run(_KEEP, rows=rows, now=response.at, **whose)
        log(visit, response)

    await together(tx, answer)


async def take_back(tx: AsyncConnection, survey: Survey, person: int) -> bool:
    """Erases what somebody answered, and what was logged of it; whether there was anything."""
    theirs = sa.and_(survey_answers.c.survey == survey.id, survey_answers.c.person == person)
    found = await tx.execute(sa.delete(survey_answers).where(theirs))
    logged = sa.and_(
        responses.c.person == person, responses.c.question == "survey", responses.c.subject == survey.code
    )
    await tx.execute(sa.delete(responses).where(logged))
    return found.rowcount > 0


# -- counts --


async def are_many(tx: AsyncConnection, survey: int, many: int) -> bool:
    """Whether more than so many answers of a survey are kept."""
    one = sa.select(survey_answers.c.person).where(survey_answers.c.survey == survey)
    return await tx.scalar(one.offset(many).limit(1)) is not None


async def counts(tx: AsyncConnection, survey: Survey) -> Counts:
    """How many people chose what, everywhere; of one whose answers were erased what was counted then.

    Who restricted their data is not counted.
    """
    if survey.is_counted:
        kept = sa.select(survey_counts).where(
            survey_counts.c.survey == survey.id, survey_counts.c.option != WHOEVER
        )
        return {(row.question, row.option): Headcount(others=row.people) for row in await tx.execute(kept)}
    found = await _numbers(tx, survey)
    restricted = restricted_people()
    if await tx.scalar(sa.select(sa.exists(restricted))):  # else nothing is read twice
        for of, number in (await _numbers(tx, survey, survey_answers.c.person.in_(restricted))).items():
            found[of] -= number
    return {of: Headcount(others=number) for of, number in found.items() if number}


async def put_to(tx: AsyncConnection, survey: Survey) -> Counts:
    """To how many people each question of several answers was put, everywhere: what they chose does not add up to them.

    Who restricted their data is not counted. Nothing of one whose answers were erased before this was counted.
    """
    if survey.is_counted:
        kept = sa.select(survey_counts).where(
            survey_counts.c.survey == survey.id, survey_counts.c.option == WHOEVER
        )
        return {(row.question, WHOEVER): Headcount(others=row.people) for row in await tx.execute(kept)}
    several = [question.id for question in survey.form.questions if question.several]
    if not several:
        return {}
    query = (
        sa.select(
            survey_answers.c.question, sa.func.count(sa.distinct(survey_answers.c.person)).label("people")
        )
        .where(
            survey_answers.c.survey == survey.id,
            survey_answers.c.question.in_(several),
            survey_answers.c.person.not_in(restricted_people()),
        )
        .group_by(survey_answers.c.question)
    )
    return {(row.question, WHOEVER): Headcount(others=row.people) for row in await tx.execute(query)}


async def _numbers(
    tx: AsyncConnection, survey: Survey, *conditions: sa.ColumnElement[bool]
) -> dict[tuple[str, str], int]:
    """Rows by question and option, read from the index alone."""
    number = sa.func.count().label("number")
    columns = (survey_answers.c.question, survey_answers.c.option)
    query = sa.select(*columns, number).where(survey_answers.c.survey == survey.id, *conditions)
    found = {(row.question, row.option): row.number for row in await tx.execute(query.group_by(*columns))}
    first = survey.form.questions[0]
    # Whoever answers begins with the first question: nobody else is looked for.
    if first.several:
        anybody = sa.select(sa.func.count(sa.distinct(survey_answers.c.person))).where(
            survey_answers.c.survey == survey.id, survey_answers.c.question == first.id, *conditions
        )
        found[ANYBODY] = int(await tx.scalar(anybody) or 0)
    else:
        found[ANYBODY] = sum(count for (question, _), count in found.items() if question == first.id)
    return found


async def counts_in(tx: AsyncConnection, survey: Survey, areas: Sequence[str]) -> Counts:
    """What the people of some areas answered, counted for who knows some of them by name.

    Nothing where the answers were erased: of areas no count is kept.
    """
    here = sa.or_(sa.false(), *(person_in(area) for area in areas))
    columns = (survey_answers.c.question, survey_answers.c.option)
    told = counted("people", known_to(areas))
    query = (
        sa.select(*columns, *told)
        .join(people, people.c.id == survey_answers.c.person)
        .where(survey_answers.c.survey == survey.id, IS_USABLE, here)
        .group_by(*columns)
    )
    found = {(row.question, row.option): headcount(row, "people") for row in await tx.execute(query)}
    answered = sa.select(survey_answers.c.person).where(survey_answers.c.survey == survey.id)
    anybody = sa.select(*told).where(people.c.id.in_(answered), IS_USABLE, here)
    return {**found, ANYBODY: headcount((await tx.execute(anybody)).one(), "people")}


async def due(tx: AsyncConnection, now: datetime) -> list[Survey]:
    """Those whose answers are to be erased."""
    query = sa.select(surveys).where(surveys.c.erase_at <= now, surveys.c.state != "counted")
    return [_survey(row) for row in await tx.execute(query.order_by(surveys.c.id))]


async def keep_counts(tx: AsyncConnection, survey: Survey, found: Counts) -> None:
    """Keeps its `counts` for good, unless some are kept already: the answers may be erased afterwards."""
    uncounted = sa.and_(surveys.c.id == survey.id, surveys.c.state != "counted")
    if not (await tx.execute(sa.update(surveys).where(uncounted).values(state="counted"))).rowcount:
        return
    rows = [
        {"survey": survey.id, "question": question, "option": option, "people": count.total}
        for (question, option), count in found.items()
    ]
    if rows:
        await tx.execute(survey_counts.insert(), rows)


_CHOICE = (surveys.c.code, survey_answers.c.question, survey_answers.c.option, survey_answers.c.at)
_OF_PERSON = (
    sa.select(surveys.c.form, *_CHOICE)
    .join(surveys, surveys.c.id == survey_answers.c.survey)
    .where(survey_answers.c.person == sa.bindparam("somebody"))
    .order_by(survey_answers.c.at, *_CHOICE[:3])
)


async def of_person(tx: AsyncConnection, person: int) -> list[dict[str, Any]]:
    """Everything somebody chose, survey by survey, for `/mydata`; an empty option: they left the question out."""
    rows = (dict(row._mapping) for row in await tx.execute(_OF_PERSON, {"somebody": person}))
    return [{"title": row.pop("form")["title"], **row} for row in rows]
