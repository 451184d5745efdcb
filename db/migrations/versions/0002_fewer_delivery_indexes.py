"""fewer delivery indexes: each state of each message was written to one that nothing needed.

Revision 0002, after 0001.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_deliveries_state_due_at", "deliveries")
    op.drop_index("ix_deliveries_person_sent_at", "deliveries")
    op.create_index("ix_deliveries_person", "deliveries", ["person"])


def downgrade() -> None:
    op.drop_index("ix_deliveries_person", "deliveries")
    op.create_index("ix_deliveries_person_sent_at", "deliveries", ["person", "sent_at"])
    op.create_index("ix_deliveries_state_due_at", "deliveries", ["state", "due_at"])
