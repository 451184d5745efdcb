"""Supporters and the team write to each other.

Revision 0059, after 0057.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0057"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _instant(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("person", RowId, nullable=False),
        sa.Column("area", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        _instant("opened_at", nullable=False),
        _instant("waiting_since"),
        sa.Column("claimed_by", RowId, nullable=True),
        _instant("claimed_at"),
        _instant("touched_at"),
        _instant("escalated_at"),
        _instant("closed_at"),
        _instant("blocked_until"),
        sa.Column("block_reason", sa.String(200), nullable=True),
        sa.Column("carded", sa.String(40), nullable=True),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_conversations_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["claimed_by"], ["people.id"], name=op.f("fk_conversations_claimed_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("person", name=op.f("uq_conversations_person")),
        sa.UniqueConstraint("claimed_by", name=op.f("uq_conversations_claimed_by")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_conversations_state"), "conversations", ["state"])
    op.create_table(
        "messages",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("conversation", RowId, nullable=False),
        _instant("at", nullable=False),
        sa.Column("by_team", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("author", RowId, nullable=True),
        sa.Column("signed", sa.String(64), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("media", sa.String(16), nullable=True),
        sa.Column("about", sa.String(16), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        _instant("edited_at"),
        sa.Column("waited", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name=op.f("fk_messages_conversation"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["author"], ["people.id"], name=op.f("fk_messages_author"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_conversation"), "messages", ["conversation"])
    op.create_index(op.f("ix_messages_author"), "messages", ["author"])
    op.create_table(
        "duties",
        sa.Column("person", RowId, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("on_duty", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("from_hour", sa.Integer(), nullable=True),
        sa.Column("to_hour", sa.Integer(), nullable=True),
        sa.Column("shown", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_duties_person"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_duties")),
    )
    op.create_table(
        "saved_answers",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("area", sa.String(8), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("title", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _instant("saved_at", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_answers")),
        sa.UniqueConstraint("area", "language", "title", name=op.f("uq_saved_answers_area_language_title")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "inbox_topics",
        sa.Column("area", sa.String(8), nullable=False),
        sa.Column("topic", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("shown", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("area", name=op.f("pk_inbox_topics")),
    )


def downgrade() -> None:
    for table in ("inbox_topics", "saved_answers", "duties", "messages", "conversations"):
        op.drop_table(table)
