"""One-time invitations to the team: made by somebody who may give the role, and good only as long as they may."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
import db.staff
from bot.actions import admissions, audit, notices, second_people
from bot.actions.authority import Author, in_turn, roles_of
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.permissions import Action, Role, may_manage_staff
from db.people import Person
from db.staff import StaffLink

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
    """The link was withdrawn, or whoever made it may not give that role any more."""

    default_message = "errors/staff_link_revoked"


class AlreadyStaff(StaffError):
    """The person holds the same role over the same area; the link is kept for whom it was meant for."""

    default_message = "errors/staff_already"


class NoSuchStaff(StaffError):
    """The role was withdrawn already, or never given."""

    default_message = "errors/staff_gone"


def hash_of(token: str) -> str:
    """The hash that is kept of a link. The token is random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()


async def invite(tx: AsyncConnection, author: Author, *, role: Role, area: str) -> str:
    """The token of a new link to a role over an area, as an admin makes it. Raises NotAllowed."""
    author = await in_turn(tx, author)
    author.require_management(role, area)
    return await make_link(tx, role=role, area=area, by=author.id, actor=author.name, now=author.now)


async def make_link(
    tx: AsyncConnection, *, role: Role, area: str, by: int | None, actor: str, now: datetime
) -> str:
    """The token of a new link, told once: only its hash is kept. `by`: the person; None on the command line."""
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


class Joined(Frozen):
    """The role that a link gives; `waits`: not before a second admin agrees."""

    role: Role
    area: str
    waits: bool = False


async def join(tx: AsyncConnection, *, telegram_id: int, token: str, now: datetime) -> Joined:
    """Takes a link: the role it gives, in force at once; an admin's once a second admin agrees, where there is one.

    Raises one of the link's errors, or AlreadyStaff.
    """
    await audit.take_turn(tx)
    link = await db.staff.find_link(tx, hash_of(token))
    if link is None:
        raise LinkUnknown("This staff link was never given out.")
    _require_usable(link, now)
    maker = await _maker_who_still_may(tx, link)
    await refuse_twice(tx, telegram_id, Role(link.role), link.area)
    if not await db.staff.use_link(tx, link.id, now):
        raise LinkUsed("Somebody else used this link at the same moment.")
    by = maker.telegram_id if maker is not None else None
    if link.role == Role.ADMIN and by is not None:
        seconds = await admissions.second_admins(tx, link.area, by=by, newcomer=telegram_id)
        if seconds:
            short = link.token_hash[:12]
            await admissions.ask(
                tx, telegram_id=telegram_id, area=link.area, by=by, link=short, seconds=seconds, now=now
            )
            return Joined(role=Role.ADMIN, area=link.area, waits=True)
    await _take_role(tx, link, telegram_id, by, now)
    return Joined(role=Role(link.role), area=link.area)


async def _take_role(
    tx: AsyncConnection, link: StaffLink, telegram_id: int, by: int | None, now: datetime
) -> None:
    await db.staff.add(
        tx, telegram_id=telegram_id, role=link.role, area=link.area, added_by=link.created_by, now=now
    )
    role = {"role": link.role, "area": link.area}
    details = {**role, "link": link.token_hash[:12]}
    actor = audit.staff_actor(telegram_id)
    await audit.note(tx, actor=actor, action="join_staff", details=details, now=now)
    news = {**role, "telegram_id": telegram_id, "by": by, "approved_by": None}
    await notices.tell_admins(tx, "staff_joined", news, now=now, but=telegram_id)
    await second_people.ask_whoever_joined(tx, telegram_id, now)


def _require_usable(link: StaffLink, now: datetime) -> None:
    if link.revoked_at is not None:
        raise LinkRevoked("This staff link was withdrawn.")
    if link.used_at is not None:
        raise LinkUsed("This staff link was used already.")
    if now >= link.expires_at:
        raise LinkExpired("This staff link has expired.")


async def _maker_who_still_may(tx: AsyncConnection, link: StaffLink) -> Person | None:
    """The maker of the link, if they may give that role at this moment; None: the command line. Raises LinkRevoked."""
    if link.created_by is None:
        return None
    maker = await db.people.get(tx, link.created_by)
    if maker is None or not await _may_give(tx, maker, link):
        raise LinkRevoked("Whoever made this staff link may not give that role any more.")
    return maker


async def _may_give(tx: AsyncConnection, maker: Person, link: StaffLink) -> bool:
    held = await roles_of(tx, maker)
    return any(may_manage_staff(role, role=Role(link.role), area=link.area) for role in held)


async def refuse_twice(tx: AsyncConnection, telegram_id: int, role: Role, area: str) -> None:
    """Raises AlreadyStaff where somebody holds this very role."""
    for held in await db.staff.roles_of(tx, telegram_id):
        if (held.role, held.area) == (role, area):
            raise AlreadyStaff(f"{telegram_id} is {role} of {area} already.", role=role, area=area)


async def revoke_link(tx: AsyncConnection, author: Author, link_id: int) -> StaffLink:
    """Withdraws an invitation that nobody used yet. Raises NoSuchStaff and NotAllowed."""
    author = await in_turn(tx, author)
    links = {link.id: link for link in await db.staff.open_links(tx, author.now)}
    if link_id not in links:
        raise NoSuchStaff("This invitation cannot be used any more.")
    link = links[link_id]
    author.require_management(Role(link.role), link.area)
    await db.staff.revoke_link(tx, link.id, author.now)
    details = {"role": link.role, "area": link.area, "link": link.token_hash[:12]}
    await audit.note(tx, actor=author.name, action=Action.REVOKE_STAFF, details=details, now=author.now)
    return link


async def end_unfounded(tx: AsyncConnection, telegram_id: int, now: datetime) -> Sequence[StaffLink]:
    """Withdraws the open invitations of somebody who may not give those roles any more; which they were.

    For whoever takes roles away.
    """
    maker = await db.people.find(tx, telegram_id)
    if maker is None:
        return ()
    ended = []
    for link in await db.staff.open_links(tx, now):
        if link.created_by == maker.id and not await _may_give(tx, maker, link):
            await db.staff.revoke_link(tx, link.id, now)
            ended.append(link)
    return ended
