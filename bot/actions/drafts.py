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
from bot.actions.authority import Author, in_turn
from bot.actions.dialogs import ASIDE, ASKED, ELSEWHERE, end, said_in, set_aside, without
from bot.errors import PortevoixError
from db.people import Person


class DraftGone(PortevoixError):
    """A draft that was sent or dropped meanwhile: in another tab, or in the chat."""

    default_message = "errors/broadcast_sent_already"


class ChangedMeanwhile(PortevoixError):
    """What is to be sent is not what the page showed."""

    default_message = "console/changed_meanwhile"


async def kept(tx: AsyncConnection, person: Person, flow: str) -> Mapping[str, Any] | None:
    """What was said so far; None where nothing of that kind is being written."""
    said = said_in(await db.dialogs.get(tx, person.id), flow)
    return None if said is None else {name: value for name, value in said.items() if name != ASIDE}


async def keep(
    tx: AsyncConnection, person: Person, flow: str, data: Mapping[str, Any], *, now: datetime
) -> None:
    """Keeps a draft in the place of the one of its kind: beside whatever else is open in the chat."""
    dialog = await db.dialogs.get(tx, person.id)
    said = _said(data)
    if dialog is None:
        await db.dialogs.put(tx, person.id, flow=flow, step=ELSEWHERE, data=said, now=now)
        return
    aside = dialog.data.get(ASIDE, {})
    if dialog.flow == flow:
        step, beside = ELSEWHERE, {**said, **set_aside(aside)}
    else:
        step, beside = dialog.step, {**dialog.data, ASIDE: {**aside, flow: said}}
    await db.dialogs.put(tx, person.id, flow=dialog.flow, step=step, data=beside, now=now)


async def take(tx: AsyncConnection, author: Author, flow: str, *, seen: Mapping[str, Any]) -> Author:
    """A draft is about to be made what it says, by one alone, however often and wherever it is confirmed at the same
    moment; its author with the roles they hold from here on, who drops it. `seen`: as it was read before.

    Raises DraftGone, ChangedMeanwhile.
    """
    author = await in_turn(tx, author)
    found = await kept(tx, author.person, flow)
    if found is None:
        raise DraftGone("It was sent or dropped already.")
    if _said(found) != _said(seen):
        raise ChangedMeanwhile("The draft was changed meanwhile.")
    return author


def _said(data: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, without where in the chat it was asked, and what else lies aside."""
    return {name: value for name, value in data.items() if name not in (ASKED, ASIDE)}


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
