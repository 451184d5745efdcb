"""Events have seats: a capacity, guests, and a waitlist whose order and offers are kept.

On the way back who waits, or was offered a seat, has said maybe.

Revision 0036, after 0035.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

LISTED = sa.text("ticket IS NOT NULL")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def upgrade() -> None:
    op.add_column("events", sa.Column("capacity", sa.Integer))
    for column in (_number("overbooking"), _number("guests"), _flag("counted")):
        op.add_column("events", column)
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "seats",
        sa.Column(
            "event",
            number,
            sa.ForeignKey("events.id", ondelete="CASCADE", name="fk_seats_event"),
            nullable=False,
        ),
        *(_number(name) for name in ("taken", "waiting", "offered", "tickets")),
        sa.PrimaryKeyConstraint("event", name="pk_seats"),
    )
    for name in ("guests", "offered", "offers"):
        op.add_column("rsvps", _number(name))
    op.add_column("rsvps", sa.Column("ticket", sa.Integer))
    op.add_column("rsvps", sa.Column("offer_until", sa.DateTime(timezone=True)))
    op.add_column("rsvps", _flag("whole"))
    op.create_index(
        "ix_rsvps_list", "rsvps", ["event", "ticket"], sqlite_where=LISTED, postgresql_where=LISTED
    )


def downgrade() -> None:
    op.execute("UPDATE rsvps SET answer = 'maybe' WHERE answer IN ('waiting', 'offered')")
    op.execute("UPDATE rsvps SET answer = 'no' WHERE answer = 'lapsed'")
    op.drop_index("ix_rsvps_list", "rsvps")
    for name in ("offers", "offer_until", "offered", "whole", "ticket", "guests"):
        op.drop_column("rsvps", name)
    op.drop_table("seats")
    for name in ("counted", "guests", "overbooking", "capacity"):
        op.drop_column("events", name)
