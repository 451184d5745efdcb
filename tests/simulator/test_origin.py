"""The page of another site, open in the same browser, cannot drive the local Telegram."""

from __future__ import annotations

import aiohttp
import pytest

from simulator.server import running

OWN = "http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:{port}"}, 200),
        ({"Host": "[::1]:{port}"}, 200),
        ({"Origin": OWN}, 200),
        ({"Host": "localhost:{port}", "Origin": "http://localhost:{port}"}, 200),
        # A page of another site, or one that hides which.
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "https://127.0.0.1:{port}"}, 403),
        # A name that was made to lead here.
        ({"Host": "elsewhere.example"}, 403),
        ({"Host": "elsewhere.example:{port}", "Origin": "http://elsewhere.example:{port}"}, 403),
        ({"Host": "127.0.0.1.elsewhere.example"}, 403),
        ({"Host": "[broken"}, 403),
    ],
)
@pytest.mark.parametrize("path", ["/", "/sim/people", "/bot12345:TEST/getMe"])
async def test_only_this_machine_and_its_own_pages_are_answered(
    path: str, headers: dict[str, str], status: int
) -> None:
    async with running() as simulator, aiohttp.ClientSession() as session:
        port = simulator.base_url.rpartition(":")[2]
        given = {name: value.replace("{port}", port) for name, value in headers.items()}
        async with session.get(simulator.base_url + path, headers=given) as answer:
            assert answer.status == status
            if status == 403:
                assert "not to the page of another site" in await answer.text()


@pytest.mark.parametrize(
    ("path", "site", "status"),
    [
        # Typed into the address line, or from the chat page.
        ("/sim/people", "none", 200),
        ("/sim/people", "same-origin", 200),
        # A picture, script or link on the page of another site or another program of this machine: no Origin.
        ("/sim/people", "cross-site", 403),
        ("/sim/people", "same-site", 403),
        ("/bot12345:TEST/sendMessage?chat_id=1&text=x", "cross-site", 403),
        ("/file/bot12345:TEST/photos/1.jpg", "same-site", 403),
        # A link to the chat page may stand anywhere.
        ("/", "cross-site", 200),
    ],
)
async def test_another_page_cannot_ask_without_naming_itself(path: str, site: str, status: int) -> None:
    async with (
        running() as simulator,
        aiohttp.ClientSession() as session,
        session.get(simulator.base_url + path, headers={"Sec-Fetch-Site": site}) as answer,
    ):
        assert answer.status == status


async def test_a_name_that_was_given_on_purpose_is_answered() -> None:
    async with (
        running(host="localhost") as simulator,
        aiohttp.ClientSession() as session,
        session.get(f"{simulator.base_url}/sim/people") as answer,
    ):
        assert answer.status == 200
