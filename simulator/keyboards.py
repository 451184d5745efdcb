"""Reply markup: checked as Telegram does and kept as compact JSON."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from simulator.errors import BotApiError, bad_request
from simulator.params import Params
from simulator.urls import check_link

# Of an inline keyboard; more is refused.
MOST_BUTTONS = 100
MOST_IN_A_ROW = 8
# Of a keyboard under the text field; the rest is left out without a word (TDLib, ReplyMarkup.cpp).
MOST_KEYS = 300
MOST_KEYS_IN_A_ROW = 12
LONGEST_DATA = 64  # bytes
LONGEST_COPY = 256
STYLES = {"", "default", "primary", "danger", "success"}

_INLINE_ACTIONS = (
    "callback_data",
    "url",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


@dataclass(frozen=True, slots=True)
class Markup:
    """A `reply_markup`: `kind` is inline, reply, remove, force or none; `json` is the markup itself."""

    kind: str = "none"
    json: bytes = b""


NO_MARKUP = Markup()


def read_markup(params: Params, *, local_apps: bool = False) -> Markup:
    """The checked `reply_markup` of a call; with `local_apps`, Mini Apps of this machine need no HTTPS."""
    value = params.structure("reply_markup", "can't parse reply keyboard markup JSON object")
    if value is None:
        return NO_MARKUP
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in value:
        return Markup("inline", _checked("inline", orjson.dumps(value["inline_keyboard"]), local_apps))
    if "keyboard" in value:
        return Markup("reply", _checked("reply", orjson.dumps(value), local_apps))
    if value.get("remove_keyboard"):
        return Markup("remove")
    if value.get("force_reply"):
        return Markup("force", orjson.dumps(value))
    return NO_MARKUP


@lru_cache(maxsize=4096)
def _checked(kind: str, given: bytes, local_apps: bool) -> bytes:
    """A keyboard as it is kept. The same one comes thousands of times when a message goes to many people."""
    value = orjson.loads(given)
    return _inline(value, local_apps) if kind == "inline" else _reply(value, local_apps)


def inline_markup(value: Any) -> bytes:
    """An InlineKeyboardMarkup given inside another structure (an inline query result)."""
    return _inline(value.get("inline_keyboard"), False) if isinstance(value, dict) else b""


def _rows(value: Any, field: str) -> list[list[Any]]:
    if not isinstance(value, list):
        raise bad_request(f"field {field} must be an Array")
    if not all(isinstance(row, list) for row in value):
        raise bad_request(f"field {field} must be an Array of Arrays")
    return [row for row in value if row]


def _inline(value: Any, local_apps: bool) -> bytes:
    rows = [
        [_inline_button(button, local_apps) for button in row if not _is_empty(button)]
        for row in _rows(value, '"inline_keyboard" of the InlineKeyboardMarkup')
    ]
    # The official clients show eight buttons a row and a hundred in all; more is refused rather than hidden.
    if sum(map(len, rows)) > MOST_BUTTONS or any(len(row) > MOST_IN_A_ROW for row in rows):
        raise bad_request("reply markup is too long")
    rows = [row for row in rows if row]
    return orjson.dumps({"inline_keyboard": rows}) if rows else b""


def _is_empty(button: Any) -> bool:
    """Whether a button has neither text nor icon: Telegram leaves it out without a word."""
    return isinstance(button, dict) and button.get("text") == "" and not button.get("icon_custom_emoji_id")


def _inline_button(button: Any, local_apps: bool) -> dict[str, Any]:
    prefix = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad_request(prefix + "InlineKeyboardButton must be an Object")
    _check_text_and_style(button, prefix)
    if not _does_something(button):
        raise bad_request(prefix + "Text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and len(str(data).encode()) > LONGEST_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    if copied := button.get("copy_text"):
        _check_copy(copied, prefix)
    if url := button.get("url"):
        check_link(str(url), "inline keyboard button")
    if "web_app" in button:
        _check_app(button, prefix, "inline keyboard button", local_apps)
    return button


def _check_text_and_style(button: dict[str, Any], prefix: str) -> None:
    if "text" not in button:
        raise bad_request(prefix + 'Can\'t find field "text"')
    if not isinstance(button["text"], str):
        raise bad_request(prefix + 'Field "text" must be of type String')
    if str(button.get("style") or "").lower() not in STYLES:
        raise bad_request(prefix + "invalid button style specified")


def _check_copy(copied: Any, prefix: str) -> None:
    if not isinstance(copied, dict):
        raise bad_request(prefix + 'Field "copy_text" must be of type Object')
    if not isinstance(copied.get("text"), str):
        raise bad_request(prefix + 'Can\'t find field "text"')
    if not 1 <= len(copied["text"]) <= LONGEST_COPY:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _check_app(button: dict[str, Any], prefix: str, what: str, local_apps: bool) -> None:
    app = button["web_app"]
    if not isinstance(app, dict):
        raise bad_request(prefix + 'Field "web_app" must be of type Object')
    if not isinstance(app.get("url"), str):
        raise bad_request(prefix + 'Can\'t find field "url"')
    check_link(app["url"], f"{what} Web App", https_only=True, loopback=local_apps)


def _does_something(button: dict[str, Any]) -> bool:
    if any(button.get(name) for name in _INLINE_ACTIONS):
        return True
    # An empty inline query is a query all the same.
    return "" in (button.get("switch_inline_query"), button.get("switch_inline_query_current_chat"))


def _reply(value: dict[str, Any], local_apps: bool) -> bytes:
    left, rows = MOST_KEYS, []
    for row in _rows(value["keyboard"], '"keyboard" of the ReplyKeyboardMarkup'):
        keys = [_reply_button(key, local_apps) for key in row if key != "" and not _is_empty(key)]
        rows.append(keys[: min(MOST_KEYS_IN_A_ROW, left)])
        left -= len(rows[-1])
    rows = [row for row in rows if row]
    return orjson.dumps({**value, "keyboard": rows}) if rows else b""


def _reply_button(button: Any, local_apps: bool) -> dict[str, Any]:
    if isinstance(button, str):
        return {"text": button}
    prefix = "can't parse keyboard button: "
    if not isinstance(button, dict):
        raise bad_request(prefix + "KeyboardButton must be a String or an Object")
    _check_text_and_style(button, prefix)
    if "web_app" in button:
        _check_app(button, prefix, "keyboard button", local_apps)
    if not button["text"].strip():
        raise BotApiError(400, "KEYBOARD_BUTTON_TEXT_EMPTY")
    return button


def buttons_of(markup: bytes) -> list[list[dict[str, Any]]]:
    """The rows of a stored keyboard, inline or reply."""
    if not markup:
        return []
    value = orjson.loads(markup)
    rows: list[list[dict[str, Any]]] = value.get("inline_keyboard") or value.get("keyboard") or []
    return rows
