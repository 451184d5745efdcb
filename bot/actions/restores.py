"""What a restore does to the audit log: what was noted since the backup is carried over, and the restore is noted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audit
from bot.actions import audit
from bot.frozen import Frozen
from bot.rules.permissions import Action
from db.anchors import Anchor
from db.audit import Entry, Tail
from db.engine import TROUBLES

CARRIED = "carried_entry"
"""The action of an entry that another log held: it stands in the details, and could not keep its place."""


class BackupSource(Frozen):
    """Where a backup came from: the name of its file, when it was made (None: by an older version), the user of the
    machine who restored it.
    """

    file: str
    made_at: datetime | None
    user: str


async def settle_log(
    tx: AsyncConnection, replaced: AsyncConnection | None, source: BackupSource, now: datetime
) -> int:
    """Brings the log of a restored database up to what was noted since, and notes the restore; how many entries were
    carried over. `replaced`: the database that it takes the place of, if it can be read.
    """
    carried, continued = 0, True
    before = await db.audit.lock_tail(tx)
    if replaced is not None:
        try:
            continued = await _continues(replaced, before)
        except TROUBLES:  # the rest of it could be read, its log is damaged
            replaced = None
    if replaced is not None:
        carried = await (_take_over(tx, replaced, before) if continued else _carry_single(tx, replaced, now))
    made_at = None if source.made_at is None else source.made_at.astimezone(UTC).isoformat(timespec="seconds")
    details = {
        **{"file": source.file, "made_at": made_at, "user": source.user},
        **{"entries_of_the_backup": 0 if before is None else before.count, "entries_carried_over": carried},
        **{"replaced_was_read": replaced is not None, "log_went_on": continued},
    }
    await audit.note(tx, actor=audit.COMMAND_LINE, action=Action.RESTORE, details=details, now=now)
    return carried


async def _continues(replaced: AsyncConnection, before: Tail | None) -> bool:
    """Whether a log is whole and goes on from where another one ends, so that it can take that one's place."""
    if before is None:
        anchors = []
    else:
        anchors = [Anchor(at=datetime.min.replace(tzinfo=UTC), count=before.count, hash=before.hash)]
    verified = await audit.verify(replaced, anchors=anchors)
    return not verified.faults and verified.entries > 0


async def _take_over(tx: AsyncConnection, replaced: AsyncConnection, before: Tail | None) -> int:
    """The whole log of the replaced database, with hashes, order and numbers as they were; how many entries are new."""
    tail = await db.audit.tail(replaced)
    assert tail is not None  # it holds entries and is whole
    await db.audit.replace(tx, db.audit.entries(replaced), tail)
    witnessed = await db.audit.witnessed(replaced)
    if witnessed is not None:
        await db.audit.set_witnessed(tx, witnessed)
    return tail.count - (0 if before is None else before.count)


async def _carry_single(tx: AsyncConnection, replaced: AsyncConnection, now: datetime) -> int:
    """Every entry that the backup does not hold, as a note of what it said: its own place in a chain is lost."""
    carried = 0
    async for entry in _unknown(tx, replaced):
        details = {
            **{"action": entry.action, "details": entry.details, "hash": entry.hash},
            "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        }
        await audit.note(tx, actor=entry.actor, action=CARRIED, details=details, now=now)
        carried += 1
    return carried


async def _unknown(tx: AsyncConnection, replaced: AsyncConnection) -> AsyncIterator[Entry]:
    async for entry in db.audit.entries(replaced):
        if not await db.audit.has_hash(tx, entry.hash):
            yield entry
