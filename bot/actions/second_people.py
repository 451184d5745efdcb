"""Who may decide what waits for a second person; who may by a new role gets the card that asks, as all others did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approval_cards
import db.approvals
import db.notices
from bot.actions.approvals import seconds_who
from bot.actions.broadcast_subject import subject_of
from bot.rules.permissions import may_approve_admin, may_approve_broadcast, may_approve_export
from db.approval_cards import card_key
from db.approvals import Approval

KINDS = ("broadcast", "export", "admin")
"""What is decided by a second person, in the order in which a newcomer is asked."""
CARD = "broadcast_waits"
"""The notice that asks for a broadcast, of `locales/templates/notices`."""


async def seconds_of(tx: AsyncConnection, approval: Approval) -> set[int]:
    """The Telegram numbers of those who may decide it now."""
    asker, number = approval.asked_by, approval.id
    if approval.what == "broadcast":
        assert approval.broadcast is not None  # it is about one
        subject = await subject_of(tx, approval.broadcast)
        return await seconds_who(
            tx,
            lambda role: may_approve_broadcast(role, audience_area=subject.area, author=None),
            to=(asker, subject.author),
            approval=number,
        )
    if approval.what == "export":
        return await seconds_who(tx, may_approve_export, to=(asker,), approval=number)
    area = approval.details["area"]
    return await seconds_who(
        tx,
        lambda role: may_approve_admin(role, area=area),
        to=(asker,),
        but=(approval.telegram_id,),
        approval=number,
    )


async def ask_whoever_joined(tx: AsyncConnection, telegram_id: int, now: datetime) -> int:
    """Sends somebody with a new role the cards of what waits and what they may decide by it, in the transaction of the
    role; how many. A card that they have is not sent again.
    """
    cards = 0
    for kind in KINDS:
        for each in await db.approvals.waiting(tx, kind, now):
            if telegram_id not in await seconds_of(tx, each):
                continue
            if telegram_id in await db.approval_cards.asked(tx, each.id):
                continue
            sent = await db.notices.queue_more(tx, key=card_key(each.id), telegram_id=telegram_id, now=now)
            if not sent and kind == "broadcast":  # nobody was there to be asked
                sent = await db.notices.queue(
                    tx,
                    key=card_key(each.id),
                    template=CARD,
                    details={"approval": each.id},
                    telegram_ids=[telegram_id],
                    now=now,
                )
            if sent and "asked" in each.details:
                await db.approvals.note(tx, each, asked=each.details["asked"] + 1)
            cards += sent
    return cards
