"""Events that came in a file: the key by which they are known there."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import RowId, metadata

event_keys = sa.Table(
    "event_keys",
    metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="CASCADE"), nullable=False, unique=True),
)
