"""Every draw is made by a key of the campaign, which lies in its database from the start.

Revision 0048, after 0045.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0045"
branch_labels = None
depends_on = None

_facts = sa.table("facts", sa.column("name", sa.String), sa.column("value", sa.JSON))
_KEY = "experiments:key"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.scalar(sa.select(_facts.c.name).where(_facts.c.name == _KEY)) is None:
        op.bulk_insert(_facts, [{"name": _KEY, "value": secrets.token_hex(32)}])


def downgrade() -> None:
    """The key stays: what was drawn by it keeps its meaning."""
