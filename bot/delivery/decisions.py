"""The messages that asked somebody to let a broadcast go lose their buttons once it is decided, and say by whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approval_cards
from bot.delivery.line import DeliveryLine
from bot.delivery.messages import edited
from bot.rules.leaving import HOME
from bot.words.texts import Texts
from db.approvals import Approval
from db.engine import Database
from db.looks import Work


class DecisionBoard:
    """Has every message that asked say what was decided, however that came about, also after a restart."""

    def __init__(self, *, database: Database, texts: Texts, languages: tuple[str, ...]) -> None:
        self._database, self._texts, self._languages = database, texts, languages

    async def look(self, tx: AsyncConnection, line: DeliveryLine, now: datetime) -> Work | None:
        """Edits what still asks, once none of it is on its way any more."""
        if line.pacing.blocked_until is not None:
            return None  # an edit would wait for its turn, and the tick with it
        waiting = await db.approval_cards.still_asking(tx)
        return partial(self._refresh, line, waiting, now) if waiting else None

    async def _refresh(self, line: DeliveryLine, waiting: Sequence[Approval], now: datetime) -> None:
        for approval in waiting:
            await self._say_so(line, approval, now)

    async def _say_so(self, line: DeliveryLine, approval: Approval, now: datetime) -> None:
        async with self._database.read() as tx:
            cards = await db.approval_cards.sent(tx, approval.id)
        if cards is None:
            return
        for card in cards:
            language = card.language if card.language in self._languages else self._languages[0]
            mine = card.telegram_id == approval.decided_by
            text = self._texts.render(
                "broadcasts/decided",
                str(language),
                approval=approval,
                mine=mine,
                zone=card.zone or HOME,
                is_own_clock=card.zone is not None,
            )
            await line.call(edited(card.telegram_id, card.message_id, text))
        # Only now: after a crash they are edited again, which changes nothing.
        async with self._database.write() as tx:
            await db.approval_cards.say_so(tx, approval.id, now)
