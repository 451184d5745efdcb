"""Whoever comes to an event without being signed up is counted once, by a mark that tells nobody who it was.

Revision 0079, after 0078.
"""

import sqlalchemy as sa
from alembic import op

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "walk_in_marks",
        sa.Column(
            "event",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("events.id", ondelete="CASCADE", name=op.f("fk_walk_in_marks_event")),
            nullable=False,
        ),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("event", "mark", name=op.f("pk_walk_in_marks")),
    )


def downgrade() -> None:
    op.drop_table("walk_in_marks")
