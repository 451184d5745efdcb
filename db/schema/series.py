"""Series: events that were announced together, each with answers of its own."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, RowId, metadata, row_id

series = sa.Table(
    "series",
    metadata,
    row_id(),
    # How often it takes place, as RFC 5545 says it.
    sa.Column("rule", sa.String(100), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
)

series_events = sa.Table(
    "series_events",
    metadata,
    sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("series", RowId, sa.ForeignKey("series.id", ondelete="CASCADE"), nullable=False, index=True),
)
