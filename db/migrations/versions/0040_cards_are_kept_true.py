"""Cards of events are kept true: what they show is counted, and each message knows at which count it was shown last.

Revision 0040, after 0039.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("seats", sa.Column("face", sa.Integer, nullable=False, server_default="0"))
    op.add_column("seats", sa.Column("face_at", sa.DateTime(timezone=True)))
    op.add_column("seats", sa.Column("faced", sa.String(40)))
    op.add_column("deliveries", sa.Column("face", sa.Integer))


def downgrade() -> None:
    op.drop_column("deliveries", "face")
    for name in ("faced", "face_at", "face"):
        op.drop_column("seats", name)
