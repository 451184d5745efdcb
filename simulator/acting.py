"""What a person can do in the chat with the bot. Each act is told to the bot as Telegram tells it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson

from simulator import membership, topics
from simulator.callbacks import Query
from simulator.errors import PersonError
from simulator.groups import Place
from simulator.keyboards import buttons_of
from simulator.parse import parse_text
from simulator.reading import holds
from simulator.records import Message, Person
from simulator.shapes import Peer, user_shape
from simulator.world import World

LONGEST_MESSAGE = 4096
MOST_AT_ONCE = 100
BAD_PAYLOAD = "A start link carries 1 to 64 characters of A-Z, a-z, 0-9, _ and -."
_START_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


def send_text(
    world: World,
    person: Person,
    text: str,
    *,
    reply_to: int | None = None,
    at: Place | None = None,
    **extra: Any,
) -> list[Message]:
    """Send a text; like the official clients, one that is too long leaves as several messages.

    `reply_to` is the message that is answered: 0 for none, None for the one to which the bot forces a reply, if any.
    """
    check_can_write(world, person, at)
    peer = at.group if at else person
    chat = world.chat(peer)
    replied = chat.asked if reply_to is None else reply_to
    if replied and (reply_to or replied in chat.messages):
        answered = message_of(world, peer, replied)
        extra["extra"] = {"reply_to_message": reply_shape(world, peer, answered)}
        if at and at.group.is_forum:
            at = Place(at.group, answered.thread)  # an answer stands in the topic of what it answers
    if not text.strip():
        raise PersonError("An empty message cannot be sent: write something first.")
    if len(text) > MOST_AT_ONCE * LONGEST_MESSAGE:
        raise PersonError(f"Nobody sends more than {MOST_AT_ONCE * LONGEST_MESSAGE:,} characters at once.")
    pieces = [text[start : start + LONGEST_MESSAGE] for start in range(0, len(text), LONGEST_MESSAGE)]
    return [say(world, person, *parse_text(piece), at=at, **extra) for piece in pieces if piece.strip()]


def reply_shape(world: World, peer: Peer, replied: Message) -> dict[str, Any]:
    """The message that is answered, without the one that it answers itself."""
    shape = world.shape(peer, replied)
    shape.pop("reply_to_message", None)
    found: dict[str, Any] = orjson.loads(orjson.dumps(shape))
    return found


def press_start(world: World, person: Person, payload: str = "") -> list[Message]:
    """Press Start, perhaps from a link; somebody who had blocked the bot unblocks it by that."""
    if payload and not _START_PAYLOAD.fullmatch(payload):
        raise PersonError(BAD_PAYLOAD)
    if person.id in world.blocked:
        unblock(world, person)
    return send_text(world, person, f"/start {payload}".strip())


def start_in_group(world: World, person: Person, payload: str, at: Place) -> list[Message]:
    """Choose a group for a link `?startgroup=payload`: the bot comes into it and is told `/start@bot payload`."""
    check_is_in(person, at)
    if payload and not _START_PAYLOAD.fullmatch(payload):
        raise PersonError(BAD_PAYLOAD)
    if not at.group.has(world.bot["id"]):
        if not at.group.may(person.id, "can_invite_users"):
            raise PersonError(f"{person.first_name} may add nobody to “{at.group.title}”.")
        membership.join(world.common, at.group, world.bot["id"], actor=person.id)
    return send_text(world, person, f"/start@{world.bot['username']} {payload}".strip(), reply_to=0, at=at)


def edit_text(world: World, person: Person, message_id: int, text: str, at: Place | None = None) -> Message:
    check_can_write(world, person, at)
    peer = at.group if at else person
    message = message_of(world, peer, message_id)
    if message.by_bot or message.media or (at and message.sender != person.id):
        raise PersonError(
            f"Message {message_id} is not a text of {person.first_name}'s own: only those can be edited."
        )
    if not text.strip() or len(text) > LONGEST_MESSAGE:
        raise PersonError(f"An edited message holds 1 to {LONGEST_MESSAGE} characters.")
    message.text, message.entities = parse_text(text)
    message.edit_date = world.clock.timestamp()
    message.edits += 1
    world.changed(peer, message)
    world.tell_of_message(peer, message, "edited_message")
    return message


def tap_button(world: World, person: Person, message: Message, data: str, at: Place | None = None) -> Query:
    """Tap an inline button that the message really has, by its data."""
    if not any(button.get("callback_data") == data for row in buttons_of(message.markup) for button in row):
        raise PersonError(f"Message {message.message_id} has no button with the data “{data}”.")
    return forge_tap(world, person, message, data, at)


def forge_tap(world: World, person: Person, message: Message, data: str, at: Place | None = None) -> Query:
    """Send a callback with any data, as a hostile client can, to the bot whose message it is."""
    if at is None:
        check_can_write(world, person)
    else:
        check_is_in(person, at)
    peer = at.group if at else person
    query = world.taps.ask(person.id, data)
    content: dict[str, Any] = {
        "id": query.query_id,
        "from": user_shape(person),
        "chat_instance": str(peer.id * 7919),
        "data": data,
    }
    if message.inline_message_id:
        content["inline_message_id"] = message.inline_message_id
    else:
        content["message"] = world.shape(peer, message)
    world.tell_bot("callback_query", peer, content)
    return query


def find_button(
    world: World, peer: Peer, label: str, message_id: int | None = None
) -> tuple[Message, str] | None:
    """The newest message with an inline button whose label holds `label` (any case), and that button's data.

    With `message_id` only that message is looked at.
    """
    messages = world.newest_first(peer) if message_id is None else [message_of(world, peer, message_id)]
    for message in messages:
        if not message.markup:
            continue
        for row in buttons_of(message.markup):
            for button in row:
                if holds(button["text"], label) and "callback_data" in button:
                    return message, button["callback_data"]
    return None


def press_key(
    world: World,
    person: Person,
    label: str,
    location: tuple[float, float] | None,
    at: Place | None = None,
) -> Message | None:
    """Tap a key of the reply keyboard, if there is one with this label."""
    for row in buttons_of(world.chat(at.group if at else person).reply_keyboard):
        for key in row:
            if not holds(key["text"], label):
                continue
            if key.get("request_location"):
                if location is None:
                    raise PersonError(
                        f"The key “{key['text']}” asks for a location: send latitude and longitude."
                    )
                return share_location(world, person, *location)
            if key.get("request_contact"):
                contact = {
                    "phone_number": "+33000000000",
                    "first_name": person.first_name,
                    "user_id": person.id,
                }
                check_can_write(world, person)
                return say(world, person, media={"contact": contact})
            return send_text(world, person, key["text"], at=at)[0]
    return None


def share_location(
    world: World, person: Person, latitude: float, longitude: float, at: Place | None = None
) -> Message:
    check_can_write(world, person, at)
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise PersonError("A latitude lies between -90 and 90 and a longitude between -180 and 180.")
    return say(world, person, media={"location": {"latitude": latitude, "longitude": longitude}}, at=at)


def send_contact(
    world: World, person: Person, first_name: str, phone_number: str, at: Place | None = None
) -> Message:
    check_can_write(world, person, at)
    if not first_name or not phone_number:
        raise PersonError("A contact has a first_name and a phone_number.")
    return say(
        world, person, media={"contact": {"phone_number": phone_number, "first_name": first_name}}, at=at
    )


def block(world: World, person: Person) -> None:
    check_active(person)
    if person.id in world.blocked:
        raise PersonError(f"{person.first_name} has already blocked the bot.")
    world.blocked.add(person.id)
    world.changed(person)
    world.tell_bot_of_membership(person, old="member", new="kicked")


def unblock(world: World, person: Person) -> None:
    check_active(person)
    if person.id not in world.blocked:
        raise PersonError(f"{person.first_name} has not blocked the bot.")
    world.blocked.discard(person.id)
    world.changed(person)
    world.tell_bot_of_membership(person, old="kicked", new="member")


def deactivate(world: World, person: Person) -> None:
    """Delete the person's account; Telegram tells the bot nothing of that."""
    check_active(person)
    person.deactivated = True
    world.changed(person)


def say(
    world: World,
    person: Person,
    text: str = "",
    entities: bytes = b"",
    *,
    at: Place | None = None,
    **fields: Any,
) -> Message:
    """Put the person's message into the chat and tell the bot; a one-time keyboard goes away by it."""
    if at:
        check_may_send(person, at, fields.get("media") or ())
        fields |= {"sender": person.id, "thread": at.topic}
    else:
        world.started.add(person.id)
    peer = at.group if at else person
    chat = world.chat(peer)
    if chat.reply_keyboard and orjson.loads(chat.reply_keyboard).get("one_time_keyboard"):
        chat.reply_keyboard = b""
    message = world.add_message(peer, by_bot=False, text=text, entities=entities, **fields)
    chat.asked = 0
    chat.read = message.message_id  # whoever writes has read what stands above
    if at:
        at.group.read[person.id] = message.message_id
    world.tell_of_message(peer, message)
    return message


def message_of(world: World, peer: Peer, message_id: int) -> Message:
    message = world.chat(peer).messages.get(message_id)
    if message is None:
        where = f"the chat of {peer.first_name}" if isinstance(peer, Person) else f"“{peer.title}”"
        raise PersonError(f"There is no message {message_id} in {where}.", 404)
    return message


def check_active(person: Person) -> None:
    if person.deactivated:
        raise PersonError(f"The account of {person.first_name} is deleted: nothing can be done with it.")


def check_can_write(world: World, person: Person, at: Place | None = None) -> None:
    check_active(person)
    if at:
        check_is_in(person, at)
    elif person.id in world.blocked:
        raise PersonError(f"{person.first_name} has blocked the bot: unblock it first.")


def check_is_in(person: Person, at: Place) -> None:
    check_active(person)
    if at.group.upgraded_to:
        raise PersonError(f"“{at.group.title}” has become the supergroup {at.group.upgraded_to}.")
    if not at.group.has(person.id):
        raise PersonError(f"{person.first_name} is not in “{at.group.title}”: let them join first.")


def check_may_send(person: Person, at: Place, media: Iterable[str]) -> None:
    """Whether the group, a restriction or a closed topic keeps somebody from sending this."""
    if forbidden := at.group.may_send(person.id, media):
        raise PersonError(f"{person.first_name} may send no {forbidden} in “{at.group.title}”.")
    if at.topic and at.topic not in at.group.topics:
        raise PersonError(f"“{at.group.title}” has no topic {at.topic}.", 404)
    if not topics.may_write(at.group, person.id, at.topic):
        raise PersonError("This topic is closed.")
