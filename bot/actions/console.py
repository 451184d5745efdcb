"""The console's sign-in: links that serve once, sessions that end with the role, both listed and ended by admins."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.console
import db.people
import db.staff
from bot.actions import audit
from bot.actions.authority import Author, author_of
from bot.actions.staff_links import TOKEN_BYTES, NoSuchStaff, hash_of
from bot.campaign.campaign import Campaign
from bot.communes import Gazetteer
from bot.errors import NotAllowed, PortevoixError
from bot.rules.console import LINK_LIFE, SESSION_LIFE
from bot.rules.launches import Launch
from bot.rules.permissions import Action, Role
from db.console import ConsoleSession


class SignedOut(PortevoixError):
    """No session, or none any more: it is over, somebody ended it, or its owner has no role."""

    default_message = "console/signed_out"


class LinkDead(PortevoixError):
    """A link that opens nothing: mistyped or guessed, opened already, too old, or its owner has no role."""

    default_message = "console/dead"


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """What signing in works with beside the database."""

    campaign: Campaign
    gazetteer: Gazetteer
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Signed:
    """Somebody who is signed in, with the roles they hold at this moment."""

    author: Author
    session: ConsoleSession


async def offer(tx: AsyncConnection, author: Author, language: str) -> str:
    """The token of a new link, told once; an earlier one opens nothing any more. Raises NotAllowed."""
    author.require(Action.OPEN_CONSOLE)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await db.console.add_link(
        tx,
        opener_hash=hash_of(token),
        telegram_id=author.person.telegram_id,
        language=language,
        now=author.now,
        expires_at=author.now + LINK_LIFE,
    )
    return token


async def look(tx: AsyncConnection, token: str, occasion: Occasion) -> ConsoleSession:
    """The link of a token, which still opens; looking does not use it up. Raises LinkDead."""
    found = await db.console.find_link(tx, hash_of(token), occasion.now)
    if found is None or await _author(tx, found.telegram_id, occasion) is None:
        raise LinkDead("This link opens nothing (any more).")
    return found


async def enter(tx: AsyncConnection, token: str, occasion: Occasion) -> str:
    """Uses a link up: the cookie of the session that it opened. Of two who try at once, one wins. Raises LinkDead."""
    link = await look(tx, token, occasion)
    author = await _author(tx, link.telegram_id, occasion)
    cookie, expires_at = secrets.token_urlsafe(TOKEN_BYTES), occasion.now + SESSION_LIFE
    opened = await db.console.open_link(
        tx, link.id, cookie_hash=hash_of(cookie), now=occasion.now, expires_at=expires_at
    )
    if author is None or not opened:
        raise LinkDead("Somebody else used this link at the same moment.")
    await _note(tx, author, Action.OPEN_CONSOLE, by="link")
    return cookie


async def enter_by_launch(tx: AsyncConnection, launch: Launch, language: str, occasion: Occasion) -> str:
    """The cookie of a session that Telegram vouches for. What it told serves once. Raises LinkDead."""
    await audit.take_turn(tx)  # of two who show the same at once one is the second
    author = await _author(tx, launch.telegram_id, occasion)
    if author is None or await db.console.was_used(tx, launch.digest):
        raise LinkDead("They have no role, or this served already.")
    cookie = secrets.token_urlsafe(TOKEN_BYTES)
    await db.console.add_session(
        tx,
        opener_hash=launch.digest,
        cookie_hash=hash_of(cookie),
        telegram_id=launch.telegram_id,
        language=language,
        now=occasion.now,
        expires_at=occasion.now + SESSION_LIFE,
    )
    await _note(tx, author, Action.OPEN_CONSOLE, by="app")
    return cookie


async def signed_in(tx: AsyncConnection, cookie: str, occasion: Occasion) -> Signed:
    """Whose cookie this is, with the roles of this moment. Raises SignedOut."""
    session = await db.console.find_session(tx, hash_of(cookie), occasion.now)
    author = None if session is None else await _author(tx, session.telegram_id, occasion)
    if session is None or author is None:
        raise SignedOut("The session is over.")
    return Signed(author=author, session=session)


async def sign_out(tx: AsyncConnection, signed: Signed) -> None:
    """Ends one's own session."""
    if await db.console.end(tx, signed.session.id, signed.author.now):
        await _note(tx, signed.author, Action.END_CONSOLE, session=signed.session.id)


async def sign_out_everywhere(tx: AsyncConnection, author: Author) -> int:
    """Ends all of one's own sessions and links; how many."""
    author.require(Action.OPEN_CONSOLE)
    ended = await db.console.end_all(tx, author.person.telegram_id, author.now)
    if ended:
        await _note(tx, author, Action.END_CONSOLE, sessions=ended)
    return ended


async def own_sessions(tx: AsyncConnection, author: Author) -> Sequence[ConsoleSession]:
    """One's own sessions that are open."""
    author.require(Action.OPEN_CONSOLE)
    return [
        each
        for each in await db.console.open_sessions(tx, author.now)
        if each.telegram_id == author.person.telegram_id
    ]


async def sessions(tx: AsyncConnection, author: Author) -> Sequence[ConsoleSession]:
    """The open sessions of those whose roles the author may give and take. Raises NotAllowed."""
    author.require(Action.END_CONSOLE)
    return [
        each for each in await db.console.open_sessions(tx, author.now) if await _may_end(tx, author, each)
    ]


async def end_session(tx: AsyncConnection, author: Author, session: int) -> ConsoleSession:
    """Ends somebody's session: its next click leads out. Raises NotAllowed, NoSuchStaff."""
    author.require(Action.END_CONSOLE)
    found = {each.id: each for each in await db.console.open_sessions(tx, author.now)}.get(session)
    if found is None:
        raise NoSuchStaff("This session is over.", message="console/session_over")
    if not await _may_end(tx, author, found):
        raise NotAllowed("This session is of somebody whose roles you may not withdraw.")
    await db.console.end(tx, session, author.now)
    await _note(tx, author, Action.END_CONSOLE, session=session, telegram_id=found.telegram_id)
    return found


async def end_unfounded(tx: AsyncConnection, telegram_id: int, now: datetime) -> int:
    """Ends the sessions of somebody who holds no role any more; how many. For whoever takes roles away."""
    if await db.staff.roles_of(tx, telegram_id):
        return 0
    return await db.console.end_all(tx, telegram_id, now)


async def _may_end(tx: AsyncConnection, author: Author, session: ConsoleSession) -> bool:
    """Whether every role of whoever signed in is one that the author manages."""
    held = await db.staff.roles_of(tx, session.telegram_id)
    return all(author.may(Action.END_CONSOLE, each.area) and _ranks(author, Role(each.role)) for each in held)


def _ranks(author: Author, role: Role) -> bool:
    return any(held.role.rank >= role.rank for held in author.roles)


async def _author(tx: AsyncConnection, telegram_id: int, occasion: Occasion) -> Author | None:
    """The person with the roles they hold; None where they hold none."""
    person = await db.people.find(tx, telegram_id)
    if person is None:
        return None
    author = await author_of(
        tx, person, campaign=occasion.campaign, gazetteer=occasion.gazetteer, now=occasion.now
    )
    return author if author.areas(Action.OPEN_CONSOLE) else None


async def _note(tx: AsyncConnection, author: Author, action: Action, **details: object) -> None:
    await audit.note(tx, actor=author.name, action=action, details=details, now=author.now)
