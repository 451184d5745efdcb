"""How what became of a broadcast's deliveries is counted: here, by one pass through them in the transaction itself.

A page that many look at gives another `Accounts`, which keeps what it counted of many deliveries for some seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_lists
import db.delivery_accounts
from db.broadcast_accounts import Broadcast
from db.broadcast_lists import NotReached
from db.delivery_accounts import BroadcastAccount
from db.statistics import KnownIn


class Accounts:
    """Counts of deliveries, for a reader who may know people by name in some areas."""

    async def account(self, tx: AsyncConnection, broadcast: Broadcast, known_in: KnownIn) -> BroadcastAccount:
        """How many are in each state."""
        return await db.delivery_accounts.account(tx, broadcast.id, known_in)

    async def not_reached(
        self, tx: AsyncConnection, broadcast: Broadcast, known_in: KnownIn
    ) -> Sequence[NotReached]:
        """Why some did not get it."""
        return await db.broadcast_lists.not_reached(tx, broadcast.id, known_in)


COUNTED_NOW = Accounts()
