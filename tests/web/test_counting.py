"""A page whose figures take long to count says so, in the frame of the others, and shows itself when they are there."""

from __future__ import annotations

import asyncio

import pytest

from bot.actions import statistics
from tests.campaigning import staff, supporters
from tests.conversation import Conversation
from tests.web.browsing import signed_in, web_of

AREA = "69"


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """What is counted waits for it."""
    free, overview = asyncio.Event(), statistics.overview

    async def slowly(*given: object) -> object:
        await free.wait()
        return await overview(*given)  # type: ignore[arg-type]  # as it was asked

    monkeypatch.setattr(statistics, "overview", slowly)
    return free


@pytest.mark.parametrize("page", ["/console/", "/console/map/69"])
async def test_the_first_look_does_not_wait_for_what_is_counted(
    conversation: Conversation, held: asyncio.Event, page: str
) -> None:
    await supporters(conversation, range(100, 112), "69123")
    karim = await staff(conversation, 12, "coordinator", AREA)
    visitor = await signed_in(karim, web=web_of(conversation, patience=0.0))
    for _ in range(8):  # whatever else it counts is there by then
        answer = await visitor.open(page)
        assert answer.status_code == 200
        assert "Being counted" in visitor.text
        assert answer.headers["refresh"] == "1"
        assert 'aria-label="Rooms of the console"' in answer.text
    held.set()
    for _ in range(100):
        answer = await visitor.open(page)
        if "refresh" not in answer.headers:
            break
    assert "Being counted" not in visitor.text
    assert "refresh" not in answer.headers


async def test_a_part_that_a_script_asks_for_is_waited_for(
    conversation: Conversation, held: asyncio.Event
) -> None:
    karim = await staff(conversation, 12, "coordinator", AREA)
    visitor = await signed_in(karim, web=web_of(conversation, patience=0.0))
    asking = asyncio.create_task(visitor.client.get("/console/map/69", headers={"hx-request": "true"}))
    await asyncio.sleep(0)
    held.set()
    answer = await asking
    assert "refresh" not in answer.headers
    assert "Being counted" not in answer.text
