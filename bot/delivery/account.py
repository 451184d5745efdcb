"""A broadcast's account: what became of every one of its recipients. It always adds up."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db import broadcasts


class Account(Frozen):
    """How many recipients are in each state. `waiting` are queued, leased or just being sent."""

    sent: int = 0
    unreachable: int = 0
    failed: int = 0
    in_doubt: int = 0
    expired: int = 0
    withheld: int = 0
    cancelled: int = 0
    waiting: int = 0

    @property
    def recipients(self) -> int:
        return (
            self.sent
            + self.unreachable
            + self.failed
            + self.in_doubt
            + self.expired
            + self.withheld
            + self.cancelled
            + self.waiting
        )

    @property
    def left(self) -> int:
        """How many may still get it."""
        return self.waiting + self.withheld


def account_of(counts: Mapping[str, int], broadcast_state: str | None) -> Account:
    """The account from the number of deliveries in each state.

    Once a broadcast is cancelled, what waited counts as cancelled: the rows follow within seconds. What is
    just being sent still counts as waiting.
    """
    named = {name: counts.get(name, 0) for name in ("sent", "unreachable", "failed", "in_doubt", "expired")}
    idle = counts.get("queued", 0) + counts.get("leased", 0)
    withheld, cancelled = counts.get("withheld", 0), counts.get("cancelled", 0)
    if broadcast_state == "cancelled":
        cancelled, idle, withheld = cancelled + idle + withheld, 0, 0
    return Account(**named, withheld=withheld, cancelled=cancelled, waiting=idle + counts.get("sending", 0))


async def load_account(tx: AsyncConnection, broadcast: int) -> Account:
    """The account of one broadcast as of this transaction."""
    return account_of(await broadcasts.counts(tx, broadcast), await broadcasts.state_of(tx, broadcast))
