"""Of whom something changed that audiences ask: how counts that are kept in memory stay true (db.changes, db.rolls)."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import metadata, row_id

# Written by triggers alone, emptied every day, and of this database alone: it is not moved with what people said.
changed_people = sa.Table(
    "changed_people",
    metadata,
    row_id(),
    # No foreign key: who was erased is no member of anything any more, which has to be noted too.
    sa.Column("person", sa.BigInteger, nullable=False),
    # PostgreSQL's number of the transaction: they become visible in another order. SQLite has one writer.
    sa.Column("writer", sa.BigInteger),
    sqlite_autoincrement=True,  # what was read up to a number is never read again
)
