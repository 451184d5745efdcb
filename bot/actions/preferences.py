"""What a supporter chooses to receive and to be: kinds of message, volunteer or not."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.deliveries
import db.people
from bot.actions.responses import Origin, record
from bot.rules.kinds import MUTES, Kind, Mute
from db.people import Person


async def want_messages(
    tx: AsyncConnection, person: Person, origin: Origin, group: Mute, *, wanted: bool
) -> None:
    """Switches a group of messages on or off, from this instant on."""
    await db.people.change(tx, person.id, **{f"mutes_{group}": not wanted})
    if not wanted:
        waiting = await db.broadcast_accounts.waiting_for(tx, person.id)
        unwanted = [delivery for delivery, broadcast in waiting if MUTES.get(Kind(broadcast.kind)) is group]
        await db.deliveries.cancel_waiting(tx, unwanted, reason="muted")
    await record(tx, person, origin, "messages", "on" if wanted else "off", subject=group)


async def volunteer(tx: AsyncConnection, person: Person, origin: Origin, *, willing: bool) -> None:
    await db.people.change(tx, person.id, volunteer=willing)
    await record(tx, person, origin, "volunteer", "yes" if willing else "no")
