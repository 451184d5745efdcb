"""The chat page in a real browser: it shows, it acts, and nothing that is sent can become HTML."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from simulator.client import Simulator
from simulator.server import PAGE, RunningSimulator
from tests.simulator.chromium import CHROMIUM, opened

Call = Callable[..., Awaitable[dict[str, Any]]]

ATTACKS = [
    "<script>window.attacked = 1</script>",
    "<img src=x onerror='window.attacked = 1'>",
    '"><svg onload=window.attacked=1>',
]


async def test_the_page_and_its_parts_are_served(served: RunningSimulator) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(served.base_url) as response:
            page = await response.text()
            assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        parts = re.findall(r'(?:href|src)="(/page/[^"]+)"', page)
        assert len(parts) >= 3
        for part in parts:
            async with session.get(served.base_url + part) as response:
                assert response.status == 200


def test_the_page_never_turns_a_string_into_html() -> None:
    for script in PAGE.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", script.read_text()
        )
    for part in PAGE.iterdir():  # and needs nothing from elsewhere
        assert not re.search(r'(?:src|href)="https?://|url\(["\']?https?://|@import', part.read_text())


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")
async def test_a_chat_in_the_browser(simulator: Simulator, served: RunningSimulator, call: Call) -> None:
    ana = await simulator.person(ATTACKS[1], username="ana", started=True)
    keyboard = {"inline_keyboard": [[{"text": f"Yes {ATTACKS[1]}", "callback_data": "y"}]]}
    for attack in ATTACKS:
        await call("sendMessage", chat_id=ana.id, text=attack)
    link = {"type": "text_link", "offset": 0, "length": 4, "url": "javascript:window.attacked=1"}
    await call("sendMessage", chat_id=ana.id, text="link", entities=[link])
    await call(
        "sendMessage",
        chat_id=ana.id,
        text="<b>Bold <i>both</i></b>",
        parse_mode="HTML",
        reply_markup=keyboard,
    )

    async with opened(f"{served.base_url}/?open={ana.id}") as page:
        await page.until("document.querySelectorAll('.message').length === 5")
        shown = await page.evaluate("[...document.querySelectorAll('.text')].map((node) => node.textContent)")
        assert shown == [*ATTACKS, "link", "Bold both"]
        assert await page.evaluate("document.querySelector('.text strong em').textContent") == "both"
        assert (
            await page.evaluate("document.querySelectorAll('.message script, .message img, .text a').length")
            == 0
        )

        await page.evaluate("document.querySelector('.message .key').click()")
        await page.until("document.querySelector('.key.pending')")
        (update,) = (await call("getUpdates", timeout=5))["result"]
        query = update["callback_query"]
        assert query["data"] == "y"
        await call("answerCallbackQuery", callback_query_id=query["id"], text=ATTACKS[0])
        await page.until(
            "!document.querySelector('.key.pending') && !document.querySelector('.toast').hidden"
        )

        number = query["message"]["message_id"]
        await call("editMessageText", chat_id=ana.id, message_id=number, text="Edited in place")
        await page.until(f"document.querySelector('[data-id=\"{number}\"] .edited')")
        await page.evaluate(
            "(() => { const field = document.querySelector('textarea'); field.value = 'From the page'; "
            "field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })); })()"
        )
        await page.until(
            "[...document.querySelectorAll('.mine .text')].at(-1)?.textContent === 'From the page'"
        )

        await page.evaluate("document.querySelector('[data-seconds=\"86400\"]').click()")
        await page.until("document.querySelector('[data-speed=\"1\"][aria-pressed=true]')")
        assert await page.evaluate("window.attacked === undefined")
        assert page.complaints == []
    assert (await simulator.clock())["version"] == 2


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")
async def test_those_with_a_note_are_open_at_the_end_of_their_chats(
    simulator: Simulator, served: RunningSimulator, call: Call
) -> None:
    await simulator.person("Zoé", started=True)
    noted = [await simulator.person(name, note="tester", started=True) for name in ("Ana", "Bruno")]
    for person in noted:
        for _ in range(5):
            await call("sendMessage", chat_id=person.id, text="A long message that takes several lines. " * 6)

    async with opened(served.base_url) as page:
        await page.until("document.querySelectorAll('.column .message').length === 10")
        shown = await page.evaluate(
            "[...document.querySelectorAll('.column h2')].map((name) => name.textContent)"
        )
        assert shown == ["Ana", "Bruno"]
        # The first column is alone at first, and becomes narrower and longer as the second opens.
        await page.until(
            "[...document.querySelectorAll('.scroller')].every((each) => each.scrollTop > 0"
            " && each.scrollHeight - each.scrollTop - each.clientHeight < 2)"
        )
