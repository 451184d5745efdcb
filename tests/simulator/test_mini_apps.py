"""Mini Apps: a button opens one with signed data, and what it sends reaches the bot."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from simulator.client import Simulator, SimulatorError
from simulator.ed25519 import public_key, sign
from simulator.server import DEFAULT_TOKEN

Call = Callable[..., Awaitable[dict[str, Any]]]
APP = "https://127.0.0.1:9/app"


def button(url: str) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "Open", "web_app": {"url": url}}]]}


async def test_an_app_gets_signed_data_of_who_opens_it(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana", last_name="Ünal", username="ana", started=True)
    await call("sendMessage", chat_id=ana.id, text="An app", reply_markup=button(APP))

    opened = urlsplit(await ana.open_app(APP))
    assert f"{opened.scheme}://{opened.netloc}{opened.path}" == APP
    fragment = parse_qs(opened.fragment, keep_blank_values=True)
    fields = dict(parse_qsl(fragment["tgWebAppData"][0]))
    given = fields.pop("hash")
    # As https://core.telegram.org/bots/webapps has it.
    secret = hmac.new(b"WebAppData", DEFAULT_TOKEN.encode(), hashlib.sha256).digest()
    lines = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    assert hmac.new(secret, lines.encode(), hashlib.sha256).hexdigest() == given
    # And as others check it who do not know the token.
    signed = fields.pop("signature")
    lines = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex((await simulator.state())["apps_public_key"]))
    public.verify(urlsafe_b64decode(signed + "=="), f"12345:WebAppData\n{lines}".encode())
    user = json.loads(fields["user"])
    assert (user["id"], user["first_name"], user["last_name"], user["language_code"]) == (
        ana.id,
        "Ana",
        "Ünal",
        "fr",
    )
    now = (await simulator.now()).timestamp()
    assert 0 <= now - int(fields["auth_date"]) < 60
    assert json.loads(fragment["tgWebAppThemeParams"][0]) == {}


@pytest.mark.parametrize("number", range(4))
def test_a_signature_is_that_of_a_library(number: int) -> None:
    secret, message = bytes([number]) * 32, bytes(range(number * 40))
    key = Ed25519PrivateKey.from_private_bytes(secret)
    assert sign(secret, message) == key.sign(message)
    assert public_key(secret) == key.public_key().public_bytes_raw()


async def test_a_key_opens_an_app_that_answers_by_data(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana", started=True)
    keys = {"keyboard": [[{"text": "Choose", "web_app": {"url": APP}}]]}
    await call("sendMessage", chat_id=ana.id, text="?", reply_markup=keys)
    fragment = parse_qs(urlsplit(await ana.open_app(APP, kind="keyboard")).fragment, keep_blank_values=True)
    assert fragment["tgWebAppData"] == [""]

    await ana.send_app_data("Choose", '{"seat": 4}')
    (update,) = (await call("getUpdates"))["result"]
    assert update["message"]["web_app_data"] == {"data": '{"seat": 4}', "button_text": "Choose"}
    with pytest.raises(SimulatorError, match="sees no key “Other” that opens a Mini App"):
        await ana.send_app_data("Other", "x")
    with pytest.raises(SimulatorError, match="1 to 4096 bytes"):
        await ana.send_app_data("Choose", "é" * 2049)


@pytest.mark.parametrize("served", [{"main_app": APP}], indirect=True)
async def test_a_link_opens_the_main_app_and_says_what_it_carries(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana")
    fragment = parse_qs(urlsplit(await ana.open_app(APP, kind="main", start="ev_7")).fragment)
    fields = dict(parse_qsl(fragment["tgWebAppData"][0]))
    assert fragment["tgWebAppStartParam"] == ["ev_7"]
    assert (fields["start_param"], fields["chat_type"], "query_id" in fields) == ("ev_7", "sender", False)
    assert (await call("getMe"))["result"]["has_main_web_app"]
    assert (await simulator.state())["bots"][0]["main_app"] == APP
    with pytest.raises(SimulatorError, match="carries up to 512 characters"):
        await ana.open_app(APP, kind="main", start="é")


async def test_the_menu_button_of_one_chat_and_of_all(simulator: Simulator, call: Call) -> None:
    ana, ben = await simulator.person("Ana", started=True), await simulator.person("Ben", started=True)
    app = {"type": "web_app", "text": "Map", "web_app": {"url": APP}}
    await call("setChatMenuButton", chat_id=ana.id, menu_button=app)

    async def buttons(*chats: int | None) -> list[dict[str, Any]]:
        return [(await call("getChatMenuButton", **({"chat_id": c} if c else {})))["result"] for c in chats]

    assert await buttons(ana.id, ben.id, None) == [app, {"type": "default"}, {"type": "commands"}]
    await ana.open_app(APP, kind="menu")
    with pytest.raises(SimulatorError, match="Ben sees no button that opens"):
        await ben.open_app(APP, kind="menu")

    await call("setChatMenuButton", menu_button=app)
    await call("setChatMenuButton", chat_id=ana.id, menu_button={"type": "commands"})
    await ben.open_app(APP, kind="menu")
    with pytest.raises(SimulatorError, match="Ana sees no button that opens"):
        await ana.open_app(APP, kind="menu")
    await call("setChatMenuButton", menu_button={"type": "default"})
    assert await buttons(None) == [{"type": "default"}]


async def test_what_opens_no_app(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana", started=True)
    elsewhere = "https://elsewhere.example/app"
    await call("sendMessage", chat_id=ana.id, text="An app", reply_markup=button(elsewhere))
    for url, kind, sentence in (
        (elsewhere, "inline", f"“{elsewhere}” is not on this machine: the page opens no outside address."),
        (APP, "inline", f"Ana sees no button that opens “{APP}”."),
        (elsewhere, "window", "“kind” is one of inline, keyboard, menu, main, results."),
    ):
        with pytest.raises(SimulatorError) as refused:
            await ana.open_app(url, kind=kind)
        assert str(refused.value) == sentence


RESULT = {
    "type": "article",
    "id": "1",
    "title": "Come",
    "input_message_content": {"message_text": "Come along"},
    "reply_markup": {"inline_keyboard": [[{"text": "I will", "callback_data": "y"}]]},
}


async def test_the_bot_answers_an_app_into_the_chat_once(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana", started=True)
    await call("sendMessage", chat_id=ana.id, text="An app", reply_markup=button(APP))
    fragment = parse_qs(urlsplit(await ana.open_app(APP)).fragment)
    query_id = dict(parse_qsl(fragment["tgWebAppData"][0]))["query_id"]

    answered = await call("answerWebAppQuery", web_app_query_id=query_id, result=RESULT)
    assert answered["result"]["inline_message_id"]
    last = (await ana.messages())[-1]
    assert (last.sender, last.text, last.raw["via_bot"]) == ("person", "Come along", "test_bot")
    again = await call("answerWebAppQuery", web_app_query_id=query_id, result=RESULT)
    assert "query is too old" in again["description"]


async def test_a_prepared_message_is_passed_on_to_a_friend(simulator: Simulator, call: Call) -> None:
    ana, ben = await simulator.person("Ana", started=True), await simulator.person("Ben")
    prepared = await call("savePreparedInlineMessage", user_id=ana.id, result=RESULT, allow_user_chats=True)
    assert prepared["result"]["expiration_date"] > (await simulator.now()).timestamp()
    content = {"inline_query_id": prepared["result"]["id"], "friend": ben.id}
    await simulator.call("POST", f"/people/{ana.id}/choose", json=content)
    (chat,) = await ben.friends()
    assert (chat["messages"][0]["text"], chat["friend"]["first_name"]) == ("Come along", "Ana")
    # Nobody else can use it.
    with pytest.raises(SimulatorError, match="There is no answered inline query"):
        await simulator.call("POST", f"/people/{ben.id}/choose", json=content | {"friend": ana.id})
    assert (
        "user not found"
        in (await call("savePreparedInlineMessage", user_id=404, result=RESULT))["description"]
    )
