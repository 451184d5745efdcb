"""What every export is made of: which rows are chosen, how people are named in them, and how all others are counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from db.areas import lies_in
from db.export_columns import counted_rows, in_row_order
from db.headcounts import named_in
from db.schema import people


class Selection(Frozen):
    """Which rows: those of an area, of an instant from `since` on and before `until` (aware, cut to the hour), about
    one event (its code) or one ballot (its number).

    `known_in`: only who is known to the team of these areas has rows, all others are counted; None: everybody has.
    """

    area: str = EVERYWHERE
    since: datetime | None = None
    until: datetime | None = None
    event: str | None = None
    ballot: int | None = None
    known_in: tuple[str, ...] | None = None

    @property
    def known(self) -> sa.ColumnElement[bool]:
        """Whether a row of `people` may be named in the file."""
        areas = (EVERYWHERE,) if self.known_in is None else self.known_in
        return named_in(areas, lies=person_in_row_order)


class ExportSource(Frozen):
    """A query without order, the columns that number its rows, by which it is read in chunks, and what is counted of
    people without a row, in the same columns.
    """

    query: sa.Select[Any]
    keys: tuple[sa.ColumnElement[Any], ...]
    counts: sa.Select[Any] | None = None


ONE = sa.literal(1).label("people")


def identity(
    selection: Selection,
    *,
    commune: sa.ColumnElement[Any] = people.c.commune,
    known: sa.ColumnElement[bool] | None = None,
) -> tuple[sa.ColumnElement[Any], ...]:
    """The pseudonym, and who that is where it is known to the team; Telegram's number is for the whole campaign."""
    known = selection.known if known is None else known
    numbered = known if selection.known_in is None else sa.false()
    return (
        people.c.pseudonym.label("supporter"),
        sa.case((numbered, people.c.telegram_id)).label("telegram_id"),
        sa.case((known, people.c.first_name)).label("first_name"),
        sa.case((known, commune)).label("commune"),
    )


def source_for(
    query: sa.Select[Any],
    selection: Selection,
    *,
    keys: tuple[sa.ColumnElement[Any], ...],
    counted_by: tuple[str, ...],
    person: sa.ColumnElement[Any] = people.c.id,
) -> ExportSource:
    """Everybody's rows; for the team of an area those of who is known, and how many others share the same values."""
    if selection.known_in is None:
        return ExportSource(query=query, keys=keys)
    known = sa.func.coalesce(selection.known, sa.false())
    counts = counted_rows(query.where(sa.not_(known)), by=counted_by, person=person)
    return ExportSource(query=query.where(known), keys=keys, counts=counts)


def within(column: sa.ColumnElement[Any], selection: Selection) -> list[sa.ColumnElement[bool]]:
    """Within the period, cut to the hour as the instants in the file are."""
    conditions = []
    if selection.since is not None:
        conditions.append(column >= _hour_of(selection.since))
    if selection.until is not None:
        conditions.append(column < _hour_of(selection.until))
    return conditions


def _hour_of(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def person_in_row_order(area: str) -> sa.ColumnElement[bool]:
    """Whether a row of `people`, read in the order of their numbers, lies in the area."""
    names = ("commune", "department", "region", "territory")
    return lies_in(area, **{name: in_row_order(people.c[name]) for name in names})
