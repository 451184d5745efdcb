"""Being at an event: who was checked in and how, the numbers on lists, what people said of it afterwards."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from db.schema.columns import Instant, RowId, metadata


def _event() -> sa.Column[Any]:
    return sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True)


def _person() -> sa.Column[Any]:
    person = sa.ForeignKey("people.id", ondelete="CASCADE")
    return sa.Column("person", RowId, person, primary_key=True, index=True)


# What is counted at the door of an event: the last number given to somebody on its list, how many lists were printed,
# and who came without being signed up, of whom nothing else is kept.
doors = sa.Table(
    "doors",
    metadata,
    _event(),
    *(
        sa.Column(name, sa.Integer, nullable=False, default=0, server_default="0")
        for name in ("numbered", "sheets", "walk_ins")
    ),
)

# Who of them was counted, by a mark that nobody makes without the campaign's key: whoever declines to join, and scans
# the code once more, is still one. Gone once they join, and with the answers to the event.
walk_in_marks = sa.Table(
    "walk_in_marks", metadata, _event(), sa.Column("mark", sa.String(64), primary_key=True)
)

# The number by which somebody stands on the lists of an event, as long as their answer is kept.
attendee_numbers = sa.Table(
    "attendee_numbers",
    metadata,
    _event(),
    _person(),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Index(None, "event", "number", unique=True),
)

check_ins = sa.Table(
    "check_ins",
    metadata,
    _event(),
    _person(),
    sa.Column("at", Instant, nullable=False),
    sa.Column("how", sa.String(8), nullable=False),  # link | code | list | walk_in
)

# The message of a host's phone that shows the code of the minute, until it is closed.
check_in_screens = sa.Table(
    "check_in_screens",
    metadata,
    _event(),
    _person(),
    sa.Column("message", sa.BigInteger),
    sa.Column("shown", sa.BigInteger, nullable=False),  # the minute whose code it shows
    sa.Column("until", Instant, nullable=False),
)

# A row for each thing said afterwards: `stars` 1 to 5, `change` as often as there is something to change.
event_feedback = sa.Table(
    "event_feedback",
    metadata,
    _event(),
    _person(),
    sa.Column("question", sa.String(8), primary_key=True),
    sa.Column("option", sa.String(16), primary_key=True),
    sa.Column("at", Instant, nullable=False),
)

# What is left of an event's answers once they were erased.
event_figures = sa.Table(
    "event_figures",
    metadata,
    _event(),
    sa.Column("figure", sa.String(16), primary_key=True),
    sa.Column("option", sa.String(16), primary_key=True),
    sa.Column("people", sa.Integer, nullable=False),
)
