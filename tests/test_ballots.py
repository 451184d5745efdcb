"""The conversations of docs/other-ballots.md are what is really said."""

from __future__ import annotations

import pytest

from db.engine import Database
from simulator.reading import as_read
from tests import transcripts
from tests.ballots import PLAYED


@pytest.mark.parametrize("campaign", PLAYED)
async def test_the_transcript_is_what_is_said(campaign: str, sqlite_database: Database) -> None:
    written = as_read(transcripts.BALLOTS.read_text(encoding="utf-8"))
    assert await transcripts.ballot_transcript(campaign, sqlite_database) in written, transcripts.REMEDY
