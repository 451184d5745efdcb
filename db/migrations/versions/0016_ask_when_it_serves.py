"""ask about the team and about keeping in touch when it serves, and leave the card of an event alone for an hour.

Revision 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("asked_team", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("people", sa.Column("asked_keep", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("people", sa.Column("undisturbed_until", sa.DateTime(timezone=True), nullable=True))
    # Signing up used to ask everybody all four choices.
    op.execute("UPDATE people SET asked_team = true, asked_keep = true WHERE registered_at IS NOT NULL")
    # Whoever was in the middle of it begins at its first question, which asks their age as well.
    op.execute(
        "UPDATE dialogs SET step = 'contact' WHERE flow = 'registration'"
        " AND step IN ('commune', 'team', 'keep', 'age')"
    )
    # The last question was whether all this is right; what is asked there now is a choice that nobody was shown.
    op.execute("UPDATE dialogs SET step = 'place' WHERE flow = 'registration' AND step = 'confirm'")


def downgrade() -> None:
    op.drop_column("people", "undisturbed_until")
    op.drop_column("people", "asked_keep")
    op.drop_column("people", "asked_team")
