"""The log of what people answered, and what is left of it once they have gone."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, RowId, metadata, row_id

responses = sa.Table(
    "responses",
    metadata,
    row_id(),
    sa.Column("at", Instant, nullable=False),
    # Empty in older databases where the person was erased: what is found so is counted and goes (db.leftovers).
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="SET NULL"), index=True),
    sa.Column("question", sa.String(32), nullable=False),
    sa.Column("subject", sa.String(64)),  # the event's code, the ballot's number, the consent's purpose
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("broadcast", RowId, sa.ForeignKey("broadcasts.id", ondelete="SET NULL")),
    sa.Column("message_id", sa.BigInteger),
    sa.Column("update_id", sa.BigInteger),
    sa.Column("commune", sa.String(5)),
    sa.Column("department", sa.String(3)),
    sa.Column("region", sa.String(3)),
    sa.UniqueConstraint("update_id", "question"),
    sa.Index(None, "at"),
    # Without it all answers would be read for each message that goes.
    sa.Index(
        "ix_responses_broadcast",
        "broadcast",
        sqlite_where=sa.text("broadcast IS NOT NULL"),
        postgresql_where=sa.text("broadcast IS NOT NULL"),
    ),
)

# What people answered who left, as counts that grow by tens: see bot.rules.leftovers.
answer_counts = sa.Table(
    "answer_counts",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),  # 2016-11-20; empty: all days together
    sa.Column("question", sa.String(32), primary_key=True),
    sa.Column("subject", sa.String(64), primary_key=True),
    sa.Column("answer", sa.Text, primary_key=True),
    sa.Column("area", sa.String(8), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

# What has not come to ten yet, under a sealed name.
answer_remainders = sa.Table(
    "answer_remainders",
    metadata,
    sa.Column("cell", sa.String(64), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
