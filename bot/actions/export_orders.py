"""Exports ordered in the chat: made at once, or, where they hold the whole campaign, once a second admin agrees."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.audit
import db.exports
import db.people
from bot.actions import approvals, audit, exports, notices
from bot.actions.approvals import ApprovalGone
from bot.actions.authority import Author, author_of, in_turn
from bot.actions.exports import CHAT_ROWS, Order
from bot.actions.second_people import seconds_of
from bot.errors import NotAllowed
from bot.exporting.formats import FORMATS
from bot.exporting.tables import TABLES
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.permissions import Action, may_approve_export
from db.approval_cards import card_key
from db.approvals import Approval

WHAT = "export"
FETCH_LIFE = timedelta(hours=24)
"""How long an export that was granted can be fetched."""


MOST_AREAS = 3
TAKEN_WITHIN = timedelta(days=7)
"""So many départements or communes of one table an admin of the whole campaign exports alone, in so long a time."""


class Ordered(Frozen):
    """How many rows the export has, up to CHAT_ROWS and one more; `waits`: a second admin is asked first."""

    order: Order
    rows: int
    waits: bool = False


async def _needs_a_second(tx: AsyncConnection, author: Author, wanted: Order) -> bool:
    """Whether a second person has to agree: everybody everywhere, or the same in pieces, unless it is about those who
    answered one event.

    Not the log of the team: an admin who suspects another reads it without asking them. Nor whoever exports areas of
    their own: they are given the rows of those who agreed to be known there.
    """
    table, selection = TABLES[wanted.table], wanted.selection
    is_of_few = selection.event is not None and not table.tells_invited
    if not table.of_area or is_of_few or selection.known_in is not None:
        return False
    if selection.area == EVERYWHERE or selection.area.startswith("R"):
        return True
    taken = await db.audit.details_of(
        tx, actor=author.name, action=table.action, since=author.now - TAKEN_WITHIN
    )
    areas = {each["area"] for each in taken if each.get("export") == wanted.table}
    return len(areas | {selection.area}) > MOST_AREAS


async def order(tx: AsyncConnection, author: Author, wanted: Order) -> Ordered:
    """Checks and notes an export that is to be sent in the chat, or asks a second admin for it.

    Nothing is noted or asked where there are no rows. Raises NotAllowed.
    """
    author = await in_turn(tx, author)  # nobody takes the next piece while what was taken is looked at
    exports.require(author, wanted)
    FORMATS[wanted.format].require()
    wanted = exports.as_read_by(author, wanted)
    found = await _count(tx, wanted)
    if found and await _needs_a_second(tx, author, wanted):
        seconds = await approvals.seconds_who(tx, may_approve_export, to=(author.person.telegram_id,))
        if seconds:
            await _ask(tx, author, wanted, found, seconds)
            return Ordered(order=wanted, rows=found, waits=True)
    if found:
        await exports.note(tx, wanted, actor=author.name, now=author.now)
    return Ordered(order=wanted, rows=found)


async def _count(tx: AsyncConnection, wanted: Order) -> int:
    return await db.exports.count(tx, exports.source_of(wanted), CHAT_ROWS + 1)


async def _ask(tx: AsyncConnection, author: Author, wanted: Order, rows: int, seconds: set[int]) -> None:
    """Once for the same export: who taps again waits for the same answer."""
    mine = author.person.telegram_id
    for each in await db.approvals.waiting(tx, WHAT, author.now):
        if each.asked_by == mine and each.details == {**wanted.details, "rows": each.details["rows"]}:
            return
    until = author.now + approvals.LIFE
    asked = await db.approvals.ask(
        tx,
        what=WHAT,
        asked_by=mine,
        details={**wanted.details, "rows": rows},
        asked_at=author.now,
        expires_at=until,
    )
    noted = {**wanted.details, "approval": asked.id}
    await audit.note(tx, actor=author.name, action="ask_for_export", details=noted, now=author.now)
    times = {"since_at": wanted.details["since"], "until_at": until.isoformat()}
    news = {**wanted.details, **times, "rows": rows, "by": mine, "approval": asked.id}
    await notices.tell(tx, seconds, "export_waits", news, now=author.now, key=card_key(asked.id))


async def waiting(tx: AsyncConnection, author: Author) -> list[Approval]:
    """Exports that wait for a second person: those that the author may decide, and those that they asked for."""
    mine = author.person.telegram_id
    return [
        each
        for each in await db.approvals.waiting(tx, WHAT, author.now)
        if mine == each.asked_by or mine in await seconds_of(tx, each)
    ]


async def decide(tx: AsyncConnection, author: Author, approval: int, *, granted: bool) -> Approval:
    """A second admin says yes or no; whoever asked is told, and fetches it. Raises ApprovalGone and NotAllowed."""
    author, found = await approvals.take_up(tx, author, approval, WHAT)
    approvals.require_second(author, await seconds_of(tx, found))
    assert found.asked_by is not None  # what is erased takes its approvals with it
    await _require_asker(tx, author, found)
    await approvals.close(
        tx, author, found, Action.APPROVE_EXPORT, granted=granted, export=found.details["export"]
    )
    news = {
        **found.details,
        "approval": found.id if granted else None,
        "decided_by": author.person.telegram_id,
        "until_at": (author.now + FETCH_LIFE).isoformat(),
    }
    await notices.tell(tx, {found.asked_by}, "export_decided", news, now=author.now)
    return found


async def _require_asker(tx: AsyncConnection, author: Author, approval: Approval) -> None:
    """Raises ApprovalGone where whoever asked may not make this export any more."""
    person = await db.people.find(tx, approval.asked_by or 0)
    if person is not None:
        asker = await author_of(
            tx, person, campaign=author.campaign, gazetteer=author.gazetteer, now=author.now
        )
        try:
            exports.require(asker, Order.from_details(approval.details))
        except NotAllowed:
            person = None
    if person is None:
        raise ApprovalGone("Whoever asked for this export may not make it any more.")


async def fetch(tx: AsyncConnection, author: Author, approval: int) -> Ordered:
    """What a second admin granted, once, to whoever asked and may still make it. Raises ApprovalGone and NotAllowed."""
    author = await in_turn(tx, author)
    found = await db.approvals.get(tx, approval)
    if found is None or not _can_be_fetched(found, author.person.telegram_id, author.now):
        raise ApprovalGone("This export was fetched already, or it is too late for it.")
    wanted = Order.from_details(found.details)
    exports.require(author, wanted)
    await db.approvals.use(tx, found.id, author.now)
    await exports.note(tx, wanted, actor=author.name, now=author.now, approval=found.id)
    return Ordered(order=wanted, rows=await _count(tx, wanted))


def _can_be_fetched(approval: Approval, telegram_id: int, now: datetime) -> bool:
    granted = approval.what == WHAT and approval.granted and approval.decided_at is not None
    in_time = approval.decided_at is not None and now < approval.decided_at + FETCH_LIFE
    return bool(granted and in_time and approval.asked_by == telegram_id and approval.used_at is None)
