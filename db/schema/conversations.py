"""What supporters and the team write to each other, and who of the team answers when."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, RowId, flag, metadata, row_id

# One for each person: who writes again goes on with it.
conversations = sa.Table(
    "conversations",
    metadata,
    row_id(),
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, unique=True),
    # Whose team answers: where its author votes.
    sa.Column("area", sa.String(8), nullable=False),
    # waiting -> claimed -> waiting (handed back, or left idle) | closed -> waiting (its author writes again)
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    # Since when its author waits for an answer; empty: everything is answered.
    sa.Column("waiting_since", Instant),
    # One claim for each of the team at a time.
    sa.Column("claimed_by", RowId, sa.ForeignKey("people.id", ondelete="SET NULL"), unique=True),
    sa.Column("claimed_at", Instant),
    # When whoever took it last did something about it.
    sa.Column("touched_at", Instant),
    # When it was passed to the coordinators, as nobody had answered.
    sa.Column("escalated_at", Instant),
    sa.Column("closed_at", Instant),
    # Of somebody who writes what nobody should read: until when nothing of theirs is taken, and why.
    sa.Column("blocked_until", Instant),
    sa.Column("block_reason", sa.String(200)),
    # What its cards in the chats of the team say: its state, and who has taken it.
    sa.Column("carded", sa.String(40)),
    # All that counting those who wait asks of one: they lie far apart among all that are closed.
    sa.Index(None, "state", "waiting_since", "area", "person"),
    sqlite_autoincrement=True,  # the button of one that was erased never opens another
)

# Named `messages`, as everybody calls them; what the campaign sends to many is in `broadcasts`.
messages = sa.Table(
    "messages",
    metadata,
    row_id(),
    sa.Column(
        "conversation",
        RowId,
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("at", Instant, nullable=False),
    flag("by_team"),
    # Who of the team wrote it, and under which name it left.
    sa.Column("author", RowId, sa.ForeignKey("people.id", ondelete="SET NULL"), index=True),
    sa.Column("signed", sa.String(64)),
    # Empty where it is a picture, a voice, a file or a place: of those the kind alone is kept.
    sa.Column("text", sa.Text),
    sa.Column("media", sa.String(16)),
    # The code of the event that it is about.
    sa.Column("about", sa.String(16)),
    # In the chat of whoever wrote it: by it Telegram copies a picture, and says what was edited.
    sa.Column("message_id", sa.BigInteger, nullable=False),
    sa.Column("edited_at", Instant),
    # Of an answer that somebody waited for: how many seconds.
    sa.Column("waited", sa.Integer),
    # How long people waited lately, of however much was written.
    sa.Index(
        "ix_messages_waited",
        *("at", "waited", "conversation"),
        sqlite_where=sa.text("waited IS NOT NULL"),
        postgresql_where=sa.text("waited IS NOT NULL"),
    ),
)

# Who of the team answers at present, when, and under which name.
duties = sa.Table(
    "duties",
    metadata,
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    flag("on_duty"),
    # Hours of the day, by their own clock; empty: all day.
    sa.Column("from_hour", sa.Integer),
    sa.Column("to_hour", sa.Integer),
    # How many wait, as their menu of commands said last.
    sa.Column("shown", sa.Integer, nullable=False, default=0, server_default="0"),
)

# What is answered often, in the words of the team of an area.
saved_answers = sa.Table(
    "saved_answers",
    metadata,
    row_id(),
    sa.Column("area", sa.String(8), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("title", sa.String(64), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("saved_at", Instant, nullable=False),
    sa.UniqueConstraint("area", "language", "title"),
    sqlite_autoincrement=True,  # the button of one that was deleted never sends another
)

# The topics of the group of the team, where there is one: each has one message, which shows who waits in an area.
inbox_topics = sa.Table(
    "inbox_topics",
    metadata,
    sa.Column("area", sa.String(8), primary_key=True),
    sa.Column("topic", sa.BigInteger, nullable=False),
    sa.Column("message_id", sa.BigInteger),
    # A digest of what it shows: it is edited where that changed.
    sa.Column("shown", sa.String(64)),
)
