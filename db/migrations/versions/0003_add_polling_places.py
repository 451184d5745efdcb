"""add polling places, whose they are, and what is to be planned again.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "polling_places",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("commune", sa.String(length=5), nullable=False),
        sa.Column("ballot", sa.Integer(), server_default="0", nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("opens", sa.Time(), nullable=True),
        sa.Column("closes", sa.Time(), nullable=True),
        sa.Column("streets", sa.String(length=300), nullable=True),
        sa.Column("surnames_from", sa.String(length=40), nullable=True),
        sa.Column("surnames_to", sa.String(length=40), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_polling_places")),
        sa.UniqueConstraint("key", name=op.f("uq_polling_places_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("polling_places", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_polling_places_commune"), ["commune"], unique=False)

    op.create_table(
        "chosen_places",
        sa.Column("person", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ballot", sa.Integer(), nullable=False),
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_chosen_places_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["place"], ["polling_places.id"], name=op.f("fk_chosen_places_place"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person", "ballot", name=op.f("pk_chosen_places")),
    )
    with op.batch_alter_table("chosen_places", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chosen_places_place"), ["place"], unique=False)

    op.add_column("people", sa.Column("replan", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.drop_index("ix_people_territory_state", "people")
    op.create_index("ix_people_territory_state_zone", "people", ["territory", "state", "zone"])
    op.create_index(
        "ix_people_replan",
        "people",
        ["id"],
        sqlite_where=sa.text("replan"),
        postgresql_where=sa.text("replan"),
    )


def downgrade() -> None:
    op.drop_index("ix_people_replan", "people")
    op.drop_index("ix_people_territory_state_zone", "people")
    op.create_index("ix_people_territory_state", "people", ["territory", "state"])
    # Not in a batch: SQLite would make the table anew, and forget that numbers are never given twice.
    op.drop_column("people", "replan")
    with op.batch_alter_table("chosen_places", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_chosen_places_place"))

    op.drop_table("chosen_places")
    with op.batch_alter_table("polling_places", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_polling_places_commune"))

    op.drop_table("polling_places")
