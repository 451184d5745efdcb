"""Counts of people as `bot.rules.small_counts` tells them apart: who is known to the reader, and all others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa

from bot.rules.small_counts import Headcount
from db.areas import person_in
from db.schema import people

Condition = sa.ColumnElement[bool]


def named_in(areas: Iterable[str], *, lies: Callable[[str], Condition] = person_in) -> Condition:
    """Whether a row of `people` agreed to be known to the team, and lies in one of the areas (`lies` in SQL)."""
    agreed = sa.and_(people.c.state == "registered", people.c.consent_team)
    return sa.and_(agreed, sa.or_(sa.false(), *(lies(area) for area in areas)))


def known_to(known_in: Sequence[str] | None) -> Condition:
    """Whether the reader of a count may know a row of `people` by name; whoever counts exactly asks of nobody."""
    return sa.false() if known_in is None else named_in(known_in)


def counted(
    name: str, known: Condition, condition: Condition | None = None
) -> tuple[sa.Label[int], sa.Label[int]]:
    """Two columns of a query on people: how many fulfil a condition, and how many of them are known."""
    condition = sa.true() if condition is None else condition
    return (
        sa.func.count().filter(condition).label(name),
        sa.func.count().filter(sa.and_(condition, known)).label(f"{name}_known"),
    )


def headcount(row: object, name: str) -> Headcount:
    """The two numbers that the columns of `counted` hold."""
    total, known = getattr(row, name), getattr(row, f"{name}_known")
    return Headcount(known=known, others=total - known)
