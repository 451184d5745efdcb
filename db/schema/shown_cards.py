"""Messages that show an event because somebody opened it: by a link, or from the list."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import RowId, metadata, row_id

shown_cards = sa.Table(
    "shown_cards",
    metadata,
    row_id(),
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    sa.Column("message", sa.BigInteger, nullable=False),
    sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="CASCADE"), nullable=False, index=True),
    # Which of the event's faces it shows: see `seats.face`.
    sa.Column("face", sa.Integer, nullable=False),
    sa.Index(None, "person", "message", unique=True),
)
