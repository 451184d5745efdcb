"""Offers that did not arrive are counted apart from those that somebody let pass.

Revision 0042, after 0040.
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rsvps", sa.Column("lost", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("rsvps", "lost")
