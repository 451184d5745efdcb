"""The line that boards post their edits through, as far as they need to know of it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.delivery.calls import Call
from bot.delivery.outcomes import Outcome


class Pauses(Protocol):
    """The pauses of the pacing."""

    @property
    def blocked_until(self) -> datetime | None: ...


class DeliveryLine(Protocol):
    """Posts a call, and tells whether it would wait."""

    @property
    def pacing(self) -> Pauses: ...
    async def call(self, call: Call) -> Outcome: ...
