"""Supporters have pages of their own: who is signed in to them.

Revision 0072, after 0064.
"""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0064"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "app_sessions",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("opener_hash", sa.String(64), nullable=False),
        sa.Column("cookie_hash", sa.String(64)),
        sa.Column("telegram_id", sa.BigInteger, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("opened_at", Instant),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_sessions")),
        sa.UniqueConstraint("opener_hash", name=op.f("uq_app_sessions_opener_hash")),
        sa.UniqueConstraint("cookie_hash", name=op.f("uq_app_sessions_cookie_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_app_sessions_telegram_id"), "app_sessions", ["telegram_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_app_sessions_telegram_id"), table_name="app_sessions")
    op.drop_table("app_sessions")
