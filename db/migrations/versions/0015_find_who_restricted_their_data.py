"""find who restricted the use of their data.

Revision 0015, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_people_restricted",
        "people",
        ["id"],
        sqlite_where=sa.text("state = 'restricted'"),
        postgresql_where=sa.text("state = 'restricted'"),
    )


def downgrade() -> None:
    op.drop_index("ix_people_restricted", "people")
