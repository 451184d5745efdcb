"""Into a supporter's own pages and out of them: by a link of the chat, or as a Mini App."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from init_data_py import sign

from bot.rules.console import Entrance
from tests.campaigning import staff, supporter
from tests.conversation import Conversation
from tests.web.browsing import ADDRESS, TOKEN, browser, signed_in
from tests.web.conftest import served_at

ZOE, SOPHIE = 31, 11


async def test_a_link_from_help_opens_the_app_and_no_console(conversation: Conversation) -> None:
    await supporter(conversation, ZOE, "69123", language="en")
    zoe = conversation.person(ZOE)
    await zoe.send("/help")
    shown = await zoe.tap("Open the app")
    (link,) = shown.urls.values()
    visitor = browser(conversation)
    assert (await visitor.open(link)).status_code == 200
    answer = await visitor.client.post(link, headers={"origin": ADDRESS})
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("portevoix_app=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/app" in cookie
    assert (await visitor.open("/app/")).status_code == 200
    value = cookie.partition("=")[2].partition(";")[0]
    visitor.client.cookies.set("portevoix_console", value)
    assert (await visitor.open("/console/")).status_code == 401
    assert (await visitor.send(link)).status_code == 410
    assert "/app" in visitor.text
    conversation.clock.move(conversation.clock.now() + timedelta(hours=12))
    assert (await visitor.open("/app/")).status_code == 401


async def test_what_telegram_tells_opens_the_app_once_on_the_page_it_is_for(
    conversation: Conversation,
) -> None:
    await supporter(conversation, ZOE, "69123")
    await (await staff(conversation, SOPHIE, "organizer", "69")).send("/help")
    now = conversation.clock.now()
    told = {
        name: sign({"user": json.dumps({"id": who})}, token, auth_date=at)
        for name, who, token, at in (
            ("zoe", ZOE, TOKEN, now),
            ("stranger", 99, TOKEN, now),
            ("forged", ZOE, "1:other", now),
            ("old", ZOE, TOKEN, now - timedelta(minutes=6)),
            ("future", ZOE, TOKEN, now + timedelta(minutes=2)),
            ("sophie", SOPHIE, TOKEN, now),
        )
    }
    visitor = browser(conversation)
    page = await visitor.open("/app/open?to=events/ab12")
    assert 'action="/app/open?to=events/ab12"' in page.text
    assert "frame-ancestors https://web.telegram.org" in page.headers["content-security-policy"]
    answer = await visitor.client.post(
        "/app/open?to=me", data={"launch": told["zoe"]}, headers={"origin": ADDRESS}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/me")
    for name in ("zoe", "stranger", "forged", "old", "future"):
        other = browser(conversation)
        assert (await other.send("/app/open", launch=told[name])).status_code == 410, name
        assert (await other.open("/app/")).status_code == 401, name
    # What opened the console once opens nothing here.
    other = browser(conversation)
    assert (await other.send("/console/app", launch=told["sophie"])).status_code == 200
    assert (await other.send("/app/open", launch=told["sophie"])).status_code == 410


@pytest.mark.parametrize("to", ["//evil.example", "../console/", "a//b", "https:x", "a?b", "é"])
async def test_no_launch_leads_elsewhere(conversation: Conversation, to: str) -> None:
    page = await browser(conversation).client.get("/app/open", params={"to": to})
    assert 'action="/app/open"' in page.text


async def test_over_https_telegram_opens_it_itself_and_without_an_address_nobody_does(
    conversation: Conversation,
) -> None:
    await supporter(conversation, ZOE, "69123", language="en")
    zoe = conversation.person(ZOE)
    served_at(conversation, "https://bot.example.org")
    await zoe.send("/menu")
    keys = zoe.calls[-1].payload["reply_markup"]["inline_keyboard"]
    opened = [key["web_app"]["url"] for row in keys for key in row if "web_app" in key]
    assert opened == ["https://bot.example.org/app/open"]
    visitor = await signed_in(zoe, "https://bot.example.org", door=Entrance.APP)
    assert (await visitor.arrive()).status_code == 200
    served_at(conversation, None)
    assert "Open the app" not in str(await zoe.send("/help"))
    assert "turned it on" in (await zoe.send("/app")).text


async def test_the_session_goes_with_whoever_it_is_of(conversation: Conversation) -> None:
    await supporter(conversation, ZOE, "69123", language="en")
    zoe = conversation.person(ZOE)
    visitor = await signed_in(zoe, door=Entrance.APP)
    assert (await visitor.arrive()).status_code == 200
    await zoe.send("/delete")
    await zoe.tap("Yes, erase everything")
    assert (await visitor.open("/app/")).status_code == 401
