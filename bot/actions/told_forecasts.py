"""A forecast of what was committed last, in the numbers that its reader may have.

Over a million people it takes ten seconds of a processor: it is made where nobody who sends or taps notices
(`db.long_counts`), in exact numbers, and told by the ledger of this process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from bot.actions.forecasts import Delay, Forecast, PlannedSending, forecast
from bot.actions.telling import telling
from bot.campaign.campaign import Campaign
from bot.rules.blurring import Tells, shared_out
from bot.rules.reaching import Held
from bot.rules.small_counts import Headcount, Reader
from db.audiences import Target
from db.rolls import Rolls


async def forecast_now(
    rolls: Rolls,
    target: Target,
    sending: PlannedSending,
    campaign: Campaign,
    reader: Reader,
    *,
    now: datetime,
) -> Forecast:
    """What a message would meet, in transactions of its own that only read."""
    count = partial(forecast, target=target, sending=sending, campaign=campaign, reader=reader, now=now)
    found = await rolls.counts.made(count, read_forecast)
    return as_told(found, telling(rolls, target, reader, sending.kind))


def as_told(found: Forecast, tells: Tells) -> Forecast:
    """A forecast in numbers that its reader may have."""

    def name(delay: Delay) -> str:
        return f"{delay.reason} {delay.until}"

    parts = {"at once": found.at_once, **{name(each): each.people for each in (*found.later, *found.lost)}}
    home = next((name(each) for each in (*found.later, *found.lost) if each.is_home), "at once")
    told = shared_out(parts, tells, home=home)
    return replace(
        found,
        at_once=told["at once"],
        later=tuple(replace(each, people=told[name(each)]) for each in found.later),
        lost=tuple(replace(each, people=told[name(each)]) for each in found.lost),
        for_good={reason: tells(people, str(reason)) for reason, people in found.for_good.items()},
    )


def read_forecast(said: Mapping[str, Any]) -> Forecast:
    """A forecast that JSON tells of."""

    def delays(all_said: Iterable[Mapping[str, Any]]) -> tuple[Delay, ...]:
        return tuple(
            Delay(
                people=Headcount(**each["people"]),
                reason=Held(each["reason"]),
                until=datetime.fromisoformat(each["until"]),
                since=_instant(each["since"]),
                is_home=each["is_home"],
            )
            for each in all_said
        )

    return Forecast(
        at_once=Headcount(**said["at_once"]),
        later=delays(said["later"]),
        lost=delays(said["lost"]),
        for_good={Held(reason): Headcount(**people) for reason, people in said["for_good"].items()},
        better=_instant(said["better"]),
    )


def _instant(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)
