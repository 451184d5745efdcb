"""What waits for a second person: who else may decide it, and deciding it once, on what is true at that moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approval_cards
import db.approvals
import db.people
import db.staff
from bot.actions import audit
from bot.actions.authority import Author, in_turn
from bot.actions.broadcast_subject import Colleague, member
from bot.errors import NotAllowed, PortevoixError
from bot.frozen import Frozen
from bot.rules.permissions import Action, Role, Staff
from db.approvals import Approval
from db.staff import HeldRole

LIFE = timedelta(hours=48)
"""How long what an admin is asked to confirm waits for them."""


class ApprovalGone(PortevoixError):
    """It was decided, taken back or changed meanwhile, or whoever asked may not do it any more."""

    default_message = "errors/approval_gone"


class Decided(Frozen):
    """Who said yes or no to what somebody comes to decide too late, and when. `by`: None where the reader did."""

    granted: bool
    at: datetime
    by: Colleague | None


async def gone(tx: AsyncConnection, author: Author, approval: Approval | None) -> ApprovalGone:
    """What is told to whoever comes too late: who decided, to those alone who asked or were asked."""
    reader, sentence = author.telegram_id, "This waits for nobody any more."
    if approval is None or reader is None or approval.decided_at is None or approval.decided_by is None:
        return ApprovalGone(sentence)
    if reader not in {
        approval.asked_by,
        approval.decided_by,
        *await db.approval_cards.asked(tx, approval.id),
    }:
        return ApprovalGone(sentence)
    mine = reader == approval.decided_by
    by = None if mine else await member(tx, author.gazetteer, approval.decided_by)
    return ApprovalGone(
        sentence, decided=Decided(granted=bool(approval.granted), at=approval.decided_at, by=by)
    )


async def seconds_who(
    tx: AsyncConnection,
    may: Callable[[Staff], bool],
    *,
    to: Collection[int | None],
    but: Collection[int | None] = (),
    approval: int | None = None,
) -> set[int]:
    """The Telegram numbers of those who may be the second person `to` these: everybody else with a role that allows it
    `but` those. A person counts once, whatever their roles.

    Whoever gave one of them a role, or was given theirs by them, may be the same person with another number: they are
    asked where there is nobody else. Whoever was asked for an `approval` may still decide it once there is: they could
    have the moment before. Whoever joins is asked beside them (`bot.actions.second_people`).
    """
    members = await db.staff.all_current(tx)
    others = {
        held.telegram_id
        for held in members
        if held.telegram_id not in (*to, *but)
        and may(Staff(id=held.telegram_id, role=Role(held.role), area=held.area))
    }
    asked = await db.approval_cards.asked(tx, approval) if approval is not None else set()
    return (others - await _near(tx, members, to) or others) | (others & asked)


async def _near(tx: AsyncConnection, members: Sequence[HeldRole], to: Collection[int | None]) -> set[int]:
    """The Telegram numbers of whoever gave one of these a role, and of those to whom they gave one."""
    people = [await db.people.find(tx, number) for number in to if number is not None]
    numbers = {person.id for person in people if person is not None}
    given = {held.telegram_id for held in members if held.added_by in numbers}
    givers = {held.added_by for held in members if held.telegram_id in to and held.added_by is not None}
    return given | {giver.telegram_id for giver in (await db.people.get_many(tx, givers)).values()}


async def take_up(tx: AsyncConnection, author: Author, approval: int, what: str) -> tuple[Author, Approval]:
    """What somebody is about to decide, with the roles they hold now; nobody else decides it meanwhile.

    Raises ApprovalGone.
    """
    author = await in_turn(tx, author)
    found = await db.approvals.get(tx, approval)
    if found is None or found.what != what or not found.is_open(author.now):
        raise await gone(tx, author, found if found is not None and found.what == what else None)
    return author, found


def require_second(author: Author, others: Collection[int]) -> None:
    """Raises NotAllowed unless the author is one of the `others` who may decide."""
    if author.person.telegram_id not in others:
        raise NotAllowed("A second person has to decide this.", message="errors/needs_second_admin")


async def close(
    tx: AsyncConnection,
    author: Author,
    approval: Approval,
    action: Action,
    *,
    granted: bool,
    **details: object,
) -> None:
    """Decides it for good, in the log too."""
    by = author.person.telegram_id
    await db.approvals.decide(tx, approval.id, by=by, granted=granted, now=author.now)
    noted = {"approval": approval.id, "granted": granted, **details}
    await audit.note(tx, actor=author.name, action=action, details=noted, now=author.now)
