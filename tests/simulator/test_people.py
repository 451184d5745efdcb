"""Acting as a person: what works, and one clear sentence for what does not."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from simulator.client import Simulator, SimulatorError

Call = Callable[..., Awaitable[dict[str, Any]]]


async def test_many_people_at_once(simulator: Simulator) -> None:
    ids = await simulator.add_people([{"first_name": f"P{n}", "language_code": "fr"} for n in range(5_000)])
    assert len(set(ids)) == 5_000
    (found,) = await simulator.people(search=str(ids[-1]))
    assert (found["first_name"], found["language_code"]) == ("P4999", "fr")
    assert (await simulator.state())["people"] == 5_000


START_LINK = "A start link carries 1 to 64 characters of A-Z, a-z, 0-9, _ and -."
OFF_THE_MAP = "A latitude lies between -90 and 90 and a longitude between -180 and 180."

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("/people", {"first_name": " "}, "A person needs a first_name of 1 to 64 characters."),
    (
        "/people",
        {"first_name": "A", "id": 1},
        "There is already a person 1: choose another id or leave it out.",
    ),
    ("/people", {"first_name": "A", "username": "ANA"}, "The username @ANA is taken: choose another one."),
    ("/people", {"first_name": 7}, "“first_name” must be a text."),
    ("/people/9/send", {"text": "x"}, "There is no person 9: add them first."),
    ("/people/1/send", {"text": " "}, "An empty message cannot be sent: write something first."),
    ("/people/1/start", {"payload": "a b"}, START_LINK),
    ("/people/1/start", {"payload": "a" * 65}, START_LINK),
    ("/people/1/tap", {"label": "Yes"}, "Ana sees no button “Yes”."),
    ("/people/1/tap", {"message_id": 2, "data": "n"}, "Message 2 has no button with the data “n”."),
    (
        "/people/1/tap",
        {"label": "Where"},
        "The key “Where?” asks for a location: send latitude and longitude.",
    ),
    ("/people/1/forge", {"message_id": 99, "data": "n"}, "There is no message 99 in the chat of Ana."),
    ("/people/1/location", {"latitude": 91, "longitude": 0}, OFF_THE_MAP),
    (
        "/people/1/edit",
        {"message_id": 2, "text": "x"},
        "Message 2 is not a text of Ana's own: only those can be edited.",
    ),
    ("/people/1/unblock", {}, "Ana has not blocked the bot."),
    ("/people/2/send", {"text": "x"}, "Ben has blocked the bot: unblock it first."),
    ("/people/2/block", {}, "Ben has already blocked the bot."),
    ("/people/3/send", {"text": "x"}, "The account of Eve is deleted: nothing can be done with it."),
    ("/nowhere", {}, "POST /sim/nowhere: Not Found."),
]


async def test_refusals(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana", id=1, username="ana")
    await (await simulator.person("Ben", id=2)).block()
    await (await simulator.person("Eve", id=3)).deactivate()
    await ana.send("hi")
    keys = {"keyboard": [[{"text": "Where?", "request_location": True}]]}
    await call("sendMessage", chat_id=1, text="?", reply_markup=keys)
    for path, content, sentence in REFUSED:
        with pytest.raises(SimulatorError) as refused:
            await simulator.call("POST", path, json=content)
        assert str(refused.value) == sentence


async def test_a_long_text_leaves_in_pieces(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana")
    await ana.send("x" * 5_000)
    lengths = [len(update["message"]["text"]) for update in (await call("getUpdates"))["result"]]
    assert lengths == [4_096, 904]


async def test_start_unblocks(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana")
    await ana.block()
    await ana.start("r_ben")
    *_, unblocked, started = (await call("getUpdates"))["result"]
    assert unblocked["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert started["message"]["text"] == "/start r_ben"


async def test_a_tap_nobody_answers(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana", started=True)
    keyboard = {"inline_keyboard": [[{"text": "Yes, please", "callback_data": "y"}]]}
    await call("sendMessage", chat_id=ana.id, text="?", reply_markup=keyboard)
    tap = await ana.tap("yes", timeout=0.05)
    assert (tap.answered, tap.toast) == (False, None)
    with pytest.raises(AssertionError, match="a button “No”"):
        await ana.tap("No", timeout=0.05)


async def test_reset_forgets_people_but_keeps_numbering(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana", started=True)
    first = (await call("sendMessage", chat_id=ana.id, text="x"))["result"]["message_id"]
    await simulator.reset()
    assert (await simulator.state())["people"] == 0
    assert (await call("getUpdates"))["result"] == []
    ben = await simulator.person("Ben", started=True)
    assert (await call("sendMessage", chat_id=ben.id, text="x"))["result"]["message_id"] > first
