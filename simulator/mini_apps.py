"""Mini Apps: what a page is given when a `web_app` button opens it, and what it sends back.

Telegram's own rules: https://core.telegram.org/bots/webapps, “Validating data received via the Mini App”.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.acting import check_active, say
from simulator.ed25519 import public_key, sign
from simulator.errors import PersonError
from simulator.http_json import answer, read_object, text_in, world_of
from simulator.keyboards import buttons_of
from simulator.records import Person
from simulator.shapes import user_shape
from simulator.world import World

VERSION = "9.1"
LONGEST_DATA = 4096  # bytes
KINDS = ("inline", "keyboard", "menu", "main", "results")
_START = re.compile(r"[A-Za-z0-9_-]{0,512}")
# The key of every local Telegram, no secret: what it signs is worth nothing elsewhere.
_SECRET = hashlib.sha256(b"a local Telegram").digest()
PUBLIC_KEY = public_key(_SECRET).hex()


def launch(world: World, person: Person, url: str, kind: str, theme: dict[str, Any], start: str = "") -> str:
    """The address that a panel opens: the button's, with what Telegram tells the app behind its `#`.

    `kind` says where the button stands; the `main` app is opened by a link `?startapp=start`. Telegram tells no data to
    an app that a keyboard opens: it answers by sendData.
    """
    check_active(person)
    if url not in _addresses(world, person, kind):
        raise PersonError(f"{person.first_name} sees no button that opens “{url}”.", 404)
    if not is_here(url):
        raise PersonError(f"“{url}” is not on this machine: the page opens no outside address.")
    told = {
        "tgWebAppData": "" if kind == "keyboard" else init_data(world, person, kind, start),
        "tgWebAppVersion": VERSION,
        "tgWebAppPlatform": "web",
        "tgWebAppThemeParams": orjson.dumps(theme).decode(),
    }
    if start:
        told["tgWebAppStartParam"] = start
    return f"{url}{'&' if '#' in url else '#'}{urlencode(told, quote_via=quote)}"


def init_data(world: World, person: Person, kind: str = "inline", start: str = "") -> str:
    """`initData`, signed with the bot's token; dated by the simulated clock. A link says what it carries instead of a
    `query_id`: there is nothing to answer.
    """
    user = user_shape(person) | {"allows_write_to_pm": person.id in world.started - world.blocked}
    user.pop("is_bot")
    fields = {
        "user": orjson.dumps(user).decode(),
        "auth_date": str(world.clock.timestamp()),
    }
    if kind == "results":
        return _signed(world, fields)
    if kind == "main":
        fields |= {"chat_type": "sender", "chat_instance": str(person.id * 7919)}
        fields |= {"start_param": start} if start else {}
    else:
        fields = {"query_id": world.app_queries.ask(person.id).query_id} | fields
    return _signed(world, fields)


def _signed(world: World, fields: dict[str, str]) -> str:
    fields = fields | {"signature": for_others(fields, world.bot["id"])}
    return urlencode(fields | {"hash": signature(fields, world.token)}, quote_via=quote)


def for_others(fields: dict[str, str], bot_id: int) -> str:
    """The `signature` by which somebody checks the fields who does not know the token, with PUBLIC_KEY.

    https://core.telegram.org/bots/webapps, “Validating data for Third-Party Use”; Telegram's own key is not to be had.
    """
    lines = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    signed = sign(_SECRET, f"{bot_id}:WebAppData\n{lines}".encode())
    return urlsafe_b64encode(signed).decode().rstrip("=")


def signature(fields: dict[str, str], token: str) -> str:
    """The `hash` of fields: HMAC-SHA256 of their sorted lines, keyed with HMAC-SHA256("WebAppData", token)."""
    lines = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    return hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()


def send_data(world: World, person: Person, label: str, data: str) -> int:
    """`sendData` of an app that the key `label` opened: the bot gets `web_app_data`. The message's number."""
    if not data or len(data.encode()) > LONGEST_DATA:
        raise PersonError(f"A Mini App sends 1 to {LONGEST_DATA} bytes.")
    keys = [key for row in buttons_of(world.chat(person).reply_keyboard) for key in row]
    if not any(key["text"] == label and key.get("web_app") for key in keys):
        raise PersonError(f"{person.first_name} sees no key “{label}” that opens a Mini App.", 404)
    return say(world, person, media={"web_app_data": {"data": data, "button_text": label}}).message_id


def is_here(url: str) -> bool:
    """Whether an address is one of this machine."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and (
            parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
        )
    except ValueError:
        return False


def _addresses(world: World, person: Person, kind: str) -> set[str]:
    """Where the Mini Apps are that somebody can open by a button of this kind."""
    if kind == "menu":
        buttons = [world.settings.menu_button_for(person.id)]
    elif kind == "main":
        return {world.main_app} - {""}
    elif kind == "results":
        buttons = [world.inline_queries.button_of(person.id)]
    elif kind == "keyboard":
        buttons = [key for row in buttons_of(world.chat(person).reply_keyboard) for key in row]
    elif kind == "inline":
        shown = world.newest_first(person)
        buttons = [button for message in shown for row in buttons_of(message.markup) for button in row]
    else:
        raise PersonError(f"“kind” is one of {', '.join(KINDS)}.")
    return {button["web_app"]["url"] for button in buttons if button.get("web_app")}


def _person(request: Request) -> Person:
    return world_of(request).common.person(request.path_params["person_id"])


async def open_app(request: Request) -> Response:
    """The address of the Mini App of a button: `url` and `kind` (one of KINDS), with the page's `theme`."""
    content = await read_object(request)
    theme = content.get("theme") or {}
    if not isinstance(theme, dict):
        raise PersonError("“theme” must be an object of colours.")
    url, kind = text_in(content, "url"), text_in(content, "kind", "inline")
    start = text_in(content, "start", "")
    if not _START.fullmatch(start):
        raise PersonError("A link carries up to 512 characters of A-Z, a-z, 0-9, _ and - to a Mini App.")
    return answer({"url": launch(world_of(request), _person(request), url, kind, theme, start)})


async def receive_data(request: Request) -> Response:
    content = await read_object(request)
    label, data = text_in(content, "label"), text_in(content, "data")
    return answer({"message_id": send_data(world_of(request), _person(request), label, data)})


ROUTES = [
    Route("/sim/people/{person_id:int}/app", open_app, methods=["POST"]),
    Route("/sim/people/{person_id:int}/app-data", receive_data, methods=["POST"]),
]
