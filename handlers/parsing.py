"""A raw update as python-telegram-bot's object, parsed as far as somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from telegram import Bot, CallbackQuery, Chat, Message, Update, User

UNREAD = frozenset({"from", "entities", "caption_entities", "link_preview_options"})
"""Of a message what no handler asks of one that was tapped."""
TAP = frozenset({"update_id", "callback_query"})
PRESSED = frozenset({"id", "from", "message", "chat_instance", "data"})
PLAIN = frozenset({"message_id", "date", "chat", "text"})
"""All that there is, but for what is not read, where a button below a text was tapped."""
_BLANK = Message(message_id=0, date=datetime.fromtimestamp(0, UTC), chat=Chat(id=0, type=Chat.PRIVATE))


class TappedText(Message):
    """A text of the bot's that was tapped. What it does not have it shares with all others: to set each of a message's
    hundred attributes takes longer than to handle the tap.
    """

    __slots__ = ()

    def __init__(self, *, message_id: int, date: datetime, chat: Chat, text: str) -> None:
        own = {"message_id": message_id, "date": date, "chat": chat, "text": text}
        for name, value in (*own.items(), ("_id_attrs", (message_id, chat))):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:  # asked for what was not set
        return getattr(_BLANK, name)


def parsed(body: Mapping[str, Any], bot: Bot) -> Update:
    """The update of a raw one. Raises whatever python-telegram-bot does where it is none."""
    query = body.get("callback_query")
    if not isinstance(query, dict) or not isinstance(query.get("message"), dict):
        return Update.de_json(dict(body), bot)
    tapped = {name: value for name, value in query["message"].items() if name not in UNREAD}
    if not (body.keys() == TAP and query.keys() == PRESSED and tapped.keys() == PLAIN and tapped["date"]):
        return Update.de_json({**body, "callback_query": {**query, "message": tapped}}, bot)
    text = TappedText(
        message_id=tapped["message_id"],
        date=datetime.fromtimestamp(tapped["date"], UTC),
        chat=Chat.de_json(tapped["chat"], bot),
        text=tapped["text"],
    )
    whole = CallbackQuery(
        id=query["id"],
        from_user=User.de_json(query["from"], bot),
        chat_instance=query["chat_instance"],
        message=text,
        data=query["data"],
    )
    return Update(update_id=body["update_id"], callback_query=whole)
