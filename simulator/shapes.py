"""People, chats and messages in the shapes of the Bot API."""

from typing import Any

import orjson

from simulator.records import Message, Person


def user_shape(person: Person) -> dict[str, Any]:
    shape: dict[str, Any] = {"id": person.id, "is_bot": False, "first_name": person.first_name}
    if person.last_name:
        shape["last_name"] = person.last_name
    if person.username:
        shape["username"] = person.username
    if person.language_code:
        shape["language_code"] = person.language_code
    return shape


def chat_shape(person: Person) -> dict[str, Any]:
    shape: dict[str, Any] = {"id": person.id, "first_name": person.first_name}
    if person.last_name:
        shape["last_name"] = person.last_name
    if person.username:
        shape["username"] = person.username
    shape["type"] = "private"
    return shape


def message_shape(bot: dict[str, Any], person: Person, message: Message) -> dict[str, Any]:
    """A Message; stored JSON goes in as it is (`orjson.Fragment`), so the result is for `orjson.dumps`."""
    shape: dict[str, Any] = {
        "message_id": message.message_id,
        "from": bot if message.by_bot else user_shape(person),
        "chat": chat_shape(person),
        "date": message.date,
    }
    if message.edit_date:
        shape["edit_date"] = message.edit_date
    if message.extra:
        shape.update(message.extra)
    if message.media:
        shape.update(message.media)
    if message.text:
        caption = message.has_caption
        shape["caption" if caption else "text"] = message.text
        if message.entities:
            name = "caption_entities" if caption else "entities"
            shape[name] = orjson.Fragment(message.entities)
    if message.markup:
        shape["reply_markup"] = orjson.Fragment(message.markup)
    return shape


def full_chat_shape(person: Person, pinned: dict[str, Any] | None) -> dict[str, Any]:
    """A ChatFullInfo."""
    shape = chat_shape(person) | {
        "accent_color_id": person.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            (
                "unlimited_gifts",
                "limited_gifts",
                "unique_gifts",
                "premium_subscription",
                "gifts_from_channels",
            ),
            False,
        ),
    }
    if person.username:
        shape["active_usernames"] = [person.username]
    if pinned:
        shape["pinned_message"] = pinned
    return shape
