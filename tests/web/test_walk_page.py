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


async def test_whoever_leaves_while_their_phone_has_no_network_leaves_nothing_on_it_that_is_taken(
    conversation: Conversation,
) -> None:
    """Of what they noted before, the outcome stays and not who noted it; what waits is taken of nobody."""
    _olga, zoe = await on_a_walk(conversation, ZOE)
    visitor = await signed_in(conversation, zoe)
    state = state_of(visitor)
    first, second, *_ = [door["id"] for door in state["sides"][0]["doors"]]
    notes = [
        {"key": 5 + place, "at": state["now"], "kind": "door", "door": door, "outcome": "opened"}
        for place, door in enumerate((first, second))
    ]
    assert (await sent(visitor, {"outing": 1, "notes": notes[:1]})).json()["said"] == [[5, None]]
    await zoe.send("/delete")
    await zoe.tap_data("1:delete:yes")
    for _ in range(2):
        assert (await sent(visitor, {"outing": 1, "notes": notes})).status_code == 401
    assert (await visitor.client.get("/app/walk/1")).status_code == 401
    async with conversation.database.read() as tx:
        found = [tuple(row) for row in await tx.execute(sa.select(visits.c.address, visits.c.person))]
    assert found == [(first, None)]


async def test_what_a_forged_page_sends_is_refused_or_counts_once(conversation: Conversation) -> None:
    _olga, zoe, karim = await on_a_walk(conversation, ZOE, KARIM)
    visitor, other = await signed_in(conversation, zoe), await signed_in(conversation, karim)
    state = state_of(visitor)
    door = state["sides"][0]["doors"][0]["id"]
    note = {"key": 5, "at": state["now"], "kind": "door", "door": door, "outcome": "opened"}
    for nonsense in (
        {"outing": 1, "notes": [note] * 101},
        {"outing": 2**31, "notes": [note]},
        {"outing": 1, "notes": [{**note, "door": 2**60}]},
        {"outing": 1, "notes": [{**note, "at": -1}]},
        [note],
    ):
        assert (await sent(visitor, nonsense)).status_code == 403
    huge = {"outing": 1, "notes": [{**note, "other": 0, "more": "x" * 2_000_000}]}
    assert (await sent(visitor, huge)).status_code in (403, 413)
    assert await standing(conversation.database) == []
    # In the future: now. The same number with another outcome, whoever sends it: the first counts.
    ahead = {**note, "at": state["now"] + 10**12}
    assert (await sent(visitor, {"outing": 1, "notes": [ahead, {**note, "outcome": "refused"}]})).is_success
    assert (await sent(other, {"outing": 1, "notes": [{**note, "outcome": "again"}]})).is_success
    assert (await sent(visitor, {"outing": 2**31 - 1, "notes": [{**note, "key": 6}]})).status_code in (
        200,
        409,
    )
    assert await standing(conversation.database) == [(door, "opened")]
    async with conversation.database.read() as tx:
        (at,) = await tx.scalars(sa.select(visits.c.at))
    assert at <= conversation.clock.now()
