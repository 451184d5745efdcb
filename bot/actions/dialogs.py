"""Where somebody is in a dialog: the question that is open, and what was said so far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.dialogs
from db.dialogs import Dialog
from db.people import Person


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


async def end(tx: AsyncConnection, person: Person) -> None:
    """Waits for nothing more; what was said in the dialog is forgotten."""
    await db.dialogs.end(tx, person.id)
