"""The head of the audit log, told outside of the database: an anchor file, and a line a day to the admins.

Whoever has the key of the database can rewrite the whole log in it, chain included; what was said of it elsewhere then
no longer fits.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audit
import db.notices
from bot.actions import audit
from bot.actions.audit import ChainFault
from bot.actions.notices import admins, admins_by_zone
from bot.rules.courtesy import CourtesyHours
from bot.rules.territories import at_local
from bot.rules.territories import zone as zone_named
from db.anchors import Anchor, append_anchor, read_anchors
from db.engine import Database

HEAD, BROKEN = "log_head", "log_broken"
"""The notices that tell the head, and a fault."""


async def head(tx: AsyncConnection, now: datetime) -> Anchor | None:
    """The head of the log at this moment; None where it is empty."""
    tail = await db.audit.tail(tx)
    return None if tail is None else Anchor(at=now, count=tail.count, hash=tail.hash)


async def anchor(database: Database, file: Path, now: datetime) -> bool:
    """Notes the head in the anchor file, if it is another than that noted last; whether it was. Raises CannotOpen."""
    async with database.read() as tx:
        found = await head(tx, now)
    if found is None or not await asyncio.to_thread(_note_outside, file, found):
        return False
    async with database.write() as tx:
        before = await db.audit.witnessed(tx)
        # A log that went back must not make forgotten how far it had come.
        if before is None or before.count <= found.count:
            await db.audit.set_witnessed(tx, found)
    return True


def _note_outside(file: Path, found: Anchor) -> bool:
    """In a thread: the file may lie on another machine, which answers late or never."""
    known = read_anchors(file)
    if known and (known[-1].count, known[-1].hash) == (found.count, found.hash):
        return False
    append_anchor(file, found)
    return True


async def look(database: Database, file: Path, now: datetime) -> tuple[ChainFault, ...]:
    """Verifies the log, with what the anchor file knows; of each fault the admins are told once. Raises CannotOpen."""
    anchors = await asyncio.to_thread(read_anchors, file)
    async with database.read() as tx:
        faults = (await audit.verify(tx, anchors=anchors, now=now)).faults
    if faults:
        async with database.write() as tx:
            await _tell_of(tx, faults[0], now)
    return faults


async def _tell_of(tx: AsyncConnection, fault: ChainFault, now: datetime) -> None:
    mark = fault.anchor.hash if fault.anchor is not None else str(fault.entry)
    known = fault.anchor
    await db.notices.queue(
        tx,
        key=f"log:{fault.kind}:{mark[:32]}",
        template=BROKEN,
        details={
            "count": known.count if known is not None else None,
            "noted_at": known.at.isoformat() if known is not None else None,
            "entry": fault.entry,
        },
        telegram_ids=await admins(tx),
        now=now,
    )


async def tell_head(tx: AsyncConnection, courtesy: CourtesyHours, now: datetime) -> int:
    """Tells each admin the head, once in a day of their own and at no hour of the night; to how many it is told now."""
    found = await head(tx, now)
    if found is None:
        return 0
    details = {"count": found.count, "hash": found.hash, "stood_at": found.at.isoformat()}
    told = 0
    for zone, telegram_ids in (await admins_by_zone(tx)).items():
        local = now.astimezone(zone_named(zone))
        if not courtesy.opens <= local.time() < courtesy.closes:
            continue
        told += await db.notices.queue(
            tx,
            key=f"log:{local.date()}:{zone}",
            template=HEAD,
            details=details,
            telegram_ids=telegram_ids,
            expires_at=at_local(local.date(), courtesy.closes, zone_named(zone)),
            now=now,
        )
    return told
