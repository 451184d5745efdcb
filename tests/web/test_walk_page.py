"""A walk on a phone: in a stairwell without network, with somebody else at the same doors, and once it is lost."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from bot.rules.canvass.visits import Outcome
from db.engine import Database
from db.schema import visits
from tests.bots import free_port
from tests.campaigning import staff, supporter
from tests.conversation import Conversation, Talker, paris
from tests.ground import STATION, WALK, plant
from tests.simulator.chromium import CHROMIUM, Page, opened
from tests.web.browsing import ADDRESS, Browser, browser
from tests.web.conftest import served_at
from tests.web.test_console_browser import AXE, FOUND, serving

ZOE, KARIM, OLGA = 7, 8, 20
DOORS, AGAIN = 44, 4
PHONE = (390, 844)


async def on_a_walk(conversation: Conversation, *numbers: int) -> list[Talker]:
    """The coordinator, who offered the walk, and those who took it."""
    await plant(conversation.database, now=conversation.clock.now(), doors=DOORS - 4)
    olga = await staff(conversation, OLGA, "coordinator", "69")
    await olga.send("/canvass")
    await olga.tap_data(f"1:ground:station:{STATION}")
    await olga.tap("Offer all free walks")
    walkers = []
    for number in numbers:
        await supporter(conversation, number, "69123", language="en" if number == ZOE else "fr")
        walkers.append(conversation.person(number))
        await walkers[-1].tap_data("1:walk:take:1")
    return [olga, *walkers]


async def link_of(walker: Talker) -> str:
    """The link to the page, from the chat."""
    shown = await walker.tap_data("1:walk:phone:1")
    (link,) = shown.urls.values()
    return link


async def standing(database: Database) -> list[tuple[int, str]]:
    query = sa.select(visits.c.address, visits.c.outcome).where(visits.c.replaced.is_(None))
    async with database.read() as tx:
        return sorted((row.address, row.outcome) for row in await tx.execute(query))


async def sent(visitor: Browser, told: object, *, origin: str = ADDRESS, path: str = "notes") -> Any:
    return await visitor.client.post(f"/app/walk/1/{path}", json=told, headers={"origin": origin})


async def signed_in(conversation: Conversation, walker: Talker) -> Browser:
    visitor, link = browser(conversation), await link_of(walker)
    await visitor.open(link)
    await visitor.send(link)
    return visitor


def state_of(visitor: Browser) -> Mapping[str, Any]:
    text = visitor.page.text.partition('id="state">')[2].partition("</script>")[0]
    found: Mapping[str, Any] = json.loads(text)
    return found


async def test_the_page_is_the_walkers_alone_and_a_lost_phone_is_signed_out(
    conversation: Conversation,
) -> None:
    olga, zoe, karim = await on_a_walk(conversation, ZOE, KARIM)
    visitor = await signed_in(conversation, zoe)
    assert visitor.page.url.path == "/app/walk/1"
    state = state_of(visitor)
    first = state["sides"][0]["doors"][0]
    now = state["now"]
    note = {"key": 5, "at": now, "kind": "door", "door": first["id"], "outcome": "opened"}
    told = {"outing": 1, "notes": [note]}
    for _ in range(2):
        answer = (await sent(visitor, told)).json()
        assert answer["said"] == [[5, None]]
    other = await signed_in(conversation, karim)
    seen = state_of(other)["sides"][0]["doors"][0]["noted"]
    assert [(each["outcome"], each["mine"]) for each in seen] == [("opened", False)]
    # From elsewhere, as something else, of no walker, of another walk: nothing is kept.
    assert (await sent(visitor, told, origin="https://evil.example")).status_code == 403
    assert (
        await visitor.client.post("/app/walk/1/notes", data={"a": "1"}, headers={"origin": ADDRESS})
    ).status_code == 403
    for nonsense in ({}, {"outing": 1, "notes": [{**note, "kind": "shout"}]}):
        assert (await sent(visitor, nonsense)).status_code == 403
    assert (await visitor.client.get("/app/walk/2")).status_code == 409
    stranger = browser(conversation)
    for path in ("/app/walk/1", "/app/walk/worker.js"):
        assert (await stranger.open(path)).status_code == (401 if path.endswith("1") else 200)
    # Nor is the one writer waited for: it would not answer while another has it.
    async with asyncio.timeout(10), conversation.database.write():
        assert (await sent(stranger, told)).status_code == 401
    # Who needs help says so from the page too.
    assert (await sent(visitor, {}, path="help")).status_code == 200
    # The coordinator signs the phones out, and so does whoever lost one.
    await olga.tap_data("1:ground:sign_out:1")
    assert "2 phones and browsers" in olga.last.text
    assert (await sent(visitor, told)).status_code == 401
    assert (await other.open("/app/walk/1")).status_code == 401
    visitor = await signed_in(conversation, zoe)
    await zoe.tap_data("1:walk:phone_lost:1")
    assert (await sent(visitor, told)).status_code == 401
    assert await standing(conversation.database) == [(first["id"], "opened")]


async def tap_at(page: Page, label: str) -> None:
    await page.evaluate(f"document.querySelector('[aria-label=\"{label}\"], #{label}').click()")


async def network(page: Page, *, on: bool) -> None:
    """The aeroplane mode of this phone."""
    await page.command("Network.enable")
    given = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    await page.command("Network.emulateNetworkConditions", offline=not on, **given)


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")
async def test_forty_outcomes_without_network_arrive_once_there_is_some(sqlite_database: Database) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    conversation = served_at(Conversation(sqlite_database, paris("2016-11-16T15:00")), address)
    _olga, zoe, karim = await on_a_walk(conversation, ZOE, KARIM)
    link = await link_of(zoe)
    outcomes = [each.value for each in Outcome]
    async with serving(conversation, port), opened(link, width=PHONE[0], height=PHONE[1]) as page:
        await page.until("document.querySelector('form button')", 60)
        await page.evaluate("document.querySelector('form').submit()")
        await page.until("document.body?.dataset.aside === 'yes'", 60)
        await page.evaluate(f"{AXE.read_text()};0")
        assert json.loads(await page.evaluate(FOUND)) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await network(page, on=False)
        began = time.monotonic()
        await page.command("Page.reload")
        await page.until(
            "document.querySelectorAll('.door').length > 0 && document.body?.dataset.waiting === '0'", 60
        )
        assert time.monotonic() - began < 30  # a busy machine fails no test
        expected: dict[int, str] = {}
        for number in range(DOORS - AGAIN):
            if number % 7 == 3:
                await tap_at(page, "undo")  # taken back, and noted again
                await page.evaluate(
                    f"document.querySelector('[data-outcome={outcomes[(number - 1) % 6]}]').click()"
                )
            if not await page.evaluate("next(walk().sides[side].doors, current)"):
                await page.evaluate(
                    "at('sides').value = side + 1; at('sides').dispatchEvent(new Event('change'))"
                )
            door = await page.evaluate("current")
            await page.evaluate(f"document.querySelector('[data-outcome={outcomes[number % 6]}]').click()")
            expected[door] = outcomes[number % 6]
        assert len(expected) == DOORS - AGAIN
        assert await page.evaluate("Number(document.body?.dataset.waiting)") >= DOORS - AGAIN
        assert await standing(sqlite_database) == []
        # Meanwhile the other one notes a door in the chat, and both see it.
        left = await page.evaluate("every(walk()).find((door) => !isDone(door)).id")
        await karim.tap_data(f"1:knock:1:{left}:refused:d")
        await network(page, on=True)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await page.until("document.body?.dataset.waiting === '0' && !isSending", 60)
        assert await standing(sqlite_database) == sorted([*expected.items(), (left, "refused")])
        await page.until(f"found(walk(), {left}).noted.length === 1", 60)
        # Nor does one that had no network for a day.
        await page.evaluate("kept.change(({ skew }) => ({ skew: skew + 2 * DAY }))")
        await network(page, on=False)
        await page.command("Page.reload")
        await page.until("!document.querySelector('.door') && !document.getElementById('state')", 60)
        await network(page, on=True)
        await page.command("Page.navigate", url=f"{address}/app/walk/1")
        await page.until("document.querySelectorAll('.door').length > 0 && document.body.dataset.aside", 60)
        # A phone that is signed out keeps no door.
        await zoe.tap_data("1:walk:phone_lost:1")
        await page.evaluate("send()")
        await page.until("document.querySelectorAll('.door').length === 0", 60)
        assert WALK not in await page.evaluate("JSON.stringify(localStorage)")
        assert await page.evaluate("JSON.stringify(localStorage)") == "{}"
