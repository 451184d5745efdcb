"""Walks are offered with an hour and a place at which their people meet.

Revision 0075, after 0074.
"""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("walks", sa.Column("meets_at", sa.DateTime(timezone=True)))
    op.add_column("walks", sa.Column("meets_where", sa.String(200)))
    op.create_index(op.f("ix_walks_meets_at"), "walks", ["meets_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_walks_meets_at"), table_name="walks")
    with op.batch_alter_table("walks") as walks:
        walks.drop_column("meets_where")
        walks.drop_column("meets_at")
