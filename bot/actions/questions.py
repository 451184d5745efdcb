"""The questions that messages of the campaign ask: which one is open, and which were answered another way."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.personal_data
import db.responses
from bot.actions.responses import Origin
from bot.campaign.campaign import Campaign
from bot.rules.event_reminders import EventStep
from bot.rules.sending import INVITATION, OFFER
from bot.rules.steps import settled_by
from db.events import Event
from db.people import Person
from db.personal_data import OpenQuestion
from db.responses import AskedElsewhere, Subject

RECENT = timedelta(days=3)
"""After so long whoever types “yes” means something else."""
BEFORE = (INVITATION, OFFER, f"broadcasts/{EventStep.EVE}")
AFTERWARDS = (f"broadcasts/{EventStep.AFTER}",)
"""What asks about an event. The reminder of the day tells where, and asks those alone who said maybe."""
OF_MAYBES = (*BEFORE, f"broadcasts/{EventStep.SAME_DAY}")


async def last_asked(tx: AsyncConnection, person: Person, now: datetime) -> OpenQuestion | None:
    """The last message, where it is recent, asked something, and was not answered."""
    return await db.personal_data.open_question(tx, person.id, since=now - RECENT)


async def settle_vote(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    campaign: Campaign,
    *,
    ballot: int,
    question: str,
    answer: str,
) -> list[int]:
    """What an answer about a vote leaves nothing to ask of, sent before: the Telegram ids, now answered."""
    settled = settled_by(question, answer)
    steps = tuple(step.name for step in campaign.steps if step.asks in settled)
    if not steps:
        return []
    return await db.responses.settle(tx, _asked(person, origin, "ballot", ballot, steps))


def about_coming(person: Person, origin: Origin, event: Event, *, said_maybe: bool) -> AskedElsewhere:
    """What asks whether they come to an event (who `said_maybe` before) and is overtaken by an answer."""
    return _asked(person, origin, "event", event.id, OF_MAYBES if said_maybe else BEFORE)


def about_having_come(person: Person, origin: Origin, event: Event) -> AskedElsewhere:
    """What asks whether they came, and is overtaken by an answer."""
    return _asked(person, origin, "event", event.id, AFTERWARDS)


def _asked(
    person: Person, origin: Origin, about: Subject, number: int, asked_by: tuple[str, ...]
) -> AskedElsewhere:
    return AskedElsewhere(
        person=person.id,
        about=about,
        number=number,
        asked_by=asked_by,
        tapped=origin.message_id,
        now=origin.at,
    )
