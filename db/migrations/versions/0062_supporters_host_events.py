"""Supporters propose events, host them alone or together, and are trusted by the team of an area.

Revision 0062, after 0061.
"""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "hosts",
        sa.Column("event", RowId, nullable=False),
        sa.Column("person", RowId, nullable=False),
        sa.Column("part", sa.String(8), nullable=False),
        _instant("since"),
        _to("hosts", "event", "events"),
        _to("hosts", "person", "people"),
        sa.PrimaryKeyConstraint("event", "person", name=op.f("pk_hosts")),
    )
    op.create_index(op.f("ix_hosts_person"), "hosts", ["person"])
    op.create_table(
        "proposals",
        sa.Column("event", RowId, nullable=False),
        sa.Column("person", RowId, nullable=False),
        _instant("asked_at"),
        _instant("decided_at", nullable=True),
        sa.Column("reason", sa.Text),
        _to("proposals", "event", "events"),
        _to("proposals", "person", "people"),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_proposals")),
    )
    op.create_index(op.f("ix_proposals_person"), "proposals", ["person"])
    op.create_table(
        "trusted_hosts",
        sa.Column("person", RowId, nullable=False),
        sa.Column("area", sa.String(8), nullable=False),
        _instant("given_at"),
        _to("trusted_hosts", "person", "people"),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_trusted_hosts")),
    )
    op.create_table(
        "host_links",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("event", RowId, nullable=False),
        sa.Column("created_by", RowId),
        _instant("created_at"),
        _instant("expires_at"),
        _instant("used_at", nullable=True),
        _to("host_links", "event", "events"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_host_links")),
    )
    op.create_index(op.f("ix_host_links_event"), "host_links", ["event"])


def downgrade() -> None:
    for name in ("host_links", "trusted_hosts", "proposals", "hosts"):
        op.drop_table(name)
