"""save audiences under a name.

Revision 0020, after 0016.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_audiences",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("area", sa.String(8), nullable=False),
        sa.Column("expression", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_saved_audiences")),
    )


def downgrade() -> None:
    op.drop_table("saved_audiences")
