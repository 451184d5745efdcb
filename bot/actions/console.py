"""Signing in to the console and to the Mini App: links that serve once, and sessions.

Those of the console end with the role, and are listed and ended by admins. The Mini App (`Entrance.APP`) opens for
whoever ever wrote to the bot: each of its pages asks for itself what they may.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.console
import db.people
import db.staff
from bot.actions import audit
from bot.actions.authority import Author, author_of, in_turn
from bot.actions.staff_links import TOKEN_BYTES, NoSuchStaff, hash_of
from bot.campaign.campaign import Campaign
from bot.communes import Gazetteer
from bot.errors import NotAllowed, PortevoixError
from bot.frozen import Frozen
from bot.rules.console import LINK_LIFE, SESSION_LIFE, Entrance
from bot.rules.launches import Launch
from bot.rules.permissions import Action, Role
from db.console import ConsoleSession
from db.people import Person


class SignedOut(PortevoixError):
    """No session, or none any more: it is over, somebody ended it, or its owner has no role."""

    default_message = "console/signed_out"


class SignInLinkDead(PortevoixError):
    """A link that opens nothing: mistyped or guessed, opened already, too old, or its owner has no role."""

    default_message = "console/dead"


class SignInOccasion(Frozen):
    """What signing in works with beside the database."""

    campaign: Campaign
    gazetteer: Gazetteer
    now: datetime


class Signed(Frozen):
    """Somebody who is signed in, with the roles they hold at this moment."""

    author: Author
    session: ConsoleSession


async def offer(tx: AsyncConnection, author: Author, language: str) -> str:
    """The token of a new link to the console, told once; an earlier one opens nothing any more. Raises NotAllowed."""
    author = await in_turn(tx, author)
    author.require(Action.OPEN_CONSOLE)
    return await _offer(tx, Entrance.CONSOLE, author.person, language, author.now)


async def offer_app(tx: AsyncConnection, person: Person, language: str, now: datetime) -> str:
    """The token of a new link to one's own pages, told once; an earlier one opens nothing any more."""
    return await _offer(tx, Entrance.APP, person, language, now)


async def _offer(tx: AsyncConnection, door: Entrance, person: Person, language: str, now: datetime) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await db.console.add_link(
        tx,
        door,
        opener_hash=hash_of(token),
        telegram_id=person.telegram_id,
        language=language,
        now=now,
        expires_at=now + LINK_LIFE,
    )
    return token


async def look(
    tx: AsyncConnection, token: str, occasion: SignInOccasion, door: Entrance = Entrance.CONSOLE
) -> ConsoleSession:
    """The link of a token, which still opens; looking does not use it up. Raises LinkDead."""
    found = await db.console.find_link(tx, door, hash_of(token), occasion.now)
    if found is None or await _author(tx, found.telegram_id, occasion, door) is None:
        raise SignInLinkDead("This link opens nothing (any more).", message=f"{door}/dead")
    return found


async def enter(
    tx: AsyncConnection, token: str, occasion: SignInOccasion, door: Entrance = Entrance.CONSOLE
) -> str:
    """Uses a link up: the cookie of the session that it opened. Of two who try at once, one wins. Raises LinkDead."""
    link = await look(tx, token, occasion, door)
    author = await _author(tx, link.telegram_id, occasion, door)
    cookie, expires_at = secrets.token_urlsafe(TOKEN_BYTES), occasion.now + SESSION_LIFE
    opened = await db.console.open_link(
        tx, door, link.id, cookie_hash=hash_of(cookie), now=occasion.now, expires_at=expires_at
    )
    if author is None or not opened:
        raise SignInLinkDead("Somebody else used this link at the same moment.", message=f"{door}/dead")
    await _note_entry(tx, author, door, by="link")
    return cookie


async def enter_by_launch(
    tx: AsyncConnection,
    launch: Launch,
    language: str,
    occasion: SignInOccasion,
    door: Entrance = Entrance.CONSOLE,
) -> str:
    """The cookie of a session that Telegram vouches for. What it told serves once. Raises LinkDead."""
    await audit.take_turn(tx)  # of two who show the same at once one is the second
    author = await _author(tx, launch.telegram_id, occasion, door)
    if author is None or await db.console.was_used(tx, launch.digest):
        raise SignInLinkDead("They have no role, or this served already.", message=f"{door}/dead")
    cookie = secrets.token_urlsafe(TOKEN_BYTES)
    await db.console.add_session(
        tx,
        door,
        opener_hash=launch.digest,
        cookie_hash=hash_of(cookie),
        telegram_id=launch.telegram_id,
        language=language,
        now=occasion.now,
        expires_at=occasion.now + SESSION_LIFE,
    )
    await _note_entry(tx, author, door, by="app")
    return cookie


async def signed_in(
    tx: AsyncConnection, cookie: str, occasion: SignInOccasion, door: Entrance = Entrance.CONSOLE
) -> Signed:
    """Whose cookie this is, with the roles of this moment. Raises SignedOut."""
    session = await db.console.find_session(tx, door, hash_of(cookie), occasion.now)
    author = None if session is None else await _author(tx, session.telegram_id, occasion, door)
    if session is None or author is None:
        raise SignedOut("The session is over.", message=f"{door}/signed_out")
    return Signed(author=author, session=session)


async def sign_out(tx: AsyncConnection, signed: Signed, door: Entrance = Entrance.CONSOLE) -> None:
    """Ends one's own session."""
    if await db.console.end(tx, door, signed.session.id, signed.author.now) and door is Entrance.CONSOLE:
        await _note(tx, signed.author, Action.END_CONSOLE, session=signed.session.id)


async def sign_out_of_app(tx: AsyncConnection, person: Person, now: datetime) -> int:
    """Ends every session of somebody in their own pages, on whatever device; how many."""
    return await db.console.end_all(tx, Entrance.APP, person.telegram_id, now)


async def sign_out_everywhere(tx: AsyncConnection, author: Author) -> int:
    """Ends all of one's own sessions and links; how many."""
    author.require(Action.OPEN_CONSOLE)
    ended = await db.console.end_all(tx, Entrance.CONSOLE, author.person.telegram_id, author.now)
    if ended:
        await _note(tx, author, Action.END_CONSOLE, sessions=ended)
    return ended


async def own_sessions(tx: AsyncConnection, author: Author) -> Sequence[ConsoleSession]:
    """One's own sessions that are open."""
    author.require(Action.OPEN_CONSOLE)
    return [
        each
        for each in await db.console.open_sessions(tx, Entrance.CONSOLE, author.now)
        if each.telegram_id == author.person.telegram_id
    ]


async def sessions(tx: AsyncConnection, author: Author) -> Sequence[ConsoleSession]:
    """The open sessions of those whose roles the author may give and take. Raises NotAllowed."""
    author.require(Action.END_CONSOLE)
    found = await db.console.open_sessions(tx, Entrance.CONSOLE, author.now)
    return [each for each in found if await _may_end(tx, author, each)]


async def end_session(tx: AsyncConnection, author: Author, session: int) -> ConsoleSession:
    """Ends somebody's session: its next click leads out. Raises NotAllowed, NoSuchStaff."""
    author = await in_turn(tx, author)
    author.require(Action.END_CONSOLE)
    found = {each.id: each for each in await db.console.open_sessions(tx, Entrance.CONSOLE, author.now)}.get(
        session
    )
    if found is None:
        raise NoSuchStaff("This session is over.", message="console/session_over")
    if not await _may_end(tx, author, found):
        raise NotAllowed("This session is of somebody whose roles you may not withdraw.")
    await db.console.end(tx, Entrance.CONSOLE, session, author.now)
    await _note(tx, author, Action.END_CONSOLE, session=session, telegram_id=found.telegram_id)
    return found


async def end_unfounded(tx: AsyncConnection, telegram_id: int, now: datetime) -> int:
    """Ends the sessions of somebody who holds no role any more; how many. For whoever takes roles away."""
    if await db.staff.roles_of(tx, telegram_id):
        return 0
    return await db.console.end_all(tx, Entrance.CONSOLE, telegram_id, now)


async def _may_end(tx: AsyncConnection, author: Author, session: ConsoleSession) -> bool:
    """Whether every role of whoever signed in is one that the author manages."""
    held = await db.staff.roles_of(tx, session.telegram_id)
    return all(author.may(Action.END_CONSOLE, each.area) and _ranks(author, Role(each.role)) for each in held)


def _ranks(author: Author, role: Role) -> bool:
    return any(held.role.rank >= role.rank for held in author.roles)


async def _author(
    tx: AsyncConnection, telegram_id: int, occasion: SignInOccasion, door: Entrance = Entrance.CONSOLE
) -> Author | None:
    """The person with the roles they hold; None where the door does not open for them."""
    person = await db.people.find(tx, telegram_id)
    if person is None:
        return None
    author = await author_of(
        tx, person, campaign=occasion.campaign, gazetteer=occasion.gazetteer, now=occasion.now
    )
    return author if door is Entrance.APP or author.areas(Action.OPEN_CONSOLE) else None


async def _note_entry(tx: AsyncConnection, author: Author, door: Entrance, *, by: str) -> None:
    """In the log of the team; what somebody looks at as a supporter is nobody's business."""
    if door is Entrance.CONSOLE:
        await _note(tx, author, Action.OPEN_CONSOLE, by=by)


async def _note(tx: AsyncConnection, author: Author, action: Action, **details: object) -> None:
    await audit.note(tx, actor=author.name, action=action, details=details, now=author.now)
