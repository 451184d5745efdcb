"""Answered deliveries have an index: how many answered was counted by reading every row of a message.

Revision 0093, after 0092.
"""

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    answered = sa.text("answered_at IS NOT NULL")
    op.create_index(
        "ix_deliveries_answered",
        "deliveries",
        ["broadcast"],
        sqlite_where=answered,
        postgresql_where=answered,
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_answered", table_name="deliveries")
