"""A text as the Bot API call that shows it: the one maker of messages, captions and their edits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.delivery.calls import Call
from bot.words.texts import Text

NO_PREVIEW = {"is_disabled": True}


def message(chat: int, text: Text, **call: Any) -> Call:
    """A new message. `call`: further fields of the Call."""
    return Call(method="sendMessage", payload={"chat_id": chat, **_words(text), **_keys(text)}, **call)


def captioned(
    chat: int, text: Text, *, method: str = "sendDocument", file: Mapping[str, Any], **call: Any
) -> Call:
    """A file with the text as its caption. `file`: its parameter, empty where it is uploaded."""
    caption = {"caption": text.html, "parse_mode": "HTML"}
    return Call(method=method, payload={"chat_id": chat, **file, **caption, **_keys(text)}, **call)


def edited(chat: int, message_id: int, text: Text, **call: Any) -> Call:
    """The text in place of what a message said; without buttons it loses those it had. `call`: as for `message`."""
    payload = {"chat_id": chat, "message_id": message_id, **_words(text), "reply_markup": text.markup}
    return Call(method="editMessageText", payload=payload, **call)


def in_place_of(call: Call, message_id: int, **fate: Any) -> Call:
    """What a call would send anew, in place of what it once sent: the words, the buttons, or the caption of a picture.

    `fate`: further fields of the Call.
    """
    says = ("chat_id", "text", "caption", "parse_mode", "link_preview_options", "reply_markup")
    payload = {name: call.payload[name] for name in says if name in call.payload}
    method = "editMessageText" if "text" in payload else "editMessageCaption"
    return Call(method=method, payload={**payload, "message_id": message_id}, **fate)


def deletion(chat: int, message_id: int, **call: Any) -> Call:
    """A message is taken out of the chat. `call`: further fields of the Call."""
    return Call(method="deleteMessage", payload={"chat_id": chat, "message_id": message_id}, **call)


def without_keyboard(chat: int, words: str) -> Call:
    """A message, in plain words, that puts away the keyboard below the chat."""
    payload = {"chat_id": chat, "text": words, "reply_markup": {"remove_keyboard": True}}
    return Call(method="sendMessage", payload=payload)


def _words(text: Text) -> dict[str, Any]:
    return {"text": text.html, "parse_mode": "HTML", "link_preview_options": NO_PREVIEW}


def _keys(text: Text) -> dict[str, Any]:
    return {"reply_markup": text.markup} if text.keyboard or text.location_request else {}
