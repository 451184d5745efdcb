"""What is not over is found at once. Almost every broadcast is, stays `active` and mends no other: by the indexes on
these all of them were read whenever the sender or a page looked for the others. Of conversations that wait an index has
all that they are counted by.

Revision 0092, after 0091.
"""

import sqlalchemy as sa
from alembic import op

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None

_SECOND_THOUGHTS = sa.text("mends IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_broadcasts_finished_at_state", "broadcasts", ["finished_at", "state"])
    op.drop_index("ix_broadcasts_state", table_name="broadcasts")
    op.drop_index("ix_broadcasts_mends", table_name="broadcasts")
    op.create_index(
        "ix_broadcasts_mends",
        "broadcasts",
        ["mends"],
        sqlite_where=_SECOND_THOUGHTS,
        postgresql_where=_SECOND_THOUGHTS,
    )
    op.create_index(
        "ix_conversations_state_waiting_since_area_person",
        "conversations",
        ["state", "waiting_since", "area", "person"],
    )
    op.drop_index("ix_conversations_state", table_name="conversations")


def downgrade() -> None:
    op.create_index("ix_conversations_state", "conversations", ["state"])
    op.drop_index("ix_conversations_state_waiting_since_area_person", table_name="conversations")
    op.drop_index("ix_broadcasts_mends", table_name="broadcasts")
    op.create_index("ix_broadcasts_mends", "broadcasts", ["mends"])
    op.create_index("ix_broadcasts_state", "broadcasts", ["state"])
    op.drop_index("ix_broadcasts_finished_at_state", table_name="broadcasts")
