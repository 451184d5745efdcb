"""The HTTP interface to act as a person: `/sim/people/…`. Errors are one clear sentence."""

import heapq
import mimetypes
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import acting, sending_files
from simulator import inline as inline_queries
from simulator.callbacks import Query
from simulator.clock import monotonic
from simulator.errors import PersonError
from simulator.friending import friend_in
from simulator.friends import message_between, unread_from_friends
from simulator.group_view import group_chat_view, group_commands
from simulator.groups import Place
from simulator.http_json import (
    answer,
    number_in,
    place_in,
    read_object,
    text_in,
    wait_query,
    whole_in,
    whole_query,
    world_of,
)
from simulator.params import Upload
from simulator.pictures import striped_png
from simulator.records import Message, Person
from simulator.view import MOST_UNREAD, chat_view, message_view, person_view
from simulator.world import World

# How long a tap waits for the bot's answer when the caller does not say.
TAP_WAIT = 10.0
MOST_LISTED = 1_000
UNKNOWN = "application/octet-stream"
LONGEST_NOTE = 64


def _person(request: Request) -> Person:
    return world_of(request).common.person(request.path_params["person_id"])


def read_person(world: World, content: dict[str, Any]) -> Person:
    """A new person from JSON: first_name, and perhaps id, last_name, username, language_code, note, started, keeps."""
    first_name = text_in(content, "first_name").strip()
    if not 1 <= len(first_name) <= 64:
        raise PersonError("A person needs a first_name of 1 to 64 characters.")
    person_id = whole_in(content, "id") if content.get("id") is not None else world.common.free_person_id()
    if not 1 <= person_id < 2**52:
        raise PersonError("A person's id is a positive number below 2^52.")
    person = Person(
        id=person_id,
        first_name=first_name,
        last_name=text_in(content, "last_name", ""),
        username=text_in(content, "username", "").removeprefix("@"),
        language_code=text_in(content, "language_code", "en"),
        note=text_in(content, "note", "").strip()[:LONGEST_NOTE],
        keeps=whole_in(content, "keeps") if content.get("keeps") is not None else None,
    )
    world.common.add_person(person)
    if content.get("started") is True:
        world.started.add(person.id)
    return person


async def add_person(request: Request) -> Response:
    world = world_of(request)
    person = read_person(world, await read_object(request))
    world.stream.tell({"type": "people"})
    return answer(person_view(world, person), 201)


async def add_people(request: Request) -> Response:
    world = world_of(request)
    people = (await read_object(request)).get("people")
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise PersonError("“people” must be a list of persons.")
    added = [read_person(world, person).id for person in people]
    world.stream.tell({"type": "people"})
    return answer({"added": len(added), "ids": added}, 201)


async def list_people(request: Request) -> Response:
    """Up to `limit` people: those with a note in their order, then the latest active; `search` is part of a
    name, a note or an id.
    """
    world = world_of(request)
    limit = min(max(whole_query(request, "limit", MOST_LISTED), 1), 100_000)
    search = request.query_params.get("search", "").casefold()
    people: Collection[Person] = world.people.values()
    if search:
        people = [p for p in people if search in f"{p.name} @{p.username} {p.note} {p.id}".casefold()]
    chats = world.chats

    def latest(person: Person) -> tuple[bool, int]:
        if person.note:
            return True, -person.id
        return False, chats[person.id].event if person.id in chats else 0

    listed = [
        person_view(world, person) | {"unread_elsewhere": _unread_elsewhere(world, person)}
        for person in heapq.nlargest(limit, people, key=latest)
    ]
    return answer({"people": listed, "found": len(people), "total": len(world.people)})


def _unread_elsewhere(world: World, person: Person) -> int:
    """Unread messages of friends, in groups and of other bots than the one of the list."""
    others = [other for other in world.common.worlds.values() if other is not world]
    return (
        unread_from_friends(world, person)
        + sum(g.unread(person.id, MOST_UNREAD) for g in world.groups.values() if g.has(person.id))
        + sum(w.chats[person.id].unread(MOST_UNREAD) for w in others if person.id in w.chats)
    )


async def show_person(request: Request) -> Response:
    return answer(person_view(world_of(request), _person(request)))


async def send(request: Request) -> Response:
    content = await read_object(request)
    reply_to = whole_in(content, "reply_to") if content.get("reply_to") is not None else None
    text = text_in(content, "text")
    world = world_of(request)
    at = place_in(world, content)
    sent = acting.send_text(world, _person(request), text, reply_to=reply_to, at=at)
    return _sent(sent[0], [message.message_id for message in sent])


async def start(request: Request) -> Response:
    """Press Start, or choose a `group` for a link that adds the bot to one; perhaps with the `payload` of a link."""
    world, content = world_of(request), await read_object(request)
    payload = text_in(content, "payload", "")
    if at := place_in(world, content):
        return _sent(acting.start_in_group(world, _person(request), payload, at)[0])
    return _sent(acting.press_start(world, _person(request), payload)[0])


def _sent(message: Message, message_ids: list[int] | None = None) -> Response:
    ids = message_ids or [message.message_id]
    return answer({"message_id": message.message_id, "message_ids": ids, "message": message_view(message)})


async def tap(request: Request) -> Response:
    """Tap a button by `label` or `data`, on `message_id` or on the newest message or keyboard that has it.

    With `friend` the button stands in the chat with that friend, and is found by `message_id` and `data`.
    """
    world, person, content = world_of(request), _person(request), await read_object(request)
    at = place_in(world, content)
    peer = at.group if at else person
    wait = min(number_in(content, "wait", TAP_WAIT), 120.0)
    if friend := friend_in(world, content):
        message = message_between(world, person, friend, whole_in(content, "message_id"))
        return await _tapped(world, person, message, text_in(content, "data"), None, wait)
    if "data" in content:
        message = acting.message_of(world, peer, whole_in(content, "message_id"))
        return await _tapped(world, person, message, text_in(content, "data"), at, wait)
    label = text_in(content, "label")
    given = content.get("message_id")
    found = acting.find_button(world, peer, label, whole_in(content, "message_id") if given else None)
    if found:
        return await _tapped(world, person, *found, at, wait)
    location = None
    if "latitude" in content:
        location = number_in(content, "latitude"), number_in(content, "longitude")
    pressed = None if given else acting.press_key(world, person, label, location, at)
    if pressed is None:
        raise PersonError(f"{person.first_name} sees no button “{label}”.", 404)
    return answer(
        {"answered": True, "toast": None, "alert": None, "url": None, "message_id": pressed.message_id}
    )


async def _tapped(
    world: World, person: Person, message: Message, data: str, at: Place | None, wait: float
) -> Response:
    """Tap a button; in a group its message may be of another bot than the one of the address."""
    owner = world.owner(message) if at else world
    return await _answered(owner, acting.tap_button(owner, person, message, data, at), message, wait)


async def forge(request: Request) -> Response:
    world, person, content = world_of(request), _person(request), await read_object(request)
    at = place_in(world, content)
    message = acting.message_of(world, at.group if at else person, whole_in(content, "message_id"))
    owner = world.owner(message) if at else world
    query = acting.forge_tap(owner, person, message, text_in(content, "data"), at)
    return await _answered(owner, query, message, min(number_in(content, "wait", TAP_WAIT), 120.0))


async def _answered(world: World, query: Query, message: Message, wait: float) -> Response:
    given = await world.taps.wait_for_answer(query, wait)
    outcome = given or {"toast": None, "alert": None, "url": None}
    return answer({"answered": given is not None, "message_id": message.message_id} | outcome)


async def share_location(request: Request) -> Response:
    content = await read_object(request)
    world, place = world_of(request), (number_in(content, "latitude"), number_in(content, "longitude"))
    return _sent(acting.share_location(world, _person(request), *place, place_in(world, content)))


async def send_photo(request: Request) -> Response:
    """A picture in a form (`file`), or a small one made for the occasion; `caption` if wanted."""
    person = _person(request)
    upload, caption, at = await _upload(request)
    picture = upload or Upload("photo.png", "image/png", striped_png(person.id))
    return _sent(sending_files.send_photo(world_of(request), person, picture, caption, at))


async def send_document(request: Request) -> Response:
    """A file in a form (`file`); `caption` if wanted."""
    upload, caption, at = await _upload(request)
    if upload is None:
        raise PersonError("Send the document as the part “file” of a form.")
    return _sent(sending_files.send_document(world_of(request), _person(request), upload, caption, at))


def _sends(kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def send_file(request: Request) -> Response:
        """A file in a form (`file`); `caption` if wanted."""
        upload, caption, at = await _upload(request)
        if upload is None:
            raise PersonError("Send the file as the part “file” of a form.")
        return _sent(sending_files.send_file(world_of(request), _person(request), kind, upload, caption, at))

    return send_file


async def send_contact(request: Request) -> Response:
    content = await read_object(request)
    world, names = world_of(request), (text_in(content, "first_name"), text_in(content, "phone_number"))
    return _sent(acting.send_contact(world, _person(request), *names, place_in(world, content)))


async def send_album(request: Request) -> Response:
    """Two to ten files in a form (`file`, several times), which arrive together; `caption` stands under the first."""
    uploads, caption, at = await _uploads(request)
    sent = sending_files.send_album(world_of(request), _person(request), uploads, caption, at)
    return _sent(sent[0], [message.message_id for message in sent])


async def _upload(request: Request) -> tuple[Upload | None, str, Place | None]:
    """The file of a form, its caption, and the group that it goes to."""
    uploads, caption, at = await _uploads(request)
    return uploads[0] if uploads else None, caption, at


async def _uploads(request: Request) -> tuple[list[Upload], str, Place | None]:
    world = world_of(request)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        content = await read_object(request)
        return [], text_in(content, "caption", ""), place_in(world, content)
    async with request.form() as form:
        caption = form.get("caption", "")
        uploads = [await _read(file) for file in form.getlist("file") if isinstance(file, UploadFile)]
        return uploads, caption if isinstance(caption, str) else "", place_in(world, form)


async def _read(file: UploadFile) -> Upload:
    name = file.filename or "file"
    given = file.content_type if file.content_type != UNKNOWN else None  # some clients never say more
    return Upload(name, given or mimetypes.guess_type(name)[0] or UNKNOWN, await file.read())


async def edit(request: Request) -> Response:
    content = await read_object(request)
    world, message_id, text = world_of(request), whole_in(content, "message_id"), text_in(content, "text")
    return _sent(acting.edit_text(world, _person(request), message_id, text, place_in(world, content)))


async def inline(request: Request) -> Response:
    """Type an inline query, in the chat with the bot or with `friend`, and wait for its results."""
    world, content = world_of(request), await read_object(request)
    at = place_in(world, content)
    kind = at.group.kind if at else "private" if friend_in(world, content) else "sender"
    query = inline_queries.type_inline(world, _person(request), text_in(content, "query"), chat_type=kind)
    given = await world.inline_queries.wait_for_answer(
        query, min(number_in(content, "wait", TAP_WAIT), 120.0)
    )
    shown = {"results": given["results"], "button": given["button"]} if given else {"results": []}
    return answer({"answered": given is not None, "inline_query_id": query.query_id} | shown)


async def choose(request: Request) -> Response:
    world, content = world_of(request), await read_object(request)
    query_id, result_id = text_in(content, "inline_query_id"), text_in(content, "result_id", "")
    friend = friend_in(world, content)
    at = place_in(world, content)
    person = _person(request)
    return _sent(inline_queries.choose_result(world, person, query_id, result_id, friend, at))


async def block(request: Request) -> Response:
    acting.block(world_of(request), _person(request))
    return await show_person(request)


async def unblock(request: Request) -> Response:
    acting.unblock(world_of(request), _person(request))
    return await show_person(request)


async def deactivate(request: Request) -> Response:
    acting.deactivate(world_of(request), _person(request))
    return await show_person(request)


async def messages(request: Request) -> Response:
    """The changes in the chat after event `after`; waits up to `wait` seconds for something to change."""
    world, person = world_of(request), _person(request)
    at = place_in(world, request.query_params)
    peer = at.group if at else person
    after = whole_query(request, "after")
    until = monotonic() + wait_query(request)
    while not world.waiters.closed and (left := until - monotonic()) > 0:
        chat = at.group.chat if at else world.chats.get(person.id)
        if chat and chat.event > after:
            break
        await world.waiters.wait(("chat", peer.id), left)
    return answer(group_chat_view(world, at, person, after) if at else chat_view(world, person, after))


async def commands(request: Request) -> Response:
    """The command menu and the description that this person sees, with a bot or in a `group`."""
    world, person = world_of(request), _person(request)
    settings = world.settings
    at = place_in(world, request.query_params)
    return answer(
        {
            "commands": group_commands(world, at.group, person)
            if at
            else settings.commands_for(person.id, person.language_code),
            "menu_button": settings.menu_button_for(person.id),
            "description": settings.text_for("description", person.language_code),
            "name": settings.text_for("name", person.language_code) or world.bot["first_name"],
        }
    )


_ACTS = {
    "send": send,
    "start": start,
    "tap": tap,
    "forge": forge,
    "location": share_location,
    "photo": send_photo,
    "document": send_document,
    "contact": send_contact,
    "album": send_album,
    **{kind: _sends(kind) for kind in sending_files.FILE_FIELDS},
    "edit": edit,
    "inline": inline,
    "choose": choose,
    "block": block,
    "unblock": unblock,
    "deactivate": deactivate,
}

ROUTES = [
    Route("/sim/people", list_people, methods=["GET"]),
    Route("/sim/people", add_person, methods=["POST"]),
    Route("/sim/people/bulk", add_people, methods=["POST"]),
    Route("/sim/people/{person_id:int}", show_person, methods=["GET"]),
    Route("/sim/people/{person_id:int}/messages", messages, methods=["GET"]),
    Route("/sim/people/{person_id:int}/commands", commands, methods=["GET"]),
    *(Route(f"/sim/people/{{person_id:int}}/{name}", act, methods=["POST"]) for name, act in _ACTS.items()),
]
