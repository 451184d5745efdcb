"""Several broadcasts at a time: the urgent first, equals by turns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.delivery.sharing import shares
from db.broadcasts import DueBroadcast


async def test_two_broadcasts_share_fairly(bench: Any, helpers: Any) -> None:
    await helpers.add_people(bench.database, 60)
    first = await helpers.queue_broadcast(bench.database, "staff:1")
    second = await helpers.queue_broadcast(bench.database, "staff:2")
    async with bench.running() as engine:
        await bench.idle(engine)
    texts = bench.telegram.texts()
    half = texts[:60]
    assert abs(half.count(f"broadcast {first}") - half.count(f"broadcast {second}")) <= 16


def test_the_urgent_go_first_and_equals_share(helpers: Any) -> None:
    now, hour = helpers.start, timedelta(hours=1)
    calm = DueBroadcast(id=1, expires_at=None, next_due=now)
    later = DueBroadcast(id=2, expires_at=now + 5 * hour, next_due=now)
    soon = DueBroadcast(id=3, expires_at=now + hour / 2, next_due=now)
    future = DueBroadcast(id=4, expires_at=now + hour, next_due=now + hour)
    assert shares([calm, later, soon, future], 100, now) == [(3, 100)]
    assert shares([calm, later, future], 5, now) == [(2, 3), (1, 2)]
    assert shares([future], 100, now) == []
    assert shares([calm, later], 1, now) == [(2, 1)]


def test_what_is_said_in_conversations_goes_before_everything_else(helpers: Any) -> None:
    now, hour = helpers.start, timedelta(hours=1)
    soon = DueBroadcast(id=1, expires_at=now + hour / 2, next_due=now)
    said = DueBroadcast(id=2, expires_at=None, next_due=now, at_once=True)
    future = DueBroadcast(id=3, expires_at=None, next_due=now + hour, at_once=True)
    assert shares([soon, said, future], 8, now) == [(2, 8)]
