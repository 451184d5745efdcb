"""A raw update as python-telegram-bot's object, parsed as far as somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from telegram import Bot, CallbackQuery, Chat, InlineKeyboardMarkup, Message, TelegramObject, Update, User

UNREAD = frozenset({"from", "entities", "caption_entities", "link_preview_options", "edit_date"})
"""Of a message what no handler asks of one that was tapped."""
TAP = frozenset({"update_id", "callback_query"})
PRESSED = frozenset({"id", "from", "message", "chat_instance", "data"})
PLAIN = frozenset({"message_id", "date", "chat", "text"})
"""All that there is, but for what is not read, where a button below a text was tapped."""
BUTTONS = "reply_markup"
"""What comes back with most, and few ask for."""
USER = frozenset({"id", "is_bot", "first_name", "last_name", "username", "language_code", "is_premium"})
CHAT = frozenset({"id", "type", "first_name", "last_name", "username"})
_CHAT = Chat(id=0, type=Chat.PRIVATE)
_BLANK = Message(message_id=0, date=datetime.fromtimestamp(0, UTC), chat=_CHAT)
_NOBODY = User(id=0, is_bot=False, first_name="")
_QUERY = CallbackQuery(id="", from_user=_NOBODY, chat_instance="")
_UPDATE = Update(update_id=0)


def _set(made: TelegramObject, own: Mapping[str, Any], *equal_by: object) -> None:
    """What is one's own. The rest is shared with all others: to set each of an object's attributes as the library
    does, a hundred of a message, takes longer than to handle the tap.
    """
    for name, value in own.items():
        object.__setattr__(made, name, value)
    object.__setattr__(made, "_id_attrs", equal_by)


class _Sparing:
    """An object of Telegram of which only what was told is set; the rest is that of `BLANK`."""

    __slots__ = ()
    BLANK: ClassVar[TelegramObject]

    def __getattr__(self, name: str) -> Any:  # asked for what was not set
        return getattr(self.BLANK, name)


class TappedText(_Sparing, Message):
    """A text of the bot's that was tapped."""

    __slots__ = ("_buttons",)
    BLANK = _BLANK

    def __init__(
        self, *, message_id: int, date: datetime, chat: Chat, text: str, buttons: Mapping[str, Any] | None
    ) -> None:
        own = {"message_id": message_id, "date": date, "chat": chat, "text": text, "_buttons": buttons}
        _set(self, own, message_id, chat)

    def __getattr__(self, name: str) -> Any:
        if name != BUTTONS or self._buttons is None:
            return super().__getattr__(name)
        markup = InlineKeyboardMarkup.de_json(dict(self._buttons))
        object.__setattr__(self, BUTTONS, markup)
        return markup


class WhoTapped(_Sparing, User):
    """Who tapped it, of whom nothing is told but what is known here."""

    __slots__ = ()
    BLANK = _NOBODY

    def __init__(self, own: Mapping[str, Any]) -> None:
        _set(self, own, own["id"])


class TheirChat(_Sparing, Chat):
    """Where they tapped it."""

    __slots__ = ()
    BLANK = _CHAT

    def __init__(self, own: Mapping[str, Any]) -> None:
        _set(self, own, own["id"])


class TheirTap(_Sparing, CallbackQuery):
    """A tap on a text of the bot's."""

    __slots__ = ()
    BLANK = _QUERY

    def __init__(self, query: Mapping[str, Any], who: User, message: Message) -> None:
        own = {"id": query["id"], "from_user": who, "chat_instance": query["chat_instance"]}
        _set(self, {**own, "message": message, "data": query["data"]}, query["id"])


class UpdateOfTap(_Sparing, Update):
    """An update that brings one. The library would look for who is meant by it among all that it may be."""

    __slots__ = ()
    BLANK = _UPDATE

    def __init__(self, update_id: int, query: CallbackQuery, message: Message) -> None:
        effective = {"_effective_user": query.from_user, "_effective_chat": message.chat}
        own = {"update_id": update_id, "callback_query": query, "_effective_message": message, **effective}
        _set(self, own, update_id)


def parsed(body: Mapping[str, Any], bot: Bot) -> Update:
    """The update of a raw one. Raises whatever python-telegram-bot does where it is none."""
    query = body.get("callback_query")
    if not isinstance(query, dict) or not isinstance(query.get("message"), dict):
        return Update.de_json(dict(body), bot)
    tapped = {name: value for name, value in query["message"].items() if name not in UNREAD}
    is_plain = tapped.keys() - {BUTTONS} == PLAIN and isinstance(tapped.get(BUTTONS, {}), dict)
    if not (body.keys() == TAP and query.keys() == PRESSED and is_plain and tapped["date"]):
        return Update.de_json({**body, "callback_query": {**query, "message": tapped}}, bot)
    who, where = query["from"], tapped["chat"]
    is_known = {"id", "is_bot", "first_name"} <= who.keys() <= USER and {"id", "type"} <= where.keys() <= CHAT
    text = TappedText(
        message_id=tapped["message_id"],
        date=datetime.fromtimestamp(tapped["date"], UTC),
        chat=TheirChat(where) if is_known else Chat.de_json(where, bot),
        text=tapped["text"],
        buttons=tapped.get(BUTTONS),
    )
    by = WhoTapped(who) if is_known else User.de_json(who, bot)
    return UpdateOfTap(body["update_id"], TheirTap(query, by, text), text)
