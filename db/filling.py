"""A message for many is filled after the transaction that ordered it: some people after the others, by their numbers.

Whoever fills reads the message as it then is, under a lock of its row, which everybody takes who changes when it leaves
or whom it is for: so nothing has to be done to those who are not in its queue yet. It is for whom its audience meant
when it was ordered, as far as that can still be told: by the instant of then, and for nobody who came since.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import visitors

import db.broadcasts
import db.experiments
import db.planning
from bot.frozen import Frozen
from bot.rules.belonging import Setting
from bot.rules.experiments import HOLDOUT, experiment_from
from bot.rules.expressions import as_json, stored
from bot.rules.kinds import Kind
from bot.rules.sampling import sampling_of
from bot.rules.sending import USEFUL_FOR, SendingTime
from bot.rules.small_counts import NOBODY, Headcount
from db.audiences import Target, lives_by, recipients
from db.experiments import Draw, draw_for, variant_drawn
from db.headcounts import counted, headcount, known_to
from db.schema import broadcasts, deliveries, fillings, people

Condition = sa.ColumnElement[bool]


class Meant(Frozen):
    """Whom a message is for: so many `people`, without those who draw to be left out, whose numbers lie between two."""

    people: int
    everybody: int
    first: int
    last: int

    @property
    def are_many(self) -> bool:
        """Whether they are more than one transaction queues."""
        return self.everybody > db.planning.PORTION


class Filling(Frozen):
    """A message that is being filled, as it is now, and whom it is still to be queued for."""

    broadcast: int
    kind: Kind
    when: SendingTime
    expires_at: datetime | None
    is_cancelled: bool
    target: Target
    draw: Draw | None
    above: int
    up_to: int
    not_before: datetime | None
    people: int

    def due_in(self, zone: str | None) -> datetime:
        """When it is due for somebody who lives by a zone."""
        due = self.when.due_in(zone)
        return due if self.not_before is None else max(due, self.not_before)

    @property
    def whose_turn_is_to_come(self) -> Condition:
        """Whether a row of `people` is one of those for whom it is still to be queued."""
        return self.meant_from(self.above + 1, self.up_to)

    def meant_from(self, first: int, last: int) -> Condition:
        """Whether a row of `people` is one of those whom it is for, from one number to another."""
        # Of two spans SQLite might take the wider one, each time.
        return sa.and_(people.c.id.between(first, last), _by_numbers(recipients(self.target, self.kind)))


async def meant(tx: AsyncConnection, target: Target, kind: Kind, draw: Draw | None) -> Meant:
    """Whom a message would be queued for now."""
    columns = (sa.func.count(), sa.func.min(people.c.id), sa.func.max(people.c.id))
    left_out = sa.literal(0) if draw is None else sa.func.count().filter(_is_left_out(draw))
    query = sa.select(*columns, left_out).where(recipients(target, kind))
    everybody, first, last, without = (await tx.execute(query)).one()
    return Meant(people=everybody - without, everybody=everybody, first=first or 0, last=last or 0)


async def order(tx: AsyncConnection, broadcast: int, target: Target, those: Meant, now: datetime) -> None:
    """Keeps whom a message is for, and that it is not queued for anybody yet."""
    assert target.expression is not None  # they are many
    radii = [[code, km, sorted(within)] for (code, km), within in target.setting.within.items()]
    row = {
        "broadcast": broadcast,
        "audience": as_json(target.expression),
        "radii": radii,
        "ordered_at": now,
        "above": those.first - 1,
        "up_to": those.last,
        "people": those.people,
    }
    await tx.execute(fillings.insert().values(row))


_NEXT = (
    sa.select(fillings.c.broadcast)
    .where(fillings.c.broadcast.not_in(sa.bindparam("but", expanding=True)))
    .order_by(fillings.c.people, fillings.c.broadcast)
    .limit(1)
)


async def next_one(tx: AsyncConnection, *, but: Collection[int] = ()) -> int | None:
    """The message that is to be filled next, that for the fewest people first; None: there is none, `but` these."""
    found: int | None = await tx.scalar(_NEXT, {"but": list(but)})
    return found


async def fill_some(tx: AsyncConnection, broadcast: int, now: datetime) -> int:
    """Queues a message for the next of those whom it is for; for how many. After the last of them it is filled."""
    filling = await _locked(tx, broadcast)
    if filling is None:
        return 0
    mine = fillings.c.broadcast == broadcast
    following = sa.select(sa.func.min(people.c.id)).where(people.c.id > filling.above)
    first = await tx.scalar(following)
    if filling.is_cancelled or first is None or first > filling.up_to:
        await tx.execute(fillings.delete().where(mine))
        return 0
    last = min(first + db.planning.PORTION - 1, filling.up_to)
    queued = await _queue(tx, filling, first, last, now)
    is_filled = last == filling.up_to
    await tx.execute(
        fillings.delete().where(mine) if is_filled else fillings.update().where(mine).values(above=last)
    )
    return queued


async def fill_up(tx: AsyncConnection, now: datetime) -> None:
    """Queues all messages for everybody whom they are for, in this transaction."""
    while (broadcast := await next_one(tx)) is not None:
        await fill_some(tx, broadcast, now)


async def stop(tx: AsyncConnection, broadcast: int) -> None:
    """It is filled no more: whoever fills it just now is waited for."""
    await _lock(tx, broadcast)
    await tx.execute(fillings.delete().where(fillings.c.broadcast == broadcast))


async def of(tx: AsyncConnection, broadcast: int) -> Filling | None:
    """A message that is being filled; None: it is not."""
    query = sa.select(fillings, *(broadcasts.c[name] for name in _OF_THE_MESSAGE))
    query = query.join(broadcasts, broadcasts.c.id == fillings.c.broadcast)
    row = (await tx.execute(query.where(fillings.c.broadcast == broadcast))).one_or_none()
    if row is None:
        return None
    setting = Setting(
        now=row.ordered_at,
        sampling=sampling_of(await db.experiments.key(tx)),
        within={(code, km): frozenset(communes) for code, km, communes in row.radii},
    )
    whom = stored(row.audience)
    return Filling(
        broadcast=broadcast,
        kind=Kind(row.kind),
        when=SendingTime(at=row.starts_at, local=row.local_time),
        expires_at=row.expires_at,
        is_cancelled=row.state == "cancelled",
        target=Target(meant=whom, expression=whom, setting=setting, area=row.area),
        draw=await draw_for(tx, broadcast, experiment_from(row.experiment)),
        above=row.above,
        up_to=row.up_to,
        not_before=row.not_before,
        people=row.people,
    )


async def rest(
    tx: AsyncConnection, broadcast: int, known_in: Sequence[str] | None, *, queued: int
) -> Headcount:
    """For how many people a message is still to be queued, where it is for so many already; for a reader who may know
    people by name in some areas. Those who draw to be left out are not among them.

    It is for one at least as long as it is not known that nobody is left: it is not over.
    """
    filling = await of(tx, broadcast)
    if filling is None or filling.is_cancelled:
        return NOBODY
    if known_in is None:
        return Headcount(others=max(1, filling.people - queued))
    columns = counted("people", known_to(known_in))
    query = sa.select(*columns).where(filling.whose_turn_is_to_come)
    if filling.draw is not None:
        query = query.where(sa.not_(_is_left_out(filling.draw)))
    found = headcount((await tx.execute(query)).one(), "people")
    return found if found.total else Headcount(others=1)


async def marks(tx: AsyncConnection, ids: Sequence[int]) -> dict[int, int]:
    """Of those of these messages that are being filled, what changes with each portion."""
    query = sa.select(fillings.c.broadcast, fillings.c.above).where(fillings.c.broadcast.in_(ids))
    return {row.broadcast: row.above for row in await tx.execute(query)}


async def is_under_way(tx: AsyncConnection, broadcast: int) -> bool:
    """Whether a message is being filled."""
    found = sa.select(fillings.c.broadcast).where(fillings.c.broadcast == broadcast)
    return (await tx.execute(found)).first() is not None


_OF_THE_MESSAGE = ("kind", "state", "starts_at", "local_time", "expires_at", "area", "experiment")


async def _locked(tx: AsyncConnection, broadcast: int) -> Filling | None:
    # Read after the lock was had: what was waited for may have filled it on, cancelled it or written it anew.
    await _lock(tx, broadcast)
    return await of(tx, broadcast)


async def _lock(tx: AsyncConnection, broadcast: int) -> None:
    mine = sa.select(broadcasts.c.id).where(broadcasts.c.id == broadcast)
    await tx.execute(mine.with_for_update(key_share=True))


async def _queue(tx: AsyncConnection, filling: Filling, first: int, last: int, now: datetime) -> int:
    those = filling.meant_from(first, last)
    by_instant = await _by_instant(tx, filling, first, last)
    # Whoever is being erased is waited for, and is nobody then: PostgreSQL would else queue it for them, and fail.
    who = (
        sa.select(people.c.id, *_instants(by_instant, filling.expires_at)).where(those).order_by(people.c.id)
    )
    who = who.with_for_update(read=True, key_share=True)
    statement = db.broadcasts.queueing(tx.dialect.name, who, draw=filling.draw)
    return await db.broadcasts.queue(tx, statement, broadcast=filling.broadcast, now=now)


async def _by_instant(
    tx: AsyncConnection, filling: Filling, first: int, last: int
) -> Mapping[datetime, Sequence[str | None]]:
    """The zones by which those between two numbers live for whom it is due at an instant, of all these instants."""
    if not filling.when.local:
        return {filling.due_in(None): ()}
    zones = sa.select(people.c.zone).where(people.c.id.between(first, last)).distinct()
    found: dict[datetime, list[str | None]] = {}
    for zone in sorted(await tx.scalars(zones), key=str):
        found.setdefault(filling.due_in(zone), []).append(zone)
    return found


def _instants(
    by_instant: Mapping[datetime, Sequence[str | None]], expires_at: datetime | None
) -> list[sa.ColumnElement[Any]]:
    """When it is due for somebody, and when it expires."""
    each = [
        (lives_by(zones), sa.literal(due, _AT), sa.literal(expires_at or due + USEFUL_FOR, _AT))
        for due, zones in by_instant.items()
    ]
    if len(each) == 1:
        return [each[0][1].label("due"), each[0][2].label("expires")]
    return [
        sa.case(*((lives, due) for lives, due, _ in each)).label("due"),
        sa.case(*((lives, expires) for lives, _, expires in each)).label("expires"),
    ]


_AT = deliveries.c.due_at.type


def _is_left_out(draw: Draw) -> Condition:
    return variant_drawn(people.c.id, draw) == HOLDOUT


def _by_numbers(condition: Condition) -> Condition:
    """The same, of which no index helps: some after the others, people are found by their numbers, and not each time
    among all who live somewhere.
    """

    def hidden(element: Any, **_: Any) -> Any:
        is_told = isinstance(element, sa.Column) and element.table is people and element is not people.c.id
        return sa.func.coalesce(element, None) if is_told else None

    return visitors.replacement_traverse(condition, {}, hidden)
