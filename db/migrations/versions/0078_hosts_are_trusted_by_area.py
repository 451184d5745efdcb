"""A host is trusted by area: what the team of one département says takes nothing from another's.

Revision 0078, after 0075.
"""

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0075"
branch_labels = None
depends_on = None


def _known_by(*columns: str) -> None:
    with op.batch_alter_table("trusted_hosts") as table:
        table.drop_constraint(op.f("pk_trusted_hosts"), type_="primary")
        table.create_primary_key(op.f("pk_trusted_hosts"), list(columns))


def upgrade() -> None:
    _known_by("person", "area")


def downgrade() -> None:
    # Of several, the last one that was given.
    one = sa.table("trusted_hosts", *map(sa.column, ("person", "area", "given_at")))
    other = one.alias("other")
    later = sa.or_(
        other.c.given_at > one.c.given_at,
        sa.and_(other.c.given_at == one.c.given_at, other.c.area > one.c.area),
    )
    newer = sa.exists().where(other.c.person == one.c.person, later)
    op.execute(sa.delete(one).where(newer))
    _known_by("person")
