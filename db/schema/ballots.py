"""What people planned for their vote, where they vote, and how they help."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, RowId, flag, metadata, row_id

vote_plans = sa.Table(
    "vote_plans",
    metadata,
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("ballot", sa.Integer, primary_key=True),
    sa.Column("intention", sa.String(16)),  # will | unsure | cannot
    sa.Column("slot", sa.String(16)),  # morning | midday | afternoon | last_hour
    sa.Column("departure", sa.String(16)),  # home | work | elsewhere
    sa.Column("company", sa.String(16)),  # alone | family | friends
    sa.Column("vote", sa.String(16)),  # voted | later | cannot
    sa.Column("at", Instant, nullable=False),
    # All that plans are counted by, in an order in which they need not be sorted.
    sa.Index(None, "ballot", "vote", "intention", "slot", "person"),
)

# What somebody offers to help with, and when; and whether the team of their area may write to them.
volunteering = sa.Table(
    "volunteering",
    metadata,
    row_id(),
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, unique=True),
    *(flag(name) for name in ("meeting", "doors", "lifts", "phone", "team")),
    *(flag(name) for name in ("evenings", "weekends", "polling_day")),
    sa.Column("contact", sa.Boolean),  # empty while it was not asked
    sa.Column("at", Instant, nullable=False),
    # Who of the team writes to them.
    sa.Column("taken_by", RowId, sa.ForeignKey("people.id", ondelete="SET NULL"), index=True),
    sa.Column("taken_at", Instant),
    sqlite_autoincrement=True,  # the button of an offer that was withdrawn never opens another
)

polling_places = sa.Table(
    "polling_places",
    metadata,
    row_id(),
    # What tells it from every other place of a file: one that is imported again keeps its number.
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("commune", sa.String(5), nullable=False),
    sa.Column("ballot", sa.Integer, nullable=False, default=0, server_default="0"),  # 0: every round
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("address", sa.String(300), nullable=False),
    # Local wall-clock times; empty: the hours of the campaign file.
    sa.Column("opens", sa.Time),
    sa.Column("closes", sa.Time),
    # Who votes there, as help to choose: streets in the file’s own words, surnames from one to another.
    sa.Column("streets", sa.String(300)),
    sa.Column("surnames_from", sa.String(40)),
    sa.Column("surnames_to", sa.String(40)),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    sa.Index(None, "commune"),
    sqlite_autoincrement=True,  # the button of a place that is gone never means another
)

# Where a commune has several, the one that a person said is theirs; why is not kept.
chosen_places = sa.Table(
    "chosen_places",
    metadata,
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("ballot", sa.Integer, primary_key=True),  # the place's own: 0 for every round
    sa.Column(
        "place", RowId, sa.ForeignKey("polling_places.id", ondelete="CASCADE"), nullable=False, index=True
    ),
)
