"""What holds a message where somebody votes and lives: the very rules that are asked when it leaves, for a forecast."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from bot.campaign.campaign import Campaign
from bot.frozen import Frozen
from bot.rules.courtesy import NeutralSent
from bot.rules.leaving import Hold, hold
from bot.rules.leaving_order import WaitingMessage, held_in_line, instants_of
from db.reaching import OtherMessage, Reminded, WrittenTo

PARIS = "Europe/Paris"
"""By which time somebody lives of whom no zone is known."""


class ForecastPlace(Frozen):
    """Where somebody votes and lives, and how many questions they left unanswered."""

    territory: str | None
    zone: str | None
    unanswered: int = 0

    def hold(
        self,
        campaign: Campaign,
        one: WaitingMessage,
        now: datetime,
        sent: Collection[datetime],
        neutral: Collection[NeutralSent] = (),
    ) -> Hold | None:
        return hold(
            kind=one.kind,
            territory=self.territory,
            zone=self.zone or PARIS,
            now=now,
            policy=campaign.policy,
            sent=sent,
            neutral=neutral,
            unanswered=self.unanswered,
            evening=one.evening,
        )


def held_after(some: Reminded, mine: WaitingMessage, campaign: Campaign) -> Hold | None:
    """Why a neutral reminder of staff waits for people whom others reached before: it has caps of its own."""
    place = ForecastPlace(territory=some.territory, zone=some.zone)
    return place.hold(campaign, mine, mine.due_at, (), some.sent)


def held_behind(
    one: WrittenTo,
    mine: WaitingMessage,
    others: Iterable[OtherMessage],
    campaign: Campaign,
    *,
    now: datetime,
    today_from: datetime,
) -> Hold | None:
    """Why it waits for people who got others before, or wait for others too."""
    place = ForecastPlace(
        territory=one.territory, zone=one.zone, unanswered=campaign.caps.silent_after if one.silent else 0
    )
    by_number = {each.number: each for each in others}
    waits = [
        WaitingMessage(
            number=each.number,
            kind=by_number[each.number].kind,
            due_at=each.due_at or now,
            expires_at=each.expires_at,
            evening=_is_of_the_evening(campaign, by_number[each.number].step),
        )
        for each in one.waits
    ]
    return held_in_line(
        mine,
        waits,
        sent=instants_of(now=now, today_from=today_from, sent=one.sent, today=one.today, known=one.known),
        asks=lambda each, at, sent: place.hold(campaign, each, at, sent),
    )


def _is_of_the_evening(campaign: Campaign, step: str | None) -> bool:
    return step is not None and campaign.step(step).evening
