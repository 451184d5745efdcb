"""keep which consents are to be asked anew; find whom somebody brought; drop what no lease uses.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RENEWALS = ("renew_contact", "renew_commune", "renew_team", "renew_keep")


def upgrade() -> None:
    for name in RENEWALS:
        op.add_column("people", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(op.f("ix_people_recruiter"), "people", ["recruiter"])
    for table in ("deliveries", "updates"):
        op.drop_column(table, "leased_until")


def downgrade() -> None:
    for table in ("deliveries", "updates"):
        op.add_column(table, sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
    op.drop_index(op.f("ix_people_recruiter"), table_name="people")
    for name in RENEWALS:
        op.drop_column("people", name)
