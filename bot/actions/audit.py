"""The audit log: who of the staff did what, in a chain of hashes that shows any later change.

Each entry's hash covers the entry and the hash before it, so that a row that is altered, removed or moved
breaks the chain. The chain cannot protect itself from someone who rewrites all of it: its head is noted outside,
in the anchor file (`bot.actions.witness`) and in the chats of the admins, and by whoever likes to (`audit head`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audit
import db.staff
from bot.frozen import Frozen
from bot.rules.retention import LEAST_AUDIT_DAYS
from db.anchors import Anchor
from db.audit import Entry, Tail

FORGOTTEN = "forget_log"
"""The action of removing entries whose term is over: what it notes is how the log begins since."""
FORGOTTEN_AT_ONCE = 1_000

FIRST = "0" * 64
"""What stands in the place of the hash before the first entry."""

COMMAND_LINE = "command line"
"""The actor of what is done on the machine itself."""


def staff_actor(telegram_id: int) -> str:
    """How a member of staff is named in the log."""
    return f"staff:{telegram_id}"


class FaultKind(StrEnum):
    """A fault that an entry can have."""

    ALTERED = "altered"
    REMOVED = "removed"
    REORDERED = "reordered"
    EMPTIED = "emptied"
    UNKNOWN_HEAD = "unknown_head"
    WENT_BACK = "went_back"
    UNKNOWN_ANCHOR = "unknown_anchor"
    FORGOTTEN_EARLY = "forgotten_early"


class ChainFault(Frozen):
    """An entry (its number) that does not continue the chain, and why. `anchor`: what was noted of the log once, and
    does not stand in it.
    """

    entry: int
    kind: FaultKind
    head: str = ""
    anchor: Anchor | None = None

    def __str__(self) -> str:
        known = self.anchor
        noted = {} if known is None else {"count": known.count, "at": f"{known.at:%Y-%m-%d %H:%M} UTC"}
        return _SENTENCES[self.kind].format(
            entry=self.entry, head=self.head if known is None else known.hash, **noted
        )


_SENTENCES = {
    FaultKind.ALTERED: "Entry {entry} was altered: its hash is not that of its content.",
    FaultKind.REMOVED: "What stood next to entry {entry} was removed or rewritten.",
    FaultKind.REORDERED: "Entry {entry} does not stand where it was written.",
    FaultKind.EMPTIED: "The log is empty, and yet roles were given: it was emptied.",
    FaultKind.UNKNOWN_HEAD: "The log does not hold {head}, its last hash once: it was rewritten, or went back.",
    FaultKind.WENT_BACK: (
        "The database remembers {count} entries on {at}, the last {head}, which the log does not hold: it was"
        " rewritten, or went back."
    ),
    FaultKind.UNKNOWN_ANCHOR: (
        "The log does not hold entry number {count}, {head}, which the anchor file noted on {at}: it was rewritten,"
        " or went back."
    ),
    FaultKind.FORGOTTEN_EARLY: (
        "The log says that the term of entry number {count}, {head}, is over, and yet the anchor file noted it on {at}:"
        " it was removed before."
    ),
}


class Verified(Frozen):
    """The result of a verification. `last_hash` proves the whole log to whoever noted it."""

    entries: int
    last_hash: str
    faults: tuple[ChainFault, ...]


async def take_turn(tx: AsyncConnection) -> None:
    """Waits until no other transaction is noting something: what is asked from here on, nobody changes any more.

    For acts that two people could do against each other; they end in a note, so that one lock serves for both.
    """
    await db.audit.lock_tail(tx)


async def note(
    tx: AsyncConnection, *, actor: str, action: str, details: Mapping[str, object], now: datetime
) -> None:
    """Adds one entry to the log, in the transaction of what it tells. `details` hold what JSON can hold."""
    # What is hashed is what the database gives back: plain JSON, without the character PostgreSQL refuses.
    plain: dict[str, Any] = json.loads(json.dumps(dict(details), default=str).replace("\\u0000", ""))
    previous = await db.audit.lock_tail(tx)
    previous_hash = previous.hash if previous is not None else FIRST
    await db.audit.add(
        tx,
        at=now,
        actor=actor,
        action=action,
        details=plain,
        previous=previous,
        previous_hash=previous_hash,
        hash_=chained(previous_hash, at=now, actor=actor, action=action, details=plain),
    )


def chained(
    previous_hash: str, *, at: datetime, actor: str, action: str, details: Mapping[str, object]
) -> str:
    """The SHA-256 of the hash before and of the entry as canonical JSON."""
    content = {
        "action": action,
        "actor": actor,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "details": details,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous_hash}\n{canonical}".encode()).hexdigest()


async def forget_some(tx: AsyncConnection, until: datetime, *, actor: str, now: datetime) -> int:
    """Removes some entries whose term is over from the beginning, and notes how the log begins since; how many."""
    await db.audit.lock_tail(tx)
    over = await db.audit.beginning(tx, until, FORGOTTEN_AT_ONCE)
    if over is None:
        return 0
    before = await _start(tx)
    await db.audit.remove(tx, over)
    details = {
        "entries": before.entries + len(over.ids),
        "last": over.last_hash,
        "until": until.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    await note(tx, actor=actor, action=FORGOTTEN, details=details, now=now)
    return len(over.ids)


async def count_forgotten(tx: AsyncConnection, until: datetime) -> int:
    """How many entries at the beginning of the log have a term that is over."""
    return await db.audit.count_until(tx, until)


class Start(Frozen):
    """How the log begins: after so many entries whose term is over, the last of which had this hash."""

    entries: int
    hash: str


async def _start(tx: AsyncConnection) -> Start:
    """As the newest note of a removal says."""
    noted = await db.audit.latest(tx, FORGOTTEN)
    if noted is None:
        return Start(entries=0, hash=FIRST)
    return Start(entries=noted.details["entries"], hash=noted.details["last"])


async def verify(
    tx: AsyncConnection,
    *,
    noted: Sequence[str] = (),
    anchors: Sequence[Anchor] = (),
    now: datetime | None = None,
) -> Verified:
    """Reads the whole log and names every entry that was altered, removed or moved.

    `noted`: last hashes that were noted elsewhere, which a log that was rewritten or emptied does not hold. `anchors`:
    heads of an anchor file, of which the first that the log does not hold is named, unless its term is over at `now`;
    without that, the log is believed what it says to have forgotten.
    """
    faults: list[ChainFault] = []
    start = await _start(tx)
    expected, count, last = start.hash, 0, 0
    witnessed = await db.audit.witnessed(tx)
    heads = {each.count: "" for each in (*anchors, *((witnessed,) if witnessed else ()))}
    heads[start.entries] = start.hash
    async for entry in db.audit.entries(tx):
        if _hash_of(entry) != entry.hash:
            faults.append(ChainFault(entry=entry.id, kind=FaultKind.ALTERED))
        elif entry.previous_hash != expected:
            elsewhere = entry.previous_hash == FIRST or await db.audit.has_hash(tx, entry.previous_hash)
            kind = FaultKind.REORDERED if elsewhere else FaultKind.REMOVED
            faults.append(ChainFault(entry=entry.id, kind=kind))
        expected, count, last = entry.hash, count + 1, entry.id
        if start.entries + count in heads:
            heads[start.entries + count] = entry.hash
    if not faults and _is_cut(await db.audit.tail(tx), start.entries + count, expected):
        faults.append(ChainFault(entry=last, kind=FaultKind.REMOVED))
    # What was noted of entries whose term is over cannot be compared any more, but when it was noted can.
    early = [] if now is None else _forgotten_early(anchors, start.entries, now)
    faults += [ChainFault(entry=last, kind=FaultKind.FORGOTTEN_EARLY, anchor=each) for each in early[:1]]
    lost = [each for each in anchors if each.count >= start.entries and heads[each.count] != each.hash]
    if witnessed and witnessed.count >= start.entries and heads[witnessed.count] != witnessed.hash:
        faults.append(ChainFault(entry=last, kind=FaultKind.WENT_BACK, anchor=witnessed))
    faults += [ChainFault(entry=last, kind=FaultKind.UNKNOWN_ANCHOR, anchor=each) for each in lost[:1]]
    if not faults and not count and await db.staff.has_any(tx):
        faults.append(ChainFault(entry=0, kind=FaultKind.EMPTIED))
    faults += [
        ChainFault(entry=last, kind=FaultKind.UNKNOWN_HEAD, head=head)
        for head in noted
        if head != start.hash and not await db.audit.has_hash(tx, head)
    ]
    return Verified(entries=count, last_hash=expected, faults=tuple(faults))


def _forgotten_early(anchors: Sequence[Anchor], forgotten: int, now: datetime) -> list[Anchor]:
    """The heads among the first `forgotten` entries that were written, as each is after the head before was noted,
    within the least term.

    The note of what was forgotten proves nothing against whoever has the key, and can write one.
    """
    since = now - timedelta(days=LEAST_AUDIT_DAYS)
    return [
        each
        for before, each in pairwise(anchors)
        if before.count < each.count <= forgotten and before.at > since
    ]


def _hash_of(entry: Entry) -> str:
    return chained(
        entry.previous_hash, at=entry.at, actor=entry.actor, action=entry.action, details=entry.details
    )


def _is_cut(tail: Tail | None, count: int, last_hash: str) -> bool:
    """Whether entries are missing at the end, where no later entry shows it."""
    return (tail is not None or count > 0) and (tail is None or (tail.count, tail.hash) != (count, last_hash))
