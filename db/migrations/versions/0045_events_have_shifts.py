"""An event may have shifts, each with its own places and waitlist; cards that somebody opened are edited as others are.

Revision 0045, after 0044.
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def _link(table: str, name: str, to: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{to}.id", ondelete="CASCADE", name=f"fk_{table}_{name}")
    return sa.Column(name, NUMBER, key, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def upgrade() -> None:
    op.add_column("events", sa.Column("has_shifts", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "shifts",
        sa.Column("id", NUMBER, nullable=False),
        _link("shifts", "event", "events"),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("capacity", sa.Integer),
        sa.Column("state", sa.String(8), nullable=False, server_default="open"),
        _count("changes"),
        sa.PrimaryKeyConstraint("id", name="pk_shifts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_shifts_event", "shifts", ["event"])
    op.create_table(
        "shift_places",
        _link("shift_places", "shift", "shifts"),
        _link("shift_places", "person", "people"),
        sa.Column("answer", sa.String(8), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("ticket", sa.Integer),
        _count("offered"),
        sa.Column("offer_until", INSTANT),
        _count("offers"),
        _count("lost"),
        sa.PrimaryKeyConstraint("shift", "person", name="pk_shift_places"),
    )
    op.create_index("ix_shift_places_person", "shift_places", ["person"])
    op.create_table(
        "shown_cards",
        sa.Column("id", NUMBER, nullable=False),
        _link("shown_cards", "person", "people"),
        sa.Column("message", sa.BigInteger, nullable=False),
        _link("shown_cards", "event", "events"),
        sa.Column("face", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shown_cards"),
    )
    op.create_index("ix_shown_cards_event", "shown_cards", ["event"])
    op.create_index("ix_shown_cards_person_message", "shown_cards", ["person", "message"], unique=True)


def downgrade() -> None:
    op.drop_table("shown_cards")
    op.drop_table("shift_places")
    op.drop_table("shifts")
    op.drop_column("events", "has_shifts")
