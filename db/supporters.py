"""Supporters as indexes tell of them: where each votes, who agreed to be known to the team, and by which name.

What is counted of very many, or listed of thousands, is looked up person by person. A row of `people` is ten times as
long as what is asked of it, and they lie far apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from bot.rules.areas import DEPARTMENTS, normal_area
from db.areas import lies_in
from db.schema import people

Condition = sa.ColumnElement[bool]


class _ByIndex(sa.Alias):
    """A table read by the one index that is named `ix_` and as this: SQLite would not think of it for who is named by
    their number.
    """

    inherit_cache = True


@compiles(_ByIndex)
def _in_all(element: _ByIndex, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.visit_alias(element, **options))  # type: ignore[no-untyped-call]  # SQLAlchemy's own has none


@compiles(_ByIndex, "sqlite")
def _in_sqlite(element: _ByIndex, compiler: SQLCompiler, **options: Any) -> str:
    said = _in_all(element, compiler, **options)
    return f"{said} INDEXED BY ix_{element.name}" if options.get("asfrom") else said


def _by_index(name: str) -> sa.Alias:
    return _ByIndex._construct(people, name=name)


REGISTERED = _by_index("people_registered")
NAMED = _by_index("people_listed")

# In the very words of the partial indexes: else SQLite does not use them. Everybody's number is over 0: whoever asks
# for supporters without saying so is not led to read all rows by an index that has not what is asked.
_STATE: sa.ColumnElement[str] = sa.literal_column("'registered'")
_NONE: sa.ColumnElement[int] = sa.literal_column("0")
IS_REGISTERED: Condition = sa.and_(REGISTERED.c.state == _STATE, REGISTERED.c.id > _NONE)
_IS_NAMED: Condition = sa.and_(
    NAMED.c.state == _STATE, sa.literal_column("people_listed.consent_team"), NAMED.c.id > _NONE
)


def votes_in(area: str, rows: sa.FromClause = people) -> Condition:
    """As `person_in`, by the commune alone where it tells: indexes have everything that is counted by it."""
    area = normal_area(area)
    region = area[1:] if area.startswith("R") else ""
    departments = (
        [area] if area in DEPARTMENTS else [each for each, of in DEPARTMENTS.items() if of == region]
    )
    columns = rows.c
    if not departments:
        place = {name: columns[name] for name in ("commune", "department", "region", "territory")}
        return lies_in(area, **place)
    return sa.or_(*(columns.commune.between(each.ljust(5, "0"), each.ljust(5, "9")) for each in departments))


def known_by_commune(known_in: Sequence[str] | None, rows: sa.FromClause = people) -> Condition:
    """As `db.headcounts.known_to`, of supporters."""
    return sa.and_(rows.c.consent_team, _in_any_of(known_in, rows)) if known_in else sa.false()


def named_to(known_in: Sequence[str]) -> Condition:
    """Whether a row of `NAMED` is of somebody whom the reader may know by name."""
    return sa.and_(_IS_NAMED, _in_any_of(known_in, NAMED))


def _in_any_of(areas: Sequence[str], rows: sa.FromClause) -> Condition:
    return sa.or_(sa.false(), *(votes_in(area, rows) for area in areas))
