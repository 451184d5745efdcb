"""The HTTP interface for what people write to each other: `/sim/people/ID/friends`, `write`, `read`."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import friends
from simulator.clock import monotonic
from simulator.http_json import (
    answer,
    place_in,
    read_object,
    text_in,
    wait_query,
    whole_in,
    whole_query,
    world_of,
)
from simulator.records import Person
from simulator.view import message_view
from simulator.world import World


def friend_in(world: World, content: dict[str, Any], name: str = "friend") -> Person | None:
    """The friend whose chat an act is about; None for the chat with the bot."""
    return world.common.person(whole_in(content, name)) if content.get(name) is not None else None


def _person(request: Request) -> Person:
    return world_of(request).common.person(request.path_params["person_id"])


async def write(request: Request) -> Response:
    """Write `text` to the friend `to`."""
    world, content = world_of(request), await read_object(request)
    friend = world.common.person(whole_in(content, "to"))
    message = friends.write(world, _person(request), friend, text_in(content, "text"))
    return answer({"message_id": message.message_id, "message": message_view(message)})


async def read(request: Request) -> Response:
    """The chat with the bot, with `friend` or of a `group` has been read to its end."""
    world, content = world_of(request), await read_object(request)
    if at := place_in(world, content):
        at.group.read[_person(request).id] = next(reversed(at.group.chat.messages), 0)
        world.stream.tell({"type": "read", "person": _person(request).id})
        return answer({"read": True})
    friends.mark_read(world, _person(request), friend_in(world, content))
    return answer({"read": True})


async def show(request: Request) -> Response:
    """The chats with friends, the latest first; waits up to `wait` seconds for something after event `after`."""
    world, person = world_of(request), _person(request)
    after, until = whole_query(request, "after", -1), monotonic() + wait_query(request)
    while not world.waiters.closed and (left := until - monotonic()) > 0:
        if any(chat.event > after for _, chat in friends.chats_of(world, person)):
            break
        await world.waiters.wait(("friends", person.id), left)
    chats = friends.chats_of(world, person)
    return answer(
        {"chats": [friends.friend_chat_view(world, person, friend, chat) for friend, chat in chats]}
    )


ROUTES = [
    Route("/sim/people/{person_id:int}/friends", show, methods=["GET"]),
    Route("/sim/people/{person_id:int}/write", write, methods=["POST"]),
    Route("/sim/people/{person_id:int}/read", read, methods=["POST"]),
]
