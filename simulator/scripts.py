"""Scripts: what many people do by themselves, each act as soon as the bot's answer to the one before allows it.

A script is a list of acts. The first is done at once; each other one waits until the bot wrote or edited something in
that chat, and a tap until there is such a button. So a whole rehearsal needs no round trip for each tap.

    {"act": "start", "payload": ""}   {"act": "send", "text": "Lyon 3"}
    {"act": "tap", "data": "1:consent:contact:yes"}   data that ends in * stands for all that begins like it
    {"act": "block"}   {"act": "unblock"}
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from simulator import acting
from simulator.errors import PersonError
from simulator.journal import callbacks_of
from simulator.records import Message, Person

if TYPE_CHECKING:  # the world holds the scripts
    from simulator.world import World

Act = dict[str, Any]
ACTS = frozenset({"start", "send", "tap", "block", "unblock"})
MOST_REFUSED = 1_000


class Scripts:
    """Who is in the middle of what."""

    def __init__(self) -> None:
        self._acts: dict[int, deque[Act]] = {}
        self.refused: deque[tuple[int, Act, str]] = deque(maxlen=MOST_REFUSED)

    @property
    def waiting(self) -> int:
        """How many people wait for the bot before they go on."""
        return len(self._acts)

    def begin(self, world: World, person: Person, acts: list[Act]) -> None:
        """Does the first act and keeps the others; who is in the middle of a script does these afterwards."""
        if person.id in self._acts:
            self._acts[person.id].extend(acts)
            return
        self._acts[person.id] = deque(acts)
        self.heard(world, person)

    def heard(self, world: World, person: Person) -> None:
        """The bot wrote to somebody: their next act, if it is possible now."""
        acts = self._acts.get(person.id)
        if not acts:
            return
        act = acts[0]
        try:
            if not perform(world, person, act):
                return
        except PersonError as error:
            self.refused.append((person.id, act, str(error)))
            del self._acts[person.id]
            return
        acts.popleft()
        if not acts:
            del self._acts[person.id]

    def drop(self) -> list[tuple[int, Act]]:
        """Ends every script: the act that each one waited for."""
        dropped = [(person, acts[0]) for person, acts in self._acts.items()]
        self._acts.clear()
        return dropped


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
