"""A supporter of Paris who agreed to be written to, long before the first reminder."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.campaign.campaign import Campaign
from bot.rules.ballots import Ballot
from bot.rules.consent import Purpose
from bot.rules.people import PersonFacts
from bot.rules.reminders import reason_to_skip
from bot.rules.steps import Step
from bot.rules.territories import zone

LONG_AGO = datetime(2016, 10, 1, tzinfo=UTC)
PARIS = zone("Europe/Paris")
SOMEBODY = PersonFacts(territory="FR", zone="Europe/Paris", consents=frozenset({Purpose.CONTACT}))


def due_now(campaign: Campaign, facts: PersonFacts, now: datetime) -> list[tuple[Ballot, Step]]:
    """The steps that may leave for a person now, but for those that left: each leaves once."""
    return [
        (ballot, step)
        for ballot in campaign.ballots
        for step in campaign.steps
        if step.name not in facts.vote(ballot.number).sent
        and reason_to_skip(
            step=step,
            ballot=ballot,
            schedule=campaign.schedule,
            facts=facts,
            now=now,
            silent_after=campaign.caps.silent_after,
        )
        is None
    ]
