"""A tap that means the same whatever is new in its chat is handled before that has left.

Revision 0090, after 0089.
"""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("updates", sa.Column("stands_alone", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("updates", "stands_alone")
