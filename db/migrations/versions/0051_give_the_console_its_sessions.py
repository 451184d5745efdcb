"""The console: one-time links, the sessions that they open, and how many joined lately, by an index.

Revision 0051, after 0048.
"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0048"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "console_sessions",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("opener_hash", sa.String(64), nullable=False),
        sa.Column("cookie_hash", sa.String(64)),
        sa.Column("telegram_id", sa.BigInteger, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_sessions")),
        sa.UniqueConstraint("opener_hash", name=op.f("uq_console_sessions_opener_hash")),
        sa.UniqueConstraint("cookie_hash", name=op.f("uq_console_sessions_cookie_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_console_sessions_telegram_id"), "console_sessions", ["telegram_id"], unique=False
    )
    op.create_index("ix_people_joined", "people", ["registered_at", "state", "commune"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_people_joined", table_name="people")
    op.drop_index(op.f("ix_console_sessions_telegram_id"), table_name="console_sessions")
    op.drop_table("console_sessions")
