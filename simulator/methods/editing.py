"""Methods that change, delete or pin a message that is already in a chat."""

from typing import Any

import orjson

from simulator.errors import bad_request
from simulator.groups import Group
from simulator.keyboards import read_markup
from simulator.membership import tell
from simulator.methods.copying import read_message_ids
from simulator.methods.media import replaced
from simulator.methods.texts import read_caption, read_text
from simulator.params import Params
from simulator.performing import heard
from simulator.places import FOR_EVER, LIVE, LONGEST_LIVE, place_of, read_live
from simulator.records import Message
from simulator.shapes import Peer
from simulator.world import World

# A bot cannot delete its messages after this many simulated seconds.
DELETABLE_FOR = 48 * 3600
# A die can be deleted only when nobody plays for it any more.
DICE_STAYS_FOR = 24 * 3600
KEPT = "message can't be deleted"
# What makes a supergroup or a topic goes with it only.
UNDELETABLE = {"supergroup_chat_created", "migrate_from_chat_id", "forum_topic_created"}
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def edit_message_text(world: World, params: Params) -> dict[str, Any] | bool:
    text, entities = read_text(params)
    person, message = _editable(world, params)
    if message.media:
        raise bad_request("there is no text in the message to edit")
    return _edit(world, params, "editMessageText", person, message, text, entities)


def edit_message_caption(world: World, params: Params) -> dict[str, Any] | bool:
    text, entities = read_caption(params)
    person, message = _editable(world, params)
    if not message.has_caption:
        raise bad_request("there is no caption in the message to edit")
    return _edit(world, params, "editMessageCaption", person, message, text, entities)


def edit_message_media(world: World, params: Params) -> dict[str, Any] | bool:
    person, message = _editable(world, params)
    if not message.has_caption:
        raise bad_request("message media can't be edited")
    text, entities, media = replaced(world, params, person, message)
    group = {name: value for name, value in (message.media or {}).items() if name == "media_group_id"}
    return _edit(world, params, "editMessageMedia", person, message, text, entities, media | group)


def edit_message_live_location(world: World, params: Params) -> dict[str, Any] | bool:
    """Move a place that moves; its period goes on from when it was sent, by at most a day more than it had."""
    place = place_of(params, "Invalid live location specified")
    person, message, location = _live(world, params)
    old = int(location["live_period"])
    period, heading, alert = (params.integer(name) for name in LIVE)
    if period != FOR_EVER and period > old + LONGEST_LIVE:
        raise bad_request("Wrong live location period specified")
    media = {"location": place | read_live(period or old, heading, alert)}
    return _edit(
        world, params, "editMessageLiveLocation", person, message, message.text, message.entities, media
    )


def stop_message_live_location(world: World, params: Params) -> dict[str, Any] | bool:
    person, message, location = _live(world, params)
    media = {"location": {name: value for name, value in location.items() if name not in LIVE}}
    return _edit(
        world, params, "stopMessageLiveLocation", person, message, message.text, message.entities, media
    )


def _live(world: World, params: Params) -> tuple[Peer, Message, dict[str, Any]]:
    """The message with a place that still moves (MessagesManager.cpp of tdlib, edit_message_live_location)."""
    person, message = _editable(world, params)
    location = (message.media or {}).get("location", {})
    period = location.get("live_period")
    if not period:
        raise bad_request("There is no live location in the message to edit")
    if period != FOR_EVER and world.clock.timestamp() >= message.date + period:
        raise bad_request("Message can't be edited")
    return person, message, location


def edit_message_reply_markup(world: World, params: Params) -> dict[str, Any] | bool:
    person, message = _editable(world, params)
    return _edit(world, params, "editMessageReplyMarkup", person, message, message.text, message.entities)


def _edit(
    world: World,
    params: Params,
    method: str,
    person: Peer,
    message: Message,
    text: str,
    entities: bytes,
    media: dict[str, Any] | None = None,
) -> dict[str, Any] | bool:
    markup = read_markup(params, local_apps=world.common.local_apps)
    if markup.kind not in {"inline", "none"}:
        raise bad_request("inline keyboard expected")
    media = media or message.media
    now = (message.text, message.entities, message.markup, message.media)
    if (text, entities, markup.json, media) == now:
        raise bad_request(NOT_MODIFIED)
    world.limits.check(person.id)
    message.text, message.entities, message.markup, message.media = text, entities, markup.json, media
    message.edit_date = world.clock.timestamp()
    message.edits += 1
    world.changed(person, message)
    world.journal.record(method, person.id, message, world.clock.now())
    shape = world.shape(person, message)
    heard(world, person)
    return True if message.inline_message_id else shape


def _editable(world: World, params: Params) -> tuple[Peer, Message]:
    """The message to edit, found by chat and number or by its inline identifier."""
    inline_id = params.text("inline_message_id")
    if inline_id:
        sender, sent = world.inline_messages.get(inline_id, (None, None))
        if sender is None or sent is None:
            raise bad_request("MESSAGE_ID_INVALID")
        if not sent.friend and sent.message_id not in world.chat(sender).messages:
            raise bad_request("MESSAGE_ID_INVALID")
        return sender, sent
    person = world.reachable(params.text("chat_id"))
    forgotten = world.forgotten(person, params.integer("message_id"))
    if forgotten is not None:
        return person, forgotten
    message = _message(world, person, params, "message to edit not found")
    if not world.is_own(person, message) or message.keyed or message.is_service:
        raise bad_request("message can't be edited")
    return person, message


def _message(world: World, person: Peer, params: Params, complaint: str) -> Message:
    message_id = params.integer("message_id")
    if not message_id:
        raise bad_request("message identifier is not specified")
    message = world.chat(person).messages.get(message_id)
    if message is None:
        raise bad_request(complaint)
    return message


def delete_message(world: World, params: Params) -> bool:
    person = world.find_recipient(params.text("chat_id"))
    forgotten = world.forgotten(person, params.integer("message_id"))
    if forgotten is not None:
        world.limits.check(person.id)
        world.journal.record("deleteMessage", person.id, forgotten, world.clock.now())
        return True
    message = _message(world, person, params, "message to delete not found")
    _delete(world, person, [message])
    return True


def delete_messages(world: World, params: Params) -> bool:
    """Those that cannot be found are skipped; one that may not be deleted keeps all of them, as on Telegram."""
    person = world.find_recipient(params.text("chat_id"))
    messages = world.chat(person).messages
    found = [messages[number] for number in dict.fromkeys(read_message_ids(params)) if number in messages]
    _delete(world, person, found)
    return True


def _delete(world: World, person: Peer, messages: list[Message]) -> None:
    """Each counts for the rate as a message does."""
    for message in messages:
        if refusal := why_kept(world, person, message):
            raise bad_request(refusal)
    if messages:
        world.limits.check(person.id, len(messages))
    for message in messages:
        world.delete_message(person, message.message_id)
        world.journal.record("deleteMessage", person.id, message, world.clock.now())


def why_kept(world: World, peer: Peer, message: Message) -> str:
    """Why the bot may not delete a message; empty where it may (MessagesManager.cpp of tdlib, can_revoke_message)."""
    age = world.clock.timestamp() - message.date
    for_everyone = f"{KEPT} for everyone"
    outgoing = world.is_own(peer, message) and not message.is_service
    if not isinstance(peer, Group):
        if age < DICE_STAYS_FOR and "dice" in (message.media or {}):
            return for_everyone
        return "" if age <= DELETABLE_FOR and (outgoing or not message.by_bot) else for_everyone
    if not peer.is_super:
        is_admin = peer.member(world.bot["id"]).is_admin
        return "" if age <= DELETABLE_FOR and (outgoing or is_admin) else for_everyone
    if age >= DELETABLE_FOR or not UNDELETABLE.isdisjoint(message.media or ()):
        return KEPT
    return "" if outgoing or peer.may(world.bot["id"], "can_delete_messages") else KEPT


def pin_chat_message(world: World, params: Params) -> bool:
    person = _pinnable(world, params)
    message = _message(world, person, params, "message to pin not found")
    world.chat(person).pinned = message.message_id
    world.changed(person, message)
    if isinstance(person, Group):
        shape = orjson.loads(orjson.dumps(world.shape(person, message)))
        tell(world.common, person, world.bot["id"], {"pinned_message": shape}, thread=message.thread)
    return True


def unpin_chat_message(world: World, params: Params) -> bool:
    person = _pinnable(world, params)
    chat = world.chat(person)
    wanted = params.integer("message_id", chat.pinned)
    if not chat.pinned or wanted != chat.pinned:
        raise bad_request("message to unpin not found")
    return unpin_all_chat_messages(world, params)


def unpin_all_chat_messages(world: World, params: Params) -> bool:
    person = _pinnable(world, params)
    world.chat(person).pinned = 0
    world.changed(person)
    return True


def _pinnable(world: World, params: Params) -> Peer:
    """The chat whose pinned message the bot may change (DialogManager.cpp of tdlib)."""
    peer = world.reachable(params.text("chat_id"))
    if isinstance(peer, Group) and not peer.may(world.bot["id"], "can_pin_messages"):
        raise bad_request("not enough rights to manage pinned messages in the chat")
    return peer
