"""Where somebody votes and lives: the very rules that are asked when a message leaves, asked for a forecast."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bot.campaign.campaign import Campaign
from bot.frozen import Frozen
from bot.rules.leaving import Hold, hold
from bot.rules.leaving_order import Waiting

PARIS = "Europe/Paris"
"""By which time somebody lives of whom no zone is known."""


class Place(Frozen):
    """Where somebody votes and lives, and how many questions they left unanswered."""

    territory: str | None
    zone: str | None
    unanswered: int = 0

    def hold(
        self, campaign: Campaign, one: Waiting, now: datetime, sent: Collection[datetime]
    ) -> Hold | None:
        return hold(
            kind=one.kind,
            territory=self.territory,
            zone=self.zone or PARIS,
            now=now,
            policy=campaign.policy,
            sent=sent,
            unanswered=self.unanswered,
            evening=one.evening,
        )
