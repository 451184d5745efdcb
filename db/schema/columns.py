"""What every table is made of: its names, its instants, its numbers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def read_instant(text: str | None) -> datetime | None:
    """An instant as SQLite keeps it, or as it stands in a JSON value of either engine."""
    if text is None:
        return None
    if text[-6] not in "+-":  # SQLite keeps UTC and does not say so
        return datetime.fromisoformat(text + "+00:00")
    return datetime.fromisoformat(text).astimezone(UTC)


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime; naive ones are refused before they reach the database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant needs a time zone.")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        return read_instant if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


# SQLite numbers rows itself only for INTEGER; PostgreSQL needs BIGINT for millions of deliveries a campaign.
RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def row_id() -> sa.Column[Any]:
    return sa.Column("id", RowId, primary_key=True, autoincrement=True)


def new_friend_code() -> str:
    """Nobody guesses one of 2^64, and no other code of the person follows from it."""
    return secrets.token_hex(8)


def flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False, default=False, server_default=sa.false())
