"""mend what has left.

Revision 0028, after 0026.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0026"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("broadcasts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mends", RowId, nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_broadcasts_mends"), "broadcasts", ["mends"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_index(batch_op.f("ix_broadcasts_mends"), ["mends"])


def downgrade() -> None:
    with op.batch_alter_table("broadcasts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_broadcasts_mends"))
        batch_op.drop_constraint(batch_op.f("fk_broadcasts_mends"), type_="foreignkey")
        batch_op.drop_column("mends")
