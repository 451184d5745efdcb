"""What staff ask for and cannot have: the action itself says no, with the text that is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.actions import announcing, broadcasts, events
from bot.actions.authority import Author
from bot.actions.broadcasts import NewBroadcast
from bot.actions.events import EventChange
from bot.errors import PortevoixError
from bot.rules.event_draft import ADDRESS_LIMIT, TITLE_LIMIT
from bot.rules.sending import all_at
from db.engine import Database
from db.events import EventText
from tests.acting import NEWS, NOW, World, appointed, made_world, new_event


@pytest.fixture
async def stage(sqlite_database: Database) -> AsyncIterator[tuple[World, Author]]:
    async with sqlite_database.write() as tx:
        world = await made_world(tx)
        yield world, await appointed(world, "admin", "FR")


@pytest.mark.parametrize(
    ("new", "text"),
    [
        (replace(NEWS, when=all_at(NOW - timedelta(minutes=1))), "errors/date_past"),
        (replace(NEWS, texts={}), "errors/text_empty"),
        (replace(NEWS, texts={"fr": "Bonjour", "en": "<b>Hello"}), "errors/html_unclosed"),
        (replace(NEWS, texts={"fr": "Bonjour {{ secret }}"}), "errors/placeholder_unknown"),
        (replace(NEWS, texts={"fr": "x" * 5000}), "errors/text_too_long"),
        (replace(NEWS, texts={"fr": "x" * 2000}, photo="file"), "errors/text_too_long"),
    ],
)
async def test_a_broadcast_that_cannot_leave_is_not_made(
    stage: tuple[World, Author], new: NewBroadcast, text: str
) -> None:
    world, author = stage
    with pytest.raises(PortevoixError) as refusal:
        await broadcasts.send(world.tx, author, replace(new, key="refused"))
    assert refusal.value.message == text
    await broadcasts.send(world.tx, author, replace(NEWS, key="refused"))  # nothing of it was kept


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"starts_at": NOW}, "errors/date_past"),
        ({"texts": {"fr": EventText(title="", description="Venez")}}, "errors/text_empty"),
        ({"texts": {"fr": EventText(title="x" * (TITLE_LIMIT + 1), description="")}}, "errors/text_too_long"),
        ({"address": "x" * (ADDRESS_LIMIT + 1)}, "errors/text_too_long"),
    ],
)
async def test_an_event_that_cannot_be_announced_is_not_made(
    stage: tuple[World, Author], change: dict[str, Any], text: str
) -> None:
    world, author = stage
    with pytest.raises(PortevoixError) as refusal:
        await announcing.announce(world.tx, author, replace(new_event(author), **change))
    assert refusal.value.message == text


async def test_a_change_that_does_not_fit_is_not_made(stage: tuple[World, Author]) -> None:
    world, author = stage
    begins = world.own_event.starts_at
    for change, text in (
        (EventChange(address="x" * (ADDRESS_LIMIT + 1)), "errors/text_too_long"),
        (
            EventChange(texts={"fr": EventText(title="x" * (TITLE_LIMIT + 1), description="")}),
            "errors/text_too_long",
        ),
        (EventChange(ends_at=begins), "console/no_end"),  # whoever asks for it, an event ends after it begins
        (EventChange(ends_at=begins + timedelta(days=4)), "console/no_end"),
    ):
        with pytest.raises(PortevoixError) as refusal:
            await events.change_event(world.tx, author, world.own_event.code, change, sequence=0)
        assert refusal.value.message == text
