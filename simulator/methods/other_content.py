"""Methods that send what is neither a text nor a file: a contact, a die, a draft."""

from __future__ import annotations

import secrets
from typing import Any

from simulator.cleaning import clean
from simulator.errors import bad_request
from simulator.groups import Group
from simulator.methods.delivering import read_thread, send
from simulator.methods.texts import LONGEST_TEXT, parsed
from simulator.params import Params
from simulator.world import World

# How many sides each has.
DICE = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}


def send_message_draft(world: World, params: Params) -> bool:
    """Show a text that is still being written, until the next one or a message: the bot streams it."""
    text, _ = parsed(params, "text", "entities")
    if len(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    person = world.reachable(params.text("chat_id"))
    if isinstance(person, Group):
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    if not params.integer("draft_id"):
        raise bad_request("draft identifier must be non-zero")
    read_thread(world, person, params)
    about = {"person": person.id, "bot": world.bot["id"], "action": "typing"}
    world.stream.tell({"type": "action", **about, "draft": text})
    return True


def send_contact(world: World, params: Params) -> dict[str, Any]:
    for name in ("phone_number", "first_name"):
        if not params.text(name):
            raise bad_request(f'parameter "{name}" is required')
    names = ("phone_number", "first_name", "last_name", "vcard")
    contact = {name: clean(params.text(name)) for name in names if params.text(name)}
    return send(world, params, "sendContact", media={"contact": contact})


def send_dice(world: World, params: Params) -> dict[str, Any]:
    emoji = params.text("emoji").replace("\ufe0f", "") or "🎲"
    if emoji not in DICE:
        raise bad_request("EMOTICON_INVALID")
    dice = {"emoji": emoji, "value": secrets.randbelow(DICE[emoji]) + 1}
    return send(world, params, "sendDice", media={"dice": dice})
