"""Playing scripts: the acts of `simulator.scripts`, done to the world one after the other."""

from __future__ import annotations

from simulator import acting
from simulator.errors import PersonError
from simulator.groups import Group
from simulator.journal import callbacks_of
from simulator.records import Message, Person
from simulator.scripts import Act
from simulator.shapes import Peer
from simulator.world import World


def begin(world: World, person: Person, acts: list[Act]) -> None:
    """Does the first act and keeps the others; who is in the middle of a script does these afterwards."""
    if world.scripts.add(person.id, acts):
        heard(world, person)


def heard(world: World, peer: Peer) -> None:
    """The bot wrote to somebody: their next act, if it is possible now."""
    if isinstance(peer, Group):
        return  # scripts are for private chats
    person = peer
    act = world.scripts.next_of(person.id)
    if act is None:
        return
    try:
        if perform(world, person, act):
            world.scripts.done(person.id)
    except PersonError as error:
        world.scripts.refuse(person.id, str(error))


def perform(world: World, person: Person, act: Act) -> bool:
    """Does one act. False where its button is not there yet."""
    kind = act["act"]
    if kind == "tap":
        found = button(world, person, act["data"])
        if found is None:
            return False
        message, data = found
        _note(world, person, {"act": kind, "data": data, "id": message.message_id})
        acting.tap_button(world, person, message, data)
        return True
    _note(world, person, act)
    if kind == "send":
        acting.send_text(world, person, act["text"])
    elif kind == "start":
        acting.press_start(world, person, act.get("payload", ""))
    elif kind == "block":
        acting.block(world, person)
    else:
        acting.unblock(world, person)
    return True


def button(world: World, person: Person, data: str) -> tuple[Message, str] | None:
    """The newest message that has the button, and the button's whole data."""
    for message in world.newest_first(person):
        if not message.markup:
            continue
        for found in callbacks_of(message.markup):
            if found == data or (data.endswith("*") and found.startswith(data[:-1])):
                return message, found
    return None


def _note(world: World, person: Person, act: Act) -> None:
    world.journal.record_act(person.id, act, world.clock.now())
