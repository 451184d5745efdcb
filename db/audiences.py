"""Audiences as staff send to them: who of the people an expression means can get a message, chosen and counted."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.belonging import Setting
from bot.rules.expressions import Expression
from bot.rules.kinds import MUTES, Kind
from bot.rules.small_counts import Headcount
from db.expressions import members
from db.headcounts import counted, headcount, known_to
from db.schema import people

Condition = sa.ColumnElement[bool]


class Target(Frozen):
    """Whom a message is for, ready to be asked: who is `meant`, and the `expression` of those of them whom its author
    looks after (None: nobody), read with `setting`. `area` holds all of these.
    """

    meant: Expression
    expression: Expression | None
    setting: Setting
    area: str


class Group(Frozen):
    """How many people of an audience live by the same zone and vote in the same territory."""

    territory: str | None
    zone: str | None
    people: Headcount


def recipients(target: Target, kind: Kind | None = None) -> Condition:
    """The condition of getting it: in the audience and reachable; with a kind, who did not switch that off."""
    if target.expression is None:
        return sa.false()
    reachable = people.c.unreachable_at.is_(None)
    mute = MUTES.get(kind) if kind is not None else None
    unmuted = people.c[f"mutes_{mute}"].is_(False) if mute is not None else sa.true()
    return sa.and_(members(target.expression, target.setting), reachable, unmuted)


def people_in(
    target: Target, kind: Kind | None, *, zones: Sequence[str | None] | None = None
) -> sa.Select[tuple[int]]:
    """The ids of the recipients; `zones`: of those who live by one of them (None: by none)."""
    return sa.select(people.c.id).where(recipients(target, kind), lives_by(zones))


def lives_by(zones: Sequence[str | None] | None) -> Condition:
    """Whether a row of `people` lives by one of these zones (None: by none); where none are given, anybody does."""
    if zones is None:
        return sa.true()
    named = people.c.zone.in_([zone for zone in zones if zone is not None])
    return sa.or_(named, people.c.zone.is_(None)) if None in zones else named


async def groups(
    tx: AsyncConnection,
    target: Target,
    kind: Kind | None = None,
    *,
    known_in: Sequence[str] | None = None,
) -> list[Group]:
    """The recipients, counted by territory and zone, for a reader who knows people in some areas."""
    columns = (people.c.territory, people.c.zone)
    query = sa.select(*columns, *counted("people", known_to(known_in))).where(recipients(target, kind))
    return [
        Group(territory=row.territory, zone=row.zone, people=headcount(row, "people"))
        for row in await tx.execute(query.group_by(*columns))
    ]
