"""which message of the bot stands last in a chat: a list that stands above it is sent anew.

Revision 0033, after 0028.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("newest_message", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "newest_message")
