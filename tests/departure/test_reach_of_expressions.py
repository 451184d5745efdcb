"""Whom `audiences count` says a message reaches is whom the last look before leaving lets it reach in time."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcasts
from bot import communes
from bot.actions.expressions import Asked, ExpressionOccasion, count, why
from bot.clock import MovableClock
from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop, Wait
from bot.departure.decide import Departure
from bot.rules.expression_text import expression_in
from bot.rules.kinds import PARTISAN
from bot.rules.reaching import Held
from bot.rules.sending import USEFUL_FOR
from bot.rules.territories import TERRITORIES
from db import deliveries
from db.engine import Database
from db.rolls import Rolls
from db.schema import broadcasts, people
from db.schema import deliveries as delivered
from tests.conversation import CAMPAIGN, paris
from tests.departure.test_decide import a_departure
from tests.thorough import IS_THOROUGH

WHEN = {
    paris("2016-11-16T10:00"): {Held.CAP},  # on a plain day
    paris("2016-11-16T22:00"): set(),  # at night
    # Before the charter's silence: who may not be written to at once may not for days.
    paris("2016-11-18T11:00"): {Held.CAP, Held.QUIET},
    paris("2016-11-18T19:00"): {Held.CAP, Held.QUIET},
    paris("2016-11-19T12:00"): {Held.QUIET},
    paris("2016-11-20T21:00"): {Held.CAP},  # after the first round
}
"""Instants, and what keeps news from somebody then, beside what always may."""
NOW = next(iter(WHEN))
CROWD = 40


def somebody(chance: random.Random, number: int) -> dict[str, Any]:
    territory = chance.choice((*("FR",) * 5, "971", "988", "987", "abroad", None))
    zones = ("Asia/Tokyo", "America/New_York", None)
    zone = chance.choice(zones) if territory in ("abroad", None) else TERRITORIES[territory].zone
    return {
        "id": number,
        "telegram_id": number,
        "pseudonym": f"p{number}",
        "state": "registered" if number % 10 else chance.choice(("stopped", "restricted", "new")),
        "language": "fr",
        "territory": territory,
        "zone": zone,
        "consent_contact": True,
        "mutes_news": chance.random() < 0.1,
        "unanswered": chance.choice((0, 0, 5)),
        "unreachable_at": NOW if chance.random() < 0.1 else None,
        "created_at": datetime(2016, 10, 1, tzinfo=UTC),
        "seen_at": NOW,
    }


async def write_before(tx: AsyncConnection, chance: random.Random, now: datetime) -> None:
    """Messages that left before, or may have, of kinds that count towards the caps and of one that does not."""
    for number in range(1, 8):
        kind = chance.choice((*sorted(PARTISAN), "civic_neutral"))
        row = {"key": f"staff:{number}", "kind": kind, "audience": {}, "area": "FR", "state": "active"}
        query = sa.insert(broadcasts).values(starts_at=now, created_at=now, **row).returning(broadcasts.c.id)
        broadcast = await tx.scalar(query)
        rows = []
        for person in range(1, CROWD + 1):
            if chance.random() < 0.35:
                state = chance.choice(("sent", "sent", "sent", "in_doubt", "sending", "queued", "cancelled"))
                left = now - timedelta(hours=chance.choice((1, 20, 60, 125, 150, 167, 169)), minutes=number)
                moments = {"due_at": left, "changed_at": left, "sent_at": left if state == "sent" else None}
                rows.append({"broadcast": broadcast, "person": person, "state": state, **moments})
        await tx.execute(sa.insert(delivered), rows)


async def leaves_in_time(
    tx: AsyncConnection, departure: Departure, clock: MovableClock, row: deliveries.Leased, now: datetime
) -> bool:
    """Plays one message as the sender does: looked at, and looked at again when it may leave."""
    while True:
        clock.move(now)
        (decision,) = await departure.prepare(tx, [row])
        if isinstance(decision, Call | Stop):
            return isinstance(decision, Call)
        assert isinstance(decision, Wait)
        assert decision.until > now
        now = decision.until


CASES = [*(("in:FR", now) for now in WHEN), ("not sample:30", NOW)]
# What the hour does is decided by the same rules on both engines: by day PostgreSQL has the hours that hold twice.
TWICE = [case for case in CASES if len(WHEN[case[1]]) > 1 or case[0] != "in:FR" or IS_THOROUGH]


@pytest.mark.parametrize(
    ("database", "typed", "now"),
    [*(("sqlite", *case) for case in CASES), *(("postgresql", *case) for case in TWICE)],
    indirect=["database"],
    ids=str,
)
async def test_the_reach_is_what_really_leaves(database: Database, now: datetime, typed: str) -> None:
    chance = random.Random(str(now))
    asked = Asked(expression=expression_in(typed))
    occasion = ExpressionOccasion(campaign=CAMPAIGN, gazetteer=communes.load(), now=now)
    clock = MovableClock(now, speed=0)
    departure = a_departure(clock=clock)
    async with database.write() as tx:
        await tx.execute(sa.insert(people), [somebody(chance, number) for number in range(1, CROWD + 1)])
        await write_before(tx, chance, now)
    counted = await count(Rolls(database), asked, occasion)
    async with database.write() as tx:
        verdicts = {
            number: await why(tx, asked, occasion, telegram_id=number) for number in range(1, CROWD + 1)
        }
        values = {"key": "staff:now", "kind": "persuasion", "audience": {}, "area": "FR", "state": "active"}
        values |= {"starts_at": now, "created_at": now}
        broadcast = await db.broadcasts.create(tx, values, {"fr": "Bonjour"})
        assert broadcast is not None
        meant = [number for number, each in verdicts.items() if each.is_in]
        await db.broadcasts.queue_deliveries(
            tx,
            broadcast=broadcast,
            people=sa.select(people.c.id).where(people.c.id.in_(meant)),
            due_at=now,
            expires_at=now + USEFUL_FOR,
            now=now,
        )
        rows = await deliveries.lease(tx, [(broadcast, CROWD)], owner="sender", now=now)
        reached = {row.person for row in rows if await leaves_in_time(tx, departure, clock, row, now)}
    assert counted.people == len(meant)
    assert counted.reachable == len(reached)
    held = {number: each.held for number, each in verdicts.items() if each.is_in}
    assert reached == {number for number, reason in held.items() if reason is None}
    assert counted.held == {reason: n for reason, n in Counter(held.values()).items() if reason is not None}
    assert sum(counted.held.values()) + counted.reachable == counted.people
    if typed == "in:FR":
        assert set(counted.held) == {Held.UNREACHABLE, Held.MUTED} | WHEN[now]
