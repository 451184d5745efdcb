"""What is parsed of an update: less than all of it where a button was tapped, and nothing else than it says."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import CallbackQuery, Message, Update

from handlers.parsing import TappedText, parsed

CHAT = {"id": 7, "type": "private", "first_name": "Ada"}
TEXT = {"message_id": 4, "date": 1479286800, "chat": CHAT, "text": "Viendrez-vous ?"}
PRESSED = {
    "id": "5",
    "from": {"id": 7, "is_bot": False, "first_name": "Ada", "language_code": "fr"},
    "chat_instance": "1",
    "data": "1:rsvp:ab12:yes",
}


BUTTONS = {"inline_keyboard": [[{"text": "Oui", "callback_data": "1:rsvp:ab12:yes"}], []]}


def tap(message: dict[str, Any], **query: Any) -> dict[str, Any]:
    return {"update_id": 9, "callback_query": {**PRESSED, "message": message, **query}}


@pytest.mark.parametrize(
    ("body", "is_short"),
    [
        (tap(TEXT), True),
        (tap({**TEXT, "from": {"id": 1, "is_bot": True, "first_name": "B"}, "entities": []}), True),
        (tap({**TEXT, "reply_markup": BUTTONS}), True),
        (tap({**TEXT, "reply_markup": None}), False),
        (tap({**TEXT, "date": 0}), False),  # one that is out of reach
        (tap({**TEXT, "edit_date": 1479286900}), True),  # most were: each tap changes what was tapped
        (tap({name: TEXT[name] for name in TEXT if name != "text"} | {"caption": "Voici"}), False),
        (tap(TEXT, inline_message_id="x"), False),
        (tap(TEXT, **{"from": {"id": 7, "is_bot": False, "first_name": "Ada", "is_premium": True}}), True),
        (tap(TEXT, **{"from": {"id": 7, "is_bot": False, "first_name": "Ada", "is_new_to_us": 1}}), True),
        (tap({**TEXT, "chat": {**CHAT, "username": "ada"}}), True),
        (tap({**TEXT, "chat": {"id": -7, "type": "group", "title": "Lyon"}}), True),
        ({"update_id": 9, "message": TEXT}, False),
    ],
    ids=str,
)
def test_what_is_parsed_is_what_the_library_parses(body: dict[str, Any], *, is_short: bool) -> None:
    update, whole = parsed(body, None), Update.de_json(body, None)  # type: ignore[arg-type]  # no bot is asked anything
    assert update == whole
    assert (update.effective_user, update.effective_chat) == (whole.effective_user, whole.effective_chat)
    for ours, theirs in (
        (update, whole),
        (update.callback_query, whole.callback_query),
        (update.effective_user, whole.effective_user),
        (update.effective_chat, whole.effective_chat),
    ):
        slots = {name for kind in type(theirs).__mro__ for name in getattr(kind, "__slots__", ())}
        names = [name for name in slots if not name.startswith("_")]
        assert [getattr(ours, name) for name in names] == [getattr(theirs, name) for name in names]
    tapped, known = update.effective_message, whole.effective_message
    assert isinstance(tapped, TappedText) == is_short
    if isinstance(update.callback_query, CallbackQuery) and isinstance(known, Message):
        assert isinstance(tapped, Message)
        unread = ("from_user", "entities", "caption_entities", "edit_date", "api_kwargs")
        names = (name for name in Message.__slots__ if name not in unread)
        assert {name: getattr(tapped, name) for name in names} == {
            name: getattr(known, name) for name in Message.__slots__ if name not in unread
        }
        with pytest.raises(AttributeError):
            _ = tapped.nothing_of_the_kind
