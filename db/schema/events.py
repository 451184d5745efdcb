"""Events, their seats, and who comes."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, RowId, flag, metadata, row_id

events = sa.Table(
    "events",
    metadata,
    row_id(),
    # The public name in links and buttons: `ev_<code>`.
    sa.Column("code", sa.String(16), nullable=False, unique=True),
    # hidden (its invitation waits for a second person) -> open -> cancelled; or dropped: nobody ever saw it
    sa.Column("state", sa.String(16), nullable=False, default="open"),
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("zone", sa.String(40), nullable=False),
    sa.Column("commune", sa.String(5), nullable=False),
    sa.Column("department", sa.String(3), nullable=False),
    sa.Column("region", sa.String(3), nullable=False),
    sa.Column("territory", sa.String(16), nullable=False),
    sa.Column("address", sa.String(300), nullable=False),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    flag("pinned"),  # the organizer gave the exact place; else it is the commune's centre
    sa.Column("created_by", RowId),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False, default=0, server_default="0"),  # iCalendar's SEQUENCE
    # How many seats there are; empty: enough. `overbooking`: percent promised beyond; `guests`: most of one person.
    sa.Column("capacity", sa.Integer),
    sa.Column("overbooking", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("guests", sa.Integer, nullable=False, default=0, server_default="0"),
    flag("counted"),  # it had a capacity once: `seats` knows what is taken
    flag("has_shifts"),  # it had one once: its card leads to them
    sa.Index(None, "starts_at"),
)

# The seats of an event in numbers, kept with every answer: whoever answers locks its row. See bot.rules.seats.
seats = sa.Table(
    "seats",
    metadata,
    sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    *(
        sa.Column(name, sa.Integer, nullable=False, default=0, server_default="0")
        for name in ("taken", "waiting", "offered", "tickets")
    ),
    # How often what its cards show has changed, when last, and what they show: see bot.rules.faces, db.faces.MARKED.
    sa.Column("face", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("face_at", Instant),
    sa.Column("faced", sa.String(40)),
)

event_texts = sa.Table(
    "event_texts",
    metadata,
    sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("language", sa.String(8), primary_key=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
)

rsvps = sa.Table(
    "rsvps",
    metadata,
    sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
    sa.Column("answer", sa.String(8), nullable=False),  # yes | maybe | no | waiting | offered | lapsed
    flag("confirmed"),
    sa.Column("attended", sa.Boolean),
    sa.Column("at", Instant, nullable=False),
    sa.Column("guests", sa.Integer, nullable=False, default=0, server_default="0"),
    # The place in the order of the waitlist; `whole`: fewer seats than the party needs were offered and not wanted.
    sa.Column("ticket", sa.Integer),
    flag("whole"),
    # Seats held for them until then, and the number of the offer.
    sa.Column("offered", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("offer_until", Instant),
    sa.Column("offers", sa.Integer, nullable=False, default=0, server_default="0"),
    # How many offers in a row did not arrive since they last tapped.
    sa.Column("lost", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Index(
        "ix_rsvps_list",
        *("event", "ticket"),
        sqlite_where=sa.text("ticket IS NOT NULL"),
        postgresql_where=sa.text("ticket IS NOT NULL"),
    ),
)
