"""Events that are announced together are a series, each with answers of its own.

Revision 0063, after 0062.
"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("rule", sa.String(100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    op.create_table(
        "series_events",
        sa.Column("event", RowId, nullable=False),
        sa.Column("series", RowId, nullable=False),
        sa.ForeignKeyConstraint(
            ["event"], ["events.id"], name=op.f("fk_series_events_event"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["series"], ["series.id"], name=op.f("fk_series_events_series"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_series_events")),
    )
    op.create_index(op.f("ix_series_events_series"), "series_events", ["series"])


def downgrade() -> None:
    op.drop_table("series_events")
    op.drop_table("series")
