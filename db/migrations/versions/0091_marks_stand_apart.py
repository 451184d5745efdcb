"""Of whom something changed that decides what is due stands in a table of its own: PostgreSQL wrote another row of a
person, and into all of its indexes, for each mark.

Revision 0091, after 0090.
"""

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None

_MARKED = sa.text("replan")


def upgrade() -> None:
    op.create_table(
        "people_to_plan",
        sa.Column(
            "person",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_people_to_plan")),
    )
    op.execute("INSERT INTO people_to_plan (person) SELECT id FROM people WHERE replan")
    op.drop_index("ix_people_replan", table_name="people")
    op.drop_column("people", "replan")


def downgrade() -> None:
    op.add_column("people", sa.Column("replan", sa.Boolean, nullable=False, server_default=sa.true()))
    op.execute("UPDATE people SET replan = (1 = 0) WHERE id NOT IN (SELECT person FROM people_to_plan)")
    op.create_index("ix_people_replan", "people", ["id"], sqlite_where=_MARKED, postgresql_where=_MARKED)
    op.drop_table("people_to_plan")
