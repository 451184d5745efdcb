"""Area codes as SQL: who or what lies in the area that a member of staff is responsible for."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa

from bot.rules.areas import ABROAD_AREA, DEPARTMENTS, EVERYWHERE, city_of, normal_area
from db.schema import answer_counts, events, people

Column = sa.ColumnElement[Any]


def lies_in(
    area: str, *, commune: Column, department: Column, region: Column, territory: Column
) -> sa.ColumnElement[bool]:
    """Whether a row lies in an area, by its commune or, abroad, by its territory. Raises UnknownArea."""
    area = normal_area(area)
    if area == EVERYWHERE:
        return sa.true()
    if area == ABROAD_AREA:
        return territory == ABROAD_AREA
    if area.startswith("R"):
        return region == area[1:]
    if area in DEPARTMENTS:
        return department == area
    return commune.in_(_communes_of(area))


@cache
def _communes_of(area: str) -> tuple[str, ...]:
    """The commune itself, and the codes that would be its arrondissements."""
    siblings = (f"{area[:2]}{number:03}" for number in range(1000))
    return (area, *(code for code in siblings if code != area and city_of(code) == area))


def person_in(area: str) -> sa.ColumnElement[bool]:
    """Whether a row of `people` lies in the area."""
    return lies_in(
        area,
        commune=people.c.commune,
        department=people.c.department,
        region=people.c.region,
        territory=people.c.territory,
    )


def counted_in(area: str) -> sa.ColumnElement[bool]:
    """Whether a count of answers is of the area, or of one in it; there are none of a commune."""
    area = normal_area(area)
    if area == EVERYWHERE:
        return sa.true()
    departments = [code for code, region in DEPARTMENTS.items() if f"R{region}" == area]
    return answer_counts.c.area.in_([area, *departments])


@cache
def event_in(area: str) -> sa.ColumnElement[bool]:
    """Whether a row of `events` takes place in the area."""
    return lies_in(
        area,
        commune=events.c.commune,
        department=events.c.department,
        region=events.c.region,
        territory=events.c.territory,
    )
