"""A message for many is queued for them some after the others, once it was ordered.

Revision 0088, after 0087.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "fillings",
        sa.Column("broadcast", RowId, nullable=False),
        sa.Column("audience", Json, nullable=False),
        sa.Column("radii", Json, nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("above", RowId, nullable=False),
        sa.Column("up_to", RowId, nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["broadcast"], ["broadcasts.id"], name=op.f("fk_fillings_broadcast"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("broadcast", name=op.f("pk_fillings")),
    )


def downgrade() -> None:
    """An older version fills nothing: what is not queued by then never leaves, and whoever goes back waits for that."""
    op.drop_table("fillings")
