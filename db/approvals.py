"""What waits for a second person: a new admin, an export of the whole campaign, a broadcast to many people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.records import records
from db.schema import approvals, broadcasts, people


class Approval(Frozen):
    """One row of `approvals`: see db.schema for what each field means."""

    id: int
    what: str
    asked_by: int | None
    telegram_id: int | None
    broadcast: int | None
    details: Mapping[str, Any]
    asked_at: datetime
    expires_at: datetime | None
    decided_at: datetime | None
    decided_by: int | None
    granted: bool | None
    used_at: datetime | None
    shown_at: datetime | None
    decider: str | None = None
    """What whoever decided is called, where they agreed to be known by the team."""

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be decided."""
        return self.decided_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def leaves_at(self) -> datetime | None:
        """From when on people get what was let go; None: as soon as that was."""
        at: str | None = self.details.get("leaves_at", self.details.get("due_at"))
        leaves = None if at is None else datetime.fromisoformat(at)
        return leaves if leaves is None or self.decided_at is None or leaves > self.decided_at else None

    @property
    def tells_when(self) -> bool:
        """Whether it is known when it leaves; an older version did not note the hour."""
        return "leaves_at" in self.details or "due_at" in self.details

    @property
    def last_leaves_at(self) -> datetime | None:
        """When the last get it, where that is later."""
        at: str | None = self.details.get("last_leaves_at")
        return None if at is None else datetime.fromisoformat(at)

    @property
    def is_by_and_by(self) -> bool:
        """Whether so few get it at once that nothing is told of them: it leaves to each as soon as it may."""
        return bool(self.details.get("by_and_by"))

    @property
    def is_for_nobody(self) -> bool:
        """Whether it was let go though nobody would get it any more."""
        return bool(self.details.get("for_nobody"))

    @property
    def reason(self) -> str:
        """Why it was refused, in the words of whoever did; empty where they gave none."""
        return str(self.details.get("reason", ""))

    @property
    def is_refused(self) -> bool:
        """Whether somebody said no."""
        return self.decided_at is not None and not self.granted and self.ended is None

    @property
    def ended(self) -> str | None:
        """Why nobody decides it any more, where nobody did: `late`, `changed`, `cancelled` or `left` (its author)."""
        reason = self.details.get("ended")
        return str(reason) if reason is not None else None


_DECIDER = (
    sa.select(people.c.first_name)
    .where(
        people.c.telegram_id == approvals.c.decided_by,
        people.c.state == "registered",
        people.c.consent_team.is_(True),
    )
    .scalar_subquery()
    .label("decider")
)
KNOWN = sa.select(approvals, _DECIDER)
"""All that an `Approval` says."""


async def ask(tx: AsyncConnection, **values: Any) -> Approval:
    """Something new that waits; `values` are columns of `approvals`."""
    row = (await tx.execute(sa.insert(approvals).values(values).returning(approvals))).one()
    return Approval(**row._mapping)


async def get(tx: AsyncConnection, approval: int) -> Approval | None:
    row = (await tx.execute(KNOWN.where(approvals.c.id == approval))).one_or_none()
    return None if row is None else Approval(**row._mapping)


_UNDECIDED = (
    sa.select(approvals)
    .where(approvals.c.what == sa.bindparam("what"), approvals.c.decided_at.is_(None))
    .order_by(approvals.c.id)
)
_NOW = sa.bindparam("now", type_=approvals.c.expires_at.type)
_OVERDUE = _UNDECIDED.where(approvals.c.expires_at <= _NOW)
_WAITING = _UNDECIDED.where(sa.or_(approvals.c.expires_at.is_(None), approvals.c.expires_at > _NOW))


async def waiting(tx: AsyncConnection, what: str, now: datetime) -> list[Approval]:
    """Everything of a kind that can still be decided, oldest first."""
    return records(Approval, await tx.execute(_WAITING, {"what": what, "now": now}))


async def of_broadcast(tx: AsyncConnection, broadcast: int) -> Approval | None:
    """What was last asked of a broadcast, decided or not."""
    return (await of_broadcasts(tx, [broadcast])).get(broadcast)


_ASKED_OF = KNOWN.where(approvals.c.broadcast.in_(sa.bindparam("broadcasts", expanding=True))).order_by(
    approvals.c.id
)


async def of_broadcasts(tx: AsyncConnection, broadcasts: Sequence[int]) -> dict[int, Approval]:
    """What was last asked of each of these broadcasts, decided or not, by broadcast."""
    return _by_broadcast(records(Approval, await tx.execute(_ASKED_OF, {"broadcasts": broadcasts})))


_UNAPPROVED = (
    KNOWN.join(broadcasts, broadcasts.c.id == approvals.c.broadcast)
    .where(
        broadcasts.c.id.in_(sa.bindparam("broadcasts", expanding=True)), broadcasts.c.state == "unapproved"
    )
    .order_by(approvals.c.id)
)


async def of_unapproved(tx: AsyncConnection, numbers: Collection[int | None]) -> dict[int, Approval]:
    """What was last asked of each of these broadcasts that nobody let go, decided or not, by broadcast."""
    given = [number for number in numbers if number is not None]
    if not given:
        return {}
    return _by_broadcast(records(Approval, await tx.execute(_UNAPPROVED, {"broadcasts": given})))


def _by_broadcast(asked: Iterable[Approval]) -> dict[int, Approval]:
    """Of what was asked, in its order, the last of each broadcast."""
    return {each.broadcast: each for each in asked if each.broadcast is not None}


async def overdue(tx: AsyncConnection, what: str, now: datetime) -> list[Approval]:
    """Everything of a kind that nobody decided in time."""
    return records(Approval, await tx.execute(_OVERDUE, {"what": what, "now": now}))


_SOMEBODY: sa.BindParameter[int] = sa.bindparam("somebody")
_PARTS = {
    "asked": approvals.c.asked_by == _SOMEBODY,
    "decided": sa.func.coalesce(approvals.c.decided_by, 0) == _SOMEBODY,
    "concerned": sa.func.coalesce(approvals.c.telegram_id, 0) == _SOMEBODY,
}
_OF_PERSON = (
    sa.select(
        *(approvals.c.what, approvals.c.asked_at, approvals.c.decided_at, approvals.c.granted),
        *(condition.label(name) for name, condition in _PARTS.items()),
    )
    .where(sa.or_(*_PARTS.values()))
    .order_by(approvals.c.id)
)


async def of_person(tx: AsyncConnection, telegram_id: int) -> list[dict[str, Any]]:
    """What somebody asked for, decided, or was asked for: only their own part in it."""
    return [dict(row._mapping) for row in await tx.execute(_OF_PERSON, {"somebody": telegram_id})]


async def decide(tx: AsyncConnection, approval: int, *, by: int, granted: bool, now: datetime) -> bool:
    """Closes it; False where somebody did before."""
    undecided = sa.and_(approvals.c.id == approval, approvals.c.decided_at.is_(None))
    values = {"decided_at": now, "decided_by": by, "granted": granted}
    return (await tx.execute(sa.update(approvals).where(undecided).values(values))).rowcount == 1


async def note(tx: AsyncConnection, approval: Approval, **more: Any) -> None:
    """Keeps more of it: its `reason`, `leaves_at`, `last_leaves_at`, `for_nobody`; or another `digest`, where what is
    asked is the same though something that it is known by is another.
    """
    details = {**approval.details, **more}
    await tx.execute(sa.update(approvals).where(approvals.c.id == approval.id).values(details=details))


async def end(tx: AsyncConnection, approval: Approval, *, why: str, now: datetime) -> None:
    """Nobody decides it any more (see `Approval.ended`)."""
    undecided = sa.and_(approvals.c.id == approval.id, approvals.c.decided_at.is_(None))
    values = {"decided_at": now, "granted": False, "details": {**approval.details, "ended": why}}
    await tx.execute(sa.update(approvals).where(undecided).values(values))


async def use(tx: AsyncConnection, approval: int, now: datetime) -> bool:
    """Takes what was granted; False where it was taken before. It serves once."""
    unused = sa.and_(approvals.c.id == approval, approvals.c.granted, approvals.c.used_at.is_(None))
    return (await tx.execute(sa.update(approvals).where(unused).values(used_at=now))).rowcount == 1


async def withdraw(tx: AsyncConnection, approval: int) -> None:
    """It is not asked any more."""
    await tx.execute(sa.delete(approvals).where(approvals.c.id == approval))


async def forget_person(tx: AsyncConnection, telegram_id: int) -> None:
    """What somebody who is erased asked for, or is about, goes; what others wait for, or decided, loses the number.

    A broadcast goes on waiting for its approval.
    """
    theirs = sa.or_(approvals.c.asked_by == telegram_id, approvals.c.telegram_id == telegram_id)
    await tx.execute(sa.delete(approvals).where(theirs, approvals.c.broadcast.is_(None)))
    for column in (approvals.c.asked_by, approvals.c.decided_by):
        await tx.execute(sa.update(approvals).where(column == telegram_id).values({column: None}))
