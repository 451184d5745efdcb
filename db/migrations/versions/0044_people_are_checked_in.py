"""People are checked in at an event, stand on its lists by a number that stays, and say afterwards how it was.

Revision 0044, after 0042.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0042"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
COUNTS = ("numbered", "sheets", "walk_ins")


def _create(table: str, *columns: sa.Column[Any], key: tuple[str, ...] = ("event", "person")) -> None:
    own = [
        sa.Column(
            name,
            NUMBER,
            sa.ForeignKey(f"{of}.id", ondelete="CASCADE", name=f"fk_{table}_{name}"),
            nullable=False,
        )
        for name, of in (("event", "events"), ("person", "people"))
        if name in key
    ]
    op.create_table(table, *own, *columns, sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"))
    if "person" in key:
        op.create_index(f"ix_{table}_person", table, ["person"])


def upgrade() -> None:
    counts = (sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in COUNTS)
    _create("doors", *counts, key=("event",))
    _create("attendee_numbers", sa.Column("number", sa.Integer, nullable=False))
    op.create_index("ix_attendee_numbers_event_number", "attendee_numbers", ["event", "number"], unique=True)
    _create(
        "check_ins",
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("how", sa.String(8), nullable=False),
    )
    _create(
        "check_in_screens",
        sa.Column("message", sa.BigInteger),
        sa.Column("shown", sa.BigInteger, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
    )
    _create(
        "event_feedback",
        sa.Column("question", sa.String(8), nullable=False),
        sa.Column("option", sa.String(16), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        key=("event", "person", "question", "option"),
    )
    _create(
        "event_figures",
        sa.Column("figure", sa.String(16), nullable=False),
        sa.Column("option", sa.String(16), nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        key=("event", "figure", "option"),
    )


def downgrade() -> None:
    for table in (
        *("event_figures", "event_feedback", "check_in_screens"),
        *("check_ins", "attendee_numbers", "doors"),
    ):
        op.drop_table(table)
