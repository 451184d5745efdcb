"""The consent ledger: one row for each choice, on the exact text that was shown."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

import db.consents
from bot.actions.renewals import text_hash
from bot.actions.responses import Origin
from db.people import Person

# Raised with the meaning of the questions, for whoever reads the ledger. Who is asked again is decided by the hash of
# the text: see bot.actions.renewals.
CONSENT_VERSION = "2"


async def note_choice(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    purpose: str,
    *,
    given: bool,
    language: str,
    text: str,
) -> None:
    """Adds a choice. `text`: what it was made on, of which the hash is kept."""
    choice = db.consents.Consent(
        pseudonym=person.pseudonym,
        purpose=purpose,
        given=given,
        text_version=CONSENT_VERSION,
        text_hash=text_hash(text),
        language=language,
        at=origin.at,
        update_id=origin.update_id,
    )
    await db.consents.add(tx, choice)
