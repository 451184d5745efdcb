"""What somebody is writing, at the desk as in the chat: one draft, begun here and finished there.

It is kept where the dialog of the chat keeps it (`bot.actions.dialogs`), so a person has one. What was written at the
desk is shown anew in the chat before anything typed there counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.dialogs
from bot.actions.dialogs import ASKED
from db.people import Person

ELSEWHERE = "elsewhere"
"""The step of a dialog that was written on at the desk: in the chat no question of it is open."""


async def kept(tx: AsyncConnection, person: Person, flow: str) -> Mapping[str, Any] | None:
    """What was said so far; None where nothing of that kind is being written."""
    dialog = await db.dialogs.get(tx, person.id)
    return dialog.data if dialog is not None and dialog.flow == flow else None


async def other(tx: AsyncConnection, person: Person, flow: str) -> str | None:
    """The flow of what else is begun, which would be given up for a draft of this one."""
    dialog = await db.dialogs.get(tx, person.id)
    return dialog.flow if dialog is not None and dialog.flow != flow else None


async def keep(
    tx: AsyncConnection, person: Person, flow: str, data: Mapping[str, Any], *, now: datetime
) -> None:
    """Keeps a draft, in the place of whatever was begun."""
    said = {name: value for name, value in data.items() if name != ASKED}
    await db.dialogs.put(tx, person.id, flow=flow, step=ELSEWHERE, data=said, now=now)


async def drop(tx: AsyncConnection, person: Person, flow: str) -> None:
    """Forgets a draft; what else is begun stays."""
    if await kept(tx, person, flow) is not None:
        await db.dialogs.end(tx, person.id)
