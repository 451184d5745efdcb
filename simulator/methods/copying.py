"""Methods that copy and forward messages (MessagesManager.cpp of tdlib, get_forwarded_messages)."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

from simulator.errors import bad_request
from simulator.groups import Group
from simulator.methods.delivering import send, send_all
from simulator.methods.texts import read_caption
from simulator.params import Params
from simulator.polls import copied
from simulator.records import Message
from simulator.world import World

MOST_AT_ONCE = 100
# What a copy takes along of the original.
KEPT = ("link_preview_options", "show_caption_above_media")
Content = dict[str, Any]


def copy_message(world: World, params: Params) -> dict[str, Any]:
    source = _source(world, params, "copy")
    content = _copied(world, source) if _may_be_copied(source) else None
    if content is None:
        raise bad_request("The message can't be copied")
    if source.has_caption and "caption" in params.values:
        content["text"], content["entities"] = read_caption(params)
    _alone(content)
    return {"message_id": send(world, params, "copyMessage", **content)["message_id"]}


def forward_message(world: World, params: Params) -> dict[str, Any]:
    source = _source(world, params, "forward")
    if not _may_be_forwarded(source):
        raise bad_request("The message can't be forwarded")
    content = _forwarded(world, params, source)
    _alone(content)
    return send(world, params, "forwardMessage", **content)


def copy_messages(world: World, params: Params) -> list[dict[str, Any]]:
    """Those that cannot be found or copied are skipped, as Telegram does."""
    without_captions = params.flag("remove_caption")
    contents = []
    for source in _sources(world, params):
        content = _copied(world, source) if _may_be_copied(source) else None
        if content and source.has_caption and without_captions:
            content |= {"text": "", "entities": b""}
        contents.append(content)
    return _send_several(world, params, "copyMessages", contents)


def forward_messages(world: World, params: Params) -> list[dict[str, Any]]:
    """Those that cannot be found or forwarded are skipped, as Telegram does."""
    contents = [
        _forwarded(world, params, source) if _may_be_forwarded(source) else None
        for source in _sources(world, params)
    ]
    return _send_several(world, params, "forwardMessages", contents)


def _send_several(
    world: World, params: Params, method: str, given: list[Content | None]
) -> list[dict[str, Any]]:
    """Send all that may be sent there; albums stay together as far as they are among it."""
    peer = world.reachable(params.text("chat_id"))
    contents = [content for content in given if content is not None]
    if isinstance(peer, Group):
        bot = world.bot["id"]
        contents = [each for each in contents if not peer.may_send(bot, each["media"] or ())]
    if not contents:
        raise bad_request("Messages can't be forwarded")
    _regroup(world, contents)
    return [{"message_id": sent["message_id"]} for sent in send_all(world, params, method, contents)]


def _regroup(world: World, contents: list[Content]) -> None:
    """Give each album of two or more a number of its own; what is left of others stands alone."""
    albums = Counter(
        album for content in contents if (album := (content["media"] or {}).get("media_group_id"))
    )
    new = {album: str(world.common.free_group_id()) for album, count in albums.items() if count > 1}
    for content in contents:
        album = (content["media"] or {}).get("media_group_id")
        if album in new:
            content["media"] = content["media"] | {"media_group_id": new[album]}
        else:
            _alone(content)


def _alone(content: Content) -> None:
    if content["media"]:
        content["media"] = {
            name: value for name, value in content["media"].items() if name != "media_group_id"
        }


def _may_be_copied(source: Message) -> bool:
    """A bot copies protected messages too; of a quiz it must know the answer."""
    return not source.is_service


def _may_be_forwarded(source: Message) -> bool:
    return not source.is_service and not (source.extra or {}).get("has_protected_content")


def _copied(world: World, source: Message) -> Content | None:
    """What a copy holds; None for a quiz whose answer the bot does not know."""
    media = source.media
    if media and "poll" in media:
        poll = copied(media["poll"], str(world.common.free_group_id()))
        if poll is None:
            return None
        media = media | {"poll": poll}
    extra = {name: value for name, value in (source.extra or {}).items() if name in KEPT}
    return {"text": source.text, "entities": source.entities, "media": media, "extra": extra}


def _forwarded(world: World, params: Params, source: Message) -> Content:
    """What a forwarded message holds; one that was forwarded already says where it began."""
    extra = {name: value for name, value in (source.extra or {}).items() if name in KEPT}
    sender = world.sender_of(world.find_recipient(params.text("from_chat_id")), source)
    origin = {"type": "user", "sender_user": sender, "date": source.date}
    extra["forward_origin"] = (source.extra or {}).get("forward_origin", origin)
    return {"text": source.text, "entities": source.entities, "media": source.media, "extra": extra}


def _source(world: World, params: Params, purpose: str) -> Message:
    """The message that copyMessage and forwardMessage start from."""
    if not params.text("from_chat_id"):
        raise bad_request('parameter "from_chat_id" is required')
    peer = world.find_recipient(params.text("from_chat_id"))
    source = world.chat(peer).messages.get(params.integer("message_id"))
    if source is None:
        raise bad_request(f"message to {purpose} not found")
    return source


def _sources(world: World, params: Params) -> list[Message]:
    """The messages that copyMessages and forwardMessages start from; each stands behind the one before."""
    if not params.text("from_chat_id"):
        raise bad_request('parameter "from_chat_id" is required')
    numbers = read_message_ids(params)
    messages = world.chat(world.find_recipient(params.text("from_chat_id"))).messages
    present = [number for number in numbers if number in messages]
    if not present:
        raise bad_request("There are no messages to forward")
    if any(later <= earlier for earlier, later in pairwise(present)):
        raise bad_request("Message identifiers must be in a strictly increasing order")
    return [messages[number] for number in present]


def read_message_ids(params: Params) -> list[int]:
    """`message_ids`, 1 to 100 numbers (Client.cpp, get_message_ids)."""
    numbers = params.structure("message_ids", "can't parse message_ids JSON object")
    if numbers is None:
        raise bad_request("message identifiers are not specified")
    if not isinstance(numbers, list):
        raise bad_request("expected an Array of message identifiers")
    if len(numbers) > MOST_AT_ONCE:
        raise bad_request("too many message identifiers specified")
    if not numbers:
        raise bad_request("message identifiers are not specified")
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
