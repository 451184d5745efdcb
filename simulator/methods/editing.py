"""Methods that change, delete or pin a message that is already in a chat."""

from typing import Any

from simulator.errors import bad_request
from simulator.keyboards import read_markup
from simulator.methods.sending import read_caption, read_text
from simulator.params import Params
from simulator.performing import heard
from simulator.records import Message, Person
from simulator.world import World

# A bot cannot delete its messages after this many simulated seconds.
DELETABLE_FOR = 48 * 3600
MOST_AT_ONCE = 100
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


def edit_message_reply_markup(world: World, params: Params) -> dict[str, Any] | bool:
    person, message = _editable(world, params)
    return _edit(world, params, "editMessageReplyMarkup", person, message, message.text, message.entities)


def _edit(
    world: World, params: Params, method: str, person: Person, message: Message, text: str, entities: bytes
) -> dict[str, Any] | bool:
    markup = read_markup(params, local_apps=world.local_apps)
    if markup.kind not in {"inline", "none"}:
        raise bad_request("inline keyboard expected")
    if (text, entities, markup.json) == (message.text, message.entities, message.markup):
        raise bad_request(NOT_MODIFIED)
    world.limits.check(person.id)
    message.text, message.entities, message.markup = text, entities, markup.json
    message.edit_date = world.clock.timestamp()
    message.edits += 1
    world.changed(person, message)
    world.journal.record(method, person.id, message, world.clock.now())
    shape = world.shape(person, message)
    heard(world, person)
    return True if message.inline_message_id else shape


def _editable(world: World, params: Params) -> tuple[Person, Message]:
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
    message = _message(world, person, params, "message to edit not found")
    if not message.by_bot or message.keyed:
        raise bad_request("message can't be edited")
    return person, message


def _message(world: World, person: Person, params: Params, complaint: str) -> Message:
    message_id = params.integer("message_id")
    if not message_id:
        raise bad_request("message identifier is not specified")
    message = world.chat(person).messages.get(message_id)
    if message is None:
        raise bad_request(complaint)
    return message


def delete_message(world: World, params: Params) -> bool:
    person = world.find_recipient(params.text("chat_id"))
    message = _message(world, person, params, "message to delete not found")
    if not _is_deletable(world, message):
        raise bad_request("message can't be deleted for everyone")
    world.delete_message(person, message.message_id)
    return True


def delete_messages(world: World, params: Params) -> bool:
    """Those that cannot be found or deleted are skipped, as Telegram does."""
    person = world.find_recipient(params.text("chat_id"))
    for number in read_message_ids(params):
        message = world.chat(person).messages.get(number)
        if message is not None and _is_deletable(world, message):
            world.delete_message(person, message.message_id)
    return True


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


def _is_deletable(world: World, message: Message) -> bool:
    return world.clock.timestamp() - message.date <= DELETABLE_FOR


def pin_chat_message(world: World, params: Params) -> bool:
    person = world.reachable(params.text("chat_id"))
    message = _message(world, person, params, "message to pin not found")
    world.chat(person).pinned = message.message_id
    world.changed(person, message)
    return True


def unpin_chat_message(world: World, params: Params) -> bool:
    person = world.reachable(params.text("chat_id"))
    chat = world.chat(person)
    wanted = params.integer("message_id", chat.pinned)
    if not chat.pinned or wanted != chat.pinned:
        raise bad_request("message to unpin not found")
    return unpin_all_chat_messages(world, params)


def unpin_all_chat_messages(world: World, params: Params) -> bool:
    person = world.reachable(params.text("chat_id"))
    world.chat(person).pinned = 0
    world.changed(person)
    return True
