"""The log of the team, as an admin of the whole campaign reads it on a page."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audit
from bot.actions.authority import Author
from bot.rules.areas import EVERYWHERE
from bot.rules.permissions import Action
from db.audit import Entry

PAGE = 50


async def page(tx: AsyncConnection, author: Author, *, before: int | None = None) -> Sequence[Entry]:
    """The latest entries, the newest first; those `before` an entry's number. Raises NotAllowed."""
    author.require(Action.EXPORT_AUDIT, EVERYWHERE)
    return await db.audit.page(tx, before=before, most=PAGE)
