"""Values of a type that no library sends: each call is refused in Telegram's own way, and the next one is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from simulator.client import Simulator
from simulator.server import DEFAULT_TOKEN, RunningSimulator

Call = Callable[..., Awaitable[dict[str, Any]]]
MINI_APP = {"type": "web_app", "text": "x", "web_app": {"url": "http://a.b"}}

WRONG: list[tuple[str, dict[str, Any]]] = [
    ("sendMessage", {"text": "x", "entities": [{"type": ["bold"], "offset": 0, "length": 1}]}),
    ("setMessageReaction", {"message_id": 1, "reaction": [{"type": ["emoji"]}]}),
    ("setMyCommands", {"commands": [], "scope": {"type": ["x"]}}),
    ("setChatMenuButton", {"menu_button": {"type": ["a"]}}),
    ("setChatMenuButton", {"menu_button": MINI_APP}),
]


@pytest.mark.parametrize(("method", "values"), WRONG)
async def test_a_value_of_another_type_is_refused(
    simulator: Simulator, call: Call, method: str, values: dict[str, Any]
) -> None:
    person = await simulator.person("Ana", started=True)
    answer = await call(method, chat_id=person.id, **values)
    assert (answer["ok"], answer["error_code"]) == (False, 400), answer
    assert (await call("sendMessage", chat_id=person.id, text="x"))["ok"]


@pytest.mark.parametrize("reply", [{"message_id": "abc"}, {"message_id": [1]}])
async def test_a_number_that_is_none_names_no_message(
    simulator: Simulator, call: Call, reply: dict[str, Any]
) -> None:
    person = await simulator.person("Ana", started=True)
    answer = await call("sendMessage", chat_id=person.id, text="x", reply_parameters=reply)
    assert "reply_to_message" not in answer["result"]


async def test_a_form_that_breaks_off_is_refused(served: RunningSimulator) -> None:
    address = f"{served.base_url}/bot{DEFAULT_TOKEN}/getMe"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with aiohttp.ClientSession() as session:
        async with session.post(address, data=b"--y\r\nbroken", headers=headers) as answer:
            assert (answer.status, (await answer.json())["error_code"]) == (400, 400)
        headers = {"Content-Type": "multipart/form-data"}
        async with session.post(address, data=b"--x--", headers=headers) as answer:
            assert (answer.status, (await answer.json())["error_code"]) == (400, 400)
