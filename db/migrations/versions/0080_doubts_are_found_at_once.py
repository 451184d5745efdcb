"""Deliveries in doubt, and people who agreed to be known by name, each have an index: they are few among millions.

Revision 0080, after 0079.
"""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None


def upgrade() -> None:
    in_doubt = sa.text("state = 'in_doubt'")
    op.create_index(
        "ix_deliveries_in_doubt",
        "deliveries",
        ["broadcast"],
        sqlite_where=in_doubt,
        postgresql_where=in_doubt,
    )
    named = sa.text("state = 'registered' AND consent_team")
    op.create_index("ix_people_named", "people", ["first_name"], sqlite_where=named, postgresql_where=named)


def downgrade() -> None:
    op.drop_index("ix_people_named", table_name="people")
    op.drop_index("ix_deliveries_in_doubt", table_name="deliveries")
