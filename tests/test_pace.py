"""A chat gets one message a second, whoever asks for more: Telegram would refuse them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bots import until
from tests.mission import START
from tests.story import telling

QUESTIONS = 3


@pytest.mark.parametrize("paced", [True, False])
async def test_answers_to_one_chat_leave_a_second_apart(tmp_path: Path, paced: bool) -> None:
    """Somebody asks several things at once. Without the pause, Telegram refuses: so it is the pause that this sees."""
    async with telling(tmp_path, at=START, paced=paced) as story:
        # A message every half second is taken: the other half is for what a busy machine is late by.
        await story.simulator.limit(per_chat_per_second=2, chat_burst=1)
        person = await story.person("Emily", language="en")
        for _ in range(QUESTIONS):
            await person.send("/privacy")

        async def answered() -> bool:
            return sum(message.sender == "bot" for message in await person.messages()) >= QUESTIONS

        await until(answered, "each question is answered")
        assert bool((await story.simulator.counters())["errors"]) is not paced
