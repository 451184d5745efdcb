"""The messages that asked somebody to let a broadcast go: once it is decided, they say so."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.approvals import KNOWN, Approval
from db.records import records
from db.schema import approvals, broadcasts, deliveries, people


class ApprovalCard(Frozen):
    """A message that somebody was asked by, in their language and by their clock."""

    telegram_id: int
    language: str | None
    zone: str | None
    message_id: int


def card_key(approval: int) -> str:
    """The key of the notice that asks for it."""
    return f"approval:{approval}"


async def asked(tx: AsyncConnection, approval: int) -> set[int]:
    """The Telegram numbers of those who were asked, whether the message arrived or not."""
    theirs = deliveries.join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
    theirs = theirs.join(people, people.c.id == deliveries.c.person)
    query = sa.select(people.c.telegram_id).select_from(theirs).where(broadcasts.c.key == card_key(approval))
    return set(await tx.scalars(query))


# Each tick asks for them.
_STILL_ASKING = KNOWN.where(
    approvals.c.broadcast.is_not(None),
    approvals.c.decided_at.is_not(None),
    approvals.c.shown_at.is_(None),
).order_by(approvals.c.id)


async def still_asking(tx: AsyncConnection) -> list[Approval]:
    """What was decided of broadcasts, and the messages do not say so yet."""
    return records(Approval, await tx.execute(_STILL_ASKING))


async def sent(tx: AsyncConnection, approval: int) -> list[ApprovalCard] | None:
    """The messages that ask for it; None while one of them is about to arrive."""
    theirs = deliveries.join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
    theirs = theirs.join(people, people.c.id == deliveries.c.person)
    columns = (
        people.c.telegram_id,
        people.c.language,
        people.c.zone,
        deliveries.c.message_id,
        deliveries.c.state,
    )
    query = sa.select(*columns).select_from(theirs).where(broadcasts.c.key == card_key(approval))
    rows = (await tx.execute(query.order_by(deliveries.c.id))).all()
    if any(row.state in ("queued", "leased", "sending", "withheld") for row in rows):
        return None
    return [
        ApprovalCard(
            telegram_id=row.telegram_id, language=row.language, zone=row.zone, message_id=row.message_id
        )
        for row in rows
        if row.message_id is not None
    ]


async def say_so(tx: AsyncConnection, approval: int, now: datetime) -> None:
    """The messages say what was decided."""
    await tx.execute(sa.update(approvals).where(approvals.c.id == approval).values(shown_at=now))
