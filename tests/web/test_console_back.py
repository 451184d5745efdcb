"""After a change the browser's Back button shows what is so now, whatever the browser keeps of the page before."""

from __future__ import annotations

import pytest

from db.engine import Database
from tests.bots import free_port
from tests.campaigning import staff, supporter
from tests.conversation import Conversation, paris
from tests.drafting import send_broadcast
from tests.simulator.chromium import CHROMIUM, opened
from tests.web.browsing import application_of
from tests.web.conftest import served_at
from tests.web.test_console_browser import PHONE, serving

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")

CHANGE = "document.querySelector('input[name=change]')?.value"
"""What the page offers to do with the message: `pause` while it goes out, `resume` once it is paused."""


async def test_back_after_a_change_shows_what_is_so_now(sqlite_database: Database) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    conversation = served_at(Conversation(sqlite_database, paris("2016-11-16T10:00")), address)
    await supporter(conversation, 100, "69123")
    karim = await staff(conversation, 12, "admin", "FR")
    await send_broadcast(karim)
    (link,) = (await karim.send("/console")).urls.values()
    async with (
        serving(application_of(conversation, address), port),
        opened(link, width=PHONE[0], height=PHONE[1]) as page,
    ):
        await page.until("document.querySelector('form button') && document.readyState === 'complete'", 60)
        await page.evaluate("document.querySelector('form').submit()")
        await page.until("location.pathname === '/console/' && document.querySelector('nav')", 60)
        await page.command("Page.navigate", url=f"{address}/console/messages/1")
        await page.until(f"{CHANGE} === 'pause' && document.readyState === 'complete'", 60)
        # Away from it, and changed there: the page before is the one that tells of it wrongly.
        await page.command("Page.navigate", url=f"{address}/console/messages")
        await page.until(
            "location.pathname === '/console/messages' && document.readyState === 'complete'", 60
        )
        await page.evaluate(
            "(async () => { const shown = await (await fetch('/console/messages/1')).text();"
            " const form = new DOMParser().parseFromString(shown, 'text/html')"
            ".querySelector('input[name=change]').form; await fetch('/console/messages/1/control',"
            " {method: 'POST', body: new URLSearchParams(new FormData(form))}); window.changed = true })(); 0"
        )
        await page.until("window.changed === true", 60)
        await page.evaluate("history.back()")
        there = "location.pathname === '/console/messages/1' && document.readyState === 'complete'"
        await page.until(f"{there} && {CHANGE} === 'resume'", 60)
