"""An event that came in a file keeps its key there: the same file twice changes it and never doubles it.

Revision 0052, after 0051.
"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "event_keys",
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("event", RowId, nullable=False),
        sa.ForeignKeyConstraint(
            ["event"], ["events.id"], name=op.f("fk_event_keys_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_event_keys")),
        sa.UniqueConstraint("event", name=op.f("uq_event_keys_event")),
    )


def downgrade() -> None:
    op.drop_table("event_keys")
