"""answer known people first, and never drop the rights that somebody makes use of.

Revision 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("updates", sa.Column("known", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("updates", sa.Column("asks", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("updates", "asks")
    op.drop_column("updates", "known")
