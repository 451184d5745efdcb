"""compare versions of a message.

Revision 0035, after 0034.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("variant", sa.String(8), nullable=True))
    op.add_column("broadcasts", sa.Column("experiment", Json, nullable=True))
    op.add_column("broadcasts", sa.Column("measured", Json, nullable=True))
    _key_texts_by("broadcast", "variant", "language", add=True)


def downgrade() -> None:
    op.execute("DELETE FROM broadcast_texts WHERE variant <> 'A'")
    _key_texts_by("broadcast", "language", add=False)
    op.execute("UPDATE deliveries SET state = 'cancelled' WHERE state = 'held_out'")
    op.drop_column("broadcasts", "measured")
    op.drop_column("broadcasts", "experiment")
    op.drop_column("deliveries", "variant")


def _key_texts_by(*columns: str, add: bool) -> None:
    """The texts of a message, told apart by these columns."""
    with op.batch_alter_table("broadcast_texts", schema=None) as batch_op:
        if add:
            batch_op.add_column(sa.Column("variant", sa.String(1), nullable=False, server_default="A"))
        batch_op.drop_constraint(batch_op.f("pk_broadcast_texts"), type_="primary")
        batch_op.create_primary_key(batch_op.f("pk_broadcast_texts"), list(columns))
        if not add:
            batch_op.drop_column("variant")
