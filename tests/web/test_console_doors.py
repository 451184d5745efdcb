"""Into the console and out of it: who may, by what, for how long; and what no door opens to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from init_data_py import sign

from tests.campaigning import staff
from tests.conversation import Conversation
from tests.web.browsing import ADDRESS, TOKEN, browser, signed_in

SOPHIE, KARIM = 11, 12


async def test_a_link_from_the_chat_opens_a_session_once(conversation: Conversation) -> None:
    sophie = await staff(conversation, SOPHIE, "organizer", "69")
    shown = await sophie.send("/console")
    (link,) = shown.urls.values()
    assert link.startswith(f"{ADDRESS}/console/enter/")
    first, second = browser(conversation), browser(conversation)
    for _ in range(2):  # a preview looks too
        assert (await second.open(link)).status_code == 200
    assert "set-cookie" not in second.page.headers
    answer = await first.client.post(link, headers={"origin": ADDRESS})
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/console" in cookie
    assert "secure" not in cookie  # on this machine only
    assert (await first.open("/console/")).status_code == 200
    assert (await second.send(link)).status_code == 410
    assert "opens nothing any more" in second.text
    assert (await second.open("/console/")).status_code == 401


async def test_beyond_this_machine_the_cookie_needs_https(conversation: Conversation) -> None:
    address = "https://bot.example.org"
    conversation.serve(replace(conversation.services, links_to=address))
    sophie = await staff(conversation, SOPHIE, "organizer", "69")
    shown = await sophie.send("/console")
    (link,) = shown.urls.values()
    answer = await browser(conversation, address).client.post(link, headers={"origin": address})
    assert "secure" in answer.headers["set-cookie"].lower()
    keys = sophie.calls[-1].payload["reply_markup"]["inline_keyboard"]
    assert [key["web_app"]["url"] for row in keys for key in row if "web_app" in key] == [
        f"{address}/console/app"
    ]


async def test_a_link_from_another_site_is_opened_again_from_here(conversation: Conversation) -> None:
    """A browser sends no cookie along from elsewhere; from a page of ours it does."""
    visitor = await signed_in(await staff(conversation, SOPHIE, "organizer", "69"))
    cookies = dict(visitor.client.cookies)
    visitor.client.cookies.clear()
    assert (await visitor.open("/console/messages?part=mine")).status_code == 401
    assert 'href="/console/messages?part=mine"' in visitor.page.text
    for name, value in cookies.items():
        visitor.client.cookies.set(name, value)
    assert (await visitor.open("/console/messages?part=mine")).status_code == 200
    assert "Sign out" in visitor.text


async def test_only_the_last_link_opens_and_not_for_long(conversation: Conversation) -> None:
    sophie = await staff(conversation, SOPHIE, "organizer", "69")
    links = [next(iter((await sophie.send("/console")).urls.values())) for _ in range(2)]
    visitor = browser(conversation)
    assert (await visitor.open(links[0])).status_code == 410
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=10))
    assert (await visitor.open(links[1])).status_code == 410
    assert (await visitor.open("/console/enter/nonsense")).status_code == 410


async def test_a_session_ends_with_the_day_with_the_role_and_when_somebody_ends_it(
    conversation: Conversation,
) -> None:
    karim = await staff(conversation, KARIM, "admin", "FR")
    sophie = await staff(conversation, SOPHIE, "organizer", "69")
    # An admin sees it in /staff, and ends it: the next click leads out.
    visitor = await signed_in(sophie)
    shown = await karim.send("/staff")
    assert "Signed in to the console" in shown.text
    await karim.tap("End session 1")
    assert (await visitor.open("/console/")).status_code == 401
    assert "not signed in, or not any more" in visitor.text
    # One's own, from the chat.
    visitor = await signed_in(sophie)
    await sophie.send("/console")
    await sophie.tap("Sign out everywhere")
    assert (await visitor.open("/console/")).status_code == 401
    # By the button of the page.
    visitor = await signed_in(sophie)
    assert (await visitor.send("/console/out")).status_code == 200
    assert (await visitor.open("/console/")).status_code == 401
    # With the role, and no later role brings it back.
    visitor = await signed_in(sophie)
    await karim.send("/staff")
    await karim.tap("Withdraw no. 2")
    await karim.tap("Withdraw")
    assert (await visitor.open("/console/")).status_code == 401
    await staff(conversation, SOPHIE, "organizer", "69")
    assert (await visitor.open("/console/")).status_code == 401
    # After twelve hours.
    visitor = await signed_in(sophie)
    conversation.clock.move(conversation.clock.now() + timedelta(hours=12))
    assert (await visitor.open("/console/")).status_code == 401


@pytest.mark.parametrize("path", ["/console/", "/console/out", "/console/app", "/console/enter/x"])
async def test_strangers_see_nothing_and_get_no_cookie(conversation: Conversation, path: str) -> None:
    stranger = conversation.person(99)
    assert "console" not in (await stranger.send("/console")).urls
    visitor = browser(conversation)
    for answer in (await visitor.open(path), await visitor.send(path)):
        assert answer.status_code in {200, 401, 403, 404, 405, 410}
        assert "set-cookie" not in answer.headers
    elsewhere = await visitor.client.get(path, headers={"host": "elsewhere.example"})
    assert elsewhere.status_code in {404, 405}


async def test_a_form_is_taken_from_a_page_of_the_session_alone(conversation: Conversation) -> None:
    visitor = await signed_in(await staff(conversation, SOPHIE, "organizer", "69"))
    other = await signed_in(await staff(conversation, KARIM, "organizer", "69"))
    token = (await visitor.arrive()).text.partition('name="form" value="')[2].partition('"')[0]
    assert token
    send = visitor.client.post
    mine = {"origin": ADDRESS}
    for headers in (
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
    ):
        answer = await send("/console/out", data={"form": token}, headers=headers)
        assert answer.status_code == 403, headers
    for form in ({}, {"form": ""}, {"form": "é" * 64}, {"form": token[:-1]}):
        assert (await send("/console/out", data=form, headers=mine)).status_code == 403, form
    assert (await send("/console/out", content=b"a=" + b"b" * 300_000, headers=mine)).status_code == 413
    assert (await send("/console/out", content=b'{"form": 1}', headers=mine)).status_code == 403
    many = "&".join(f"a{number}=1" for number in range(101))
    form_headers = {**mine, "content-type": "application/x-www-form-urlencoded"}
    assert (await send("/console/out", content=many, headers=form_headers)).status_code == 403
    assert (await other.client.post("/console/out", data={"form": token}, headers=mine)).status_code == 403
    assert (await visitor.open("/console/")).status_code == 200
    assert (
        await send("/console/out", data={"form": token}, headers={"sec-fetch-site": "same-origin"})
    ).status_code == 200


async def test_a_mini_app_opens_a_session_by_what_telegram_tells_it_once(conversation: Conversation) -> None:
    await staff(conversation, SOPHIE, "organizer", "69")
    visitor = browser(conversation)
    page = await visitor.open("/console/app")
    assert "frame-ancestors https://web.telegram.org" in page.headers["content-security-policy"]
    told = {
        who: sign({"user": json.dumps({"id": who})}, token, auth_date=conversation.clock.now())
        for who, token in ((SOPHIE, TOKEN), (99, TOKEN), (KARIM, "1:other"))
    }
    await conversation.person(SOPHIE).send("/help")  # she wrote to the bot once
    assert (await visitor.send("/console/app", launch=told[SOPHIE])).status_code == 200
    assert visitor.page.url.path == "/console/"
    # In a browser that somebody else is signed in with, it asks first: the launch may be another one's.
    karim = await signed_in(await staff(conversation, KARIM, "admin", "FR"))
    conversation.clock.move(conversation.clock.now() + timedelta(seconds=1))
    fresh = sign({"user": json.dumps({"id": SOPHIE})}, TOKEN, auth_date=conversation.clock.now())
    assert (await karim.send("/console/app", launch=fresh)).status_code == 409
    assert f"numéro Telegram {KARIM}" in karim.text
    await karim.open("/console/team")
    assert "Somebody else" not in karim.text
    assert (await karim.send("/console/app", launch=fresh, sure="yes")).status_code == 200
    assert (await karim.open("/console/team")).status_code == 403  # as Sophie
    for launch in (*told.values(), "", "hash=" + "a" * 64):  # a second time, a stranger, forged, nothing
        other = browser(conversation)
        assert (await other.send("/console/app", launch=launch)).status_code == 410
        assert (await other.open("/console/")).status_code == 401
