"""A walk on a phone, with somebody else at the same doors, once it is lost. Without network: `tests.test_ground`."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from db.engine import Database
from db.schema import visits
from tests.campaigning import staff, supporter
from tests.conversation import Conversation, Talker
from tests.ground import STATION, plant
from tests.web.browsing import ADDRESS, Browser, browser

ZOE, KARIM, OLGA = 7, 8, 20
DOORS = 14


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


async def weight(visitor: Browser) -> int:
    """Bytes of the page with all that it needs, as they are sent."""
    files = re.findall(r'(?:src|href)="(/(?:static|app/walk)/[^"]+)"', visitor.page.text)
    assert len(files) >= 5
    found = [await visitor.client.get(each) for each in [*files, "/app/walk/worker.js"]]
    return sum(len(gzip.compress(each.content)) for each in [visitor.page, *found])


async def test_the_page_is_the_walkers_alone_and_a_lost_phone_is_signed_out(
    conversation: Conversation,
) -> None:
    olga, zoe, karim = await on_a_walk(conversation, ZOE, KARIM)
    visitor = await signed_in(conversation, zoe)
    assert visitor.page.url.path == "/app/walk/1"
    assert await weight(visitor) < 60_000
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
