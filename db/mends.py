"""Second thoughts: the broadcasts that correct or take back another, and the messages that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcasts
import db.filling
import db.surveys
from bot.frozen import Frozen
from bot.rules.experiments import HELD_OUT
from bot.rules.mends import DELETABLE_FOR, REACHED, RECALLED, Mend
from bot.rules.sending import ON_THE_WAY
from bot.rules.small_counts import Headcount
from db.broadcast_accounts import Broadcast
from db.headcounts import counted, headcount, known_to
from db.processes import Lock, lock
from db.restrictions import IS_USABLE
from db.schema import broadcast_texts, broadcasts, deliveries, people, updates


class Original(Frozen):
    """A person's message that a second thought is about. `message_id` is Telegram's, if it answered; `variant`: the
    version that it is, where versions are compared. `is_changing`: an edit of it that was worded before is on its way
    still, from whichever process: landing later, it would undo what is done now.
    """

    state: str
    message_id: int | None
    sent_at: datetime | None
    variant: str | None = None
    is_changing: bool = False


KIND_OF_MEND = sa.case(
    (sa.and_(broadcasts.c.mends.is_not(None), broadcasts.c.template == RECALLED), Mend.RECALL.value),
    (broadcasts.c.mends.is_not(None), Mend.CORRECTION.value),
)
"""Of a row of `broadcasts`: which second thought it is; null for a message."""
IS_MESSAGE = broadcasts.c.mends.is_(None)
"""Of a row of `broadcasts`: whether it is a message of its own."""

_FIRST = deliveries.alias("first")


async def originals(tx: AsyncConnection, mending: Iterable[int]) -> dict[int, Original]:
    """The message that each delivery of a second thought is about, by that delivery; none where nothing was queued."""
    columns = (_FIRST.c.state, _FIRST.c.message_id, _FIRST.c.sent_at, _FIRST.c.variant)
    query = (
        sa.select(deliveries.c.id, *columns, _is_changing().label("is_changing"))
        .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
        .join(
            _FIRST, sa.and_(_FIRST.c.broadcast == broadcasts.c.mends, _FIRST.c.person == deliveries.c.person)
        )
        .join(people, people.c.id == deliveries.c.person)
        .where(deliveries.c.id.in_(list(mending)))
    )
    return {
        row.id: Original(
            state=row.state,
            message_id=row.message_id,
            sent_at=row.sent_at,
            variant=row.variant,
            is_changing=row.is_changing,
        )
        for row in await tx.execute(query)
    }


def _is_changing() -> sa.ColumnElement[bool]:
    """Whether another second thought is being posted, or what answers a tap in that chat has not left."""
    others, about = deliveries.alias("others"), broadcasts.alias("about")
    second = (
        sa.exists()
        .where(others.c.person == deliveries.c.person, others.c.id != deliveries.c.id)
        .where(others.c.state == "sending", others.c.broadcast == about.c.id)
        .where(about.c.mends == broadcasts.c.mends)
    )
    replies = sa.select(updates.c.chat).where(updates.c.state == "answered", updates.c.chat.is_not(None))
    return sa.or_(second, people.c.telegram_id.in_(replies))


async def of(tx: AsyncConnection, broadcast: int) -> list[Broadcast]:
    """The second thoughts about a broadcast, newest first."""
    return (await of_many(tx, [broadcast])).get(broadcast, [])


async def of_many(tx: AsyncConnection, ids: Iterable[int]) -> dict[int, list[Broadcast]]:
    """The second thoughts about some broadcasts, newest first, by what they are about."""
    query = sa.select(broadcasts).where(broadcasts.c.mends.in_(list(ids))).order_by(broadcasts.c.id.desc())
    found: dict[int, list[Broadcast]] = {}
    for row in await tx.execute(query):
        found.setdefault(row.mends, []).append(Broadcast(**row._mapping))
    return found


async def queue(
    tx: AsyncConnection, mend: int, original: int, *, expires_at: datetime | None, now: datetime
) -> int:
    """One delivery to everybody in whose chat the message stands, or may; how many are new."""
    reached = sa.select(deliveries.c.person).where(
        deliveries.c.broadcast == original, deliveries.c.state.in_(REACHED), deliveries.c.person.is_not(None)
    )
    return await db.broadcasts.queue_deliveries(
        tx, broadcast=mend, people=reached, due_at=now, expires_at=expires_at, now=now
    )


async def readers(tx: AsyncConnection, broadcast: int) -> int:
    """How many have a broadcast, may have it, or are still to get it."""
    of_it = await db.broadcasts.counts(tx, broadcast)
    so_far = sum(number for state, number in of_it.items() if state != HELD_OUT)
    rest = await db.filling.rest(tx, broadcast, None, queued=so_far)
    return sum(of_it.get(state, 0) for state in (*REACHED, *ON_THE_WAY)) + rest.total


async def stop_leasing(tx: AsyncConnection) -> None:
    """No sender takes anything more until the transaction ends: what one took between the look at who has a message and
    the commit would leave, in its old words, and be meant by no second thought. Before any row of a broadcast is
    written, since senders write those too while they lease.
    """
    await lock(tx, Lock.LEASING)


async def take_effect(
    tx: AsyncConnection,
    mend: Broadcast,
    texts: Mapping[str, str],
    now: datetime,
    others: Sequence[Mapping[str, str]] = (),
) -> None:
    """What has not left of the original leaves no more, or with the new words; who got it meanwhile is meant too."""
    assert mend.mends is not None  # the caller has a second thought
    await release(tx, mend.mends, now)
    if mend.is_recall:
        unfinished = sa.select(broadcasts.c.id).where(
            broadcasts.c.id == mend.mends, broadcasts.c.finished_at.is_(None)
        )
        if (await tx.execute(unfinished)).first() is not None:
            await db.broadcasts.cancel(tx, mend.mends)
        await db.surveys.withdraw(tx, mend.mends)
    else:
        await set_texts(tx, mend.mends, texts, others)
        if (mend.details or {}).get("paused"):
            await db.broadcasts.resume(tx, mend.mends)
    await queue(tx, mend.id, mend.mends, expires_at=mend.expires_at, now=now)


_BACK = deliveries.alias("back")
# Each tap under a message asks for it: as it stands it is not put together anew.
_RECALL_OF = (
    sa.select(_BACK.c.id, _BACK.c.state)
    .select_from(deliveries)
    .join(broadcasts, broadcasts.c.mends == deliveries.c.broadcast)
    .join(_BACK, sa.and_(_BACK.c.broadcast == broadcasts.c.id, _BACK.c.person == deliveries.c.person))
    .where(deliveries.c.id == sa.bindparam("delivery"), broadcasts.c.template == RECALLED)
    .where(broadcasts.c.state != "cancelled")
)


async def recall_of(tx: AsyncConnection, delivery: int) -> tuple[int, str] | None:
    """The delivery that takes back another one, and its state; None: nobody took that one back."""
    found = (await tx.execute(_RECALL_OF, {"delivery": delivery})).first()
    return None if found is None else (found.id, found.state)


async def repeat(tx: AsyncConnection, delivery: int, now: datetime) -> None:
    """A delivery of a second thought leaves once more: an edit or a deletion may be repeated."""
    again = deliveries.update().where(deliveries.c.id == delivery, deliveries.c.state == "sent")
    await tx.execute(again.values(state="queued", due_at=now, changed_at=now))
    of_it = sa.select(deliveries.c.broadcast).where(deliveries.c.id == delivery).scalar_subquery()
    await tx.execute(broadcasts.update().where(broadcasts.c.id == of_it).values(finished_at=None))


_ORIGINAL = deliveries.alias("original")
_OVERTAKEN = (
    sa.select(_BACK.c.id)
    .select_from(broadcasts)
    .join(_BACK, _BACK.c.broadcast == broadcasts.c.id)
    .join(
        _ORIGINAL,
        sa.and_(_ORIGINAL.c.broadcast == broadcasts.c.mends, _ORIGINAL.c.person == _BACK.c.person),
    )
    .where(broadcasts.c.id.in_(sa.bindparam("finished", expanding=True)), broadcasts.c.template == RECALLED)
    .where(broadcasts.c.state != "cancelled", _BACK.c.state == "sent")
    .where(
        sa.or_(
            sa.and_(_BACK.c.attempts == 1, _ORIGINAL.c.answered_at >= broadcasts.c.created_at),
            _ORIGINAL.c.answered_at > _BACK.c.changed_at,
        )
    )
)


async def repeat_overtaken(tx: AsyncConnection, finished: Iterable[int], now: datetime) -> int:
    """Of recalls that are complete: how many leave once more, to those who tapped meanwhile under what was taken back.

    What answered them may have landed on what was put in its place: of a tap between the look before a recall leaves
    and its landing nobody knows which was first. Each is repeated once, and again where they tapped since.
    """
    overtaken = list(await tx.scalars(_OVERTAKEN, {"finished": list(finished)}))
    for delivery in overtaken:
        await repeat(tx, delivery, now)
    return len(overtaken)


async def release(tx: AsyncConnection, broadcast: int, now: datetime) -> None:
    """What is about to leave is queued again: it was worded before, and whoever holds it does not post it."""
    held = deliveries.update().where(deliveries.c.broadcast == broadcast, deliveries.c.state == "leased")
    await tx.execute(held.values(state="queued", lease_owner=None, changed_at=now))


async def set_texts(
    tx: AsyncConnection, broadcast: int, texts: Mapping[str, str], others: Sequence[Mapping[str, str]] = ()
) -> None:
    """The words of a broadcast, and of its other versions, in place of those it had."""
    await tx.execute(broadcast_texts.delete().where(broadcast_texts.c.broadcast == broadcast))
    await db.broadcasts.add_texts(tx, broadcast, texts, others)


async def keep_details(tx: AsyncConnection, mend: int, details: Mapping[str, object]) -> None:
    """What is noted of a second thought: the words `before` it, and whether the original was `paused` for it."""
    await tx.execute(broadcasts.update().where(broadcasts.c.id == mend).values(details=dict(details)))


async def still_deletable(
    tx: AsyncConnection, broadcast: int, *, now: datetime, known_in: Sequence[str] | None
) -> Headcount:
    """How many messages of a broadcast Telegram still lets us delete; beyond that they can only be edited."""
    since = now - DELETABLE_FOR + timedelta(minutes=1)
    query = (
        sa.select(*counted("people", known_to(known_in)))
        .select_from(deliveries.outerjoin(people, people.c.id == deliveries.c.person))
        .where(
            deliveries.c.broadcast == broadcast,
            deliveries.c.state == "sent",
            deliveries.c.sent_at > since,
            IS_USABLE,
        )
    )
    return headcount((await tx.execute(query)).one(), "people")
