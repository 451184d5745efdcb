"""What came in, and small facts of the installation."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, Json, metadata, row_id

updates = sa.Table(
    "updates",
    metadata,
    sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
    # received -> answered (its effects are committed, its replies are leaving) -> done; or failed
    sa.Column("state", sa.String(16), nullable=False, default="received"),
    sa.Column("chat", sa.BigInteger),
    sa.Column("body", sa.LargeBinary),
    sa.Column("received_at", Instant, nullable=False),
    # What answers it, as Bot API calls, saved with the effects and posted afterwards.
    sa.Column("replies", Json),
    # How many of them were begun: one that was begun and may not be repeated is never posted again.
    sa.Column("begun", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("error", sa.Text),
    sa.Column("lease_owner", sa.String(32)),
    # Whether the chat's next update waits until these replies have left.
    sa.Column("holds_chat", sa.Boolean, nullable=False, default=True, server_default=sa.true()),
    # From somebody who signed up, or of the team, when it came: they are answered before strangers.
    sa.Column("known", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    # The right that somebody makes use of (to be silent, to be forgotten …): never dropped from a flood.
    sa.Column("asks", sa.String(64)),
    # A tap that means the same whatever is new in its chat: it is handled before that has left.
    sa.Column("stands_alone", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    sa.Index(None, "state", "update_id"),
)

# What came and could not be read, or not be kept as an update: its bytes, whoever sent them.
unread_updates = sa.Table(
    "unread_updates",
    metadata,
    row_id(),
    # Of the bytes: the same thing sent again is kept once.
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("update_id", sa.BigInteger),
    sa.Column("body", sa.LargeBinary, nullable=False),
    # How many bytes came: of what is very large only the beginning is kept.
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("error", sa.String(64), nullable=False),
    sa.Column("received_at", Instant, nullable=False),
)

# Small facts of the installation: the polling offset, the time of the last tick.
facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", Json, nullable=False),
)
