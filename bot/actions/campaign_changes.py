"""What a campaign file that changed does to people who are registered: said, and agreed to, before the bot goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.renewals
import db.vote_plans
from bot.actions import renewals
from bot.actions.renewals import ConsentTexts
from bot.campaign.campaign import Campaign
from bot.rules.changed_hours import differ, known_hours
from bot.rules.consent import Purpose
from db.facts import get_fact, set_fact

FACT = "campaign:accepted"
"""The fact: the digest of the consent `texts` and the `hours` by ballot that somebody went on with knowingly."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """How many people are asked again for what they agreed to; how many of them hear nothing until they answer; how
    many planned when to vote where the day or the hours are others now.
    """

    asked: int = 0
    silent: int = 0
    planned: int = 0

    @property
    def concern_somebody(self) -> bool:
        return bool(self.asked or self.planned)


async def changes(tx: AsyncConnection, campaign: Campaign, texts: ConsentTexts, now: datetime) -> Changes:
    """Compares the campaign file with what the bot last ran with; what was accepted is no change any more."""
    accepted = await get_fact(tx, FACT) or {"texts": None, "hours": {}}
    asked = silent = 0
    looked_at = await get_fact(tx, renewals.FACT) or {"digest": None}
    if texts.digest not in (accepted["texts"], looked_at["digest"]):
        asked = await db.renewals.count_changed(tx, texts.by_purpose.items())
        silent = await db.renewals.count_changed(tx, [(Purpose.CONTACT, texts.by_purpose[Purpose.CONTACT])])
    planned = 0
    for ballot in campaign.ballots:
        before, after = accepted["hours"].get(str(ballot.number)), known_hours(ballot)
        if before is None or before == after or ballot.ends_at <= now:
            continue
        for place in await db.vote_plans.planned_by_place(tx, ballot.number):
            if differ(before, after, territory=place.territory, commune=place.commune):
                planned += place.people
    return Changes(asked=asked, silent=silent, planned=planned)


async def accept(tx: AsyncConnection, campaign: Campaign, texts: ConsentTexts) -> None:
    """Somebody goes on knowingly, or nobody is concerned."""
    hours = {str(ballot.number): known_hours(ballot) for ballot in campaign.ballots}
    fact = {"texts": texts.digest, "hours": hours}
    if await get_fact(tx, FACT) != fact:
        await set_fact(tx, FACT, fact)
