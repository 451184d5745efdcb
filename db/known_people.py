"""People who agreed to be known to the team, as whoever knows their first name finds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.headcounts import named_in
from db.schema import people


class KnownPerson(NamedTuple):
    """What the team reads of somebody who agreed to it."""

    first_name: str
    commune: str | None
    country: str | None
    territory: str | None
    language: str | None
    registered_at: datetime | None
    volunteer: bool


_IS_NAMED = sa.and_(
    people.c.state == sa.literal_column("'registered'"), sa.literal_column("people.consent_team")
)
"""In the very words of the partial index, so that SQLite uses it."""
_LAST = "\U0010ffff"


def _within(beginning: str) -> sa.ColumnElement[bool]:
    return sa.and_(people.c.first_name >= beginning, people.c.first_name < beginning + _LAST)


async def named_so(tx: AsyncConnection, name: str, areas: Sequence[str], *, most: int) -> list[KnownPerson]:
    """Those in the areas whose first name begins so, whether or not it is written large; in the order of names."""
    # SQLite knows the case of ASCII letters alone: the usual ways to write a name are tried instead.
    written = {name, name.lower(), name.upper(), name.title(), name.capitalize()}
    begins: sa.ColumnElement[bool] = sa.func.substr(people.c.first_name, 1, len(name)).in_(sorted(written))
    if (
        tx.dialect.name == "sqlite"
    ):  # whose order of letters is that of their codes: each lies between two names
        begins = sa.and_(begins, sa.or_(*map(_within, sorted(written))))
    query = sa.select(*(people.c[field] for field in KnownPerson._fields)).where(
        begins, _IS_NAMED, named_in(areas)
    )
    ordered = query.order_by(people.c.first_name, people.c.commune, people.c.id).limit(most)
    return [KnownPerson._make(row) for row in await tx.execute(ordered)]
