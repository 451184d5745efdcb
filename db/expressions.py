"""Expressions of audiences as SQL: what `bot.rules.belonging` says of one person, asked of everybody at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.frozen import Frozen
from bot.rules.areas import ABROAD_AREA, CODE_LENGTH, EVERYWHERE, after_prefix, prefixes_of
from bot.rules.belonging import ATTENDED, WAITLISTED, Setting
from bot.rules.expressions import All, AnyOf, Expression, Not
from bot.rules.leaves import ANY, NONE, SILENT, Leaf, Period, period_of
from bot.rules.seats import ON_THE_LIST
from bot.rules.surveys import SKIPPED
from bot.rules.territories import ABROAD
from db.experiments import number_drawn
from db.schema import (
    broadcasts,
    deliveries,
    events,
    people,
    rsvps,
    staff,
    survey_answers,
    surveys,
    vote_plans,
)

Condition = sa.ColumnElement[bool]
Arguments = tuple[str, ...]


class Whose(Frozen):
    """People of whom a table holds a row like this; `none`: holds none. `person` is the column with their ids."""

    person: sa.Column[int]
    like: tuple[Condition, ...]
    none: bool = False

    def looked_up(self) -> Condition:
        """Asked of one person after the other, by the index: where other conditions leave few of them."""
        found = sa.exists().where(self.person == people.c.id, *self.like)
        return sa.not_(found) if self.none else found


Ask = Callable[[Arguments, Setting], Condition | Whose]

SUPPORTERS: Condition = sa.and_(people.c.state == "registered", people.c.consent_contact.is_(True))
"""Who may be in any audience: never who stopped, restricted their data, or has not finished signing up."""


def members(expression: Expression, setting: Setting) -> Condition:
    """Supporters who are in the audience, also those whom no message reaches."""
    return sa.and_(SUPPORTERS, condition(expression, setting))


def only(person: int) -> Condition:
    """One person alone."""
    return people.c.id == person


def condition(expression: Expression, setting: Setting, *, denied: bool = False) -> Condition:
    """Whether a row of `people` is in the audience (`denied`: in none of it)."""
    match expression:
        case Not(part):
            return condition(part, setting, denied=not denied)
        case All(parts) | AnyOf(parts):
            found = [condition(part, setting, denied=denied) for part in parts]
            return sa.and_(*found) if isinstance(expression, All) != denied else sa.or_(*found)
        case Leaf(name="audience"):
            return condition(setting.saved[expression.arguments[0]], setting, denied=denied)
    # What is not known of somebody (no language, no place) does not hold, and so its denial does.
    asked = ASKS[expression.name](expression.arguments, setting)
    holds = asked.looked_up() if isinstance(asked, Whose) else asked
    said = sa.not_(sa.func.coalesce(holds, sa.false())) if denied else holds
    return sa.and_(people.c.consent_commune.is_(True), said) if expression.uses_commune else said


def _area(arguments: Arguments, _: Setting) -> Condition:
    """As `lives_in` asks, by the commune alone, from which the rest follows: the index of audiences holds it."""
    (area,) = arguments
    if area == EVERYWHERE:
        return sa.true()
    if area == ABROAD_AREA:
        return people.c.territory == ABROAD
    inside = sa.or_(*(_begins(people.c.commune, first) for first in prefixes_of(area)))
    return sa.and_(inside, sa.or_(people.c.territory.is_(None), people.c.territory != ABROAD))


def _begins(column: sa.ColumnElement[str], first: str) -> Condition:
    """Whether an INSEE code begins so. As a span the index finds it; it would go through everybody for LIKE."""
    if len(first) == CODE_LENGTH:
        return column == first
    return sa.and_(column >= first, column < after_prefix(first))


class _each(FunctionElement[str]):
    """The rows of a JSON array of texts: one bound value, however wide the radius."""

    inherit_cache = True


@compiles(_each, "sqlite")
def _each_in_sqlite(element: _each, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_each, "postgresql")
def _each_in_postgresql(element: _each, compiler: SQLCompiler, **options: Any) -> str:
    return f"jsonb_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS JSONB))"


def _one_of(column: sa.ColumnElement[str], codes: Iterable[str]) -> Condition:
    """Whether a column holds one of these codes, however many there are."""
    listed = sa.literal(json.dumps(sorted(codes)), sa.Text())
    return column.in_(sa.select(_each(listed).table_valued("value").c.value))


def given_numbers(numbers: Iterable[int]) -> sa.Select[tuple[int]]:
    """These numbers as a subquery: one bound value, however many there are."""
    listed = sa.literal(json.dumps(sorted(numbers)), sa.Text())
    return sa.select(sa.cast(_each(listed).table_valued("value").c.value, sa.BigInteger))


def _near(arguments: Arguments, setting: Setting) -> Condition:
    commune, km = arguments
    return _one_of(people.c.commune, setting.within[commune, int(km)])


def _is_staff(_: Arguments, __: Setting) -> Condition:
    roles = sa.select(staff.c.telegram_id).where(staff.c.revoked_at.is_(None))
    return people.c.telegram_id.in_(roles)


def _is_recruiter(_: Arguments, __: Setting) -> Condition:
    friends = people.alias("friends")
    brought = sa.select(friends.c.recruiter).where(
        friends.c.state == "registered", friends.c.recruiter.is_not(None)
    )
    return people.c.id.in_(brought)


def _answered_event(arguments: Arguments, _: Setting) -> Whose:
    code, wanted = arguments
    event = sa.select(events.c.id).where(events.c.code == code)
    to_it = () if code == ANY else (rsvps.c.event == event.scalar_subquery(),)
    if wanted == SILENT:
        return Whose(person=rsvps.c.person, like=to_it, none=True)
    said: Condition
    if wanted in ATTENDED:
        said = rsvps.c.attended.is_(ATTENDED[wanted])
    elif wanted == WAITLISTED:
        said = rsvps.c.answer.in_(ON_THE_LIST)
    else:
        said = rsvps.c.answer == wanted
    return Whose(person=rsvps.c.person, like=(*to_it, said))


def _chose(arguments: Arguments, _: Setting) -> Whose:
    code, wanted = arguments
    survey = sa.select(surveys.c.id).where(surveys.c.code == code).scalar_subquery()
    chosen = (survey_answers.c.survey == survey, survey_answers.c.option != SKIPPED)
    if wanted in (ANY, NONE):
        return Whose(person=survey_answers.c.person, like=chosen, none=wanted == NONE)
    question, _dot, option = wanted.rpartition(".")
    of_it = (survey_answers.c.question == question,) if question else ()
    return Whose(person=survey_answers.c.person, like=(chosen[0], *of_it, survey_answers.c.option == option))


def _said(column: sa.Column[str | None]) -> Ask:
    """What was said in one column of `vote_plans`; no row says nothing yet."""

    def ask(arguments: Arguments, _: Setting) -> Whose:
        ballot, wanted = arguments
        none = wanted in (SILENT, "none")
        said = column.is_not(None) if none or wanted == ANY else column == wanted
        of_ballot = vote_plans.c.ballot == int(ballot)
        return Whose(person=vote_plans.c.person, like=(of_ballot, said), none=none)

    return ask


def _in_period(column: sa.Column[object]) -> Ask:
    def ask(arguments: Arguments, setting: Setting) -> Condition:
        return _lies_in(column, period_of(arguments[0], setting.now))

    return ask


def _lies_in(column: sa.Column[object], period: Period) -> Condition:
    since = column >= period.since if period.since is not None else sa.true()
    before = column < period.before if period.before is not None else sa.true()
    return sa.and_(since, before)


def _got(arguments: Arguments, _: Setting) -> Whose:
    return _reached(arguments, deliveries.c.state == "sent")


def _answered(arguments: Arguments, _: Setting) -> Whose:
    return _reached(arguments, deliveries.c.answered_at.is_not(None))


def _reached(arguments: Arguments, how: Condition) -> Whose:
    return Whose(person=deliveries.c.person, like=(deliveries.c.broadcast == int(arguments[0]), how))


def _sample(arguments: Arguments, setting: Setting) -> Condition:
    """`Sampling.draws`, in the same whole numbers."""
    return number_drawn(people.c.id, setting.sampling) % 100 < int(arguments[0])


ASKS: Mapping[str, Ask] = MappingProxyType(
    {
        "in": _area,
        "near": _near,
        "language": lambda arguments, _: people.c.language == arguments[0],
        "volunteer": lambda *_: people.c.volunteer.is_(True),
        "staff": _is_staff,
        "recruited": lambda *_: people.c.recruiter.is_not(None),
        "recruiter": _is_recruiter,
        "named": lambda *_: people.c.consent_team.is_(True),
        "rsvp": _answered_event,
        "intention": _said(vote_plans.c.intention),
        "plan": _said(vote_plans.c.slot),
        "vote": _said(vote_plans.c.vote),
        "survey": _chose,
        "joined": _in_period(people.c.registered_at),
        "seen": _in_period(people.c.seen_at),
        "got": _got,
        "answered": _answered,
        "sample": _sample,
    }
)
"""How each leaf is asked of everybody; `audience` is asked as what was saved."""


async def among(
    tx: AsyncConnection, persons: Collection[int], expression: Expression, setting: Setting
) -> set[int]:
    """Those of these people who are in the audience."""
    query = sa.select(people.c.id).where(people.c.id.in_(persons), members(expression, setting))
    return set(await tx.scalars(query))


async def missing_events(tx: AsyncConnection, codes: set[str]) -> set[str]:
    """The codes of which there is no event."""
    return codes - set(await tx.scalars(sa.select(events.c.code).where(events.c.code.in_(codes))))


async def missing_messages(tx: AsyncConnection, numbers: set[int]) -> set[int]:
    """The numbers of which there is no message."""
    return numbers - set(await tx.scalars(sa.select(broadcasts.c.id).where(broadcasts.c.id.in_(numbers))))
