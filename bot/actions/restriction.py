"""Restriction of processing (GDPR, article 18): asked for and lifted by the person alone, in the chat.

While it lasts nothing is sent to them but answers to what they ask, they stand in no count, audience or export, and
the purge spares what is known of them. Who asked for it is told to nobody.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.deliveries
import db.dialogs
import db.people
from bot.actions import conversations
from bot.actions.ledger import note_choice
from bot.actions.responses import Origin, record
from bot.rules.people import NOT_A_SUPPORTER
from bot.rules.restriction import LIFTED, NO_GROUND, PURPOSE, RESTRICTED, RestrictionGround, state_after
from db.people import Person


async def restrict(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    *,
    ground: RestrictionGround | None,
    language: str,
    text: str,
) -> bool:
    """From now on nothing is used; whether that is new. `text`: what they are told of it, which the ledger proves.

    Somebody who never finished signing up has nothing to be kept.
    """
    if person.is_restricted or person.registered_at is None:
        return False
    await db.dialogs.end(tx, person.id)
    await note_choice(tx, person, origin, PURPOSE, given=True, language=language, text=text)
    await conversations.end(tx, person, "restricted", origin.at)
    await db.people.change(tx, person.id, state=RESTRICTED)
    waiting = await db.broadcast_accounts.waiting_for(tx, person.id)
    await db.deliveries.cancel_waiting(tx, [delivery for delivery, _ in waiting], reason=NOT_A_SUPPORTER)
    await record(tx, person, origin, PURPOSE, ground or NO_GROUND)
    return True


async def lift(tx: AsyncConnection, person: Person, origin: Origin, *, language: str, text: str) -> bool:
    """Their choices are in force again; whether there was something to lift. `text`: what they agreed to by it."""
    if not person.is_restricted:
        return False
    await note_choice(tx, person, origin, PURPOSE, given=False, language=language, text=text)
    agreed = person.consent_contact or person.renew_contact
    await db.people.change(tx, person.id, state=state_after(agreed_to_be_contacted=agreed))
    await record(tx, person, origin, PURPOSE, LIFTED)
    return True
