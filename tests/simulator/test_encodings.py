"""The same call as JSON, as a form with JSON inside, as a multipart form and as a query string."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest

from simulator.client import Simulator
from simulator.server import DEFAULT_TOKEN, RunningSimulator

KEYBOARD = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def _bodies(chat_id: int) -> dict[str, dict[str, Any]]:
    as_json = {"chat_id": chat_id, "text": "<b>é</b> 1", "parse_mode": "HTML", "reply_markup": KEYBOARD}
    as_form = {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in as_json.items()
    }
    multipart = aiohttp.FormData(as_form, default_to_multipart=True)
    return {
        "json": {"json": as_json},
        "form": {"data": as_form},
        "multipart": {"data": multipart},
        "query": {"params": as_form},
    }


@pytest.mark.parametrize("encoding", ["json", "form", "multipart", "query"])
@pytest.mark.parametrize("method", ["sendMessage", "SENDmessage"])  # Telegram does not look at the case
async def test_every_encoding_gives_the_same_message(
    simulator: Simulator, served: RunningSimulator, session: aiohttp.ClientSession, encoding: str, method: str
) -> None:
    person = await simulator.person("Ana", language="pt", username="ana", last_name="Sousa", started=True)
    url = f"{served.api_base}{DEFAULT_TOKEN}/{method}"
    async with session.post(url, **_bodies(person.id)[encoding]) as response:
        result = (await response.json())["result"]
    assert result.pop("date") == pytest.approx((await simulator.now()).timestamp(), abs=5)
    assert result == {
        "message_id": 1,
        "from": {"id": 12345, "is_bot": True, "first_name": "Test bot", "username": "test_bot"},
        "chat": {
            "id": person.id,
            "type": "private",
            "first_name": "Ana",
            "last_name": "Sousa",
            "username": "ana",
        },
        "text": "é 1",
        "entities": [{"type": "bold", "offset": 0, "length": 1}],
        "reply_markup": KEYBOARD,
    }


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff"])
async def test_broken_json_is_refused(
    served: RunningSimulator, session: aiohttp.ClientSession, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    url = f"{served.api_base}{DEFAULT_TOKEN}/sendMessage"
    async with session.post(url, data=body, headers=headers) as response:
        assert (await response.json())["description"] == "Bad Request: can't parse JSON object"


async def test_a_broken_multipart_form_is_refused(
    served: RunningSimulator, session: aiohttp.ClientSession
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    url = f"{served.api_base}{DEFAULT_TOKEN}/sendMessage"
    async with session.post(url, data=b"--x\r\nnonsense", headers=headers) as response:
        assert (response.status, (await response.json())["ok"]) == (400, False)
