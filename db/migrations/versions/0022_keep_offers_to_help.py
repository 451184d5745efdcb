"""keep offers to help.

Revision 0022, after 0021.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OFFERED = ("meeting", "doors", "lifts", "phone", "team", "evenings", "weekends", "polling_day")


def upgrade() -> None:
    op.create_table(
        "volunteering",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("person", RowId, nullable=False),
        *(sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False) for name in OFFERED),
        sa.Column("contact", sa.Boolean(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", RowId, nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_volunteering_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["taken_by"], ["people.id"], name=op.f("fk_volunteering_taken_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volunteering")),
        sa.UniqueConstraint("person", name=op.f("uq_volunteering_person")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_volunteering_taken_by"), "volunteering", ["taken_by"])


def downgrade() -> None:
    op.drop_table("volunteering")
