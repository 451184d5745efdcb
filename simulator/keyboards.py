"""Reply markup: checked as Telegram does and kept as compact JSON."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from simulator.cleaning import clean
from simulator.errors import BotApiError, bad_request
from simulator.fields import Fields
from simulator.inline_buttons import read_app, read_inline_button, read_look
from simulator.params import Params

# Of an inline keyboard; more is refused.
MOST_BUTTONS = 100
MOST_IN_A_ROW = 8
# Of a keyboard under the text field; the rest is left out without a word (TDLib, ReplyMarkup.cpp).
MOST_KEYS = 300
MOST_KEYS_IN_A_ROW = 12
KEY_PREFIX = "Can't parse keyboard button: "


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
    return _read(value, local_apps)


def read_inline_markup(value: Any, *, local_apps: bool = False) -> bytes:
    """The inline keyboard of an object inside a call, as it is kept; empty where there is none."""
    markup = NO_MARKUP if value is None else _read(value, local_apps)
    if markup.kind not in {"inline", "none"}:
        raise bad_request("Inline keyboard expected")
    return markup.json


def _read(value: dict[str, Any], local_apps: bool) -> Markup:
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


def _rows(value: Any, field: str, of: str = "") -> list[list[Any]]:
    if not isinstance(value, list):
        raise bad_request(f'Field "{field}" must be of type Array')
    if not all(isinstance(row, list) for row in value):
        raise bad_request(f'Field "{field}"{of} must be an Array of Arrays')
    return [row for row in value if row]


def _inline(value: Any, local_apps: bool) -> bytes:
    rows = [
        [read_inline_button(button, local_apps) for button in row if not _is_empty(button)]
        for row in _rows(value, "inline_keyboard", " of the InlineKeyboardMarkup")
    ]
    # The official clients show eight buttons a row and a hundred in all; more is refused rather than hidden.
    if sum(map(len, rows)) > MOST_BUTTONS or any(len(row) > MOST_IN_A_ROW for row in rows):
        raise bad_request("reply markup is too long")
    rows = [row for row in rows if row]
    return orjson.dumps({"inline_keyboard": rows}) if rows else b""


def _is_empty(button: Any) -> bool:
    """Whether a button has neither text nor icon: Telegram leaves it out without a word."""
    return isinstance(button, dict) and button.get("text") == "" and not button.get("icon_custom_emoji_id")


def _reply(value: dict[str, Any], local_apps: bool) -> bytes:
    left, rows = MOST_KEYS, []
    for row in _rows(value["keyboard"], "keyboard"):
        keys = [_reply_button(key, local_apps) for key in row if key != "" and not _is_empty(key)]
        rows.append(keys[: min(MOST_KEYS_IN_A_ROW, left)])
        left -= len(rows[-1])
    rows = [row for row in rows if row]
    return orjson.dumps({**value, "keyboard": rows}) if rows else b""


def _reply_button(button: Any, local_apps: bool) -> dict[str, Any]:
    if isinstance(button, str):
        return {"text": clean(button)}
    if not isinstance(button, dict):
        raise bad_request(KEY_PREFIX + "KeyboardButton must be a String or an Object")
    fields = Fields(button, KEY_PREFIX)
    text, look = clean(fields.text("text", needed=True)), read_look(fields)
    app = {"web_app": read_app(fields, "keyboard button", local_apps)} if "web_app" in fields else {}
    if not text.strip():
        raise BotApiError(400, "KEYBOARD_BUTTON_TEXT_EMPTY")
    return button | {"text": text} | look | app


def buttons_of(markup: bytes) -> list[list[dict[str, Any]]]:
    """The rows of a stored keyboard, inline or reply."""
    if not markup:
        return []
    value = orjson.loads(markup)
    rows: list[list[dict[str, Any]]] = value.get("inline_keyboard") or value.get("keyboard") or []
    return rows
