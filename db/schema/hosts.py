"""Supporters who organize: their proposals, their events, whom the team trusts, and links to share an event."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, RowId, metadata


def _event(*, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(
        "event",
        RowId,
        sa.ForeignKey("events.id", ondelete="CASCADE"),
        nullable=False,
        primary_key=primary_key,
    )


def _person(*, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(
        "person",
        RowId,
        sa.ForeignKey("people.id", ondelete="CASCADE"),
        nullable=False,
        primary_key=primary_key,
        index=True,
    )


# Who may run an event without a role in the team; the rights of a row end with it.
hosts = sa.Table(
    "hosts",
    metadata,
    _event(primary_key=True),
    _person(primary_key=True),
    sa.Column("part", sa.String(8), nullable=False),  # host: whose event it is | co
    sa.Column("since", Instant, nullable=False),
)

# What a supporter proposed, and what the team said to it; the event is `proposed`, `returned`, or what became of it.
proposals = sa.Table(
    "proposals",
    metadata,
    _event(primary_key=True),
    _person(),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("decided_at", Instant),
    # Why it was sent back, in the words of whoever did.
    sa.Column("reason", sa.Text),
)

# Whose events in an area need nobody's approval. Each team trusts for its own area; none lies within another.
trusted_hosts = sa.Table(
    "trusted_hosts",
    metadata,
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("area", sa.String(8), primary_key=True),
    sa.Column("given_at", Instant, nullable=False),
)

# Invitations to organize an event together: each serves once.
host_links = sa.Table(
    "host_links",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    _event(),
    sa.Column("created_by", RowId),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.Index(None, "event"),
)
