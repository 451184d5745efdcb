"""A broadcast of which nothing has left is written anew; one that expired for some leaves again for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_changes
import db.broadcasts
from bot.actions import audit, broadcast_approvals
from bot.actions.audiences import target_of
from bot.actions.authority import Author, in_turn
from bot.actions.broadcast_control import controlled
from bot.actions.broadcasts import (
    BroadcastRefused,
    NewBroadcast,
    as_it_may_leave,
    awaits_second_person,
    columns_of,
    fill,
    require_somebody,
    require_written,
    sending_of,
)
from bot.actions.forecasts import Forecast, forecast_again
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.sending import USEFUL_FOR
from db.broadcast_accounts import Broadcast


async def changeable(tx: AsyncConnection, author: Author, broadcast: int) -> Broadcast:
    """One that staff wrote and nobody has yet. Raises NotAllowed, BroadcastRefused."""
    author.require(Action.CHANGE_BROADCAST)
    found = await controlled(tx, author, broadcast)
    require_written(found)
    if found.is_cancelled or await db.broadcast_changes.has_left(tx, broadcast):
        raise _left()
    return found


def _left() -> BroadcastRefused:
    return BroadcastRefused("Some of it has left, or it is cancelled.", message="errors/broadcast_has_left")


async def change(
    tx: AsyncConnection,
    author: Author,
    broadcast: int,
    new: NewBroadcast,
    *,
    expected: Forecast | None = None,
) -> int:
    """Writes it anew: its words, its hour, its people; for how many it is now. `expected`: who was found to get it.

    What a second person was shown of it is another one, and is asked anew. Raises as `broadcasts.send` does, and
    BroadcastRefused where some of it left meanwhile.
    """
    author = await in_turn(tx, author)  # nobody lets it go meanwhile
    before = await changeable(tx, author, broadcast)
    new = as_it_may_leave(author, new)
    target = await target_of(tx, author, new.audience, author.areas(Action.BROADCAST))
    if not new.knowing:
        sending = replace(sending_of(new), broadcast=broadcast)
        await require_somebody(tx, author, target, sending, expected)
    if not await db.broadcast_changes.empty(tx, broadcast):
        raise _left()
    await db.broadcast_changes.rewrite(tx, broadcast, columns_of(new, target), new.texts, new.others)
    people = await fill(tx, broadcast, new, target, now=author.now)
    if await awaits_second_person(tx, author, broadcast, people):
        await broadcast_approvals.ask(tx, author, broadcast)
    elif before.state == "unapproved":  # it is for so few now that nobody has to
        await broadcast_approvals.end(tx, broadcast, why="changed", now=author.now)
        await db.broadcasts.let_go(tx, broadcast, now=author.now, late_expire_at=author.now + USEFUL_FOR)
    details = {"broadcast": broadcast, "kind": new.kind.value, "people": people}
    await audit.note(tx, actor=author.name, action=Action.CHANGE_BROADCAST, details=details, now=author.now)
    return people


async def foreseen_again(tx: AsyncConnection, author: Author, broadcast: int) -> Forecast | None:
    """Who would get it if it were sent again now where it expired; None of news of an event, which hold to other rules.
    Raises as `renew` does.
    """
    found = await _renewable(tx, author, broadcast)
    if found.kind == Kind.EVENT_SERVICE:
        return None
    areas = author.areas(Action.SEND_AGAIN)
    return await forecast_again(tx, found, areas, author.campaign, author.reader, now=author.now)


async def _renewable(tx: AsyncConnection, author: Author, broadcast: int) -> Broadcast:
    author.require(Action.SEND_AGAIN)
    author.require_standing()
    found = await controlled(tx, author, broadcast)
    if found.is_cancelled or not found.is_of_use(author.now):
        raise BroadcastRefused("It is too late for it.", message="errors/broadcast_too_late")
    return found


def _useful_until(broadcast: Broadcast, now: datetime) -> datetime:
    return broadcast.expires_at or now + USEFUL_FOR


async def renew(tx: AsyncConnection, author: Author, broadcast: int) -> Broadcast:
    """Sends it again to those for whom it expired before it could leave, within the author's areas.

    They are looked at as ever before it leaves. So many that a second person has to let it go wait for one. Raises
    NotAllowed, CandidateOut, BroadcastRefused.
    """
    author = await in_turn(tx, author)
    found = await _renewable(tx, author, broadcast)
    areas, until = author.areas(Action.SEND_AGAIN), _useful_until(found, author.now)
    people = await db.broadcast_changes.renew(tx, broadcast, areas, now=author.now, expires_at=until)
    if people:
        is_owed = found.kind == Kind.EVENT_SERVICE
        if not is_owed and await awaits_second_person(tx, author, broadcast, people):
            await broadcast_approvals.ask(tx, author, broadcast)
        details = {"broadcast": broadcast, "people": people, "expired": True}
        await audit.note(tx, actor=author.name, action=Action.SEND_AGAIN, details=details, now=author.now)
    return found
