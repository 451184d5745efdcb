"""People write to each other: how a link or an invitation of the bot reaches a friend."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from simulator.client import Simulator, SimulatorError

Call = Callable[..., Awaitable[dict[str, Any]]]

LINK = "https://t.me/test_bot?start=r_ana"
ALONE = "Ana does not write to themselves: choose somebody else."
LONG = "A message to a friend holds 1 to 4096 characters."


async def test_a_link_reaches_a_friend_and_the_bot_learns_nothing_of_it(
    simulator: Simulator, call: Call
) -> None:
    ana, ben = await simulator.person("Ana"), await simulator.person("Ben")
    await ana.write(ben, f"{LINK}\nCome along!")

    (mine,) = await ana.friends()
    (theirs,) = await ben.friends()
    (sent,), (received,) = mine["messages"], theirs["messages"]
    assert (mine["friend"]["first_name"], sent["from"], sent["seen"], mine["unread"]) == (
        "Ben",
        "person",
        False,
        0,
    )
    assert (theirs["friend"]["first_name"], received["from"], theirs["unread"]) == ("Ana", "friend", 1)
    assert {"type": "url", "offset": 0, "length": len(LINK)} in received["entities"]
    assert (await call("getUpdates"))["result"] == []

    (listed,) = await simulator.people(search="Ben")
    assert listed["unread_elsewhere"] == 1
    await ben.read(ana)
    ((sent,),) = [chat["messages"] for chat in await ana.friends()]
    assert sent["seen"] is True
    assert (await ben.friends())[0]["unread"] == 0


async def test_what_a_friend_cannot_be_written(simulator: Simulator) -> None:
    ana, ben = await simulator.person("Ana", id=1), await simulator.person("Ben", id=2)
    eve = await simulator.person("Eve", id=3)
    await eve.deactivate()
    for friend, text, sentence in (
        (ana, "Hello", ALONE),
        (ben, " ", LONG),
        (ben, "x" * 4097, LONG),
        (eve, "Hello", "The account of Eve is deleted: nothing can be done with it."),
    ):
        with pytest.raises(SimulatorError) as refused:
            await ana.write(friend, text)
        assert str(refused.value) == sentence
    assert await ben.friends() == []


async def test_an_answer_to_an_inline_query_is_sent_to_a_friend_who_taps_it(
    simulator: Simulator, call: Call
) -> None:
    ana, ben = await simulator.person("Ana"), await simulator.person("Ben")
    asked = simulator.call(
        "POST", f"/people/{ana.id}/inline", json={"query": "event", "friend": ben.id, "wait": 5}
    )
    answered = await _both(asked, _answer_inline(call))
    chosen = {"inline_query_id": answered["inline_query_id"], "result_id": "1", "friend": ben.id}
    sent = await simulator.call("POST", f"/people/{ana.id}/choose", json=chosen)
    (update,) = (await call("getUpdates", offset=-1))["result"]
    inline_id = update["chosen_inline_result"]["inline_message_id"]

    message_id = sent["message_id"]
    tapped = simulator.call(
        "POST",
        f"/people/{ben.id}/tap",
        json={"friend": ana.id, "message_id": message_id, "data": "y", "wait": 5},
    )
    outcome = await _both(tapped, _answer_tap(call, inline_id, ben.id))
    assert outcome["toast"] == "Noted"
    (chat,) = await ben.friends()
    assert (chat["messages"][0]["via_bot"], chat["messages"][0]["text"]) == ("test_bot", "Ben comes")


async def _both(one: Awaitable[dict[str, Any]], other: Awaitable[None]) -> dict[str, Any]:
    first, _ = await asyncio.gather(one, other)
    return first


async def _answer_inline(call: Call) -> None:
    (update,) = (await call("getUpdates", timeout=5))["result"]
    query = update["inline_query"]
    assert (query["query"], query["chat_type"]) == ("event", "private")
    result = {
        "type": "article",
        "id": "1",
        "title": "Come",
        "input_message_content": {"message_text": "Will you come?"},
        "reply_markup": {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]},
    }
    await call("answerInlineQuery", inline_query_id=query["id"], results=[result])


async def _answer_tap(call: Call, inline_id: str, person_id: int) -> None:
    (chosen,) = (await call("getUpdates", offset=-1))["result"]
    (tapped,) = (
        await call("getUpdates", offset=chosen["update_id"] + ("chosen_inline_result" in chosen), timeout=5)
    )["result"]
    query = tapped["callback_query"]
    assert (query["inline_message_id"], query["from"]["id"]) == (inline_id, person_id)
    assert "message" not in query
    edited = await call("editMessageText", inline_message_id=inline_id, text="Ben comes")
    assert edited["result"] is True
    await call("answerCallbackQuery", callback_query_id=query["id"], text="Noted")


async def test_unread_and_read_in_the_chat_with_the_bot(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana", started=True)
    for text in ("One", "Two"):
        await call("sendMessage", chat_id=ana.id, text=text)

    async def standing() -> tuple[int, bool]:
        (listed,) = await simulator.people()
        return listed["unread"], listed["last_mine"]

    assert await standing() == (2, False)
    await ana.read()
    assert await standing() == (0, False)
    await call("sendMessage", chat_id=ana.id, text="Three")
    await ana.send("An answer")  # whoever answers has read
    assert await standing() == (0, True)


async def test_a_message_is_read_once_the_bot_has_taken_it(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana")
    await ana.send("Hello")

    async def is_read() -> bool:
        chat = await simulator.call("GET", f"/people/{ana.id}/messages")
        return bool(chat["messages"][0]["update"] <= chat["seen"])

    assert not await is_read()
    (update,) = (await call("getUpdates"))["result"]
    assert not await is_read()  # fetched, and not yet confirmed
    await call("getUpdates", offset=update["update_id"] + 1)
    assert await is_read()
