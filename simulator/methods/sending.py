"""Methods that put a text or a place into a chat, or say that something comes."""

from typing import Any

from simulator.cleaning import trimmed
from simulator.errors import bad_request
from simulator.groups import Group
from simulator.methods.delivering import read_thread, send
from simulator.methods.texts import read_text
from simulator.params import Params
from simulator.places import LIVE, VENUE_FIELDS, place_of, read_live, venue
from simulator.world import World

CHAT_ACTIONS = {
    *("cancel", "typing", "record_video", "upload_video", "record_audio", "record_voice", "upload_audio"),
    *("upload_voice", "upload_photo", "upload_document", "choose_sticker", "pick_up_location"),
    *("find_location", "record_video_note", "upload_video_note"),
}


def send_message(world: World, params: Params) -> dict[str, Any]:
    text, entities = read_text(params)
    return send(world, params, "sendMessage", text=text, entities=entities)


def send_location(world: World, params: Params) -> dict[str, Any]:
    location = place_of(params, "Invalid location specified")
    location |= read_live(*(params.integer(name) for name in LIVE))
    return send(world, params, "sendLocation", media={"location": location})


def send_venue(world: World, params: Params) -> dict[str, Any]:
    location = place_of(params, "Wrong venue location specified")
    for name in ("title", "address"):
        if not trimmed(params.text(name)):
            raise bad_request(f"venue {name} must be non-empty")
    ids = {name: params.text(name) for name in VENUE_FIELDS}
    return send(
        world, params, "sendVenue", media=venue(location, params.text("title"), params.text("address"), ids)
    )


def send_chat_action(world: World, params: Params) -> bool:
    action = params.text("action").lower()
    if action not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    person = world.reachable(params.text("chat_id"))
    read_thread(world, person, params)
    where = "group" if isinstance(person, Group) else "person"
    world.stream.tell({"type": "action", where: person.id, "bot": world.bot["id"], "action": action})
    return True
