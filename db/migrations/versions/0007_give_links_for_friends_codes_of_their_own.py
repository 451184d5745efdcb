"""give links for friends codes of their own: they showed the pseudonym of the exports.

Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RANDOM = {
    "sqlite": "lower(hex(randomblob(8)))",
    "postgresql": "substr(replace(CAST(gen_random_uuid() AS text), '-', ''), 17)",
}


def upgrade() -> None:
    op.add_column(
        "people", sa.Column("friend_code", sa.String(16), server_default=sa.text("''"), nullable=False)
    )
    op.execute(f"UPDATE people SET friend_code = {RANDOM[op.get_bind().dialect.name]}")
    there = sa.text("friend_code <> ''")
    op.create_index(
        "ix_people_friend_code",
        "people",
        ["friend_code"],
        unique=True,
        sqlite_where=there,
        postgresql_where=there,
    )


def downgrade() -> None:
    op.drop_index("ix_people_friend_code", table_name="people")
    op.drop_column("people", "friend_code")
