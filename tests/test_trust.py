"""Every command of trust, tried by each role: what they read is in docs/, and nobody gets what is not theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.reading import as_read
from tests import transcripts
from tests.story import telling
from tests.trust import START, campaign_in, play


@pytest.mark.parametrize("language", transcripts.LANGUAGES)
async def test_trust_as_it_is_told(tmp_path: Path, language: str) -> None:
    async with telling(tmp_path, at=START, more=campaign_in(tmp_path), unhurried=True) as story:
        cast = await play(story, language)
        documents = {
            person.first_name: [
                message.document["file_name"]
                for message in await person.messages()
                if message.document is not None
            ]
            for person in (cast.outsider, cast.supporter, cast.coordinator, cast.admin)
        }
        outsider, supporter, coordinator, admin = documents.values()
        # Files of their own data, and one export: forged ones gave nothing.
        assert all(name.endswith(".json") for name in [*outsider, *supporter])
        # The only supporter of the area refused to be known to its team: not a row, nor a count of so few.
        assert [name for name in coordinator if name.endswith(".csv")] == []
        assert admin == []
        written = as_read(transcripts.trust_path_of(language).read_text(encoding="utf-8"))
        assert await transcripts.trust_transcript(cast, language) == written, transcripts.REMEDY
