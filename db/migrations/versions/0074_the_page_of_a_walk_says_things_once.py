"""What the page of a walk says is kept once, however often it is sent.

Revision 0074, after 0072.
"""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0072"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "walk_notes",
        sa.Column("walk", RowId, sa.ForeignKey("walks.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("key", sa.BigInteger, primary_key=True),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("walk_notes")
