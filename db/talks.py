"""How what is written in conversations leaves: each message, and each card of the team, is a notice of its own.

Their key names the conversation, so that all of it can be taken back; what they say is read when they leave, from the
conversation itself: nothing of it stands here.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db import notices
from db.beginnings import begins
from db.broadcasts import TALK
from db.records import records
from db.schema import broadcasts, deliveries, people

ERASED = "erased:"
"""What the key begins with of what was being posted while its conversation was erased."""


class Talk(StrEnum):
    """What leaves: the names of templates in `notices`."""

    CARD = "conversation_waits"  # to those on duty: somebody waits
    OPENED = "conversation_opened"  # to whoever took it: what was written so far
    RELAYED = "conversation_relayed"  # to whoever took it: what its author wrote since
    ANSWER = "conversation_answer"  # to its author: what the team answers
    CLOSED = "conversation_closed"  # to its author: that it is over
    TOLD = "conversation_told"  # to whoever took it: what became of it


_ON_ITS_WAY = ("queued", "leased", "sending", "withheld")
TEMPLATES = frozenset(f"{notices.PREFIX}{each}" for each in Talk)


class Stands(Frozen):
    """A message that stands in somebody's chat; None: it has not arrived. `state` as in `deliveries`."""

    telegram_id: int
    language: str | None
    message_id: int | None
    state: str
    details: Mapping[str, Any]

    @property
    def is_on_its_way(self) -> bool:
        """Whether it may still arrive."""
        return self.state in _ON_ITS_WAY


async def queue(
    tx: AsyncConnection,
    conversation: int,
    what: Talk,
    telegram_ids: Collection[int],
    *,
    now: datetime,
    **details: Any,
) -> int:
    """Lets something leave to these people; to how many."""
    return await notices.queue(
        tx,
        key=f"{_key(conversation)}{what.removeprefix('conversation_')}:{secrets.token_hex(6)}",
        template=what,
        details={"conversation": conversation, **details},
        telegram_ids=telegram_ids,
        now=now,
    )


def _key(conversation: int) -> str:
    return f"{TALK}{conversation}:"


def _of(conversation: int, *what: Talk) -> sa.ColumnElement[bool]:
    prefixes = [f"{_key(conversation)}{each.removeprefix('conversation_')}" for each in what]
    return sa.or_(*(begins(broadcasts.c.key, prefix) for prefix in prefixes or [_key(conversation)]))


async def stand(tx: AsyncConnection, conversation: int, *what: Talk) -> list[Stands]:
    """What has left of a conversation, or is about to, oldest first; `what`: of these alone."""
    theirs = deliveries.join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
    theirs = theirs.join(people, people.c.id == deliveries.c.person)
    columns = (people.c.telegram_id, people.c.language, deliveries.c.message_id, deliveries.c.state)
    query = sa.select(*columns, broadcasts.c.details).select_from(theirs)
    rows = await tx.execute(query.where(_of(conversation, *what)).order_by(deliveries.c.id))
    return records(Stands, rows)


async def take_back(tx: AsyncConnection, conversation: int, *what: Talk) -> None:
    """Nothing of it leaves any more, and nothing tells that it did; `what`: of these alone.

    What is being posted to the team at this moment is kept until it is known under which number: see `strays`.
    """
    if not what:
        posted = sa.select(deliveries.c.broadcast).join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
        posted = posted.where(
            _of(conversation, Talk.CARD, Talk.OPENED, Talk.RELAYED),
            deliveries.c.state.in_(("leased", "sending")),
        )
        # Held, so that none of them begins to be posted meanwhile.
        await tx.execute(posted.order_by(deliveries.c.id).with_for_update(of=deliveries))
        kept = broadcasts.c.id.in_(posted.where(deliveries.c.state == "sending"))
        renamed = sa.func.replace(broadcasts.c.key, TALK, ERASED)
        await tx.execute(sa.update(broadcasts).where(kept).values(key=renamed))
    await tx.execute(sa.delete(broadcasts).where(_of(conversation, *what)))


class Stray(Frozen):
    """What arrived although its conversation was erased; `message_id`: None where it did not."""

    broadcast: int
    telegram_id: int | None
    message_id: int | None


# Each tick asks for strays, and for what was lost: as they stand they are not put together anew.
_WAITING = deliveries.alias("waiting")
_STRAYS = (
    sa.select(broadcasts.c.id.label("broadcast"), people.c.telegram_id, deliveries.c.message_id)
    .join(deliveries, deliveries.c.broadcast == broadcasts.c.id)
    .outerjoin(people, people.c.id == deliveries.c.person)
    .where(
        begins(broadcasts.c.key, ERASED),
        ~sa.exists().where(_WAITING.c.broadcast == broadcasts.c.id, _WAITING.c.state.in_(_ON_ITS_WAY)),
    )
)


async def strays(tx: AsyncConnection) -> list[Stray]:
    """What was being posted while its conversation was erased, and is not any more."""
    return records(Stray, await tx.execute(_STRAYS))


class LostMessage(Frozen):
    """What did not arrive, or of which that is not known: an answer, or what somebody was to read."""

    broadcast: int
    what: Talk
    conversation: int
    message: int | None
    reader: int | None


_MAY_BE_LOST = {f"{notices.PREFIX}{each}": each for each in (Talk.ANSWER, Talk.OPENED, Talk.RELAYED)}
_LOST = (
    sa.select(broadcasts.c.id, broadcasts.c.template, broadcasts.c.details, people.c.telegram_id)
    .join(deliveries, deliveries.c.broadcast == broadcasts.c.id)
    .outerjoin(people, people.c.id == deliveries.c.person)
    .where(broadcasts.c.template.in_(_MAY_BE_LOST), broadcasts.c.created_at >= sa.bindparam("since"))
    .where(begins(broadcasts.c.key, TALK))
    .where(deliveries.c.state.in_(("failed", "unreachable", "in_doubt")))
)


async def lost(tx: AsyncConnection, since: datetime) -> list[LostMessage]:
    """What left from an instant on and may not have arrived."""
    return [
        LostMessage(
            broadcast=row.id,
            what=_MAY_BE_LOST[row.template],
            conversation=row.details["conversation"],
            message=row.details.get("message"),
            reader=row.telegram_id,
        )
        for row in await tx.execute(_LOST, {"since": since})
    ]


async def forget(tx: AsyncConnection, broadcast: int) -> None:
    """Nothing tells any more that it left: whoever should know does."""
    await tx.execute(sa.delete(broadcasts).where(broadcasts.c.id == broadcast))


async def word_again(tx: AsyncConnection, conversation: int, message: int) -> list[Stands]:
    """What carries a message whose words changed: what waits is worded anew; what has left."""
    carried = [each for each in await stand(tx, conversation) if each.details.get("message") == message]
    named = sa.and_(
        _of(conversation), sa.cast(broadcasts.c.details["message"].as_string(), sa.BigInteger) == message
    )
    leased = sa.and_(
        deliveries.c.state == "leased", deliveries.c.broadcast.in_(sa.select(broadcasts.c.id).where(named))
    )
    await tx.execute(sa.update(deliveries).where(leased).values(state="queued", lease_owner=None))
    return carried
