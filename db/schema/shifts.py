"""Shifts of events, and who takes them."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, RowId, metadata, row_id

shifts = sa.Table(
    "shifts",
    metadata,
    row_id(),
    sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("role", sa.String(40), nullable=False),  # one of bot.rules.shifts.ROLES, or words
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("capacity", sa.Integer),  # empty: as many as like to
    sa.Column("state", sa.String(8), nullable=False, default="open", server_default="open"),  # open -> off
    sa.Column(
        "changes", sa.Integer, nullable=False, default=0, server_default="0"
    ),  # how often it was changed
    sqlite_autoincrement=True,  # a button never means another one than it was shown with
)

# How somebody stands with a shift, in the words of `rsvps`.
shift_places = sa.Table(
    "shift_places",
    metadata,
    sa.Column("shift", RowId, sa.ForeignKey("shifts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
    sa.Column("answer", sa.String(8), nullable=False),  # yes | no | waiting | offered | lapsed
    sa.Column("at", Instant, nullable=False),
    sa.Column("ticket", sa.Integer),
    sa.Column("offered", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("offer_until", Instant),
    sa.Column("offers", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("lost", sa.Integer, nullable=False, default=0, server_default="0"),
)
