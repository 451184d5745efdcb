"""Who acts for the campaign: who they are, how the machine's owner names them, how they leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
import db.staff
from bot.actions import (
    admissions,
    audit,
    broadcast_control,
    claims,
    console,
    notices,
    second_people,
    staff_links,
)
from bot.actions.authority import Author, in_turn
from bot.actions.staff_links import NoSuchStaff, StaffError, refuse_twice
from bot.frozen import Frozen
from bot.rules.permissions import Action, Role
from db.approvals import Approval
from db.broadcast_accounts import Broadcast
from db.staff import HeldRole, StaffLink

Maker: TypeAlias = int | Literal["machine", "gone"]
"""Who gave a role or made an invitation: their Telegram number, the command line, or somebody erased since."""


class LastAdmin(StaffError):
    """Without an admin nobody could invite another one in the chat."""

    default_message = "errors/staff_last_admin"


class Team(Frozen):
    """Everybody with a role, the invitations that can still be used, and those who wait for a second admin.

    `makers`: who made what, by person.
    """

    members: Sequence[HeldRole]
    links: Sequence[StaffLink]
    waiting: Sequence[Approval]
    makers: Mapping[int | None, Maker]


async def team(tx: AsyncConnection, author: Author) -> Team:
    """The team as its admin sees it: those in the admin's area. Raises NotAllowed."""
    author.require(Action.SEE_STAFF)
    members = [
        member for member in await db.staff.all_current(tx) if author.may(Action.SEE_STAFF, member.area)
    ]
    links = [
        link for link in await db.staff.open_links(tx, author.now) if author.may(Action.SEE_STAFF, link.area)
    ]
    people = [each.added_by for each in members] + [each.approved_by for each in members]
    makers = await makers_of(tx, [*people, *(each.created_by for each in links)])
    waiting = await admissions.waiting(tx, author)
    return Team(members=members, links=links, waiting=waiting, makers=makers)


async def first_names(tx: AsyncConnection, author: Author, telegram_ids: Iterable[int]) -> dict[int, str]:
    """What those of the team are called who agreed to be known by it, by Telegram number. Raises NotAllowed."""
    author.require(Action.SEE_STAFF)
    return await db.people.first_names(tx, telegram_ids)


async def makers_of(tx: AsyncConnection, people: Iterable[int | None]) -> dict[int | None, Maker]:
    """The Telegram ids of these people, None being the command line."""
    ids = {person for person in people if person is not None}
    known = await db.people.get_many(tx, ids)
    found: dict[int | None, Maker] = {
        person: known[person].telegram_id if person in known else "gone" for person in ids
    }
    return {None: "machine", **found}


async def roles_of(tx: AsyncConnection, telegram_id: int) -> tuple[HeldRole, ...]:
    """The roles somebody holds now."""
    return await db.staff.roles_of(tx, telegram_id)


async def add(
    tx: AsyncConnection, *, telegram_id: int, role: Role, area: str, actor: str, now: datetime
) -> HeldRole:
    """Gives a role from the command line, and tells all admins, and whoever has it now. Raises AlreadyStaff."""
    await audit.take_turn(tx)
    await refuse_twice(tx, telegram_id, role, area)
    told = {telegram_id, *await notices.admins(tx)}
    added = await db.staff.add(tx, telegram_id=telegram_id, role=role, area=area, added_by=None, now=now)
    details = {"telegram_id": telegram_id, "role": role, "area": area}
    await audit.note(tx, actor=actor, action=Action.ADD_STAFF, details=details, now=now)
    await notices.tell(tx, told, "staff_joined", {**details, "by": None, "approved_by": None}, now=now)
    await second_people.ask_whoever_joined(tx, telegram_id, now)
    return added


async def find(tx: AsyncConnection, author: Author, staff_id: int) -> HeldRole:
    """A role that may be withdrawn. Raises NoSuchStaff, NotAllowed and LastAdmin."""
    member = await db.staff.get(tx, staff_id)
    if member is None or member.revoked_at is not None:
        raise NoSuchStaff("This role is withdrawn already.")
    author.require_management(Role(member.role), member.area)
    if await _is_last_admin(tx, member):
        raise LastAdmin("This is the last admin of the whole campaign.")
    return member


class Revoked(Frozen):
    """A role that was withdrawn, with what its holder had begun: messages, paused until somebody resumes them, and
    invitations, which open nothing any more.
    """

    member: HeldRole
    paused: Sequence[Broadcast]
    links: Sequence[StaffLink]


async def revoke(tx: AsyncConnection, author: Author, staff_id: int) -> Revoked:
    """Withdraws a role, in force at once, also for what was to leave later. Raises as `find` does."""
    author = await in_turn(tx, author)
    member = await find(tx, author, staff_id)
    return await _withdraw(tx, member, by=author.person.telegram_id, actor=author.name, now=author.now)


async def revoke_on_the_machine(
    tx: AsyncConnection, *, telegram_id: int, role: Role | None, area: str | None, actor: str, now: datetime
) -> list[Revoked]:
    """Withdraws the roles of somebody, all or those of this kind or area, the last admin's too. Raises NoSuchStaff."""
    await audit.take_turn(tx)
    held = [
        member
        for member in await db.staff.roles_of(tx, telegram_id)
        if member.role == (role or member.role) and member.area == (area or member.area)
    ]
    if not held:
        raise NoSuchStaff(f"{telegram_id} has no such role; `portevoix staff list` shows who has which.")
    return [await _withdraw(tx, member, by=None, actor=actor, now=now) for member in held]


async def _withdraw(
    tx: AsyncConnection, member: HeldRole, *, by: int | None, actor: str, now: datetime
) -> Revoked:
    """All admins hear of it, also one whose role this was; `by` has it in front of them."""
    told = {member.telegram_id, *await notices.admins(tx)} - {by}
    await db.staff.revoke(tx, member.id, now)
    links = await staff_links.end_unfounded(tx, member.telegram_id, now)
    await admissions.end_unfounded(tx, member.telegram_id, now)
    await claims.end_unfounded(tx, member.telegram_id, now)
    await console.end_unfounded(tx, member.telegram_id, now)
    paused = await broadcast_control.pause_orphans(tx, member.telegram_id, now)
    role = {"telegram_id": member.telegram_id, "role": member.role, "area": member.area}
    ended = {
        "paused": [broadcast.id for broadcast in paused],
        "links": [link.token_hash[:12] for link in links],
    }
    await audit.note(tx, actor=actor, action=Action.REVOKE_STAFF, details={**role, **ended}, now=now)
    await notices.tell(tx, told, "staff_left", {**role, "by": by}, now=now)
    return Revoked(member=member, paused=paused, links=links)


async def _is_last_admin(tx: AsyncConnection, member: HeldRole) -> bool:
    """Whether nobody else administers the area that this admin does."""
    if member.role != Role.ADMIN:
        return False
    admins = {
        other.id
        for other in await db.staff.all_current(tx)
        if (other.role, other.area) == (member.role, member.area)
    }
    return admins <= {member.id}
