"""What became of very many deliveries, as it was some seconds ago: nobody waits while a million are counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.delivery_accounts
from bot.actions.accounts import COUNTED_NOW, Accounts
from bot.web.desk import Visit
from bot.web.remembered import Older
from db.broadcast_accounts import Broadcast
from db.broadcast_lists import NotReached
from db.delivery_accounts import BroadcastAccount
from db.statistics import KnownIn

LEAVING_KEPT_FOR = timedelta(seconds=10)
"""How far a large broadcast is that is leaving."""
OVER_KEPT_FOR = timedelta(minutes=5)
"""What became of one that is over: now and then somebody still answers."""


class KeptAccounts(Accounts):
    """Those of a page. What is counted in no time is counted each time. Each raises CountFirst.

    `as_of`: of those that were counted before, when the oldest was: after a pause in which nobody looked it may be ten
    minutes ago; None: all are of now.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self.as_of: datetime | None = None

    async def account(self, tx: AsyncConnection, broadcast: Broadcast, known_in: KnownIn) -> BroadcastAccount:
        found: BroadcastAccount = await self._kept("account", COUNTED_NOW.account, tx, broadcast, known_in)
        return found

    async def not_reached(
        self, tx: AsyncConnection, broadcast: Broadcast, known_in: KnownIn
    ) -> Sequence[NotReached]:
        found: Sequence[NotReached] = await self._kept(
            "not reached", COUNTED_NOW.not_reached, tx, broadcast, known_in
        )
        return found

    async def _kept(
        self,
        what: str,
        count: Callable[[AsyncConnection, Broadcast, KnownIn], Awaitable[Any]],
        tx: AsyncConnection,
        broadcast: Broadcast,
        known_in: KnownIn,
    ) -> Any:
        desk = self._visit.desk
        # What was counted before it was over, called off or written anew is not shown beside its new state.
        stands = (broadcast.state, broadcast.finished_at, str(broadcast.audience), broadcast.starts_at)
        key = (what, broadcast.id, *stands, None if known_in is None else tuple(known_in))
        is_large = key in desk.remembered or await db.delivery_accounts.is_large(tx, broadcast.id)
        if not is_large:
            return await count(tx, broadcast, known_in)
        found, as_of = self._visit.looked_up(
            key,
            lambda: desk.in_reading(lambda tx: count(tx, broadcast, known_in)),
            kept_for=LEAVING_KEPT_FOR if broadcast.finished_at is None else OVER_KEPT_FOR,
            older=Older(though_quick=True),
        )
        self.as_of = as_of if self.as_of is None else min(self.as_of, as_of)
        return found
