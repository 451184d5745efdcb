"""What a person does to a message that is there: react, forward, delete, vote; and the HTTP interface for it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.acting import check_active, check_can_write, message_of, say
from simulator.errors import PersonError
from simulator.friending import friend_in
from simulator.friends import message_between
from simulator.groups import Place
from simulator.http_json import answer, place_in, read_object, text_in, whole_in, world_of
from simulator.reactions import EMOJIS
from simulator.records import Message, Person
from simulator.shapes import chat_shape, user_shape
from simulator.view import message_view
from simulator.world import World


def react(world: World, person: Person, message: Message, emoji: str, at: Place | None = None) -> Message:
    """Set the reaction, or take it back with an empty text. A bot hears of it if it asked for `message_reaction`."""
    check_can_write(world, person, at)
    if emoji and emoji not in EMOJIS:
        raise PersonError(f"Nobody reacts with “{emoji}”: choose one of {' '.join(sorted(EMOJIS)[:8])} …")
    who, peer = (str(person.id), at.group) if at else ("person", person)
    old = (message.reactions or {}).get(who, [])
    new = [{"type": "emoji", "emoji": emoji}] if emoji else []
    message.react(who, new)
    world.changed(peer, message)
    content = {
        "chat": chat_shape(peer),
        "message_id": message.message_id,
        "user": user_shape(person),
        "date": world.clock.timestamp(),
        "old_reaction": old,
        "new_reaction": new,
    }
    # In a group only administrators hear of it.
    told = (
        [w for w in world.common.worlds.values() if at.group.member(w.bot["id"]).is_admin] if at else [world]
    )
    for each in told:
        each.tell_bot("message_reaction", peer, content)
    return message


def forward(
    world: World, person: Person, message: Message, friend: Person | None, at: Place | None = None
) -> Message:
    """Forward a message of the chat with the bot or of a group, to a friend or to the bot."""
    if message.is_service:
        raise PersonError(f"Message {message.message_id} only tells what happened: it cannot be forwarded.")
    if (message.extra or {}).get("has_protected_content"):
        raise PersonError(f"Message {message.message_id} is protected: it cannot be forwarded.")
    known = (message.extra or {}).get("forward_origin")
    sender = world.sender_of(at.group if at else person, message)
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


def delete(world: World, person: Person, message: Message, at: Place | None = None) -> None:
    """Delete a message for everyone; Telegram tells the bot nothing of that."""
    check_active(person)
    if at and message.sender != person.id and not at.group.may(person.id, "can_delete_messages"):
        raise PersonError(f"{person.first_name} may not delete what others wrote in “{at.group.title}”.")
    world.delete_message(at.group if at else person, message.message_id)


def vote(
    world: World, person: Person, message: Message, numbers: list[int], at: Place | None = None
) -> Message:
    """Answer a poll by the numbers of its options; none takes the answer back. It may stand in a chat with a friend."""
    if message.friend:
        check_active(person)
    else:
        check_can_write(world, person, at)
    if not message.media or "poll" not in message.media:
        raise PersonError(f"Message {message.message_id} is no poll.")
    asked = world.common.polls.vote(message.media["poll"]["id"], person.id, numbers)
    if not asked.poll["is_anonymous"]:
        given = {"poll_id": asked.poll["id"], "user": user_shape(person), "option_ids": sorted(numbers)}
        persistent = [asked.poll["options"][number]["persistent_id"] for number in sorted(numbers)]
        asked.world.tell_bot("poll_answer", asked.peer, given | {"option_persistent_ids": persistent})
    return message


Meant = tuple[World, Person, Message]


def _meant(request: Request, content: dict[str, Any]) -> tuple[Meant, Place | None]:
    """The world, the person of the address and the message of the body; and the group that it stands in."""
    world = world_of(request)
    person = world.common.person(request.path_params["person_id"])
    at = place_in(world, content)
    return (world, person, message_of(world, at.group if at else person, whole_in(content, "message_id"))), at


async def _react(request: Request) -> Response:
    content = await read_object(request)
    meant, at = _meant(request, content)
    return _shown(react(*meant, text_in(content, "emoji", ""), at))


async def _forward(request: Request) -> Response:
    content = await read_object(request)
    meant, at = _meant(request, content)
    return _shown(forward(*meant, friend_in(world_of(request), content, "to"), at))


async def _delete(request: Request) -> Response:
    meant, at = _meant(request, await read_object(request))
    delete(*meant, at)
    return answer({"deleted": True})


async def _vote(request: Request) -> Response:
    content = await read_object(request)
    numbers = content.get("options")
    if not isinstance(numbers, list) or not all(type(number) is int for number in numbers):
        raise PersonError("“options” is a list of whole numbers.")
    world = world_of(request)
    if friend := friend_in(world, content):
        person = world.common.person(request.path_params["person_id"])
        message = message_between(world, person, friend, whole_in(content, "message_id"))
        return _shown(vote(world, person, message, numbers))
    meant, at = _meant(request, content)
    return _shown(vote(*meant, numbers, at))


def _shown(message: Message) -> Response:
    return answer({"message_id": message.message_id, "message": message_view(message)})


_GESTURES = {"react": _react, "forward": _forward, "delete": _delete, "vote": _vote}

ROUTES = [
    Route(f"/sim/people/{{person_id:int}}/{name}", gesture, methods=["POST"])
    for name, gesture in _GESTURES.items()
]
