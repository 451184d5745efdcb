"""The conversations of docs/effect-transcript-*.md are what is really said."""

from __future__ import annotations

import pytest

from db.engine import Database
from simulator.reading import as_read
from tests import transcripts


@pytest.mark.parametrize("language", transcripts.LANGUAGES)
async def test_the_transcript_is_what_is_said(language: str, sqlite_database: Database) -> None:
    written = as_read(transcripts.effect_path_of(language).read_text(encoding="utf-8"))
    assert await transcripts.effect_transcript(sqlite_database, language) == written, transcripts.REMEDY
