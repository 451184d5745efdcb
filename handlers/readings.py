"""What takes long to look up, as who of a million people is meant: found before an update is handled, in no transaction
of its own, so that no tap waits for it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import field
from datetime import datetime
from typing import Any, TypeVar

from bot.delivery.hooks import ReadFirst
from bot.frozen import Frozen
from db.rolls import CANNOT_READ, Rolls

Found = TypeVar("Found")
Look = Callable[[Rolls], Awaitable[Found]]
MOST_KEPT = 256
"""Updates of which something is kept that was found for them: of those that another process has handled it stays."""


class Readings(Frozen):
    """What was found for one update, by what was asked. `now`: when it was handled first, which is its moment."""

    rolls: Rolls
    now: datetime
    found: dict[str, Any] = field(default_factory=dict)

    async def get(self, asked: str, look: Look[Found]) -> Found:
        """What was found, by the words in which it was `asked`. Raises ReadFirst where nobody has looked yet."""
        if asked not in self.found:
            raise ReadFirst(lambda: self._find(asked, look))
        result: Found | Exception = self.found[asked]
        if isinstance(result, Exception):
            raise result
        return result

    async def _find(self, asked: str, look: Look[Any]) -> None:
        try:
            self.found[asked] = await look(self.rolls)
        except CANNOT_READ:
            raise  # it may be found the next time
        except Exception as fault:  # told where it was asked: the update fails there as any other does
            self.found[asked] = fault


class ReadingsOfUpdates:
    """The readings of all updates that are being handled."""

    def __init__(self, rolls: Rolls) -> None:
        self._rolls = rolls
        self._of: OrderedDict[int, Readings] = OrderedDict()

    def begin(self, update: int, now: datetime) -> Readings:
        """Those of an update, which are empty where it comes for the first time."""
        readings = self._of.setdefault(update, Readings(rolls=self._rolls, now=now))
        while len(self._of) > MOST_KEPT:
            self._of.popitem(last=False)
        return readings

    def end(self, update: int) -> None:
        """It was handled."""
        self._of.pop(update, None)
