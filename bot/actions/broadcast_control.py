"""Broadcasts that were made: followed, paused, resumed, cancelled; paused where their author left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.broadcast_accounts
import db.broadcasts
import db.staff
import db.surveys
from bot.actions import audit, broadcast_approvals
from bot.actions.accounts import COUNTED_NOW, Accounts
from bot.actions.authority import Author, in_turn
from bot.actions.broadcasts import BroadcastRefused
from bot.errors import NotAllowed, OutOfSight
from bot.rules.kinds import Kind
from bot.rules.permissions import Action, Role, Staff, may_broadcast_to
from db.broadcast_accounts import Broadcast, BroadcastProgress, orphan_fact
from db.facts import forget_fact, get_fact, set_fact

CHANGES = ("pause", "resume", "cancel")


async def progress_of_many(
    tx: AsyncConnection, author: Author, broadcasts: Sequence[Broadcast], accounts: Accounts = COUNTED_NOW
) -> list[BroadcastProgress]:
    """How far each of them has come, as their reader may know."""
    known_in = author.reader.known_in
    counted = [(each, await accounts.account(tx, each, known_in)) for each in broadcasts]
    return await db.broadcast_accounts.progress_of_many(tx, counted, known_in)


async def controlled(tx: AsyncConnection, author: Author, broadcast: int) -> Broadcast:
    """A broadcast that the author may control; nothing is counted. Raises NotAllowed, BroadcastRefused."""
    found = await db.broadcast_accounts.get(tx, broadcast)
    if found is None:
        raise BroadcastRefused("This broadcast does not exist any more.")
    _require_control(author, found)
    return found


async def followed(
    tx: AsyncConnection, author: Author, broadcast: int, accounts: Accounts = COUNTED_NOW
) -> BroadcastProgress:
    """The progress of a broadcast that the author may control. Raises NotAllowed, BroadcastRefused."""
    found = await controlled(tx, author, broadcast)
    return (await progress_of_many(tx, author, [found], accounts))[0]


async def control(tx: AsyncConnection, author: Author, broadcast: int, change: str) -> None:
    """Pauses, resumes or cancels (`change`). One that was changed before stays as it is: taps may come twice."""
    author = await in_turn(tx, author)  # nobody lets it go meanwhile
    found = await controlled(tx, author, broadcast)
    if change == "resume" and found.is_unapproved:
        raise NotAllowed("A second person has to approve this.", message="errors/needs_second_person")
    if change == "resume" and await get_fact(tx, orphan_fact(broadcast)) is not None:
        await _adopt(tx, author, found)
    if change == "cancel" and found.is_unapproved:
        await broadcast_approvals.give_up(tx, found, why="cancelled", now=author.now)
        changed = True
    else:
        changes = {
            "pause": db.broadcasts.pause,
            "resume": db.broadcasts.resume,
            "cancel": db.broadcasts.cancel,
        }
        changed = await changes[change](tx, broadcast)
        if changed and change == "cancel":
            await db.surveys.give_up(tx, broadcast)
    if changed:
        details = {"broadcast": broadcast, "change": change}
        await audit.note(
            tx, actor=author.name, action=Action.CONTROL_BROADCAST, details=details, now=author.now
        )


async def ask_again(tx: AsyncConnection, author: Author, broadcast: int) -> None:
    """Asks once more to let go what was refused, or what nobody decided in time. Raises as `controlled` does."""
    author = await in_turn(tx, author)  # of two who ask at once one does
    found = await controlled(tx, author, broadcast)
    author.require(Action.BROADCAST)
    asked = await db.approvals.of_broadcast(tx, broadcast)
    if found.is_unapproved and (asked is None or asked.decided_at is not None):
        await broadcast_approvals.ask(tx, author, broadcast)


async def _adopt(tx: AsyncConnection, author: Author, found: Broadcast) -> None:
    """Lets a supervisor of the area send what somebody wrote who may not write there any more."""
    if not author.supervises(found.area):
        raise NotAllowed("A coordinator has to resume this.", message="errors/not_your_broadcast")
    await forget_fact(tx, orphan_fact(found.id))


async def pause_orphans(tx: AsyncConnection, telegram_id: int, now: datetime) -> list[Broadcast]:
    """Pauses what somebody wrote and may not write any more with the roles they hold now; what it paused.

    For whoever takes roles away. News of an event go on: they are owed to those who said they would come. So does what
    takes a message back. What nobody has let go yet never leaves.
    """
    held = await db.staff.roles_of(tx, telegram_id)
    roles = [Staff(id=each.id, role=Role(each.role), area=each.area) for each in held]
    paused = []
    for broadcast in await db.broadcast_accounts.unfinished_of(tx, telegram_id):
        mine = any(may_broadcast_to(role, broadcast.area) for role in roles)
        is_owed = broadcast.kind == Kind.EVENT_SERVICE and broadcast.state != "unapproved"
        if mine or is_owed or broadcast.is_recall:
            continue
        if broadcast.state == "unapproved":
            await broadcast_approvals.give_up(tx, broadcast, why="left", now=now)
            continue
        await set_fact(tx, orphan_fact(broadcast.id), True)
        if await db.broadcasts.pause(tx, broadcast.id):
            paused.append(broadcast)
    return paused


def _require_control(author: Author, broadcast: Broadcast) -> None:
    if not author.areas(Action.CONTROL_BROADCAST):
        raise OutOfSight("Their role does not allow it.", message="errors/not_allowed_role")
    if not author.may_control(broadcast.area, broadcast.created_by):
        raise OutOfSight("Only its author may do this.", message="errors/not_your_broadcast")
