"""The method that reacts to a message."""

from __future__ import annotations

from typing import Any

from simulator.errors import bad_request
from simulator.groups import Group
from simulator.params import Params
from simulator.performing import heard
from simulator.reactions import EMOJIS
from simulator.world import World


def set_message_reaction(world: World, params: Params) -> bool:
    """A bot gives one reaction to a message, or takes it back."""
    reactions = read_reactions(params)
    person = world.reachable(params.text("chat_id"))
    message = world.chat(person).messages.get(params.integer("message_id"))
    if message is None:
        raise bad_request("message to react not found")
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(reaction.get("type") == "emoji" and reaction["emoji"] not in EMOJIS for reaction in reactions):
        raise bad_request("REACTION_INVALID")
    who = str(world.bot["id"]) if isinstance(person, Group) else "bot"
    message.react(who, reactions)
    world.changed(person, message)
    heard(world, person)
    return True


def read_reactions(params: Params) -> list[dict[str, Any]]:
    """The checked `reaction` (Client.cpp, get_reaction_types)."""
    given = params.structure("reaction", "can't parse reaction types JSON object")
    if given is None:
        return []
    if not isinstance(given, list):
        raise bad_request("expected an Array of ReactionType")
    prefix = "can't parse ReactionType: "
    for reaction in given:
        if not isinstance(reaction, dict):
            raise bad_request(prefix + "expected an Object")
        kind = reaction.get("type")
        if not isinstance(kind, str) or kind not in {"emoji", "custom_emoji"}:
            raise bad_request(prefix + "invalid reaction type specified")
        field = "emoji" if kind == "emoji" else "custom_emoji_id"
        if not isinstance(reaction.get(field), str):
            raise bad_request(prefix + f'Can\'t find field "{field}"')
    return given
