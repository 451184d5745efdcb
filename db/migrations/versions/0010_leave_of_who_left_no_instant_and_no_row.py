"""leave of who left no instant and no row: a day in what remains, sealed proof of consents, counts of answers.

Answers that lead to nobody become counts at the next start, by the key that is not in the database (db.leftovers).

Revision 0010, after 0009.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANTS = ("due_at", "changed_at", "sent_at", "answered_at")
# SQLite keeps instants as text.
DAY = {"sqlite": "substr(at, 1, 10)", "postgresql": "CAST(at AT TIME ZONE 'UTC' AS date)"}
INSTANT = {
    "sqlite": "day || ' 00:00:00.000000'",
    "postgresql": "CAST(day AS timestamp) AT TIME ZONE 'UTC'",
}
START_OF_DAY = {
    "sqlite": "substr({}, 1, 10) || ' 00:00:00.000000'",
    "postgresql": "date_trunc('day', {} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'",
}


def upgrade() -> None:
    op.create_table(
        "answer_counts",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("question", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("area", sa.String(length=8), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "question", "subject", "answer", "area", name=op.f("pk_answer_counts")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "answer_remainders",
        sa.Column("cell", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("cell", name=op.f("pk_answer_remainders")),
        sqlite_with_rowid=False,
    )
    op.add_column("consents", sa.Column("sealed", sa.String(length=64), nullable=True))
    op.add_column("consents", sa.Column("sealed_on", sa.Date(), nullable=True))
    op.create_index("ix_consents_sealed", "consents", ["sealed"])
    # Whose choices these were nobody can say any more: they prove nothing.
    op.execute("DELETE FROM consents WHERE pseudonym = 'erased'")
    _make_suppressions("day", sa.Date(), DAY)
    midnight = START_OF_DAY[op.get_bind().dialect.name]
    columns = ", ".join(f"{name} = {midnight.format(name)}" for name in INSTANTS)
    waiting = "state IN ('queued', 'leased', 'withheld')"
    op.execute(
        f"UPDATE deliveries SET {columns}, message_id = NULL,"
        f" reason = CASE WHEN {waiting} THEN 'erased' ELSE reason END,"
        f" state = CASE WHEN {waiting} THEN 'cancelled' ELSE state END WHERE person IS NULL"
    )


def downgrade() -> None:
    _make_suppressions("at", sa.DateTime(timezone=True), INSTANT)
    op.drop_index("ix_consents_sealed", table_name="consents")
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.drop_column("sealed_on")
        batch_op.drop_column("sealed")
    op.drop_table("answer_remainders")
    op.drop_table("answer_counts")


def _make_suppressions(column: str, kind: sa.types.TypeEngine[Any], value: dict[str, str]) -> None:
    """The list anew, with another column; the order of its rows on the disk is that of their hashes."""
    op.rename_table("suppressions", "suppressions_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_suppressions RENAME TO pk_suppressions_before")
    op.create_table(
        "suppressions",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column(column, kind, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_suppressions"),
        sqlite_with_rowid=column == "at",
    )
    spelled = value[op.get_bind().dialect.name]
    op.execute(
        f"INSERT INTO suppressions (hash, {column}) SELECT hash, {spelled} FROM suppressions_before ORDER BY hash"
    )
    op.drop_table("suppressions_before")
