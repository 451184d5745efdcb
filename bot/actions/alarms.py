"""Telling the admins what needs them: of each trouble once, and once when it is over.

What is told stands in the database, so that no restart and no other process tells it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.notices
from bot.actions.notices import admins_by_zone
from bot.frozen import Frozen
from bot.rules.courtesy import CourtesyHours
from bot.rules.health import CAN_WAIT, Trouble
from bot.rules.territories import zone as zone_named
from db.facts import get_fact, set_fact

TOLD = "troubles"
BEGUN, OVER = "trouble", "trouble_over"
"""The notices that tell a trouble, and its end."""
TOLD_AFTERWARDS = frozenset({Trouble.REFUSED, Trouble.SILENT, Trouble.DATABASE})
"""While they last nothing can be told in the chat, or be kept to be told."""


class TroubleOver(Frozen):
    """A trouble that is over: from when to when it lasted."""

    trouble: Trouble
    since: datetime
    until: datetime


class AlarmsTold(Frozen):
    """How many messages were queued, and how many troubles there are of which more will be told."""

    queued: int
    left: int


async def tell(
    tx: AsyncConnection,
    *,
    present: Mapping[Trouble, datetime],
    ended: Iterable[TroubleOver],
    courtesy: CourtesyHours,
    now: datetime,
) -> AlarmsTold:
    """Tells each admin what is wrong now (since when) and what has ended, if they were not told.

    What can wait is told in their own courtesy hours.
    """
    before: dict[str, dict[str, Any]] = await get_fact(tx, TOLD, {})
    zones = await admins_by_zone(tx)
    known = _brought_up({name: dict(one) for name, one in before.items()}, present, ended, list(zones), now)
    queued = 0
    for name, one in list(known.items()):
        for zone in [*zones, *(zone for zone in one["told"] if zone not in zones)]:
            local = now.astimezone(zone_named(zone)).time()
            may_tell = Trouble(name) not in CAN_WAIT or courtesy.opens <= local < courtesy.closes
            if not may_tell or (zone in one["told"]) == (one["until"] is None):
                continue
            queued += await _queue(tx, name, one, zone, zones.get(zone, []), now)
            one["told"] = [each for each in (*one["told"], zone) if one["until"] is None or each != zone]
        if one["until"] is not None and not one["told"]:
            del known[name]
    if known != before:
        await set_fact(tx, TOLD, known)
    return AlarmsTold(queued=queued, left=len(known))


async def present(tx: AsyncConnection) -> list[Trouble]:
    """What was wrong when the bot that runs on the database last looked, and had been for a minute."""
    known: dict[str, dict[str, Any]] = await get_fact(tx, TOLD, {})
    return [trouble for trouble in Trouble if trouble in known and known[trouble]["until"] is None]


def _brought_up(
    known: dict[str, dict[str, Any]],
    present: Mapping[Trouble, datetime],
    ended: Iterable[TroubleOver],
    zones: list[str],
    now: datetime,
) -> dict[str, dict[str, Any]]:
    """What is known of each trouble: since when, until when, and in which zones it was told."""
    for over in ended:
        told = zones if over.trouble in TOLD_AFTERWARDS else []
        one = known.setdefault(over.trouble, {"since": over.since.isoformat(), "told": told})
        one["until"] = over.until.isoformat()
    for trouble, since in present.items():
        told = zones if trouble in TOLD_AFTERWARDS else []
        known.setdefault(trouble, {"since": since.isoformat(), "told": told})["until"] = None
    for name, one in known.items():
        # Of one that the process before this one told, nobody noticed the end.
        if name not in present and one["until"] is None:
            one["until"] = now.isoformat()
    return known


async def _queue(
    tx: AsyncConnection, name: str, one: Mapping[str, Any], zone: str, telegram_ids: list[int], now: datetime
) -> int:
    since, until = one["since"], one["until"]
    told = f"{name} {since} {until or ''} {zone}"
    return await db.notices.queue(
        tx,
        key=f"{BEGUN}:{hashlib.sha256(told.encode()).hexdigest()[:32]}",
        template=BEGUN if until is None else OVER,
        details={"trouble": name, "since_at": since, "until_at": until},
        telegram_ids=telegram_ids,
        now=now,
    )
