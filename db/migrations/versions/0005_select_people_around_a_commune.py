"""select people around a commune from the index alone: a circle around Paris took a second among a million.

Revision 0005, after 0004.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = [
    "commune",
    "state",
    "consent_contact",
    "consent_commune",
    "unreachable_at",
    "mutes_events",
    "mutes_news",
    "language",
    "volunteer",
    "territory",
    "zone",
]


def upgrade() -> None:
    op.create_index("ix_people_audience", "people", COLUMNS)
    op.drop_index("ix_people_commune", "people")


def downgrade() -> None:
    op.create_index("ix_people_commune", "people", ["commune"])
    op.drop_index("ix_people_audience", "people")
