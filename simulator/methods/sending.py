"""Methods that put a message into a chat."""

from collections.abc import Iterable
from typing import Any

import orjson

from simulator import topics
from simulator.acting import reply_shape
from simulator.errors import bad_request
from simulator.groups import GENERAL, Group
from simulator.keyboards import Markup, buttons_of, read_markup
from simulator.params import Params
from simulator.parse import parse_text
from simulator.performing import heard
from simulator.records import Message
from simulator.shapes import Peer
from simulator.world import World

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
MOST_AT_ONCE = 100
# What a key may ask for in a private chat, and how it is refused elsewhere (ReplyMarkup.cpp of tdlib).
PRIVATE_ONLY = {
    "request_contact": "Phone number can be requested",
    "request_location": "Location can be requested",
    "request_poll": "Poll can be requested",
    "request_users": "Users can be requested",
    "request_chat": "Chats can be requested",
    "web_app": "Web App buttons can be used",
}
CHAT_ACTIONS = {
    *("cancel", "typing", "record_video", "upload_video", "record_audio", "record_voice", "upload_audio"),
    *("upload_voice", "upload_photo", "upload_document", "choose_sticker", "pick_up_location"),
    *("find_location", "record_video_note", "upload_video_note"),
}
# The fields of a place that a bot may name, of Foursquare or Google.
VENUE_FIELDS = ("foursquare_id", "foursquare_type", "google_place_id", "google_place_type")
PREVIEW_FIELDS = ("is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text")


def send_message(world: World, params: Params) -> dict[str, Any]:
    text, entities = read_text(params)
    return send(world, params, "sendMessage", text=text, entities=entities)


def send_location(world: World, params: Params) -> dict[str, Any]:
    location: dict[str, float] = read_location(params)
    for name in ("live_period", "heading", "proximity_alert_radius"):
        if value := params.integer(name):
            location[name] = value
    return send(world, params, "sendLocation", media={"location": location})


def send_venue(world: World, params: Params) -> dict[str, Any]:
    location = read_location(params)
    for name in ("title", "address"):
        if not params.text(name).strip():
            raise bad_request(f"venue {name} must be non-empty")
    venue = {"location": location, "title": params.text("title"), "address": params.text("address")}
    # Foursquare's fields hide Google's (Client.cpp, process_send_venue_query).
    given = {name: params.text(name) for name in VENUE_FIELDS if params.text(name)}
    four = {name: value for name, value in given.items() if name.startswith("foursquare")}
    venue |= four or given
    return send(world, params, "sendVenue", media={"venue": venue, "location": location})


def send_chat_action(world: World, params: Params) -> bool:
    action = params.text("action").lower()
    if action not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    person = world.reachable(params.text("chat_id"))
    read_thread(world, person, params)
    where = "group" if isinstance(person, Group) else "person"
    world.stream.tell({"type": "action", where: person.id, "bot": world.bot["id"], "action": action})
    return True


def copy_message(world: World, params: Params) -> dict[str, Any]:
    source = _source(world, params, "copy")
    text, entities = source.text, source.entities
    if source.has_caption and "caption" in params.values:
        text, entities = read_caption(params)
    copied: dict[str, Any] = {"text": text, "entities": entities, "media": source.media}
    return {"message_id": send(world, params, "copyMessage", **copied)["message_id"]}


def copy_messages(world: World, params: Params) -> list[dict[str, Any]]:
    """Those that cannot be found or copied are skipped, as Telegram does."""
    keep = not params.flag("remove_caption")
    return [
        {"message_id": send(world, params, "copyMessages", **_content(source, keep))["message_id"]}
        for source in _sources(world, params)
    ]


def forward_messages(world: World, params: Params) -> list[dict[str, Any]]:
    """Those that cannot be found or forwarded are skipped, as Telegram does."""
    return [
        {
            "message_id": send(
                world, params, "forwardMessages", extra=_origin(world, params, source), **_content(source)
            )["message_id"]
        }
        for source in _sources(world, params)
    ]


def forward_message(world: World, params: Params) -> dict[str, Any]:
    source = _source(world, params, "forward")
    return send(world, params, "forwardMessage", extra=_origin(world, params, source), **_content(source))


def _content(source: Message, keep_caption: bool = True) -> dict[str, Any]:
    if source.has_caption and not keep_caption:
        return {"text": "", "entities": b"", "media": source.media}
    return {"text": source.text, "entities": source.entities, "media": source.media}


def _origin(world: World, params: Params, source: Message) -> dict[str, Any]:
    sender = world.sender_of(world.find_recipient(params.text("from_chat_id")), source)
    return {"forward_origin": {"type": "user", "sender_user": sender, "date": source.date}}


def read_text(params: Params, name: str = "text", list_name: str = "entities") -> tuple[str, bytes]:
    """The parsed text of a message, which must not be empty."""
    text, entities = parsed(params, name, list_name)
    if not text:
        raise bad_request("message text is empty")
    if len(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return text, entities


def read_caption(params: Params) -> tuple[str, bytes]:
    """The parsed caption of a photo or document, which may be empty."""
    text, entities = parsed(params, "caption", "caption_entities")
    if len(text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return text, entities


def parsed(params: Params, name: str, list_name: str) -> tuple[str, bytes]:
    given = params.structure(list_name, "can't parse message entities: can't parse JSON") or []
    # What is no list is overlooked (Client.cpp, get_formatted_text).
    return parse_text(
        params.text(name), params.text("parse_mode"), given if isinstance(given, list) else None
    )


def read_location(params: Params) -> dict[str, float]:
    latitude, longitude = params.number("latitude"), params.number("longitude")
    if latitude is None:
        raise bad_request("latitude is empty")
    if longitude is None:
        raise bad_request("longitude is empty")
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise bad_request("wrong latitude or longitude specified")
    place = {"latitude": latitude, "longitude": longitude}
    if accuracy := params.number("horizontal_accuracy"):
        place["horizontal_accuracy"] = accuracy
    return place


def send(
    world: World, params: Params, method: str, *, extra: dict[str, Any] | None = None, **content: Any
) -> dict[str, Any]:
    """Check the keyboard, the recipient and the rate, then add the message and journal it."""
    markup = read_markup(params, local_apps=world.common.local_apps)
    person = world.reachable(params.text("chat_id"))
    thread = read_thread(world, person, params)
    if isinstance(person, Group):
        check_may_send(world, person, thread, content.get("media") or (), markup)
        content |= {"sender": world.bot["id"], "thread": thread}
    extra = _extra(world, person, params) | (extra or {})
    if content.get("media") and content.get("text") and params.flag("show_caption_above_media"):
        extra["show_caption_above_media"] = True
    world.limits.check(person.id)
    inline = markup.json if markup.kind == "inline" else b""
    apply_reply_keyboard(world, person, markup)
    message = world.add_message(person, by_bot=True, markup=inline, extra=extra or None, **content)
    if markup.kind not in {"inline", "none"}:
        world.chat(person).asked = message.message_id if markup.kind == "force" else 0
    message.keyed = markup.kind in {"reply", "remove", "force"}
    world.journal.record(method, person.id, message, world.clock.now())
    shape = world.shape(person, message)
    heard(world, person)
    return shape


def apply_reply_keyboard(world: World, person: Peer, markup: Markup) -> None:
    if markup.kind in {"reply", "force"} and person.keeps != 0:
        world.chat(person).placeholder = orjson.loads(markup.json or b"{}").get("input_field_placeholder", "")
    if markup.kind == "reply":
        world.chat(person).reply_keyboard = markup.json if buttons_of(markup.json) else b""
    elif markup.kind == "remove":
        world.chat(person).reply_keyboard = b""


def read_thread(world: World, peer: Peer, params: Params) -> int:
    """The topic that a call names, 0 for none (Client.cpp, check_message_topic).

    A group without topics overlooks it; the general topic cannot be named, and private chats have none here.
    """
    thread = params.integer("message_thread_id")
    if not thread or (isinstance(peer, Group) and not peer.is_forum):
        return 0
    if not isinstance(peer, Group) or thread == GENERAL or thread not in peer.topics:
        raise bad_request("message thread not found")
    return thread


def check_may_send(world: World, group: Group, thread: int, media: Iterable[str], markup: Markup) -> None:
    """Refuses what the group, a restriction or a closed topic keeps the bot from sending."""
    if called := group.may_send(world.bot["id"], media):
        raise bad_request(f"not enough rights to send {called} to the chat")
    if not topics.may_write(group, world.bot["id"], thread):
        raise bad_request("TOPIC_CLOSED")
    for button in (button for row in buttons_of(markup.json) for button in row):
        for field, what in PRIVATE_ONLY.items():
            if field in button:
                raise bad_request(f"{what} in private chats only")


def _extra(world: World, person: Peer, params: Params) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if params.flag("protect_content"):
        extra["has_protected_content"] = True
    if effect := params.text("message_effect_id"):
        extra["effect_id"] = effect
    if preview := _link_preview(params):
        extra["link_preview_options"] = preview
    reply = params.structure("reply_parameters", "can't parse reply parameters JSON object") or {}
    if not isinstance(reply, dict):
        raise bad_request("object expected as reply parameters")
    replied_id = Params(reply).integer("message_id") or params.integer("reply_to_message_id")
    if replied_id:
        replied = world.chat(person).messages.get(replied_id)
        if replied is not None:
            extra["reply_to_message"] = reply_shape(world, person, replied)
            if quote := _quote(reply, replied):
                extra["quote"] = quote
        elif not (reply.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply")):
            raise bad_request("message to be replied not found")
    return extra


def _link_preview(params: Params) -> dict[str, Any]:
    options = params.structure("link_preview_options", "can't parse link preview options JSON object")
    if options is None:
        return {"is_disabled": True} if params.flag("disable_web_page_preview") else {}
    if not isinstance(options, dict):
        raise bad_request("object expected as link preview options")
    return {name: options[name] for name in PREVIEW_FIELDS if options.get(name)}


def _quote(reply: dict[str, Any], replied: Message) -> dict[str, Any] | None:
    """The part of the message that is answered; the one nearest to `quote_position` (MessageQuote.cpp)."""
    if not reply.get("quote"):
        return None
    given = Params(reply)
    quote, entities = parse_text(
        given.text("quote"), given.text("quote_parse_mode"), reply.get("quote_entities")
    )
    text, wanted = replied.text.encode("utf-16-le"), quote.encode("utf-16-le")
    places = [at for at in range(0, len(text) - len(wanted) + 1, 2) if text.startswith(wanted, at)]
    if not quote or not places:
        raise bad_request("QUOTE_TEXT_INVALID")
    near = given.integer("quote_position") * 2
    shape: dict[str, Any] = {
        "text": quote,
        "position": min(places, key=lambda at: abs(at - near)) // 2,
        "is_manual": True,
    }
    if entities:
        shape["entities"] = orjson.loads(entities)
    return shape


def _source(world: World, params: Params, purpose: str) -> Message:
    """The message that copyMessage and forwardMessage start from."""
    person = world.find_recipient(params.text("from_chat_id"))
    source = world.chat(person).messages.get(params.integer("message_id"))
    if source is None:
        raise bad_request(f"message to {purpose} not found")
    if source.extra and source.extra.get("has_protected_content"):
        raise bad_request(f"message can't be {'copied' if purpose == 'copy' else 'forwarded'}")
    return source


def _sources(world: World, params: Params) -> list[Message]:
    """The messages that copyMessages and forwardMessages start from, in their order."""
    messages = world.chat(world.find_recipient(params.text("from_chat_id"))).messages
    found = [messages[number] for number in read_message_ids(params) if number in messages]
    return [source for source in found if not (source.extra or {}).get("has_protected_content")]


def read_message_ids(params: Params) -> list[int]:
    """`message_ids`, up to 100 numbers (Client.cpp, get_message_ids)."""
    numbers = params.structure("message_ids", "can't parse message_ids JSON object")
    if numbers is None:
        raise bad_request("message identifiers are not specified")
    if not isinstance(numbers, list):
        raise bad_request("expected an Array of message identifiers")
    if len(numbers) > MOST_AT_ONCE:
        raise bad_request("too many message identifiers specified")
    return [_message_id(number) for number in numbers]


def _message_id(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise bad_request("message identifier must be a Number")
    try:
        number = int(str(given))
    except ValueError:
        raise bad_request("can't parse message identifier as a Number") from None
    if number <= 0:
        raise bad_request("invalid message identifier specified")
    return number
