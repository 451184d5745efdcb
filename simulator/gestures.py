"""What a person does to a message that is there: react, forward, delete, vote; and the HTTP interface for it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.acting import check_active, check_can_write, message_of, say
from simulator.errors import PersonError
from simulator.friending import friend_in
from simulator.http_json import answer, read_object, text_in, whole_in, world_of
from simulator.polls import answered, chosen
from simulator.reactions import EMOJIS
from simulator.records import Message, Person
from simulator.shapes import chat_shape, user_shape
from simulator.view import message_view
from simulator.world import World


def react(world: World, person: Person, message: Message, emoji: str) -> Message:
    """Set the reaction, or take it back with an empty text. A bot hears of it if it asked for `message_reaction`."""
    check_can_write(world, person)
    if emoji and emoji not in EMOJIS:
        raise PersonError(f"Nobody reacts with “{emoji}”: choose one of {' '.join(sorted(EMOJIS)[:8])} …")
    old = (message.reactions or {}).get("person", [])
    new = [{"type": "emoji", "emoji": emoji}] if emoji else []
    message.react("person", new)
    world.changed(person, message)
    content = {
        "chat": chat_shape(person),
        "message_id": message.message_id,
        "user": user_shape(person),
        "date": world.clock.timestamp(),
        "old_reaction": old,
        "new_reaction": new,
    }
    world.tell_bot("message_reaction", person, content)
    return message


def forward(world: World, person: Person, message: Message, friend: Person | None) -> Message:
    """Forward a message of the chat with the bot, to a friend or back to the bot."""
    if (message.extra or {}).get("has_protected_content"):
        raise PersonError(f"Message {message.message_id} is protected: it cannot be forwarded.")
    sender = world.bot if message.by_bot else user_shape(person)
    known = (message.extra or {}).get("forward_origin")
    origin = known or {"type": "user", "sender_user": sender, "date": message.date}
    fields: dict[str, Any] = {
        "text": message.text,
        "entities": message.entities,
        "media": message.media,
        "extra": {"forward_origin": origin},
    }
    if friend is None:
        check_can_write(world, person)
        return say(world, person, **fields)
    check_active(person)
    check_active(friend)
    return world.add_message_between(person, friend, **fields)


def delete(world: World, person: Person, message: Message) -> None:
    """Delete a message for both; Telegram tells the bot nothing of that."""
    check_active(person)
    world.delete_message(person, message.message_id)


def vote(world: World, person: Person, message: Message, numbers: list[int]) -> Message:
    """Answer a poll by the numbers of its options; none takes the answer back."""
    check_can_write(world, person)
    if not message.media or "poll" not in message.media:
        raise PersonError(f"Message {message.message_id} is no poll.")
    poll = answered(message.media["poll"], numbers)
    message.media = {**message.media, "poll": poll}
    world.changed(person, message)
    if not message.by_bot:
        return message
    world.tell_bot("poll", person, poll)
    if not poll["is_anonymous"]:
        given = {"poll_id": poll["id"], "user": user_shape(person), "option_ids": chosen(poll)}
        persistent = [poll["options"][number]["persistent_id"] for number in chosen(poll)]
        world.tell_bot("poll_answer", person, given | {"option_persistent_ids": persistent})
    return message


def _meant(request: Request, content: dict[str, Any]) -> tuple[World, Person, Message]:
    """The world, the person of the address and the message of the body."""
    world = world_of(request)
    person = world.common.person(request.path_params["person_id"])
    return world, person, message_of(world, person, whole_in(content, "message_id"))


async def _react(request: Request) -> Response:
    content = await read_object(request)
    return _shown(react(*_meant(request, content), text_in(content, "emoji", "")))


async def _forward(request: Request) -> Response:
    content = await read_object(request)
    return _shown(forward(*_meant(request, content), friend_in(world_of(request), content, "to")))


async def _delete(request: Request) -> Response:
    delete(*_meant(request, await read_object(request)))
    return answer({"deleted": True})


async def _vote(request: Request) -> Response:
    content = await read_object(request)
    numbers = content.get("options")
    if not isinstance(numbers, list) or not all(type(number) is int for number in numbers):
        raise PersonError("“options” is a list of whole numbers.")
    return _shown(vote(*_meant(request, content), numbers))


def _shown(message: Message) -> Response:
    return answer({"message_id": message.message_id, "message": message_view(message)})


_GESTURES = {"react": _react, "forward": _forward, "delete": _delete, "vote": _vote}

ROUTES = [
    Route(f"/sim/people/{{person_id:int}}/{name}", gesture, methods=["POST"])
    for name, gesture in _GESTURES.items()
]
