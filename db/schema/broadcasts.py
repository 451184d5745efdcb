"""Messages, their audiences, and each delivery."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, Json, RowId, flag, metadata, row_id

# Audiences under a name, which staff of the area share and other audiences name.
saved_audiences = sa.Table(
    "saved_audiences",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    # Nobody outside is in it.
    sa.Column("area", sa.String(8), nullable=False),
    sa.Column("expression", Json, nullable=False),  # the tree: bot.rules.expressions
    sa.Column("saved_at", Instant, nullable=False),
)

broadcasts = sa.Table(
    "broadcasts",
    metadata,
    row_id(),
    # What makes it one of its kind: `step:<ballot>:<step>`, `event:<id>:<what>`, `staff:<update>`.
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    # scheduled (start later) | active | paused | cancelled | unapproved (a second person did not let it go)
    sa.Column("state", sa.String(16), nullable=False, default="active"),
    # The template that words it; none where staff wrote the texts.
    sa.Column("template", sa.String(64)),
    # What fills the template: of a notice to the team; in a neutral reminder of staff, `fields`, what it shows.
    sa.Column("details", Json),
    sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="SET NULL"), index=True),
    sa.Column("ballot", sa.Integer),
    sa.Column("step", sa.String(32)),
    # The tree of bot.rules.expressions, with what saved audiences meant in it; {}: the program chose people itself.
    sa.Column("audience", Json, nullable=False),
    sa.Column("area", sa.String(8), nullable=False),
    sa.Column("photo", sa.String(200)),
    sa.Column("starts_at", Instant, nullable=False),
    # True: `starts_at` is a wall-clock time (kept as UTC) that each person reads in their own zone.
    flag("local_time"),
    sa.Column("expires_at", Instant),
    sa.Column("created_by", RowId),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Column("progress_chat", sa.BigInteger),
    sa.Column("progress_message", sa.BigInteger),
    # The broadcast whose messages it corrects or takes back: see bot.rules.mends.
    sa.Column("mends", RowId, sa.ForeignKey("broadcasts.id", ondelete="CASCADE")),
    # How many versions are compared, what share is left out, what it is to change: bot.rules.experiments.
    sa.Column("experiment", Json),
    # How many did what in each group, once everybody was counted; it outlives what it was counted from.
    sa.Column("measured", Json),
    # Almost all are over, and stay `active`: the sender asks all the time for those that are not, and reads no others.
    sa.Index(None, "finished_at", "state"),
    # Almost all correct nothing: whoever asks for those is not to find them by it.
    sa.Index(
        "ix_broadcasts_mends",
        "mends",
        sqlite_where=sa.text("mends IS NOT NULL"),
        postgresql_where=sa.text("mends IS NOT NULL"),
    ),
)

broadcast_texts = sa.Table(
    "broadcast_texts",
    metadata,
    sa.Column("broadcast", RowId, sa.ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("variant", sa.String(1), primary_key=True, default="A", server_default="A"),
    sa.Column("language", sa.String(8), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    row_id(),
    sa.Column("broadcast", RowId, sa.ForeignKey("broadcasts.id", ondelete="CASCADE"), nullable=False),
    # Empty once the person was erased, and the instants cut to the day: the counts still add up.
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="SET NULL")),
    # queued -> leased -> sending -> sent | failed | unreachable | in_doubt
    # queued -> withheld (back to queued when the quiet period ends) | expired | cancelled
    # held_out: drawn to be left out of an experiment; it never leaves
    sa.Column("state", sa.String(16), nullable=False, default="queued", server_default="queued"),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("lease_owner", sa.String(32)),
    sa.Column("attempts", sa.Integer, nullable=False, default=0, server_default="0"),
    # Why it waits or did not leave, as a message name of locales/templates/reasons.
    sa.Column("reason", sa.String(200)),
    sa.Column("message_id", sa.BigInteger),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("sent_at", Instant),
    sa.Column("answered_at", Instant),
    # The version that somebody drew, or `holdout`; forgotten with the person. Empty where nothing is compared.
    sa.Column("variant", sa.String(8)),
    # Of a message that shows an event: at which count of `seats.face` it was edited last; empty: never.
    sa.Column("face", sa.Integer),
    # No more than needed: each costs a write for every message that is queued, and on PostgreSQL whenever one moves on.
    sa.Index(None, "person", "broadcast", unique=True),
    sa.Index(None, "broadcast", "state", "due_at"),
    # Few, and asked for by whoever opens the list of messages, of however many broadcasts there are.
    sa.Index(
        "ix_deliveries_in_doubt",
        "broadcast",
        sqlite_where=sa.text("state = 'in_doubt'"),
        postgresql_where=sa.text("state = 'in_doubt'"),
    ),
    # Counted whenever somebody looks at how far a message is; no message has a row here while it leaves.
    sa.Index(
        "ix_deliveries_answered",
        "broadcast",
        sqlite_where=sa.text("answered_at IS NOT NULL"),
        postgresql_where=sa.text("answered_at IS NOT NULL"),
    ),
)

# A message for many that is still being queued for some of them, after the transaction that ordered it: see db.filling.
fillings = sa.Table(
    "fillings",
    metadata,
    sa.Column("broadcast", RowId, sa.ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    # Those of its audience whom its author looks after, and the communes of each circle in it, as
    # [[commune, km, [communes]]].
    sa.Column("audience", Json, nullable=False),
    sa.Column("radii", Json, nullable=False),
    sa.Column("ordered_at", Instant, nullable=False),
    # It is still to be queued for those whose numbers lie above the one, up to the other.
    sa.Column("above", RowId, nullable=False),
    sa.Column("up_to", RowId, nullable=False),
    # For so many people it was ordered, without those who drew to be left out.
    sa.Column("people", sa.Integer, nullable=False),
    # When somebody let it go: it is not due before.
    sa.Column("not_before", Instant),
)
