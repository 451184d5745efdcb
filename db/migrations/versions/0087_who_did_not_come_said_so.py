"""Whoever is noted as absent said that they did not come: changing an answer had noted it of people nobody had asked.

A no to the question whether somebody came is in the log of answers as long as the answer to the event is kept, and
nothing else ever noted an absence. Where it is not the last that was said of their coming, nothing is known.

Revision 0087, after 0086.
"""

import sqlalchemy as sa
from alembic import op

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        sa.text("""
        UPDATE rsvps SET attended = NULL WHERE attended = :absent AND NOT EXISTS (
            SELECT 1 FROM events JOIN responses AS said ON said.subject = events.code
            WHERE events.id = rsvps.event AND said.person = rsvps.person
            AND said.question = 'came' AND said.answer = 'no' AND NOT EXISTS (
                SELECT 1 FROM responses AS later
                WHERE later.person = said.person AND later.subject = said.subject AND later.id > said.id
                AND later.question IN ('came', 'check_in')))
        """).bindparams(sa.bindparam("absent", False, sa.Boolean))
    )


def downgrade() -> None:
    """What was not so is not said again."""
