"""The pages of events that everybody may see, in a real browser: axe-core finds nothing, and nobody else is asked."""

from __future__ import annotations

import pytest

from db.engine import Database
from tests.bots import free_port
from tests.conversation import Conversation, paris
from tests.simulator.chromium import CHROMIUM, opened
from tests.web.test_console_browser import PHONE, look_at, serving
from tests.web.test_public import SHOWING, STARTS, change, web_for

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")


async def test_an_event_is_for_everybody_whatever_they_see_it_with(sqlite_database: Database) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    conversation = Conversation(sqlite_database, paris("2016-11-02T10:00"), campaign=SHOWING)
    await conversation.add_event("ab12", starts=STARTS)
    async with (
        serving(web_for(conversation, address), port),
        opened("about:blank", width=PHONE[0], height=PHONE[1]) as page,
    ):
        for state in ({"capacity": 100}, {"state": "cancelled"}):
            await change(conversation, **state)
            for language in ("fr", "en"):
                await look_at(page, address, f"/event/ab12?lang={language}", language)
        assert page.complaints == []
