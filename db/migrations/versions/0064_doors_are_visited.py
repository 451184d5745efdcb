"""Walks are offered and taken, and what happened at a door is noted for a time.

Revision 0064, after 0063.
"""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("walks", sa.Column("outing", sa.Integer, nullable=False, server_default="0"))
    op.add_column("walks", sa.Column("offered_by", RowId))
    op.add_column("walks", sa.Column("offered_at", Instant))
    op.add_column("walks", sa.Column("done_at", Instant))
    op.create_table(
        "walkers",
        sa.Column("walk", RowId, sa.ForeignKey("walks.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("outing", sa.Integer, primary_key=True),
        sa.Column(
            "person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
        ),
        sa.Column("taken_at", Instant, nullable=False),
        sa.Column("left_at", Instant),
    )
    op.create_table(
        "visits",
        sa.Column("id", RowId, primary_key=True, autoincrement=True),
        sa.Column(
            "address", RowId, sa.ForeignKey("addresses.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("walk", RowId, sa.ForeignKey("walks.id", ondelete="SET NULL")),
        sa.Column("outing", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="SET NULL"), index=True),
        sa.Column("tap", sa.BigInteger, nullable=False),
        sa.Column("replaced", sa.BigInteger),
        sa.Column("paper", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index(op.f("ix_visits_walk_outing"), "visits", ["walk", "outing"])
    op.create_table(
        "street_counts",
        sa.Column("station", sa.String(16), primary_key=True),
        sa.Column("street", sa.String(100), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("outcome", sa.String(12), primary_key=True),
        sa.Column("doors", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("street_counts", "visits", "walkers"):
        op.drop_table(table)
    with op.batch_alter_table("walks") as walks:
        for column in ("done_at", "offered_at", "offered_by", "outing"):
            walks.drop_column(column)
