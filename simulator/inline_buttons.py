"""One button of an inline keyboard: of all that it could do, the first in Telegram's order (Client.cpp)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.cleaning import clean
from simulator.errors import bad_request
from simulator.fields import Fields
from simulator.urls import check_link

PREFIX = "Can't parse inline keyboard button: "
LONGEST_DATA = 64  # bytes
LONGEST_COPY = 256
STYLES = {"", "default", "primary", "danger", "success"}
CHATS = ("allow_user_chats", "allow_bot_chats", "allow_group_chats", "allow_channel_chats")


def read_inline_button(value: Any, local_apps: bool) -> dict[str, Any]:
    """A checked button, with nothing in it that Telegram does not keep."""
    if not isinstance(value, dict):
        raise bad_request(PREFIX + "InlineKeyboardButton must be an Object")
    fields = Fields(value, PREFIX)
    button: dict[str, Any] = {"text": clean(fields.text("text", needed=True))}
    button |= read_look(fields)
    for name, read in _ACTIONS.items():
        if name in fields:
            done = read(fields, local_apps)
            if done is not None:
                return button | {name: done}
    raise fields.refused("Text buttons are unallowed in the inline keyboard")


def read_look(fields: Fields) -> dict[str, str]:
    """The icon and the style of a button, where it has any."""
    icon, style = fields.whole("icon_custom_emoji_id"), fields.text("style").lower()
    if style not in STYLES:
        raise fields.refused("invalid button style specified")
    look = {"icon_custom_emoji_id": str(icon)} if icon else {}
    return look | ({"style": style} if style not in {"", "default"} else {})


def read_app(fields: Fields, what: str, local_apps: bool) -> dict[str, str]:
    """The Mini App that a button of `what` opens; with `local_apps`, one of this machine needs no HTTPS."""
    app = fields.inner("web_app", needed=True)
    assert app is not None
    url = app.text("url", needed=True)
    check_link(url, f"{what} Web App", https_only=True, loopback=local_apps)
    return {"url": url}


def _url(fields: Fields, _local_apps: bool) -> str | None:
    if not (url := fields.text("url")):
        return None
    check_link(url, "inline keyboard button")
    return clean(url)


def _callback(fields: Fields, _local_apps: bool) -> str | None:
    data = fields.text("callback_data")
    if len(data.encode("utf-8", "surrogatepass")) > LONGEST_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    return data or None


def _chosen_chat(fields: Fields, _local_apps: bool) -> dict[str, Any]:
    chosen = fields.inner("switch_inline_query_chosen_chat")
    assert chosen is not None
    allowed = {name: True for name in CHATS if chosen.flag(name)}
    if not allowed:
        raise bad_request("At least one chat type must be allowed")
    return {"query": clean(chosen.text("query"))} | allowed


def _login(fields: Fields, _local_apps: bool) -> dict[str, Any]:
    login = fields.inner("login_url")
    assert login is not None
    url = login.text("url", needed=True)
    check_link(url, "inline keyboard button login", https_only=True)
    return {"url": url}


def _copied(fields: Fields, _local_apps: bool) -> dict[str, str]:
    copied = fields.inner("copy_text")
    assert copied is not None
    text = clean(copied.text("text", needed=True))
    if not 1 <= len(text) <= LONGEST_COPY:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return {"text": text}


_ACTIONS: dict[str, Callable[[Fields, bool], Any]] = {
    "url": _url,
    "callback_data": _callback,
    "callback_game": lambda _fields, _local_apps: {},
    "pay": lambda _fields, _local_apps: True,
    "switch_inline_query": lambda fields, _local_apps: clean(fields.text("switch_inline_query")),
    "switch_inline_query_chosen_chat": _chosen_chat,
    "switch_inline_query_current_chat": lambda fields, _apps: clean(
        fields.text("switch_inline_query_current_chat")
    ),
    "login_url": _login,
    "web_app": lambda fields, local_apps: read_app(fields, "inline keyboard button", local_apps),
    "copy_text": _copied,
}
