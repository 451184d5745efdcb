"""Reply markup: checked as Telegram does and kept as compact JSON."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from simulator.errors import BotApiError, bad_request
from simulator.params import Params

MOST_BUTTONS = 100
MOST_IN_A_ROW = 8
LONGEST_DATA = 64  # bytes

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


def read_markup(params: Params) -> Markup:
    """The checked `reply_markup` of a call."""
    value = params.structure("reply_markup", "can't parse reply keyboard markup JSON object")
    if value is None:
        return NO_MARKUP
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in value:
        return Markup("inline", _inline(value["inline_keyboard"]))
    if "keyboard" in value:
        return Markup("reply", _reply(value))
    if value.get("remove_keyboard"):
        return Markup("remove")
    if value.get("force_reply"):
        return Markup("force")
    return NO_MARKUP


def inline_markup(value: Any) -> bytes:
    """An InlineKeyboardMarkup given inside another structure (an inline query result)."""
    return _inline(value.get("inline_keyboard")) if isinstance(value, dict) else b""


def _rows(value: Any, field: str) -> list[list[Any]]:
    if not isinstance(value, list):
        raise bad_request(f"field {field} must be an Array")
    if not all(isinstance(row, list) for row in value):
        raise bad_request(f"field {field} must be an Array of Arrays")
    rows = [row for row in value if row]
    # The official clients show eight buttons a row and a hundred in all; more is refused rather than hidden.
    if sum(map(len, rows)) > MOST_BUTTONS or any(len(row) > MOST_IN_A_ROW for row in rows):
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return rows


def _inline(value: Any) -> bytes:
    rows = _rows(value, '"inline_keyboard" of the InlineKeyboardMarkup')
    if not rows:
        return b""
    return orjson.dumps({"inline_keyboard": [[_inline_button(button) for button in row] for row in rows]})


def _inline_button(button: Any) -> dict[str, Any]:
    prefix = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad_request(prefix + "InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad_request(prefix + 'Field "text" must be of type String')
    if not button["text"].strip():
        raise bad_request("BUTTON_TEXT_INVALID")
    if not _does_something(button):
        raise bad_request(prefix + "Text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and len(str(data).encode()) > LONGEST_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    if url := button.get("url"):
        _check_url(str(url))
    return button


def _does_something(button: dict[str, Any]) -> bool:
    if any(button.get(name) for name in _INLINE_ACTIONS):
        return True
    # An empty inline query is a query all the same.
    return "" in (button.get("switch_inline_query"), button.get("switch_inline_query_current_chat"))


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        valid = parts.scheme in {"http", "https", "tg", "tonsite"} and bool(parts.netloc)
        valid = valid and (parts.scheme == "tg" or "." in parts.netloc or parts.hostname == "localhost")
    except ValueError:
        valid = False
    if not valid:
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _reply(value: dict[str, Any]) -> bytes:
    given = _rows(value["keyboard"], '"keyboard" of the ReplyKeyboardMarkup')
    rows = [[_reply_button(button) for button in row] for row in given]
    return orjson.dumps({**value, "keyboard": rows}) if rows else b""


def _reply_button(button: Any) -> dict[str, Any]:
    if isinstance(button, str):
        return {"text": button}
    if not isinstance(button, dict):
        raise bad_request("can't parse keyboard button: KeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad_request('can\'t parse keyboard button: Field "text" must be of type String')
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
