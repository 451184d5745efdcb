"""Audiences as SQL: the conditions of `bot.rules.audiences`, asked of whole tables at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from bot.rules.areas import ABROAD_AREA, COLLECTIVITIES, DEPARTMENTS, EVERYWHERE, normal_area
from bot.rules.audiences import Audience, RsvpCondition, VoteCondition
from bot.rules.kinds import MUTES, Kind
from bot.rules.people import RsvpAnswer, VoteState
from bot.rules.small_counts import Headcount
from bot.rules.territories import ABROAD
from db.headcounts import counted, headcount, known_to
from db.schema import events, people, rsvps, vote_plans
from db.vote_plans import SAID

Condition = sa.ColumnElement[bool]

# A city's INSEE code, and the first characters of its arrondissements' codes.
_CITIES = {"75056": "751", "69123": "6938", "13055": "132"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """An audience ready to be compiled: `communes_within` are the INSEE codes within its radius."""

    audience: Audience
    communes_within: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Group:
    """How many people of an audience live by the same zone and vote in the same territory."""

    territory: str | None
    zone: str | None
    people: Headcount


def in_any(targets: Sequence[Target], kind: Kind | None = None) -> Condition:
    """The condition of being in one of the audiences; with a kind, without those who switched it off."""
    chosen = sa.or_(sa.false(), *(_condition(target) for target in targets))
    if kind is None or kind not in MUTES:
        return chosen
    return sa.and_(chosen, people.c[f"mutes_{MUTES[kind]}"].is_(False))


def _condition(target: Target) -> Condition:
    audience = target.audience
    conditions: list[Condition] = [
        people.c.state == "registered",
        people.c.unreachable_at.is_(None),
        people.c.consent_contact.is_(True),
    ]
    if audience.uses_commune:
        conditions.append(people.c.consent_commune.is_(True))
    if audience.area != EVERYWHERE:
        conditions.append(lives_in(audience.area))
    if audience.radius is not None:
        conditions.append(one_of(people.c.commune, target.communes_within))
    if audience.language is not None:
        conditions.append(people.c.language == audience.language)
    if audience.rsvp is not None:
        conditions.append(_answered_so(audience.rsvp))
    if audience.vote is not None:
        conditions.append(_votes_so(audience.vote))
    if audience.volunteers:
        conditions.append(people.c.volunteer.is_(True))
    return sa.and_(*conditions)


def lives_in(area: str) -> Condition:
    """People who vote in an area other than the whole country."""
    if area == ABROAD_AREA:
        return people.c.territory == ABROAD
    somewhere = sa.or_(people.c.territory.is_(None), people.c.territory != ABROAD)
    return sa.and_(somewhere, _lies_in(people, area))


def event_lies_in(area: str) -> Condition:
    """Events whose commune lies in an area."""
    area = normal_area(area)
    if area == ABROAD_AREA:
        return sa.false()
    return sa.true() if area == EVERYWHERE else _lies_in(events, area)


def _lies_in(table: sa.Table, area: str) -> Condition:
    """`table` has the columns commune, department and region; the area is neither everywhere nor abroad."""
    if area.startswith("R"):
        # A collectivity is a region and a département at once.
        return table.c.department == area[1:] if area[1:] in COLLECTIVITIES else table.c.region == area[1:]
    if area in DEPARTMENTS:
        return table.c.department == area
    if area in _CITIES:
        prefix = table.c.commune.startswith(_CITIES[area])
        return sa.or_(table.c.commune == area, prefix)
    return table.c.commune == area


class _each(FunctionElement[str]):
    """The rows of a JSON array of texts: one bound value, however wide the radius."""

    inherit_cache = True


@compiles(_each, "sqlite")
def _each_in_sqlite(element: _each, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_each, "postgresql")
def _each_in_postgresql(element: _each, compiler: SQLCompiler, **options: Any) -> str:
    return f"jsonb_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS JSONB))"


def one_of(column: sa.ColumnElement[str], codes: Iterable[str]) -> Condition:
    """Whether a column holds one of these codes, however many there are."""
    listed = sa.literal(json.dumps(sorted(codes)), sa.Text())
    return column.in_(sa.select(_each(listed).table_valued("value").c.value))


def _answered_so(condition: RsvpCondition) -> Condition:
    answered = sa.select(sa.literal(1)).where(rsvps.c.person == people.c.id, rsvps.c.event == condition.event)
    if not condition.answers:
        return ~answered.exists()
    return answered.where(
        rsvps.c.answer.in_([answer.value for answer in _sorted(condition.answers)])
    ).exists()


def _sorted(answers: Iterable[RsvpAnswer]) -> list[RsvpAnswer]:
    return sorted(answers, key=lambda answer: answer.value)


def _votes_so(condition: VoteCondition) -> Condition:
    """By what the person last said; no row says nothing yet."""
    states = [state.value for state in sorted(condition.states, key=lambda state: state.value)]
    row = sa.and_(SAID.in_(states), _planned_so(condition.planned))
    plan = sa.select(sa.literal(1)).where(
        vote_plans.c.person == people.c.id, vote_plans.c.ballot == condition.ballot
    )
    silent = VoteState.NONE in condition.states and condition.planned is not True
    return sa.or_(plan.where(row).exists(), sa.and_(sa.literal(silent), ~plan.exists()))


def _planned_so(planned: bool | None) -> Condition:
    if planned is None:
        return sa.true()
    return vote_plans.c.slot.is_not(None) if planned else vote_plans.c.slot.is_(None)


def people_in(
    targets: Sequence[Target], kind: Kind | None, *, zones: Sequence[str | None] | None = None
) -> sa.Select[tuple[int]]:
    """The ids of the people of the audiences; `zones`: of those who live by one of them (None: by none)."""
    return sa.select(people.c.id).where(in_any(targets, kind), _lives_by(zones))


def _lives_by(zones: Sequence[str | None] | None) -> Condition:
    if zones is None:
        return sa.true()
    named = people.c.zone.in_([zone for zone in zones if zone is not None])
    return sa.or_(named, people.c.zone.is_(None)) if None in zones else named


async def groups(
    tx: AsyncConnection,
    targets: Sequence[Target],
    kind: Kind | None = None,
    *,
    known_in: Sequence[str] | None = None,
) -> list[Group]:
    """The people of the audiences, counted by territory and zone, for a reader who knows people in some areas."""
    columns = (people.c.territory, people.c.zone)
    query = sa.select(*columns, *counted("people", known_to(known_in))).where(in_any(targets, kind))
    return [
        Group(territory=row.territory, zone=row.zone, people=headcount(row, "people"))
        for row in await tx.execute(query.group_by(*columns))
    ]


async def ids(tx: AsyncConnection, targets: Sequence[Target], kind: Kind | None = None) -> set[int]:
    """The people of the audiences, for small ones."""
    return set(await tx.scalars(people_in(targets, kind)))
