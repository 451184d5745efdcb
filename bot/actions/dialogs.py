"""Where somebody is in a dialog: the question that is open, and what was said so far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.dialogs
import db.people
from db.dialogs import Dialog
from db.engine import Database
from db.people import Person

ASKED = "asked"
"""In what a dialog keeps: the Telegram id of the message that asks its open question, None until it is known."""
REMEMBERED = "question"
"""What a reply that asks is remembered as, once it was sent."""


async def ask(
    tx: AsyncConnection,
    person: Person,
    dialog: Dialog | None,
    *,
    flow: str,
    step: str,
    said: Mapping[str, Any],
    now: datetime,
) -> Dialog:
    """Waits for the answer to a step of a dialog; `dialog` is the one that was open, which another one ends."""
    kept = dialog.data if dialog is not None and dialog.flow == flow else {}
    asked = Dialog(flow=flow, step=step, data={**kept, **said})
    await db.dialogs.put(tx, person.id, flow=flow, step=step, data=asked.data, now=now)
    return asked


async def remember_question(database: Database, name: str, message: Mapping[str, Any]) -> None:
    """A message that was sent asks the question that is open: noted, so that its buttons go once it is answered."""
    if name == REMEMBERED:
        async with database.write() as tx:
            person = await db.people.find(tx, message["chat"]["id"])
            dialog = await db.dialogs.get(tx, person.id) if person is not None else None
            if person is not None and dialog is not None and ASKED in dialog.data:
                await db.dialogs.note(tx, person.id, data={**dialog.data, ASKED: message["message_id"]})


async def end(tx: AsyncConnection, person: Person) -> None:
    """Waits for nothing more; what was said in the dialog is forgotten."""
    await db.dialogs.end(tx, person.id)
