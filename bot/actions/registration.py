"""Becoming a supporter, and changing later what was said then. Each function logs its answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.deliveries
import db.people
import db.polling_places
import db.suppressions
from bot.actions import erasure, friends
from bot.actions.erasure import Sealing
from bot.actions.ledger import note_choice
from bot.actions.people import require_unrestricted
from bot.actions.responses import Origin, record
from bot.campaign.campaign import Campaign
from bot.communes import Commune
from bot.errors import PortevoixError
from bot.rules.ballot_kinds import ELSEWHERE
from bot.rules.choosing_by_commune import chosen_by_commune, chosen_otherwise
from bot.rules.consent import ASKED_ONCE, Purpose
from bot.rules.expressions import stored
from bot.rules.people import FIRST_NAME_LIMIT
from bot.rules.suppression import SuppressionKey, suppression_of
from bot.rules.territories import TERRITORIES
from db.people import Person


class SignUpClosed(PortevoixError):
    """The candidate is out: asking for data that serve nothing any more would be unfair."""

    default_message = "registration/closed"


class NoConsent(PortevoixError):
    """Somebody who did not agree to be written to, or does not any more."""

    default_message = "errors/not_a_supporter"


def require_open(campaign: Campaign, now: datetime) -> None:
    """Raises SignUpClosed once nobody can sign up any more."""
    if campaign.is_out(now):
        raise SignUpClosed("The candidate is out: nobody can sign up any more.")


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
    """Puts a choice in the ledger with the exact text it was made on, and in force at once.

    The language in which somebody agreed to be written to is theirs, unless they chose another.
    """
    await note_choice(tx, person, origin, purpose, given=given, language=language, text=text)
    changes: dict[str, Any] = {f"consent_{purpose}": given, f"renew_{purpose}": False}
    if purpose in ASKED_ONCE:
        changes[f"asked_{purpose}"] = True
    if purpose == Purpose.CONTACT and given and person.language is None:
        changes["language"] = language
    await db.people.change(tx, person.id, **changes)
    if purpose == Purpose.COMMUNE and not given:
        await stop_choosing_by_commune(tx, person)
    await record(tx, person, origin, "consent", "yes" if given else "no", subject=purpose)


async def answer_first(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    *,
    given: bool,
    language: str,
    text: str,
    sealing: Sealing,
) -> None:
    """The first question: 17 or over, and yes to being written to; else there is nothing to keep, nor anybody."""
    if given:
        await record(tx, person, origin, "age", "old_enough")
    await decide_consent(
        tx, person, origin, purpose=Purpose.CONTACT, given=given, language=language, text=text
    )
    if not given:
        await erasure.forget(tx, person, sealing)


async def is_first_time(tx: AsyncConnection, person: Person, purpose: Purpose) -> bool:
    """Whether a choice was never put to this person: then it is now, and not again."""
    if getattr(person, f"asked_{purpose}"):
        return False
    await db.people.note_asked(tx, person.id, purpose)
    return True


async def stop_choosing_by_commune(tx: AsyncConnection, person: Person) -> None:
    """Nothing that was chosen by commune leaves any more, not even what was about to."""
    chosen, looked_at_again = [], []
    for delivery, broadcast in await db.broadcast_accounts.waiting_for(tx, person.id):
        audience = stored(broadcast.audience)
        if chosen_otherwise(audience, broadcast.area) is None:
            chosen.append(delivery)
        elif chosen_by_commune(audience, broadcast.area):
            looked_at_again.append(delivery)
    await db.deliveries.cancel_waiting(tx, chosen, reason="not_by_commune")
    # They may be in it by something else: the last look before it leaves tells.
    await db.deliveries.give_back(tx, looked_at_again)


async def is_too_young(tx: AsyncConnection, person: Person, origin: Origin, *, sealing: Sealing) -> None:
    """Whoever is younger than 17 is forgotten; the birth date is not asked."""
    await record(tx, person, origin, "age", "too_young")
    await erasure.forget(tx, person, sealing)


async def vote_in_commune(tx: AsyncConnection, person: Person, origin: Origin, commune: Commune) -> None:
    """The commune of registration, with the zone and the place it implies."""
    await _leave_place(tx, person, commune.code)
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
    # The answer is counted where they vote now; of somebody who is erased, the département stands in its place.
    there = person._replace(commune=commune.code, department=commune.department, region=commune.region)
    await record(tx, there, origin, "commune", commune.code)


async def vote_in_territory(tx: AsyncConnection, person: Person, origin: Origin, territory: str) -> None:
    """No commune: the territory alone gives the polling day and the hour."""
    await _leave_place(tx, person, None)
    await db.people.change(
        tx, person.id, **NOWHERE, territory=territory, zone=TERRITORIES[territory].zone, country=None
    )
    await record(tx, person, origin, "territory", territory)


async def help_from_elsewhere(
    tx: AsyncConnection, person: Person, origin: Origin, campaign: Campaign
) -> None:
    """Somebody who votes in none of the campaign's communes, and stays to help: no ballot is theirs."""
    await _leave_place(tx, person, None)
    zone = TERRITORIES[campaign.home].zone
    await db.people.change(tx, person.id, **NOWHERE, territory=ELSEWHERE, zone=zone, country=None)
    await record(tx, person, origin, "territory", ELSEWHERE)


async def votes_elsewhere(tx: AsyncConnection, person: Person, origin: Origin, *, sealing: Sealing) -> None:
    """Somebody who signs up, whose vote it is not, and who does not help either: there is nothing to keep them for."""
    await record(tx, person, origin, "territory", ELSEWHERE)
    await erasure.forget(tx, person, sealing)


async def vote_with_members(tx: AsyncConnection, person: Person, campaign: Campaign) -> None:
    """Members are asked for no place: all go by the day and the time of one territory."""
    zone = TERRITORIES[campaign.home].zone
    await db.people.change(tx, person.id, **NOWHERE, territory=campaign.home, zone=zone, country=None)


async def vote_abroad(
    tx: AsyncConnection, person: Person, origin: Origin, *, country: str, zone: str, consulate: str | None
) -> None:
    """Abroad: the vote follows Paris time, courtesy hours the zone where the person lives."""
    await _leave_place(tx, person, None)
    await db.people.change(tx, person.id, **NOWHERE, territory="abroad", country=country, zone=zone)
    await record(tx, person, origin, "country", country)
    if consulate is not None:
        await record(tx, person, origin, "consulate", consulate, subject=country)


async def _leave_place(tx: AsyncConnection, person: Person, commune: str | None) -> None:
    """The polling place that was chosen belongs to another commune now."""
    if person.commune is not None and person.commune != commune:
        await db.polling_places.forget_choice(tx, person.id)


NOWHERE = {"commune": None, "department": None, "region": None, "latitude": None, "longitude": None}


async def brought_by(tx: AsyncConnection, person: Person, code: str) -> None:
    """Keeps whose link somebody came by, who is no supporter yet; a code that is nobody's changes nothing."""
    recruiter = await db.people.find_by_friend_code(tx, code)
    if recruiter is not None and recruiter.id != person.id and not recruiter.is_restricted:
        await db.people.change(tx, person.id, recruiter=recruiter.id)


async def register(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    campaign: Campaign,
    *,
    first_name: str,
    language: str,
    suppression_key: SuppressionKey,
    undisturbed: timedelta = timedelta(0),
) -> None:
    """Makes the person a supporter; one who had asked to be forgotten has now asked to come back.

    `undisturbed`: for so long nothing is sent beside what is before their eyes.

    Raises SignUpClosed, DataRestricted, and NoConsent for whoever did not agree to be written to.
    """
    require_open(campaign, origin.at)
    known = await db.people.get(tx, person.id)
    if known is None or not known.consent_contact:
        raise NoConsent("Nobody is a supporter who did not agree to be written to.")
    require_unrestricted(known)
    await db.people.change(
        tx,
        person.id,
        state="registered",
        first_name=first_name[:FIRST_NAME_LIMIT],
        language=language,
        registered_at=person.registered_at or origin.at,
        asked_team=known.consent_team,
        asked_keep=known.consent_keep,
        undisturbed_until=origin.at + undisturbed if undisturbed else None,
    )
    await db.suppressions.remove(tx, suppression_of(suppression_key, person.telegram_id))
    await record(tx, person, origin, "registration", "confirmed")
    if known.registered_at is None:
        await friends.tell_recruiter(tx, known, origin.at)
