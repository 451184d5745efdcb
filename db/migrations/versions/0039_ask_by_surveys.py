"""ask by surveys.

Revision 0039, after 0036.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0039"
down_revision = "0036"
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "surveys",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), server_default="open", nullable=False),
        sa.Column("form", Json, nullable=False),
        sa.Column("broadcast", RowId, nullable=True),
        sa.Column("area", sa.String(8), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erase_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", RowId, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast"], ["broadcasts.id"], name=op.f("fk_surveys_broadcast"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys")),
        sa.UniqueConstraint("code", name=op.f("uq_surveys_code")),
        sa.UniqueConstraint("broadcast", name=op.f("uq_surveys_broadcast")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "survey_answers",
        sa.Column("survey", RowId, nullable=False),
        sa.Column("person", RowId, nullable=False),
        sa.Column("question", sa.String(16), nullable=False),
        sa.Column("option", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["survey"], ["surveys.id"], name=op.f("fk_survey_answers_survey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_survey_answers_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("survey", "person", "question", "option", name=op.f("pk_survey_answers")),
    )
    op.create_index(op.f("ix_survey_answers_person"), "survey_answers", ["person"])
    op.create_index(
        op.f("ix_survey_answers_survey_question_option_person"),
        "survey_answers",
        ["survey", "question", "option", "person"],
    )
    op.create_table(
        "survey_counts",
        sa.Column("survey", RowId, nullable=False),
        sa.Column("question", sa.String(16), nullable=False),
        sa.Column("option", sa.String(16), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["survey"], ["surveys.id"], name=op.f("fk_survey_counts_survey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("survey", "question", "option", name=op.f("pk_survey_counts")),
    )


def downgrade() -> None:
    op.drop_table("survey_counts")
    op.drop_table("survey_answers")
    op.drop_table("surveys")
