"""Whom a change concerns is noted, so that counts of audiences can be kept in memory; an index to count from.

Revision 0061, after 0059.
"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0059"
branch_labels = None
depends_on = None

_SUPPORTERS = sa.text("state = 'registered' AND consent_contact")
_REGISTER = (
    *("territory", "zone", "consent_commune", "language", "volunteer", "consent_team"),
    *("mutes_events", "mutes_news", "mutes_reminders", "unreachable_at"),
)
_row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "changed_people",
        sa.Column("id", _row_id, primary_key=True, autoincrement=True),
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.Column("writer", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_people_register", "people", _REGISTER, sqlite_where=_SUPPORTERS, postgresql_where=_SUPPORTERS
    )


def downgrade() -> None:
    op.drop_index("ix_people_register", "people")
    op.drop_table("changed_people")
