"""Where somebody is in a dialog: the question that is open, and what was said so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
DRAFTS = frozenset({"broadcast", "new_event", "survey"})
"""The flows in which something is written: another dialog that begins loses none of it."""
ASIDE = "aside"
"""In what a dialog keeps: what was said in each draft that another dialog set aside, by flow."""
ELSEWHERE = "elsewhere"
"""The step of a draft of which no question is open in the chat: written on at the desk, or taken up from aside."""


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
    """Waits for the answer to a step of a dialog; `dialog` is the one that was open, which another one ends.

    A draft is set aside instead, until that other one ends; it goes on where it is asked for before.
    """
    asked = Dialog(flow=flow, step=step, data={**_kept(dialog, flow), **said})
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


def said_in(dialog: Dialog | None, flow: str) -> Mapping[str, Any] | None:
    """What was said so far in a dialog that is open, or in a draft that was set aside; None where there is none."""
    if dialog is None:
        return None
    if dialog.flow == flow:
        return dialog.data
    found: Mapping[str, Any] | None = dialog.data.get(ASIDE, {}).get(flow)
    return found


def without(dialog: Dialog | None, flow: str) -> Dialog | None:
    """A dialog with nothing said in one flow, so that it begins anew; what was set aside stays."""
    if dialog is None or said_in(dialog, flow) is None:
        return dialog
    aside = {name: said for name, said in dialog.data.get(ASIDE, {}).items() if name != flow}
    data = {} if dialog.flow == flow else {name: said for name, said in dialog.data.items() if name != ASIDE}
    return replace(dialog, data={**data, **set_aside(aside)})


def _kept(dialog: Dialog | None, flow: str) -> dict[str, Any]:
    """What a flow begins with: what was said in it, and the drafts that are set aside."""
    if dialog is None:
        return {}
    if dialog.flow == flow:
        return dialog.data
    aside = dict(dialog.data.get(ASIDE, {}))
    if dialog.flow in DRAFTS:
        aside[dialog.flow] = {name: said for name, said in dialog.data.items() if name not in (ASIDE, ASKED)}
    return {**aside.pop(flow, {}), **set_aside(aside)}


def set_aside(drafts: Mapping[str, Any]) -> dict[str, Any]:
    """How a dialog keeps what was said in the drafts beside it, by flow."""
    return {ASIDE: dict(drafts)} if drafts else {}


async def current(tx: AsyncConnection, person: Person) -> Dialog | None:
    """The dialog that is open, after an action may have ended it."""
    return await db.dialogs.get(tx, person.id)


async def end(tx: AsyncConnection, person: int) -> Dialog | None:
    """Waits for nothing more and forgets what was said in the dialog. The draft that it had set aside is open again."""
    dialog = await db.dialogs.get(tx, person)
    aside = dict(dialog.data.get(ASIDE, {})) if dialog is not None else {}
    if not aside:
        await db.dialogs.end(tx, person)
        return None
    flow, said = aside.popitem()
    back = Dialog(flow=flow, step=ELSEWHERE, data={**said, **set_aside(aside)})
    await db.dialogs.replace(tx, person, back)
    return back
