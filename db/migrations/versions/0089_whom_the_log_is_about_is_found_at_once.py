"""The numbers that stand in the log of the team have an index: what it says of somebody is found without reading it.

Revision 0089, after 0088.
"""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None

AT_ONCE = 2_000
_row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_log = sa.table("audit", sa.column("id"), sa.column("actor"), sa.column("details", _json))
_NUMBER = re.compile("(?:staff:)?([1-9][0-9]{0,17})")


def upgrade() -> None:
    numbers = op.create_table(
        "audit_numbers",
        sa.Column(
            "entry",
            _row_id,
            sa.ForeignKey("audit.id", ondelete="CASCADE", onupdate="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_audit_numbers_number"), "audit_numbers", ["number"])
    last: int | None = 0
    while last is not None:
        last = _fill(numbers, last)


def _fill(numbers: sa.Table, last: int) -> int | None:
    """Of some entries after that one: the last of them; None where there were no more."""
    query = sa.select(_log).where(_log.c.id > last).order_by(_log.c.id).limit(AT_ONCE)
    entries = op.get_bind().execute(query).all()
    rows = [
        {"entry": entry.id, "number": number}
        for entry in entries
        for number in {*_numbers_in([entry.actor, entry.details])}
    ]
    op.bulk_insert(numbers, rows)
    return entries[-1].id if entries else None


def _numbers_in(value: Any) -> Iterator[int]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _numbers_in(each)
    elif not isinstance(value, bool | float) and (found := _NUMBER.fullmatch(str(value))):
        yield int(found[1])


def downgrade() -> None:
    op.drop_table("audit_numbers")
