"""Stations, the addresses that belong to them, and the walks into which they are cut.

Revision 0057, after 0052.
"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0052"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "stations",
        sa.Column("code", sa.String(16), primary_key=True),
        sa.Column("commune", sa.String(5), nullable=False, index=True),
        sa.Column("department", sa.String(3), nullable=False, index=True),
        sa.Column("region", sa.String(3), nullable=False),
        sa.Column("name", sa.String(120)),
        sa.Column("address", sa.String(300)),
        sa.Column("latitude", sa.Float),
        sa.Column("longitude", sa.Float),
        sa.Column("place", RowId, sa.ForeignKey("polling_places.id", ondelete="SET NULL"), index=True),
        *(sa.Column(name, sa.Integer) for name in ("registered", "voters", "cast", "ours")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "walks",
        sa.Column("id", RowId, primary_key=True, autoincrement=True),
        sa.Column("code", sa.String(24), nullable=False, unique=True),
        sa.Column(
            "station",
            sa.String(16),
            sa.ForeignKey("stations.code", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("state", sa.String(16), nullable=False, server_default="cut"),
        sa.Column("doors", sa.Integer, nullable=False),
        sa.Column("metres", sa.Integer, nullable=False),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "addresses",
        sa.Column("id", RowId, primary_key=True, autoincrement=True),
        sa.Column("ban", sa.String(40), nullable=False, unique=True),
        sa.Column("commune", sa.String(5), nullable=False, index=True),
        sa.Column("street", sa.String(100), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("suffix", sa.String(10), nullable=False),
        sa.Column("latitude", sa.Float, nullable=False),
        sa.Column("longitude", sa.Float, nullable=False),
        sa.Column("station", sa.String(16), sa.ForeignKey("stations.code", ondelete="SET NULL"), index=True),
        sa.Column("given", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("walk", RowId, sa.ForeignKey("walks.id", ondelete="SET NULL")),
        sa.Column("place", sa.Integer),
        sa.Column("leg", sa.Integer),
        sa.Column("dwellings", sa.Integer),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_addresses_walk_place"), "addresses", ["walk", "place"])
    op.create_table(
        "station_addresses",
        sa.Column("ban", sa.String(40), primary_key=True),
        sa.Column("commune", sa.String(5), nullable=False, index=True),
        sa.Column("station", sa.String(16), nullable=False),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("station_addresses", "addresses", "walks", "stations"):
        op.drop_table(table)
