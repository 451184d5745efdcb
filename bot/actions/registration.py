"""Becoming a supporter, and changing later what was said then. Each function logs its answer."""

from __future__ import annotations

import hashlib

from sqlalchemy.ext.asyncio import AsyncConnection

import db.consents
import db.people
import db.suppressions
from bot.actions.erasure import suppression_hash
from bot.actions.responses import Origin, record
from bot.communes import Commune
from bot.rules.territories import TERRITORIES
from db.people import Person

# Raised when the meaning of a consent question changes: those who answered an older one are asked again.
CONSENT_VERSION = "1"


async def choose_language(tx: AsyncConnection, person: Person, origin: Origin, language: str) -> None:
    await db.people.change(tx, person.id, language=language)
    await record(tx, person, origin, "language", language)


async def decide_consent(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    *,
    purpose: str,
    given: bool,
    language: str,
    text: str,
) -> None:
    """Puts a choice in the ledger with the exact text it was made on, and in force at once."""
    await db.consents.add(
        tx,
        db.consents.Consent(
            pseudonym=person.pseudonym,
            purpose=purpose,
            given=given,
            text_version=CONSENT_VERSION,
            text_hash=hashlib.sha256(text.encode()).hexdigest(),
            language=language,
            at=origin.at,
            update_id=origin.update_id,
        ),
    )
    await db.people.change(tx, person.id, **{f"consent_{purpose}": given})
    await record(tx, person, origin, "consent", "yes" if given else "no", subject=purpose)


async def declare_age(tx: AsyncConnection, person: Person, origin: Origin, *, of_age: bool) -> None:
    """17 or over, or not; the birth date is not asked."""
    await record(tx, person, origin, "age", "old_enough" if of_age else "too_young")


async def vote_in_commune(tx: AsyncConnection, person: Person, origin: Origin, commune: Commune) -> None:
    """The commune of registration, with the zone and the place it implies."""
    await db.people.change(
        tx,
        person.id,
        commune=commune.code,
        department=commune.department,
        region=commune.region,
        territory=commune.territory,
        zone=commune.zone,
        latitude=commune.latitude,
        longitude=commune.longitude,
        country=None,
    )
    await record(tx, person, origin, "commune", commune.code)


async def vote_in_territory(tx: AsyncConnection, person: Person, origin: Origin, territory: str) -> None:
    """No commune: the territory alone gives the polling day and the hour."""
    await db.people.change(
        tx, person.id, **NOWHERE, territory=territory, zone=TERRITORIES[territory].zone, country=None
    )
    await record(tx, person, origin, "territory", territory)


async def vote_abroad(
    tx: AsyncConnection, person: Person, origin: Origin, *, country: str, zone: str, consulate: str | None
) -> None:
    """Abroad: the vote follows Paris time, courtesy hours the zone where the person lives."""
    await db.people.change(tx, person.id, **NOWHERE, territory="abroad", country=country, zone=zone)
    await record(tx, person, origin, "country", country)
    if consulate is not None:
        await record(tx, person, origin, "consulate", consulate, subject=country)


NOWHERE = {"commune": None, "department": None, "region": None, "latitude": None, "longitude": None}


async def register(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    *,
    first_name: str,
    language: str,
    recruiter: str | None,
    suppression_key: bytes,
) -> None:
    """Makes the person a supporter; one who had asked to be forgotten has now asked to come back."""
    brought_by = await db.people.find_by_pseudonym(tx, recruiter) if recruiter else None
    await db.people.change(
        tx,
        person.id,
        state="registered",
        first_name=first_name[:64],
        language=language,
        registered_at=person.registered_at or origin.at,
        recruiter=brought_by.id
        if brought_by is not None and brought_by.id != person.id
        else person.recruiter,
    )
    await db.suppressions.remove(tx, suppression_hash(suppression_key, person.telegram_id))
    await record(tx, person, origin, "registration", "confirmed")
