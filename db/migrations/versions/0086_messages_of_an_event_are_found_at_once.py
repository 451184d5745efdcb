"""The messages of an event, and the answers to a message, are found by an index: one that goes reads no others.

Revision 0086, after 0085.
"""

import sqlalchemy as sa
from alembic import op

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None

TO_ONE = sa.text("broadcast IS NOT NULL")


def upgrade() -> None:
    op.create_index(op.f("ix_broadcasts_event"), "broadcasts", ["event"])
    op.create_index(
        op.f("ix_responses_broadcast"),
        "responses",
        ["broadcast"],
        sqlite_where=TO_ONE,
        postgresql_where=TO_ONE,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_responses_broadcast"), "responses")
    op.drop_index(op.f("ix_broadcasts_event"), "broadcasts")
