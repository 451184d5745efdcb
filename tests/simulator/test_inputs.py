"""Whatever is sent to the interface for people is answered, or refused by a sentence; never by a bare 500."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from simulator import control, friending, gestures, grouping, mini_apps, people, scripting
from simulator.server import Account, make_app, make_world

ROUTES = [
    *people.ROUTES,
    *friending.ROUTES,
    *grouping.ROUTES,
    *mini_apps.ROUTES,
    *gestures.ROUTES,
    *scripting.ROUTES,
    *control.ROUTES,
]
# Every name that some route reads.
NAMES = (
    *(
        "first_name",
        "id",
        "last_name",
        "username",
        "language_code",
        "note",
        "keeps",
        "people",
        "text",
        "reply_to",
    ),
    *("payload", "label", "data", "message_id", "wait", "latitude", "longitude", "phone_number", "caption"),
    *(
        "query",
        "inline_query_id",
        "result_id",
        "friend",
        "group",
        "topic",
        "to",
        "title",
        "owner",
        "members",
        "bots",
    ),
    *(
        "member",
        "member_bot",
        "rights",
        "allowed",
        "on",
        "name",
        "color",
        "closed",
        "link",
        "url",
        "kind",
        "theme",
    ),
    *(
        "start",
        "emoji",
        "options",
        "scripts",
        "now",
        "by_seconds",
        "speed",
        "marks",
        "methods",
        "method",
        "count",
    ),
    *("probability", "seed", "seconds", "like", "per_second", "burst", "per_chat_per_second", "chat_burst"),
    *("per_group_per_minute", "retry_after", "forum", "basic"),
)
WRONG: tuple[Any, ...] = ([], {"a": 1}, [None], "x", -1, 1.5, 2**63, True)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    world = make_world(others=[Account(token="67890:OTHER", username="other_bot")])
    transport = httpx.ASGITransport(make_app(world), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/") as client:
        yield client


async def _answered(client: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
    response = await client.post(path, json=body)
    assert response.status_code < 500, (path, body, response.text)
    if response.status_code >= 400:
        assert response.json()["error"].endswith((".", "?", "…")), (path, body, response.text)
    return response


async def test_no_wrong_value_breaks_anything(http: httpx.AsyncClient) -> None:
    """Each route with each value in every field."""
    posts = sorted(
        route.path.replace("{person_id:int}", "1") for route in ROUTES if "POST" in (route.methods or ())
    )
    await _answered(http, "/sim/people", {"id": 1, "first_name": "Ana", "started": True})
    await _answered(http, "/sim/people", {"id": 2, "first_name": "Ben", "started": True})
    await _answered(http, "/sim/groups", {"title": "T", "owner": 1, "members": [2]})
    for path in posts:
        if path == "/sim/reset":
            continue
        await _answered(http, path, [])
        for value in WRONG:
            await _answered(http, path, dict.fromkeys(NAMES, value) | {"wait": 0})
    faults = [{"kind": []}, {"kind": {}}, {"methods": 5}, {"methods": "sendMessage"}, {"method": [1]}]
    for fault in [*faults, {"seconds": 1e308}, {"count": 1e308}, {"count": 0}]:
        response = await _answered(http, "/sim/faults", {"kind": "slow", **fault})
        assert response.status_code == 400, fault
    for limits in ({"like": []}, {"like": {}}, {"like": 1}, {"per_second": -1}, {"retry_after": 0.5}):
        assert (await _answered(http, "/sim/limits", limits)).status_code == 400, limits
    deep = b'{"text": ' + b"[" * 300 + b"]" * 300 + b"}"
    response = await http.post("/sim/people/1/send", content=deep)
    assert (response.status_code, response.json()) == (
        400,
        {"error": "The body is not valid JSON, or nested too deeply."},
    )


async def test_a_call_that_is_too_large_is_refused_before_it_is_read(http: httpx.AsyncClient) -> None:
    """HttpReader.cpp of tdlib: the parameters of a call hold a megabyte, however they come."""
    address, large = "/bot12345:TEST/sendMessage", "x" * (1024 * 1024)
    many = {
        "ok": False,
        "error_code": 413,
        "description": "Request Entity Too Large: too many parameters",
    }
    file = {"file": ("f.txt", b"x")}
    for sent in (
        await http.post(address, json={"chat_id": 1, "text": large}),
        await http.post(address, data={"chat_id": "1", "text": large}),
        await http.post(address, data={"chat_id": "1", "text": large + "x"}, files=file),
        await http.post(address, data={"a": large[: 2**19 + 1], "b": large[: 2**19]}, files=file),
    ):
        assert (sent.status_code, sent.json()) == (413, many)
    length = {"Content-Length": str(61 * 1024 * 1024), "Content-Type": "application/json"}
    refused = await http.post(address, content=b"{}", headers=length)
    assert refused.json()["description"] == "Request Entity Too Large"
    refused = await http.post("/sim/people/1/send", content=b"{}", headers=length)
    assert (refused.status_code, refused.json()["error"]) == (413, "The body is larger than 60 MB.")


async def test_json_that_is_nested_too_deeply_is_refused(http: httpx.AsyncClient) -> None:
    address = "/bot12345:TEST/sendMessage"
    for levels in (103, 300, 100_000):
        deep = "[" * levels + "]" * levels
        body = f'{{"chat_id": 1, "text": "x", "entities": {deep}}}'
        sent = await http.post(address, content=body, headers={"Content-Type": "application/json"})
        assert (sent.status_code, sent.json()["description"]) == (400, "Bad Request: can't parse JSON object")
        sent = await http.post(address, data={"chat_id": "1", "text": "x", "reply_markup": deep})
        complaint = "Bad Request: can't parse reply keyboard markup JSON object"
        assert (sent.status_code, sent.json()["description"]) == (400, complaint)


async def test_a_person_does_not_send_a_book(http: httpx.AsyncClient) -> None:
    await http.post("/sim/people", json={"id": 1, "first_name": "Ana"})
    sent = await http.post("/sim/people/1/send", json={"text": "x" * 500_000})
    assert (sent.status_code, sent.json()["error"]) == (
        400,
        "Nobody sends more than 409,600 characters at once.",
    )
