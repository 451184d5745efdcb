"""What was forgotten is named once, before any test: see `tests/foundations.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from db.engine import Database
from handlers.command import Command
from handlers.helping import help_
from locales import LANGUAGES, Language
from tests.foundations import (
    forgotten,
    unfit_campaigns,
    unknown_messages,
    unmigrated,
    unread_languages,
    unsaid_commands,
)
from tests.frozen import FROZEN


def test_nothing_is_forgotten() -> None:
    assert forgotten() == []


def test_a_command_without_a_description() -> None:
    hours = Command(name="hours", handler=help_)
    assert list(unsaid_commands([hours])) == [
        "/hours has no description: write locales/templates/commands/hours.html.j2."
    ]
    assert not list(unsaid_commands([Command(name="hours", handler=help_, listed=False)]))


def test_a_message_that_no_template_says(tmp_path: Path) -> None:
    said = "\n".join(f'context.say("{name}")' for name in ("general/help", "general/hours", "hours/today"))
    (tmp_path / "helping.py").write_text(said)
    assert list(unknown_messages([tmp_path])) == [
        "helping.py says “general/hours”: write locales/templates/general/hours.html.j2.",
        "helping.py says “hours/today”: write locales/templates/hours/today.html.j2.",
    ]


def test_a_language_without_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANGUAGES, "eo", Language(code="eo", name="Esperanto", locale="eo"))
    without_words, without_catalogue = unread_languages(["fr", "eo"])
    assert "The language eo has no words: write" in without_words
    assert "The language eo has no catalogue: run scripts/words" in without_catalogue


def test_a_language_that_was_only_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.foundations.BEGUN", -1)
    monkeypatch.setattr("tests.foundations.TEMPLATES", Path("nowhere"))
    silent, without_papers = unread_languages(["fr"])
    assert "The language fr does not say 0 messages" in silent
    assert "The language fr has no papers" in without_papers


def test_a_step_without_a_template(tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    shipped = FROZEN.joinpath("campaign.toml").read_text(encoding="utf-8")
    file.write_text(shipped.replace('asks = "plan"', 'template = "hello"'), encoding="utf-8")
    [fault] = unfit_campaigns([file])
    assert "step “plan” has no template “hello”" in fault


async def test_a_column_that_no_migration_makes(sqlite_database: Database) -> None:
    async with sqlite_database.migrate() as transaction:
        await transaction.execute(sa.text("ALTER TABLE facts ADD COLUMN sure INTEGER"))
    [fault] = await unmigrated(sqlite_database)
    assert "sure" in fault
    assert "db.migrations.revise" in fault
