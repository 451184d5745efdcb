"""One-time links to exports that are too large for the chat: made for one person, used once, within an hour."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.downloads
import db.people
from bot.actions import exports
from bot.actions.authority import Author, author_of, in_turn
from bot.actions.exports import Order
from bot.actions.staff_links import TOKEN_BYTES, hash_of
from bot.campaign.campaign import Campaign
from bot.communes import Gazetteer
from bot.errors import NotAllowed, PortevoixError
from db.downloads import Download

LINK_LIFE = timedelta(hours=1)


class DownloadLinkDead(PortevoixError):
    """A link that gives no file: mistyped or guessed, used already, expired, or its owner lost the role."""

    default_message = "downloads/dead"


async def offer(tx: AsyncConnection, author: Author, order: Order, language: str) -> str:
    """The token of a new link to a file that was ordered and noted, told once. Raises NotAllowed."""
    author = await in_turn(tx, author)
    exports.require(author, order)
    await db.downloads.forget_expired(tx, author.now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await db.downloads.add(
        tx,
        token_hash=hash_of(token),
        telegram_id=author.person.telegram_id,
        export=order.details,
        language=language,
        now=author.now,
        expires_at=author.now + LINK_LIFE,
    )
    return token


async def look(
    tx: AsyncConnection, token: str, *, campaign: Campaign, gazetteer: Gazetteer, now: datetime
) -> Download:
    """The link of a token, which still gives its file; looking does not use it up. Raises LinkDead."""
    found = await db.downloads.find(tx, hash_of(token))
    if found is None or found.used_at is not None or now >= found.expires_at:
        raise DownloadLinkDead("This link gives no file (any more).")
    await _owner(tx, found, campaign=campaign, gazetteer=gazetteer, now=now)
    return found


async def use(
    tx: AsyncConnection, token: str, *, campaign: Campaign, gazetteer: Gazetteer, now: datetime
) -> tuple[Download, Order]:
    """Uses the link up: the export to send to whoever holds it. Of two who try at once, one wins. Raises LinkDead."""
    found = await look(tx, token, campaign=campaign, gazetteer=gazetteer, now=now)
    if not await db.downloads.take(tx, found.id, now):
        raise DownloadLinkDead("Somebody else used this link at the same moment.")
    owner = await _owner(tx, found, campaign=campaign, gazetteer=gazetteer, now=now)
    order = exports.as_read_by(owner, Order.from_details(found.export))
    await exports.note(tx, order, actor=owner.name, now=now, downloaded=found.token_hash[:12])
    return found, order


async def _owner(
    tx: AsyncConnection, download: Download, *, campaign: Campaign, gazetteer: Gazetteer, now: datetime
) -> Author:
    """The owner of a link, with the roles held now, which must still allow the export. Raises LinkDead."""
    person = await db.people.find(tx, download.telegram_id)
    if person is None:
        raise DownloadLinkDead("Whose link this was is not known any more.")
    author = await author_of(tx, person, campaign=campaign, gazetteer=gazetteer, now=now)
    try:
        exports.require(author, Order.from_details(download.export))
    except NotAllowed:
        raise DownloadLinkDead("The role that allowed this export was withdrawn.") from None
    return author
