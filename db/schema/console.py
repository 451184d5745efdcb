"""The console and the Mini App: their one-time links, and the sessions that they open."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, metadata, row_id


def _sessions(name: str) -> sa.Table:
    """A link that was given out, and once somebody opened it the session. A Mini App opens one without a link."""
    return sa.Table(
        name,
        metadata,
        row_id(),
        # Of what opens it, which serves once: the link's token, or what Telegram told the Mini App.
        sa.Column("opener_hash", sa.String(64), nullable=False, unique=True),
        # Of the cookie; empty until it is opened.
        sa.Column("cookie_hash", sa.String(64), unique=True),
        # Whose it is: what they may is asked again at every request.
        sa.Column("telegram_id", sa.BigInteger, nullable=False, index=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("opened_at", Instant),
        # Of the link; once it is opened, of the session.
        sa.Column("expires_at", Instant, nullable=False),
        sqlite_autoincrement=True,  # a button never means another one than it was shown with
    )


console_sessions = _sessions("console_sessions")
# Of supporters and walkers, in the pages under `/app/`.
app_sessions = _sessions("app_sessions")
