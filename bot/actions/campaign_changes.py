"""What a campaign file that changed does to people who are registered: said, and agreed to, before the bot goes on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy.ext.asyncio import AsyncConnection

import db.overview
import db.renewals
import db.vote_plans
from bot.actions import renewals
from bot.actions.renewals import ConsentTexts, text_hash
from bot.campaign.campaign import Campaign
from bot.frozen import Frozen
from bot.rules.ballots import Ballot
from bot.rules.changed_hours import KnownHours, differ, is_gone, known_hours
from bot.rules.consent import Purpose
from bot.rules.courtesy import next_courteous
from bot.rules.kinds import Kind
from bot.rules.territories import METROPOLE, TERRITORIES
from db.facts import get_fact, set_fact
from db.vote_plans import PlannedVote

FACT = "campaign:accepted"
"""The fact: the digest of the consent `texts`, the `hours` by ballot and the `areas` that somebody went on with
knowingly.
"""


class Accepted(TypedDict):
    """The value of `FACT`."""

    texts: str | None
    hours: dict[str, KnownHours]
    areas: list[str]  # none where an older version went on


class Changes(Frozen):
    """How many people are asked again for what they agreed to; how many of them hear nothing until they answer; how
    many planned when to vote where the day or the hours are others now, and of how many the time is gone; how many vote
    where the ballot is held no more.
    """

    asked: int = 0
    silent: int = 0
    planned: int = 0
    gone: int = 0
    outside: int = 0

    @property
    def concern_somebody(self) -> bool:
        return bool(self.asked or self.planned or self.outside)


async def changes(tx: AsyncConnection, campaign: Campaign, texts: ConsentTexts, now: datetime) -> Changes:
    """Compares the campaign file with what the bot last ran with; what was accepted is no change any more."""
    accepted = await _accepted(tx)
    asked = silent = planned = gone = 0
    looked_at = await get_fact(tx, renewals.FACT) or {"digest": None}
    if texts.digest not in (accepted["texts"], looked_at["digest"]):
        asked = await db.renewals.count_changed(tx, texts.by_purpose.items())
        silent = await db.renewals.count_changed(tx, [(Purpose.CONTACT, texts.by_purpose[Purpose.CONTACT])])
    async for _, _, is_theirs_gone in _concerned(tx, campaign, accepted, now):
        planned, gone = planned + 1, gone + is_theirs_gone
    before, outside = accepted["areas"], 0
    if before and before != [*campaign.areas]:
        outside = await db.overview.voters(tx, inside=before, outside=campaign.areas)
    return Changes(asked=asked, silent=silent, planned=planned, gone=gone, outside=outside)


async def _accepted(tx: AsyncConnection) -> Accepted:
    nothing: Accepted = {"texts": None, "hours": {}, "areas": []}
    found: Accepted = {**nothing, **(await get_fact(tx, FACT, {}))}
    return found


async def _concerned(
    tx: AsyncConnection, campaign: Campaign, accepted: Accepted, now: datetime
) -> AsyncIterator[tuple[Ballot, PlannedVote, bool]]:
    """Whoever planned when to vote where the day or the hours are others now, and whether their time is gone."""
    for ballot in campaign.ballots:
        before, after = accepted["hours"].get(str(ballot.number)), known_hours(ballot)
        if before is None or before == after or ballot.ends_at <= now:
            continue
        for each in await db.vote_plans.planned(tx, ballot.number):
            place: dict[str, Any] = {"territory": each.territory, "commune": each.commune}
            if differ(before, after, **place):
                slot = campaign.schedule.slot(each.slot)
                yield ballot, each, is_gone(before, after, slot=slot, **place)


async def tell_of_hours(tx: AsyncConnection, campaign: Campaign, now: datetime) -> int:
    """Queues a message for each whose time is gone, once, at courteous hours of their own; for how many.

    To be asked before `accept`, in the same transaction: what was accepted is no change any more.
    """
    due: dict[tuple[Ballot, str], list[int]] = {}
    async for ballot, each, is_theirs_gone in _concerned(tx, campaign, await _accepted(tx), now):
        if is_theirs_gone:
            due.setdefault((ballot, each.zone or TERRITORIES[METROPOLE].zone), []).append(each.person)
    told = 0
    for (ballot, zone), people in due.items():
        told += await db.vote_plans.tell_of_hours(
            tx,
            people,
            ballot=ballot.number,
            hours=text_hash(json.dumps(known_hours(ballot), sort_keys=True))[:16],
            due_at=next_courteous(now=now, zone=zone, kind=Kind.GOTV, hours=campaign.courtesy),
            expires_at=ballot.ends_at,
            now=now,
        )
    return told


async def accept(tx: AsyncConnection, campaign: Campaign, texts: ConsentTexts) -> None:
    """Somebody goes on knowingly, or nobody is concerned."""
    hours = {str(ballot.number): known_hours(ballot) for ballot in campaign.ballots}
    fact = {"texts": texts.digest, "hours": hours, "areas": [*campaign.areas]}
    if await get_fact(tx, FACT) != fact:
        await set_fact(tx, FACT, fact)
