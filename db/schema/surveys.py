"""Surveys and what people chose."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, Json, RowId, metadata, row_id

surveys = sa.Table(
    "surveys",
    metadata,
    row_id(),
    # The name in commands and audiences: `survey:<code>:<option>`.
    sa.Column("code", sa.String(16), nullable=False, unique=True),
    # open -> withdrawn (nobody answers any more); counted: its answers were erased, what was counted of them is left
    sa.Column("state", sa.String(16), nullable=False, default="open", server_default="open"),
    sa.Column("form", Json, nullable=False),  # what it asks, in each language: bot.rules.surveys
    sa.Column("broadcast", RowId, sa.ForeignKey("broadcasts.id", ondelete="SET NULL"), unique=True),
    sa.Column("area", sa.String(8), nullable=False),
    sa.Column("closes_at", Instant, nullable=False),
    sa.Column("erase_at", Instant, nullable=False),
    sa.Column("created_by", RowId),
    sa.Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,  # a button never means another one than it was shown with
)

# What somebody chose: a row for each option, or one of an empty option where they left a question out.
survey_answers = sa.Table(
    "survey_answers",
    metadata,
    sa.Column("survey", RowId, sa.ForeignKey("surveys.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
    sa.Column("question", sa.String(16), primary_key=True),
    sa.Column("option", sa.String(16), primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "survey", "question", "option", "person"),
)

# What is left of the answers once they were erased. An empty question counts who answered any.
survey_counts = sa.Table(
    "survey_counts",
    metadata,
    sa.Column("survey", RowId, sa.ForeignKey("surveys.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("question", sa.String(16), primary_key=True),
    sa.Column("option", sa.String(16), primary_key=True),
    sa.Column("people", sa.Integer, nullable=False),
)
