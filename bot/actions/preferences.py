"""What a supporter chooses to receive and to be: kinds of message, volunteer or not."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.deliveries
import db.people
from bot.actions.responses import Origin, record
from bot.rules.audience_limits import MUTES
from bot.rules.kinds import Kind
from db.people import Person


class Group(StrEnum):
    """The kinds of message as people switch them: each is a column `mutes_<group>` of `people`."""

    EVENTS = "events"
    NEWS = "news"
    REMINDERS = "reminders"


async def want_messages(
    tx: AsyncConnection, person: Person, origin: Origin, group: Group, *, wanted: bool
) -> None:
    """Switches a group of messages on or off, from this instant on."""
    await db.people.change(tx, person.id, **{f"mutes_{group}": not wanted})
    if not wanted:
        waiting = await db.broadcast_accounts.waiting_for(tx, person.id)
        unwanted = [
            delivery for delivery, broadcast in waiting if MUTES.get(Kind(broadcast.kind)) == group.value
        ]
        await db.deliveries.cancel_waiting(tx, unwanted, reason="muted")
    await record(tx, person, origin, "messages", "on" if wanted else "off", subject=group)


async def volunteer(tx: AsyncConnection, person: Person, origin: Origin, *, willing: bool) -> None:
    await db.people.change(tx, person.id, volunteer=willing)
    await record(tx, person, origin, "volunteer", "yes" if willing else "no")
