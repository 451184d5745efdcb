"""A person's rights: why they were written to, what is held about them, silence, and being forgotten."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.audit
import db.canvass_walks
import db.consents
import db.conversations
import db.dialogs
import db.duties
import db.effects
import db.events
import db.feedback
import db.hosts
import db.people
import db.personal_data
import db.polling_places
import db.shifts
import db.surveys
import db.volunteering
from bot.actions import audience_words, audit, conversations, erasure, friends, volunteering
from bot.actions.audience_words import AudienceView
from bot.actions.conversations import InChat
from bot.actions.proofs import Sealed, sealed_of
from bot.actions.registration import decide_consent
from bot.actions.responses import Origin, record
from bot.communes import Gazetteer
from bot.frozen import Frozen
from bot.rules.audience_limits import within
from bot.rules.consent import Purpose
from bot.rules.experiments import HELD_OUT
from bot.rules.expressions import stored
from bot.rules.mends import REACHED
from bot.rules.restriction import PURPOSE as RESTRICTION
from bot.rules.restriction import RESTRICTED
from bot.rules.retention import Retention
from bot.rules.suppression import SuppressionKey
from db.erasing import Sealing
from db.events import EventTexts
from db.people import Person
from db.personal_data import ReceivedMessage
from db.volunteering import Offer


async def stop(
    tx: AsyncConnection, person: Person, origin: Origin, *, language: str, text: str, sealing: Sealing
) -> None:
    """Silence, at once: the consent is withdrawn in the ledger, on the text that says so.

    Of somebody who had not finished signing up, nothing else is kept. It does not lift a restriction; once that is
    lifted, the silence stays.
    """
    await volunteering.withdraw(tx, person, origin, language=language, text=text)
    await conversations.end(tx, person, "stopped", origin.at)
    if person.consent_contact or person.renew_contact:
        await decide_consent(
            tx, person, origin, purpose=Purpose.CONTACT, given=False, language=language, text=text
        )
    else:
        await record(tx, person, origin, "stop", "stop")
    if person.registered_at is None:
        await erasure.forget(tx, person, sealing)
    else:
        await erasure.fall_silent(tx, person)


class Receipt(Frozen):
    """A receipt for a person who was erased, with what is kept under seal: nothing of it leads back to them."""

    reference: str
    at: datetime
    sealed: Sealed
    # What the team still has of their conversation in its chats: it goes from there too.
    in_chats: Sequence[InChat] = ()


async def delete(
    tx: AsyncConnection, person: Person, origin: Origin, sealing: Sealing, retention: Retention
) -> Receipt:
    """Erases the person; that they asked for it is still counted."""
    await record(tx, person, origin, "delete", "yes")
    offer = await db.volunteering.of_person(tx, person.id)
    if offer is not None:
        await db.volunteering.withdraw(tx, offer)
    in_chats = await conversations.forget(tx, person, origin.at)
    await db.effects.note_gone(tx, person.id)
    await erasure.erase(tx, person, sealing, origin.at)
    digits = secrets.token_hex(6).upper()
    return Receipt(
        reference=f"{digits[:4]}-{digits[4:8]}-{digits[8:]}",
        at=origin.at,
        sealed=await sealed_of(tx, person.telegram_id, key=sealing.key, retention=retention),
        in_chats=in_chats,
    )


async def keep_me(tx: AsyncConnection, person: Person, origin: Origin) -> None:
    """Asked whether to erase everything, the person said no."""
    await record(tx, person, origin, "delete", "no")


class WhyReceived(Frozen):
    """Why somebody got a campaign message: what it was, and whom it was for in words that templates know.

    `event_texts`: of the event it was about; empty where it was about none.
    """

    message: ReceivedMessage
    event_texts: EventTexts
    audience: AudienceView


async def why(
    tx: AsyncConnection,
    person: Person,
    message_id: int | None,
    gazetteer: Gazetteer,
    *,
    language: str,
    fallback: str,
) -> WhyReceived | None:
    """Why the message of that id came, or the last campaign message; None when it was none of ours."""
    message = await db.personal_data.received(tx, person.id, message_id)
    if message is None:
        return None
    meant = within(stored(message.audience), message.area)
    return WhyReceived(
        message=message,
        event_texts=await db.events.texts_of(tx, message.event) if message.event is not None else {},
        audience=await audience_words.view(tx, meant, gazetteer, language=language, fallback=fallback),
    )


class PersonalData(Frozen):
    """Everything held about a person, as JSON would show it."""

    person: Mapping[str, Any]
    consents: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    events: list[dict[str, Any]]
    vote_plans: list[dict[str, Any]]
    surveys: list[dict[str, Any]]
    walks: list[dict[str, Any]]
    conversation: Mapping[str, Any] | None
    feedback: list[dict[str, Any]]
    shifts: list[dict[str, Any]]
    hosting: Mapping[str, Any]
    polling_places: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    dialog: Mapping[str, Any] | None
    roles: list[dict[str, Any]]
    answers_supporters: Mapping[str, Any] | None
    approvals: list[dict[str, Any]]
    team_log: list[dict[str, Any]]
    sealed: Sealed
    friends_brought: int
    help_offered: Mapping[str, Any] | None

    @property
    def current_roles(self) -> list[dict[str, Any]]:
        return [role for role in self.roles if role["revoked_at"] is None]

    @property
    def received(self) -> list[dict[str, Any]]:
        """The messages that were for them: not what they were left out of."""
        return [message for message in self.messages if message["state"] != HELD_OUT]

    @property
    def drawn(self) -> list[dict[str, Any]]:
        """The messages of which they got one version of several, or that others got and they were left out of."""
        return [
            message
            for message in self.messages
            if message["variant"] is not None and message["state"] in (*REACHED, HELD_OUT)
        ]

    @property
    def restricted_since(self) -> datetime | None:
        """When the use of all this was last restricted; None where it is not."""
        asked = [
            choice["at"] for choice in self.consents if choice["purpose"] == RESTRICTION and choice["given"]
        ]
        return asked[-1] if self.person["state"] == RESTRICTED else None

    @property
    def former_roles(self) -> list[dict[str, Any]]:
        return [role for role in self.roles if role["revoked_at"] is not None]

    def to_json(self) -> bytes:
        """A file that people and programs can read; instants are ISO 8601 in UTC."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, default=_as_text).encode()


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


async def holding(
    tx: AsyncConnection, person: Person, *, key: SuppressionKey, retention: Retention
) -> PersonalData:
    """The data held about a person, also sealed since they left before; who else stands in it is left out."""
    known = person._asdict()
    known["recruited_by_a_supporter"] = known.pop("recruiter") is not None
    dialog = await db.dialogs.get(tx, person.id)
    return PersonalData(
        person=known,
        consents=[asdict(consent) for consent in await db.consents.of_person(tx, person.pseudonym)],
        answers=await db.personal_data.answers_of(tx, person.id),
        events=await db.personal_data.event_answers_of(tx, person.id),
        vote_plans=await db.personal_data.plans_of(tx, person.id),
        surveys=await db.surveys.of_person(tx, person.id),
        walks=await db.canvass_walks.of_person(tx, person.id),
        conversation=await db.conversations.told_to(tx, person.id),
        feedback=await db.feedback.of_person(tx, person.id),
        shifts=await db.shifts.of_person(tx, person.id),
        hosting=await db.hosts.of_person(tx, person.id),
        polling_places=await db.polling_places.places_chosen_by(tx, person.id),
        messages=await db.personal_data.messages_of(tx, person.id),
        dialog=asdict(dialog) if dialog is not None else None,
        approvals=await db.approvals.of_person(tx, person.telegram_id),
        roles=await db.personal_data.roles_of(tx, person.telegram_id),
        answers_supporters=await db.duties.told_to(tx, person.id),
        team_log=await _team_log(tx, person.telegram_id),
        sealed=await sealed_of(tx, person.telegram_id, key=key, retention=retention),
        friends_brought=await friends.brought(tx, person),
        help_offered=_own_offer(await db.volunteering.of_person(tx, person.id)),
    )


def _own_offer(offer: Offer | None) -> Mapping[str, Any] | None:
    """What somebody offers; who of the team writes to them is left out, that somebody does is not."""
    if offer is None:
        return None
    told = asdict(offer)
    del told["person"]
    told["taken"] = told.pop("taken_by") is not None
    return told


async def _team_log(tx: AsyncConnection, telegram_id: int) -> list[dict[str, Any]]:
    """The entries of the team's log on somebody: what they did, and what others did to their role."""
    own = audit.staff_actor(telegram_id)
    return [
        {
            "at": entry.at,
            "action": entry.action,
            "by": "you" if entry.actor == own else "the team",
            "details": entry.details,
        }
        for entry in await db.audit.about(tx, telegram_id)
    ]
