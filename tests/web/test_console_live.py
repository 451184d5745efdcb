"""What a page of the console tells of a message while it leaves: as it changes, and as of which hour."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.delivery_accounts
from bot.web.console import accounts, messages
from db.schema import broadcasts, deliveries
from tests.campaigning import revoke
from tests.conversation import Conversation, paris
from tests.web.browsing import Browser


async def test_the_progress_is_told_as_it_changes_until_it_is_over(
    conversation: Conversation, olga: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(messages, "LIVE_SECONDS", 0.1)
    told = (await olga.open("/console/messages/1/live")).text
    assert told.count("data: ") > 1
    assert "event: over" not in told  # it goes on; the browser asks again
    assert told.count("\n\n") == 1  # nothing has changed meanwhile
    await olga.open("/console/messages/1")
    assert 'sse-connect="/console/messages/1/live"' in olga.page.text
    await olga.send("/console/messages/1/control", change="cancel")
    assert "sse-connect" not in olga.page.text
    told = (await olga.open("/console/messages/1/live")).text
    assert told.endswith("event: over\ndata:\n\n")
    await revoke(conversation, 11)
    told = (await olga.open("/console/messages/1/live")).text
    assert "not signed in" in told
    assert told.endswith("event: over\ndata:\n\n")  # and the browser does not ask again


async def test_a_large_message_is_told_as_it_stands(
    conversation: Conversation, olga: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was counted of it before it was over is not shown once it is, while it is counted anew."""
    monkeypatch.setattr(db.delivery_accounts, "QUICK", 0)
    page = "/console/messages/1"
    assert "sse-connect" in (await olga.open(page)).text
    async with conversation.database.write() as tx:
        now = conversation.clock.now()
        await tx.execute(sa.update(deliveries).values(state="sent", sent_at=now))
        await tx.execute(sa.update(broadcasts).values(finished_at=now))
    conversation.clock.move(now + timedelta(minutes=5))
    told = (await olga.open(page)).text
    assert "sse-connect" not in told


async def test_what_was_counted_before_says_of_which_hour_it_is(
    conversation: Conversation, olga: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a pause in which nobody looked, the first look shows what was counted minutes ago."""
    pages = ("/console/", "/console/messages", "/console/messages/1")
    conversation.clock.move(paris("2016-11-16T14:02"))
    for page in pages[1:]:
        assert "As of" not in (await olga.open(page)).text  # few are counted each time
    monkeypatch.setattr(db.delivery_accounts, "QUICK", 0)
    monkeypatch.setattr(
        accounts, "LEAVING_KEPT_FOR", timedelta(minutes=10)
    )  # no look counts it for the next one
    for page in pages:
        await olga.open(page)
    conversation.clock.move(paris("2016-11-16T14:07"))
    for page in pages:
        assert "As of 14:02." in (await olga.open(page)).text.partition('id="leaves"')[0]
    for name in ("LOOK_SECONDS", "LIVE_SECONDS"):  # it looks once
        monkeypatch.setattr(messages, name, 0.01)
    assert "As of" in (await olga.open("/console/messages/1/live")).text
