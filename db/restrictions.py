"""Who restricted the processing of their data, as conditions of queries: they are kept, and nothing counts them.

Queries that choose people name the state `registered`. These are for the others: counts of answers and deliveries,
exports, and the purge, which spares what they left.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from bot.rules.restriction import RESTRICTED
from db.schema import people

# In the very words of the partial index, so that SQLite uses it.
_STATE: sa.ColumnElement[str] = sa.literal_column(f"'{RESTRICTED}'")

IS_RESTRICTED = people.c.state == _STATE
IS_USABLE = people.c.state.is_distinct_from(_STATE)
"""Of a row of `people`; true also where an outer join found nobody."""

_OTHERS = people.alias("restricted_people")
# Nearly every count asks for them: what is made once is not made again by each query.
_RESTRICTED = sa.select(_OTHERS.c.id).where(_OTHERS.c.state == _STATE)
_RESTRICTED_NUMBERS = sa.select(_OTHERS.c.telegram_id).where(_OTHERS.c.state == _STATE)


def restricted_people() -> sa.Select[tuple[int]]:
    """Their ids."""
    return _RESTRICTED


@lru_cache(maxsize=64)
def of_others(person: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a row that names a person by their id, or nobody, is not of one of them."""
    return sa.or_(person.is_(None), person.not_in(restricted_people()))


def of_others_by_number(telegram_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a row that names a person by their Telegram number, or nobody, is not of one of them."""
    return sa.or_(telegram_id.is_(None), telegram_id.not_in(_RESTRICTED_NUMBERS))
