"""Deliveries are unique by person and broadcast, in one index that also finds what somebody got.

Revision 0085, after 0080.
"""

from alembic import op

revision = "0085"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("deliveries") as table:
        table.drop_constraint(op.f("uq_deliveries_broadcast_person"), type_="unique")
        table.drop_index(op.f("ix_deliveries_person"))
        # An index: the next change of it copies no table.
        table.create_index(op.f("ix_deliveries_person_broadcast"), ["person", "broadcast"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("deliveries") as table:
        table.drop_index(op.f("ix_deliveries_person_broadcast"))
        table.create_index(op.f("ix_deliveries_person"), ["person"])
        table.create_unique_constraint(op.f("uq_deliveries_broadcast_person"), ["broadcast", "person"])
