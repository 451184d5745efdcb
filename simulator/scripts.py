"""Scripts: what many people do by themselves, each act as soon as the bot's answer to the one before allows it.

A script is a list of acts. The first is done at once; each other one waits until the bot wrote or edited something in
that chat, and a tap until there is such a button. So a whole rehearsal needs no round trip for each tap.

    {"act": "start", "payload": ""}   {"act": "send", "text": "Lyon 3"}
    {"act": "tap", "data": "1:consent:contact:yes"}   data that ends in * stands for all that begins like it
    {"act": "block"}   {"act": "unblock"}
"""

from __future__ import annotations

from collections import deque
from typing import Any

Act = dict[str, Any]
ACTS = frozenset({"start", "send", "tap", "block", "unblock"})
MOST_REFUSED = 1_000


class Scripts:
    """The scripts that people are in the middle of; `simulator.performing` does it."""

    def __init__(self) -> None:
        self._acts: dict[int, deque[Act]] = {}
        self.refused: deque[tuple[int, Act, str]] = deque(maxlen=MOST_REFUSED)

    @property
    def waiting(self) -> int:
        """How many people wait for the bot before they go on."""
        return len(self._acts)

    def add(self, person: int, acts: list[Act]) -> bool:
        """Keeps these acts. False where the person is in the middle of a script, and does them afterwards."""
        if person in self._acts:
            self._acts[person].extend(acts)
            return False
        self._acts[person] = deque(acts)
        return True

    def next_of(self, person: int) -> Act | None:
        """The act that somebody does next."""
        acts = self._acts.get(person)
        return acts[0] if acts else None

    def done(self, person: int) -> None:
        """Their next act was done."""
        self._acts[person].popleft()
        if not self._acts[person]:
            del self._acts[person]

    def refuse(self, person: int, why: str) -> None:
        """Their next act cannot be done: the script ends with it."""
        self.refused.append((person, self._acts.pop(person)[0], why))

    def drop(self) -> list[tuple[int, Act]]:
        """Ends every script: the act that each one waited for."""
        dropped = [(person, acts[0]) for person, acts in self._acts.items()]
        self._acts.clear()
        return dropped
