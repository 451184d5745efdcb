"""What somebody is writing, at the desk as in the chat: one draft of each kind, begun here and finished there.

It is kept where the dialog of the chat keeps it (`bot.actions.dialogs`). What was written at the desk is shown anew in
the chat before anything typed there counts. While another dialog is open in the chat, the draft stays aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.dialogs
from bot.actions.dialogs import ASIDE, ASKED, ELSEWHERE, end, said_in, without
from db.people import Person


async def kept(tx: AsyncConnection, person: Person, flow: str) -> Mapping[str, Any] | None:
    """What was said so far; None where nothing of that kind is being written."""
    said = said_in(await db.dialogs.get(tx, person.id), flow)
    return None if said is None else {name: value for name, value in said.items() if name != ASIDE}


async def keep(
    tx: AsyncConnection, person: Person, flow: str, data: Mapping[str, Any], *, now: datetime
) -> None:
    """Keeps a draft in the place of the one of its kind: beside whatever else is open in the chat."""
    dialog = await db.dialogs.get(tx, person.id)
    said = {name: value for name, value in data.items() if name not in (ASKED, ASIDE)}
    if dialog is None:
        await db.dialogs.put(tx, person.id, flow=flow, step=ELSEWHERE, data=said, now=now)
        return
    aside = dialog.data.get(ASIDE, {})
    if dialog.flow == flow:
        step, beside = ELSEWHERE, {**said, **({ASIDE: aside} if aside else {})}
    else:
        step, beside = dialog.step, {**dialog.data, ASIDE: {**aside, flow: said}}
    await db.dialogs.put(tx, person.id, flow=dialog.flow, step=step, data=beside, now=now)


async def drop(tx: AsyncConnection, person: Person, flow: str) -> None:
    """Forgets a draft; what else is begun stays."""
    dialog = await db.dialogs.get(tx, person.id)
    if dialog is None or said_in(dialog, flow) is None:
        return
    if dialog.flow == flow:
        await end(tx, person.id)
    else:
        left = without(dialog, flow)
        assert left is not None  # it is open
        await db.dialogs.note(tx, person.id, data=left.data)
