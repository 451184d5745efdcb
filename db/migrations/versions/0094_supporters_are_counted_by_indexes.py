"""Supporters are counted by indexes: who is known to the team, where each votes, and by which name they are listed was
read from their rows, which are ten times as long, whenever somebody looked at figures or at who comes to an event. Of
vote plans an index has all that they are counted by, and of conversations how long people waited.

Revision 0094, after 0093.
"""

import sqlalchemy as sa
from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None

_AUDIENCE = (
    "commune",
    *("state", "consent_contact", "consent_commune", "unreachable_at", "mutes_events", "mutes_news"),
    *("language", "volunteer", "territory", "zone"),
)
_JOINED = ("registered_at", "state", "commune")


def upgrade() -> None:
    op.drop_index("ix_people_audience", table_name="people")
    op.create_index("ix_people_audience", "people", [*_AUDIENCE, "consent_team", "mutes_reminders"])
    op.drop_index("ix_people_joined", table_name="people")
    op.create_index("ix_people_joined", "people", [*_JOINED, "consent_team"])
    _create_partial(
        "ix_people_registered",
        "people",
        ["id", "commune", "territory", "consent_team"],
        "state = 'registered' AND id > 0",
    )
    _create_partial(
        "ix_people_listed",
        "people",
        ["id", "first_name", "commune", "territory"],
        "state = 'registered' AND consent_team AND id > 0",
    )
    op.create_index(
        "ix_vote_plans_ballot_vote_intention_slot_person",
        "vote_plans",
        ["ballot", "vote", "intention", "slot", "person"],
    )
    op.drop_index("ix_vote_plans_ballot_vote", table_name="vote_plans")
    _create_partial("ix_messages_waited", "messages", ["at", "waited", "conversation"], "waited IS NOT NULL")


def _create_partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("ix_messages_waited", table_name="messages")
    op.create_index("ix_vote_plans_ballot_vote", "vote_plans", ["ballot", "vote"])
    op.drop_index("ix_vote_plans_ballot_vote_intention_slot_person", table_name="vote_plans")
    op.drop_index("ix_people_listed", table_name="people")
    op.drop_index("ix_people_registered", table_name="people")
    op.drop_index("ix_people_joined", table_name="people")
    op.create_index("ix_people_joined", "people", _JOINED)
    op.drop_index("ix_people_audience", table_name="people")
    op.create_index("ix_people_audience", "people", _AUDIENCE)
