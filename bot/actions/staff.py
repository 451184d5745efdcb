"""Who acts for the campaign: how they join, who they are, how they leave."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.staff
from bot.actions import audit, broadcasts
from bot.actions.authority import Author
from bot.errors import NotAllowed, PortevoixError
from bot.rules.permissions import Action, Role, may_manage_staff
from db.broadcast_accounts import Broadcast
from db.staff import HeldRole, StaffLink

LINK_LIFE = timedelta(hours=48)
TOKEN_BYTES = 24  # 32 characters: nobody guesses one of 2^192


class StaffError(PortevoixError):
    """Something about the staff that cannot be done."""


class LinkUnknown(StaffError):
    """A token that was never given out: mistyped, or guessed."""

    default_message = "errors/staff_link_unknown"


class LinkUsed(StaffError):
    """A link serves once."""

    default_message = "errors/staff_link_used"


class LinkExpired(StaffError):
    """A link serves for 48 hours."""

    default_message = "errors/staff_link_expired"


class LinkRevoked(StaffError):
    """An admin withdrew the link."""

    default_message = "errors/staff_link_revoked"


class AlreadyStaff(StaffError):
    """The person holds the same role over the same area; the link is kept for whom it was meant for."""

    default_message = "errors/staff_already"


class NoSuchStaff(StaffError):
    """The role was withdrawn already, or never given."""

    default_message = "errors/staff_gone"


class LastAdmin(StaffError):
    """Without an admin nobody could invite another one in the chat."""

    default_message = "errors/staff_last_admin"


@dataclass(frozen=True, kw_only=True)
class Team:
    """Everybody with a role, and the invitations that can still be used."""

    members: Sequence[HeldRole]
    links: Sequence[StaffLink]


def hash_of(token: str) -> str:
    """What is kept of a link. The token is random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()


async def team(tx: AsyncConnection, author: Author) -> Team:
    """The team as its admin sees it: those in the admin's area. Raises NotAllowed."""
    author.require(Action.SEE_STAFF)
    members = [
        member for member in await db.staff.all_current(tx) if author.may(Action.SEE_STAFF, member.area)
    ]
    links = [
        link for link in await db.staff.open_links(tx, author.now) if author.may(Action.SEE_STAFF, link.area)
    ]
    return Team(members=members, links=links)


async def roles_of(tx: AsyncConnection, telegram_id: int) -> tuple[HeldRole, ...]:
    """The roles somebody holds now."""
    return await db.staff.roles_of(tx, telegram_id)


async def add(
    tx: AsyncConnection, *, telegram_id: int, role: Role, area: str, actor: str, now: datetime
) -> HeldRole:
    """Gives a role from the command line. Raises AlreadyStaff."""
    await _refuse_twice(tx, telegram_id, role, area)
    added = await db.staff.add(tx, telegram_id=telegram_id, role=role, area=area, added_by=None, now=now)
    details = {"telegram_id": telegram_id, "role": role, "area": area}
    await audit.note(tx, actor=actor, action=Action.ADD_STAFF, details=details, now=now)
    return added


async def invite(tx: AsyncConnection, author: Author, *, role: Role, area: str) -> str:
    """The token of a new link to a role over an area, as an admin makes it. Raises NotAllowed."""
    _require_authority(author, role, area)
    return await make_link(tx, role=role, area=area, by=author.id, actor=author.name, now=author.now)


async def make_link(
    tx: AsyncConnection, *, role: Role, area: str, by: int | None, actor: str, now: datetime
) -> str:
    """The token of a new link, told once: only its hash is kept."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await db.staff.add_link(
        tx,
        token_hash=hash_of(token),
        role=role,
        area=area,
        created_by=by,
        now=now,
        expires_at=now + LINK_LIFE,
    )
    details = {"role": role, "area": area, "link": hash_of(token)[:12]}
    await audit.note(tx, actor=actor, action=Action.ADD_STAFF, details=details, now=now)
    return token


async def join(tx: AsyncConnection, *, telegram_id: int, token: str, now: datetime) -> HeldRole:
    """Takes a link: the role it gives, in force at once. Raises one of the link's errors, or AlreadyStaff."""
    link = await db.staff.find_link(tx, hash_of(token))
    if link is None:
        raise LinkUnknown("This staff link was never given out.")
    _require_usable(link, now)
    await _refuse_twice(tx, telegram_id, Role(link.role), link.area)
    if not await db.staff.use_link(tx, link.id, now):
        raise LinkUsed("Somebody else used this link at the same moment.")
    joined = await db.staff.add(
        tx, telegram_id=telegram_id, role=link.role, area=link.area, added_by=link.created_by, now=now
    )
    await audit.note(
        tx,
        actor=audit.staff_actor(telegram_id),
        action="join_staff",
        details={"role": link.role, "area": link.area, "link": link.token_hash[:12]},
        now=now,
    )
    return joined


def _require_usable(link: StaffLink, now: datetime) -> None:
    if link.revoked_at is not None:
        raise LinkRevoked("This staff link was withdrawn.")
    if link.used_at is not None:
        raise LinkUsed("This staff link was used already.")
    if now >= link.expires_at:
        raise LinkExpired("This staff link has expired.")


async def _refuse_twice(tx: AsyncConnection, telegram_id: int, role: Role, area: str) -> None:
    for held in await db.staff.roles_of(tx, telegram_id):
        if (held.role, held.area) == (role, area):
            raise AlreadyStaff(f"{telegram_id} is {role} of {area} already.", role=role, area=area)


async def find(tx: AsyncConnection, author: Author, staff_id: int) -> HeldRole:
    """A role that may be withdrawn. Raises NoSuchStaff, NotAllowed and LastAdmin."""
    member = await db.staff.get(tx, staff_id)
    if member is None or member.revoked_at is not None:
        raise NoSuchStaff("This role is withdrawn already.")
    _require_authority(author, Role(member.role), member.area)
    if await _is_last_admin(tx, member):
        raise LastAdmin("This is the last admin of the whole campaign.")
    return member


@dataclass(frozen=True, kw_only=True)
class Revoked:
    """A role that was withdrawn, and what its holder had written and was paused until somebody resumes it."""

    member: HeldRole
    paused: Sequence[Broadcast]


async def revoke(tx: AsyncConnection, author: Author, staff_id: int) -> Revoked:
    """Withdraws a role, in force at once, also for what was to leave later. Raises as `find` does."""
    member = await find(tx, author, staff_id)
    await db.staff.revoke(tx, member.id, author.now)
    paused = await broadcasts.pause_orphans(tx, member.telegram_id)
    details = {
        "telegram_id": member.telegram_id,
        "role": member.role,
        "area": member.area,
        "paused": [broadcast.id for broadcast in paused],
    }
    await audit.note(tx, actor=author.name, action=Action.REVOKE_STAFF, details=details, now=author.now)
    return Revoked(member=member, paused=paused)


async def revoke_link(tx: AsyncConnection, author: Author, link_id: int) -> StaffLink:
    """Withdraws an invitation that nobody used yet. Raises NoSuchStaff and NotAllowed."""
    links = {link.id: link for link in await db.staff.open_links(tx, author.now)}
    if link_id not in links:
        raise NoSuchStaff("This invitation cannot be used any more.")
    link = links[link_id]
    _require_authority(author, Role(link.role), link.area)
    await db.staff.revoke_link(tx, link.id, author.now)
    details = {"role": link.role, "area": link.area, "link": link.token_hash[:12]}
    await audit.note(tx, actor=author.name, action=Action.REVOKE_STAFF, details=details, now=author.now)
    return link


def _require_authority(author: Author, role: Role, area: str) -> None:
    """One never gives or takes a role above one's own or beyond one's area."""
    if not any(may_manage_staff(held, role=role, area=area) for held in author.roles):
        author.require(Action.ADD_STAFF, area)
        raise NotAllowed(f"Your role does not allow {Action.ADD_STAFF}.", message="errors/not_allowed_role")


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
