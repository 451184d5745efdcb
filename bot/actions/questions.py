"""The questions that messages of the campaign ask: which one is open, and which were answered another way."""

from __future__ import annotations

from collections.abc import Iterable
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
    steps = [step.name for step in campaign.steps if step.asks in settled]
    if not steps:
        return []
    return await _settle(tx, person, origin, about="ballot", number=ballot, asked_by=steps)


async def settle_event(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    event: Event,
    *,
    afterwards: bool = False,
    said_maybe: bool = False,
) -> list[int]:
    """The same of an event: whether they come (who `said_maybe` before), or, `afterwards`, whether they came."""
    templates = AFTERWARDS if afterwards else OF_MAYBES if said_maybe else BEFORE
    return await _settle(tx, person, origin, about="event", number=event.id, asked_by=templates)


async def _settle(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    *,
    about: db.responses.Subject,
    number: int,
    asked_by: Iterable[str],
) -> list[int]:
    return await db.responses.settle(
        tx,
        person=person.id,
        about=about,
        number=number,
        asked_by=asked_by,
        tapped=origin.message_id,
        now=origin.at,
    )
