"""Who may do what, what waits for a second person, and the log of what was done."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, Json, RowId, metadata, row_id

staff = sa.Table(
    "staff",
    metadata,
    row_id(),
    sa.Column("telegram_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("area", sa.String(8), nullable=False),
    sa.Column("added_at", Instant, nullable=False),
    sa.Column("added_by", RowId),
    # The second admin, where one had to agree.
    sa.Column("approved_by", RowId),
    sa.Column("revoked_at", Instant),
)

staff_links = sa.Table(
    "staff_links",
    metadata,
    row_id(),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("area", sa.String(8), nullable=False),
    sa.Column("created_by", RowId),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.Column("revoked_at", Instant),
)

# What waits for a second person, and what became of it.
approvals = sa.Table(
    "approvals",
    metadata,
    row_id(),
    sa.Column("what", sa.String(16), nullable=False),  # admin | export | broadcast
    # People by their Telegram number, because roles are held by it: who asked, and whom a role is for.
    sa.Column("asked_by", sa.BigInteger),
    sa.Column("telegram_id", sa.BigInteger),
    sa.Column("broadcast", RowId, sa.ForeignKey("broadcasts.id", ondelete="CASCADE"), index=True),
    sa.Column("details", Json, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("decided_at", Instant),
    sa.Column("decided_by", sa.BigInteger),
    sa.Column("granted", sa.Boolean),
    # When an export that was granted was fetched: it serves once.
    sa.Column("used_at", Instant),
    # When the messages of those who were asked said what had been decided of a broadcast.
    sa.Column("shown_at", Instant),
    sqlite_autoincrement=True,  # a button never means another one than it was shown with
)

# One-time links to the files that are too large for the chat. The file is made when the link is used.
downloads = sa.Table(
    "downloads",
    metadata,
    row_id(),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    # Whose link it is: their roles are asked again when it is used.
    sa.Column("telegram_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("export", Json, nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
)

audit = sa.Table(
    "audit",
    metadata,
    row_id(),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("details", Json, nullable=False),
    sa.Column("previous_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

# Every number that an entry of the log holds: by these it is found what is noted of somebody.
audit_numbers = sa.Table(
    "audit_numbers",
    metadata,
    sa.Column(
        "entry", RowId, sa.ForeignKey("audit.id", ondelete="CASCADE", onupdate="CASCADE"), primary_key=True
    ),
    sa.Column("number", sa.BigInteger, primary_key=True, index=True),
    sqlite_with_rowid=False,
)
