"""The people who act for the campaign, and the links by which they join."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.batches import Columns, Statement, given_ids, members
from db.records import records
from db.schema import staff, staff_links


class HeldRole(Frozen):
    """A role held over an area; one person may hold several."""

    id: int
    telegram_id: int
    role: str
    area: str
    added_at: datetime
    added_by: int | None
    approved_by: int | None
    revoked_at: datetime | None


class StaffLink(Frozen):
    """A one-time invitation to a role; only the hash of its token is kept."""

    id: int
    token_hash: str
    role: str
    area: str
    created_by: int | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


async def roles_of(tx: AsyncConnection, telegram_id: int) -> tuple[HeldRole, ...]:
    """The roles this Telegram user holds now."""
    return (await roles_of_many(tx, [telegram_id])).get(telegram_id, ())


# Asked of whoever taps.
_NAMES = [each.name for each in fields(HeldRole)]
_COLUMNS = Columns(staff.c[name] for name in _NAMES)
_HELD = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}({_COLUMNS})) AS text) FROM staff
    WHERE telegram_id {s.among.format(given_ids(s))} AND revoked_at IS NULL"""
    )
)


async def roles_of_many(
    tx: AsyncConnection, telegram_ids: Collection[int]
) -> dict[int, tuple[HeldRole, ...]]:
    """The roles that these Telegram users hold now, by user; those who hold none are left out."""
    found: dict[int, tuple[HeldRole, ...]] = {}
    for row in sorted(await _HELD.rows(tx, rows=members(telegram_ids))):
        held = HeldRole(**dict(zip(_NAMES, _COLUMNS.read(row), strict=True)))
        found[held.telegram_id] = (*found.get(held.telegram_id, ()), held)
    return found


_CURRENT = sa.select(staff).where(staff.c.revoked_at.is_(None)).order_by(staff.c.id)


async def all_current(tx: AsyncConnection) -> list[HeldRole]:
    return records(HeldRole, await tx.execute(_CURRENT))


async def has_any(tx: AsyncConnection) -> bool:
    """Whether anybody ever had a role that is still kept, held or withdrawn."""
    return (await tx.execute(sa.select(staff.c.id).limit(1))).first() is not None


async def get(tx: AsyncConnection, staff_id: int) -> HeldRole | None:
    row = (await tx.execute(sa.select(staff).where(staff.c.id == staff_id))).one_or_none()
    return None if row is None else HeldRole(**row._mapping)


_ADD = sa.insert(staff).returning(staff)
_REVOKE = sa.update(staff).where(staff.c.id == sa.bindparam("held")).values(revoked_at=sa.bindparam("now"))


async def add(
    tx: AsyncConnection,
    *,
    telegram_id: int,
    role: str,
    area: str,
    added_by: int | None,
    approved_by: int | None = None,
    now: datetime,
) -> HeldRole:
    """A role in force; `added_by` and `approved_by` are people, nobody where it was given on the command line."""
    values = {
        "telegram_id": telegram_id,
        "role": role,
        "area": area,
        "added_by": added_by,
        "approved_by": approved_by,
        "added_at": now,
    }
    (held,) = records(HeldRole, await tx.execute(_ADD, values))
    return held


async def revoke(tx: AsyncConnection, staff_id: int, now: datetime) -> None:
    await tx.execute(_REVOKE, {"held": staff_id, "now": now})


async def add_link(
    tx: AsyncConnection,
    *,
    token_hash: str,
    role: str,
    area: str,
    created_by: int | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    await tx.execute(
        sa.insert(staff_links).values(
            token_hash=token_hash,
            role=role,
            area=area,
            created_by=created_by,
            created_at=now,
            expires_at=expires_at,
        )
    )


async def find_link(tx: AsyncConnection, token_hash: str) -> StaffLink | None:
    row = (
        await tx.execute(sa.select(staff_links).where(staff_links.c.token_hash == token_hash))
    ).one_or_none()
    return None if row is None else StaffLink(**row._mapping)


async def use_link(tx: AsyncConnection, link: int, now: datetime) -> bool:
    """Takes the link; False if another took it first, or an admin withdrew it."""
    unused = sa.and_(
        staff_links.c.id == link, staff_links.c.used_at.is_(None), staff_links.c.revoked_at.is_(None)
    )
    return (await tx.execute(sa.update(staff_links).where(unused).values(used_at=now))).rowcount == 1


async def open_links(tx: AsyncConnection, now: datetime) -> list[StaffLink]:
    """The links that can still be used, oldest first."""
    usable = sa.and_(
        staff_links.c.used_at.is_(None), staff_links.c.revoked_at.is_(None), staff_links.c.expires_at > now
    )
    query = sa.select(staff_links).where(usable).order_by(staff_links.c.id)
    return records(StaffLink, await tx.execute(query))


async def revoke_link(tx: AsyncConnection, link: int, now: datetime) -> None:
    await tx.execute(sa.update(staff_links).where(staff_links.c.id == link).values(revoked_at=now))
