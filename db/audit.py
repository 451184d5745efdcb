"""The log of what staff did: rows are added at its end, and go from its beginning when their term is over."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.anchors import Anchor
from db.facts import get_fact, set_fact
from db.records import records
from db.schema import audit, audit_numbers

TAIL = "audit_tail"
WITNESSED = "audit_witnessed"
TAIL_LOCK = 0x506F_0002  # PostgreSQL's advisory locks are numbers; db.engine has the other one
CHUNK = 2000
_NUMBER = re.compile("(?:staff:)?([1-9][0-9]{0,17})")


class Entry(Frozen):
    """One row of the log, as it stands in the database."""

    id: int
    at: datetime
    actor: str
    action: str
    details: dict[str, Any]
    previous_hash: str
    hash: str


class Tail(Frozen):
    """How many entries there are, the hash of the last one, and when it was written: what a cut at the end is noticed
    by. Older versions noted no instant.
    """

    count: int
    hash: str
    at: datetime | None


async def lock_tail(tx: AsyncConnection) -> Tail | None:
    """The end of the log, which nobody else can lengthen until this transaction ends; None: still empty."""
    if tx.dialect.name == "postgresql":
        await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(TAIL_LOCK)))
    return await tail(tx)


async def tail(tx: AsyncConnection) -> Tail | None:
    found = await get_fact(tx, TAIL)
    if found is None:
        return None
    at = datetime.fromisoformat(found["at"]) if "at" in found else None
    return Tail(count=found["count"], hash=found["hash"], at=at)


async def set_tail(tx: AsyncConnection, tail: Tail) -> None:
    """Remembers the end of the log. The caller holds it."""
    at = {} if tail.at is None else {"at": tail.at.astimezone(UTC).isoformat(timespec="microseconds")}
    await set_fact(tx, TAIL, {"count": tail.count, "hash": tail.hash, **at})


async def witnessed(tx: AsyncConnection) -> Anchor | None:
    """The head that was noted outside last, as the database knows it; None: none was yet."""
    found = await get_fact(tx, WITNESSED)
    if found is None:
        return None
    return Anchor(at=datetime.fromisoformat(found["at"]), count=found["count"], hash=found["hash"])


async def set_witnessed(tx: AsyncConnection, anchor: Anchor) -> None:
    at = anchor.at.astimezone(UTC).isoformat(timespec="seconds")
    await set_fact(tx, WITNESSED, {"at": at, "count": anchor.count, "hash": anchor.hash})


_ADD = sa.insert(audit).returning(audit.c.id)


async def add(
    tx: AsyncConnection,
    *,
    at: datetime,
    actor: str,
    action: str,
    details: dict[str, Any],
    previous: Tail | None,
    previous_hash: str,
    hash_: str,
) -> None:
    """Lengthens the log by one entry. The caller holds the tail."""
    entry = {"actor": actor, "details": details}
    values = {**entry, "at": at, "action": action, "previous_hash": previous_hash, "hash": hash_}
    added = await tx.execute(_ADD, values)
    await _number(tx, [{**entry, "id": added.scalar_one()}])
    count = 1 if previous is None else previous.count + 1
    await set_tail(tx, Tail(count=count, hash=hash_, at=at))


async def entries(tx: AsyncConnection) -> AsyncIterator[Entry]:
    """Every entry, oldest first, read a few at a time."""
    last = 0
    while True:
        query = sa.select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(CHUNK)
        rows = (await tx.execute(query)).all()
        for row in rows:
            yield Entry(**row._mapping)
        if len(rows) < CHUNK:
            return
        last = rows[-1].id


async def page(
    tx: AsyncConnection,
    *,
    before: int | None,
    most: int,
    action: str | None = None,
    actor: str | None = None,
    until: datetime | None = None,
) -> list[Entry]:
    """The last entries, or the last ones before an entry's number, an instant; the newest first. `action`, `actor`:
    these alone.
    """
    query = sa.select(audit).order_by(audit.c.id.desc()).limit(most)
    if before is not None:
        query = query.where(audit.c.id < before)
    if until is not None:
        query = query.where(audit.c.at < until)
    for column, value in ((audit.c.action, action), (audit.c.actor, actor)):
        if value is not None:
            query = query.where(column == value)
    return records(Entry, await tx.execute(query))


async def last_of_event(tx: AsyncConnection, *, action: str, event: str, **numbers: int) -> Entry | None:
    """The last entry of an action on an event in whose details these numbers stand."""
    query = sa.select(audit).where(audit.c.action == action, audit.c.details["event"].as_string() == event)
    for name, number in numbers.items():
        query = query.where(audit.c.details[name].as_integer() == number)
    row = (await tx.execute(query.order_by(audit.c.id.desc()).limit(1))).one_or_none()
    return None if row is None else Entry(**row._mapping)


async def told_of(tx: AsyncConnection) -> tuple[list[str], list[str]]:
    """The actions that stand in the log, and who did any of them."""
    actions = await tx.scalars(sa.select(audit.c.action).distinct().order_by(audit.c.action))
    actors = await tx.scalars(sa.select(audit.c.actor).distinct().order_by(audit.c.actor))
    return list(actions), list(actors)


async def replace(tx: AsyncConnection, log: AsyncIterator[Entry], tail: Tail) -> None:
    """Puts another log in the place of this one, as it is. The caller holds the tail."""
    await tx.execute(sa.delete(audit))
    some: list[dict[str, Any]] = []
    async for entry in log:
        some.append(vars(entry))
        if len(some) == CHUNK:
            await _add_all(tx, some)
            some = []
    await _add_all(tx, some)
    await set_tail(tx, tail)


async def _add_all(tx: AsyncConnection, entries: Sequence[Mapping[str, Any]]) -> None:
    if entries:
        await tx.execute(sa.insert(audit), entries)
        await _number(tx, entries)


class Beginning(Frozen):
    """The oldest entries, whose term is over: how many, and the hash of the last of them."""

    ids: tuple[int, ...]
    last_hash: str


async def beginning(tx: AsyncConnection, until: datetime, most: int) -> Beginning | None:
    """The entries at the beginning of the log made at or before an instant; None: the first is younger."""
    query = sa.select(audit.c.id, audit.c.at, audit.c.hash).order_by(audit.c.id).limit(most)
    over = tuple(itertools.takewhile(lambda row: row.at <= until, await tx.execute(query)))
    if not over:
        return None
    return Beginning(ids=tuple(row.id for row in over), last_hash=over[-1].hash)


async def count_until(tx: AsyncConnection, until: datetime) -> int:
    """How many entries at the beginning of the log were made at or before an instant."""
    younger = sa.select(sa.func.min(audit.c.id)).where(audit.c.at > until).scalar_subquery()
    query = sa.select(sa.func.count()).select_from(audit)
    query = query.where(audit.c.at <= until, sa.or_(younger.is_(None), audit.c.id < younger))
    return int((await tx.execute(query)).scalar_one())


async def remove(tx: AsyncConnection, beginning: Beginning) -> None:
    """Removes the oldest entries."""
    await tx.execute(sa.delete(audit).where(audit.c.id <= beginning.ids[-1]))


async def latest(tx: AsyncConnection, action: str) -> Entry | None:
    """The newest entry of an action."""
    query = sa.select(audit).where(audit.c.action == action).order_by(audit.c.id.desc()).limit(1)
    row = (await tx.execute(query)).first()
    return None if row is None else Entry(**row._mapping)


async def details_of(
    tx: AsyncConnection, *, actor: str, action: str, since: datetime
) -> list[Mapping[str, Any]]:
    """What somebody noted of an action since then, oldest first."""
    query = sa.select(audit.c.details).where(
        audit.c.actor == actor, audit.c.action == action, audit.c.at >= since
    )
    return list(await tx.scalars(query.order_by(audit.c.id)))


_NUMBERED = sa.select(audit_numbers.c.entry).where(audit_numbers.c.number == sa.bindparam("number"))
_ABOUT = sa.select(audit).where(audit.c.id.in_(_NUMBERED)).order_by(audit.c.id)


async def about(tx: AsyncConnection, telegram_id: int) -> list[Entry]:
    """The deeds of somebody, and what is noted about them by their Telegram number, oldest first."""
    return records(Entry, await tx.execute(_ABOUT, {"number": telegram_id}))


async def _number(tx: AsyncConnection, entries: Sequence[Mapping[str, Any]]) -> None:
    """Notes which numbers stand in entries, so that whom they are about is found without reading all."""
    rows = [
        {"entry": entry["id"], "number": number}
        for entry in entries
        for number in {*_numbers_in([entry["actor"], entry["details"]])}
    ]
    if rows:
        await tx.execute(sa.insert(audit_numbers), rows)


def _numbers_in(value: Any) -> Iterator[int]:
    """Those in what JSON holds that may be somebody’s in Telegram: alone, as a text, or as one of the staff."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _numbers_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _numbers_in(each)
    elif not isinstance(value, bool | float) and (found := _NUMBER.fullmatch(str(value))):
        yield int(found[1])


async def last(tx: AsyncConnection) -> Entry | None:
    """The newest entry; None where the log is empty."""
    row = (await tx.execute(sa.select(audit).order_by(audit.c.id.desc()).limit(1))).first()
    return None if row is None else Entry(**row._mapping)


async def has_hash(tx: AsyncConnection, hash_: str) -> bool:
    """Whether some entry has this hash."""
    return (await tx.execute(sa.select(audit.c.id).where(audit.c.hash == hash_).limit(1))).first() is not None
