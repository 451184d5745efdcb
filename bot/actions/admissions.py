"""A new admin waits for a second one, while there is one: whoever invites an accomplice is not alone to decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.people
import db.staff
from bot.actions import approvals, audit, notices, second_people
from bot.actions.approvals import ApprovalGone
from bot.actions.authority import Author, roles_of
from bot.frozen import Frozen
from bot.rules.permissions import Action, Role, may_approve_admin, may_manage_staff
from db.approval_cards import card_key
from db.approvals import Approval
from db.people import Person

WHAT = "admin"


class Admission(Frozen):
    """A newcomer of whom it was decided."""

    telegram_id: int
    area: str
    granted: bool


async def second_admins(tx: AsyncConnection, area: str, *, by: int | None, newcomer: int | None) -> set[int]:
    """Who may agree to a new admin of the area: neither whoever invited them nor the newcomer."""
    return await approvals.seconds_who(
        tx,
        lambda role: may_approve_admin(role, area=area),
        to=(by,),
        but=(newcomer,),
    )


async def ask(
    tx: AsyncConnection, *, telegram_id: int, area: str, by: int, link: str, seconds: set[int], now: datetime
) -> Approval:
    """Asks the second admins; all others are told."""
    approval = await db.approvals.ask(
        tx,
        what=WHAT,
        asked_by=by,
        telegram_id=telegram_id,
        details={"area": area, "link": link},
        asked_at=now,
        expires_at=now + approvals.LIFE,
    )
    noted = {"approval": approval.id, "area": area, "link": link}
    actor = audit.staff_actor(telegram_id)
    await audit.note(tx, actor=actor, action="ask_to_join", details=noted, now=now)
    until = (now + approvals.LIFE).isoformat()
    news = {"telegram_id": telegram_id, "area": area, "by": by, "until_at": until}
    decides = {**news, "approval": approval.id}
    await notices.tell(tx, seconds, "admin_waits", decides, now=now, key=card_key(approval.id))
    others = set(await notices.admins(tx)) - seconds - {telegram_id}
    await notices.tell(tx, others, "admin_waits", {**news, "approval": None}, now=now)
    return approval


async def waiting(tx: AsyncConnection, author: Author) -> list[Approval]:
    """Who waits, of those of whom the author may decide or whom they invited."""
    mine = author.person.telegram_id
    return [
        each
        for each in await db.approvals.waiting(tx, WHAT, author.now)
        if mine == each.asked_by or author.may(Action.APPROVE_ADMIN, each.details["area"])
    ]


async def decide(tx: AsyncConnection, author: Author, approval: int, *, granted: bool) -> Admission:
    """A second admin says yes or no. Raises ApprovalGone and NotAllowed."""
    author, found = await approvals.take_up(tx, author, approval, WHAT)
    area, newcomer = found.details["area"], found.telegram_id
    assert newcomer is not None  # what is erased takes its approvals with it
    approvals.require_second(author, await second_people.seconds_of(tx, found))
    maker = await _who_still_may(tx, found)
    if maker is None:
        raise ApprovalGone("Whoever invited them may not give that role any more.")
    noted = {"telegram_id": newcomer, "area": area}
    await approvals.close(tx, author, found, Action.APPROVE_ADMIN, granted=granted, **noted)
    if granted:
        await _admit(tx, author, newcomer, area, maker)
    else:
        by = {"by": maker.telegram_id, "decided_by": author.person.telegram_id}
        told = {newcomer, *await notices.admins(tx)} - {author.person.telegram_id}
        await notices.tell(tx, told, "admin_refused", {**noted, **by}, now=author.now)
    return Admission(telegram_id=newcomer, area=area, granted=granted)


async def _admit(tx: AsyncConnection, author: Author, newcomer: int, area: str, maker: Person) -> None:
    held = await db.staff.roles_of(tx, newcomer)
    if any((each.role, each.area) == (Role.ADMIN, area) for each in held):
        return  # named on the machine meanwhile
    await db.staff.add(
        tx,
        telegram_id=newcomer,
        role=Role.ADMIN,
        area=area,
        added_by=maker.id,
        approved_by=author.id,
        now=author.now,
    )
    news = {"telegram_id": newcomer, "role": Role.ADMIN, "area": area, "by": maker.telegram_id}
    told = {newcomer, *await notices.admins(tx)} - {author.person.telegram_id}
    seconded = {**news, "approved_by": author.person.telegram_id}
    await notices.tell(tx, told, "staff_joined", seconded, now=author.now)
    await second_people.ask_whoever_joined(tx, newcomer, author.now)


async def end_unfounded(tx: AsyncConnection, telegram_id: int, now: datetime) -> Sequence[Approval]:
    """Takes back what somebody asked for who may not give that role any more; the newcomers are told. Which it was.

    For whoever takes roles away.
    """
    ended = []
    for each in await db.approvals.waiting(tx, WHAT, now):
        if each.asked_by == telegram_id and await _who_still_may(tx, each) is None:
            await db.approvals.withdraw(tx, each.id)
            news = {
                "telegram_id": each.telegram_id,
                "area": each.details["area"],
                "by": None,
                "decided_by": None,
            }
            await notices.tell(tx, {each.telegram_id or 0}, "admin_refused", news, now=now)
            ended.append(each)
    return ended


async def _who_still_may(tx: AsyncConnection, approval: Approval) -> Person | None:
    """Whoever asked, if they may give that role at this moment."""
    maker = await db.people.find(tx, approval.asked_by) if approval.asked_by is not None else None
    if maker is None:
        return None
    area = approval.details["area"]
    held = await roles_of(tx, maker)
    return maker if any(may_manage_staff(role, role=Role.ADMIN, area=area) for role in held) else None
