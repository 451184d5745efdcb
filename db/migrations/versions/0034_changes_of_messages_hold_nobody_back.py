"""Whether the chat's next update waits until the replies to one have left: new messages do, changed ones do not.

Revision 0034, after 0033.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("updates", sa.Column("holds_chat", sa.Boolean, nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.drop_column("updates", "holds_chat")
