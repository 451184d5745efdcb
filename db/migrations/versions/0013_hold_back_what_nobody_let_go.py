"""hold back what no second person let go: in a state of its own, and its event with it.

Older versions kept it as a paused broadcast and a fact.

Revision 0013, after 0012.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FACT = "approval:"

_Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_Instant = sa.DateTime(timezone=True)
facts = sa.table("facts", sa.column("name", sa.String), sa.column("value", _Json))
people = sa.table("people", sa.column("id", sa.BigInteger), sa.column("telegram_id", sa.BigInteger))
events = sa.table("events", sa.column("id", sa.BigInteger), sa.column("state", sa.String))
rsvps = sa.table("rsvps", sa.column("event", sa.BigInteger))
broadcasts = sa.table(
    "broadcasts",
    sa.column("id", sa.BigInteger),
    sa.column("state", sa.String),
    sa.column("event", sa.BigInteger),
    sa.column("created_by", sa.BigInteger),
    sa.column("created_at", _Instant),
)
approvals = sa.table(
    "approvals",
    sa.column("what", sa.String),
    sa.column("asked_by", sa.BigInteger),
    sa.column("broadcast", sa.BigInteger),
    sa.column("details", _Json),
    sa.column("asked_at", _Instant),
    sa.column("expires_at", _Instant),
    sa.column("decided_at", _Instant),
    sa.column("granted", sa.Boolean),
    sa.column("shown_at", _Instant),
)


def upgrade() -> None:
    op.add_column("approvals", sa.Column("shown_at", _Instant, nullable=True))
    connection = op.get_bind()
    named = facts.c.name.like(f"{FACT}%")
    waiting = [
        int(name.removeprefix(FACT)) for name in connection.scalars(sa.select(facts.c.name).where(named))
    ]
    for number in waiting:
        query = sa.select(broadcasts).where(broadcasts.c.id == number, broadcasts.c.state == "paused")
        found = connection.execute(query).one_or_none()
        if found is not None:
            _hold(connection, found)
    connection.execute(sa.delete(facts).where(named))


def _hold(connection: sa.Connection, broadcast: Any) -> None:
    """Nobody was shown what they were to approve: it is over, and its author asks again."""
    hold = sa.update(broadcasts).where(broadcasts.c.id == broadcast.id)
    connection.execute(hold.values(state="unapproved"))
    whose = sa.select(people.c.telegram_id).where(people.c.id == broadcast.created_by)
    row = {
        "what": "broadcast",
        "asked_by": connection.scalar(whose),
        "broadcast": broadcast.id,
        "details": {"ended": "late"},
        "asked_at": broadcast.created_at,
        "expires_at": broadcast.created_at,
        "decided_at": broadcast.created_at,
        "granted": False,
        "shown_at": broadcast.created_at,
    }
    connection.execute(sa.insert(approvals).values(row))
    # Unless somebody knows of it already.
    unknown = sa.not_(sa.exists().where(rsvps.c.event == events.c.id))
    hide = sa.update(events).where(events.c.id == broadcast.event, events.c.state == "open", unknown)
    connection.execute(hide.values(state="hidden"))


def downgrade() -> None:
    connection = op.get_bind()
    held = list(connection.scalars(sa.select(broadcasts.c.id).where(broadcasts.c.state == "unapproved")))
    for number in held:
        connection.execute(sa.insert(facts).values(name=f"{FACT}{number}", value=0))
    connection.execute(sa.update(broadcasts).where(broadcasts.c.id.in_(held)).values(state="paused"))
    # Older versions would show them.
    unseen = events.c.state.in_(("hidden", "dropped"))
    connection.execute(sa.update(events).where(unseen).values(state="cancelled"))
    # They would take what was decided of a broadcast for something else that waits.
    connection.execute(sa.delete(approvals).where(approvals.c.what == "broadcast"))
    op.drop_column("approvals", "shown_at")
