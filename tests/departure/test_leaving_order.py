"""When what waits leaves, and for how many: what is foreseen of a whole queue is what its sender then does."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.broadcasts
from bot.actions.forecasts import Forecast, forecast_of
from bot.clock import MovableClock
from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop, Wait
from bot.departure.decide import Departure
from bot.rules.courtesy import CapReason
from bot.rules.leaving_order import NEVER
from bot.rules.reaching import NEWS
from bot.rules.sending import USEFUL_FOR
from bot.rules.small_counts import Reader
from db.deliveries import PREPARE_FAILED, Leased
from db.engine import Database
from db.schema import broadcasts, people
from db.schema import deliveries as delivered
from tests.campaigning import supporter
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.departure.test_decide import NOW, a_departure, taken
from tests.departure.test_reach_of_expressions import CROWD, somebody
from tests.thorough import seeds

NOWS = (
    paris("2016-11-08T10:00"),  # on a plain day
    paris("2016-11-08T22:00"),  # at night
    paris("2016-11-17T18:00"),  # before the silence of the first round
    paris("2016-11-20T21:00"),  # after it
)
WAITS = delivered.c.state.in_(("queued", "withheld"))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVERYTHING = Reader(known_in=None)


async def left_before(tx: AsyncConnection, chance: random.Random, now: datetime) -> None:
    """What left for some in the last days: on whole minutes, to which forecasts know them."""
    for number in range(4):
        row = {"key": f"past:{number}", "kind": "persuasion", "audience": {}, "area": "FR", "state": "active"}
        row |= {"starts_at": now - 8 * DAY, "created_at": now - 8 * DAY, "finished_at": now}
        broadcast = await tx.scalar(sa.insert(broadcasts).values(**row).returning(broadcasts.c.id))
        for person in range(1, CROWD + 1):
            if chance.random() < 0.4:
                left = now - timedelta(minutes=chance.randrange(1, 8 * 24 * 60))
                values = {"broadcast": broadcast, "person": person, "state": "sent", "sent_at": left}
                await tx.execute(sa.insert(delivered).values(**values, due_at=left, changed_at=left))


async def queued(tx: AsyncConnection, chance: random.Random, now: datetime, number: int) -> int:
    """A message to some of them: due now or later, of use for hours or days."""
    due = now + chance.choice((0, 0, 0, 2, 20, 50)) * HOUR
    expires = chance.choice((None, None, due + 6 * HOUR, due + DAY, due + 5 * DAY))
    row = {"key": f"staff:{number}", "kind": chance.choice((NEWS, NEWS, "event_invite")), "audience": {}}
    row |= {"area": "FR", "state": "active", "starts_at": due, "created_at": now, "expires_at": expires}
    broadcast = await db.broadcasts.create(tx, row, {"fr": "Bonjour"})
    assert broadcast is not None
    share = chance.choice((0.2, 0.9))
    meant = [person for person in range(1, CROWD + 1) if chance.random() < share]
    await db.broadcasts.queue_deliveries(
        tx,
        broadcast=broadcast,
        people=sa.select(people.c.id).where(people.c.id.in_(meant), people.c.state == "registered"),
        due_at=due,
        expires_at=expires or due + USEFUL_FOR,
        now=now,
    )
    return broadcast


class Played:
    """The sender, with all the time that it needs between two instants: what is due is taken in any order and in
    batches of any size, and leaves as soon as it was looked at.
    """

    def __init__(self, tx: AsyncConnection, departure: Departure, clock: MovableClock) -> None:
        self._tx, self._departure, self._clock = tx, departure, clock

    async def play(self, chance: random.Random, until: datetime = NEVER) -> None:
        first = sa.select(sa.func.min(delivered.c.due_at)).where(WAITS, delivered.c.due_at < until)
        while (now := await self._tx.scalar(first)) is not None:
            self._clock.move(now)
            due = (await self._tx.execute(sa.select(delivered).where(WAITS, delivered.c.due_at <= now))).all()
            rows = [Leased(row.id, row.broadcast, row.person, row.expires_at, row.attempts) for row in due]
            chance.shuffle(rows)
            while rows:
                size = chance.randrange(1, 30)
                await self._batch(rows[:size], now)
                rows = rows[size:]

    async def _batch(self, rows: list[Leased], now: datetime) -> None:
        decisions = await self._departure.prepare(self._tx, rows)
        for row, decision in zip(rows, decisions, strict=True):
            values: dict[str, Any] = {"changed_at": now}
            if isinstance(decision, Call):
                values |= {"state": "sent", "sent_at": now}
            elif isinstance(decision, Wait):
                assert decision.until > now
                values |= {"state": decision.state, "due_at": decision.until}
            else:
                values |= {"state": decision.state, "reason": decision.reason}
            await self._tx.execute(sa.update(delivered).where(delivered.c.id == row.id).values(**values))


@pytest.mark.parametrize("now", NOWS, ids=str)
@pytest.mark.parametrize("seed", seeds(3))
async def test_what_is_foreseen_of_each_message_is_what_then_happens(
    database: Database, now: datetime, seed: int
) -> None:
    chance = random.Random(f"{seed} {now}")
    clock = MovableClock(now, speed=0)
    async with database.write() as tx:
        await tx.execute(sa.insert(people), [somebody(chance, number) for number in range(1, CROWD + 1)])
        await left_before(tx, chance, now)
        numbers = [await queued(tx, chance, now, number) for number in range(chance.randrange(2, 5))]
        played = Played(tx, a_departure(clock=clock), clock)
        told = []
        for hours in (0, 1, 20, 60):  # also of what is held already
            at = now + hours * HOUR
            await played.play(chance, until=at)
            told += [(await foreseen_of(tx, number, at), await waiting(tx, number)) for number in numbers]
        await played.play(chance)
        for found, ids in told:
            mine = sa.select(delivered).where(delivered.c.id.in_(ids))
            assert_so(found, (await tx.execute(mine)).all())


async def waiting(tx: AsyncConnection, number: int) -> list[int]:
    return list(await tx.scalars(sa.select(delivered.c.id).where(WAITS, delivered.c.broadcast == number)))


async def foreseen_of(tx: AsyncConnection, number: int, now: datetime) -> Forecast:
    broadcast = await db.broadcast_accounts.get(tx, number)
    assert broadcast is not None
    return await forecast_of(tx, broadcast, CAMPAIGN, EVERYTHING, now=now)


def assert_so(found: Forecast, rows: Sequence[sa.Row[Any]]) -> None:
    """So many at once, so many later, from when and until when, and so many never, for whom it expired or otherwise."""
    left = sorted(row.sent_at for row in rows if row.state == "sent")
    due = left[: found.at_once.total]
    assert len(set(due)) <= 1, "at once"
    later = [each for each in left if each not in due]
    assert found.reached.total == len(left)
    assert sum(each.people.total for each in found.later) == len(later)
    if later:
        first = min(each.since or each.until for each in found.later)
        assert timedelta() <= first - later[0] <= MINUTE
        assert timedelta() <= max(each.until for each in found.later) - later[-1] <= MINUTE
    expired = sum(row.state == "expired" for row in rows)
    assert sum(each.people.total for each in found.lost) == expired
    assert sum(people.total for people in found.for_good.values()) == len(rows) - len(left) - expired


async def two_of_use(database: Database, *hours: int) -> list[Leased]:
    """Messages to one person that may leave at once, the caps one of them a day, and are of use for so many hours."""
    await supporter(Conversation(database, NOW), 1, "69123")
    found = []
    for number, each in enumerate(hours):
        (row,) = await taken(database, f"staff:{number}")
        row = row._replace(expires_at=NOW + each * HOUR)
        async with database.write() as tx:
            waits = sa.update(delivered).where(delivered.c.id == row.id)
            await tx.execute(waits.values(expires_at=row.expires_at, state="queued", lease_owner=None))
        found.append(row)
    return found


async def decided(database: Database, row: Leased, now: datetime) -> Call | Wait | Stop:
    async with database.read() as tx:
        (decision,) = await a_departure(clock=MovableClock(now, speed=0)).prepare(tx, [row])
    return decision


async def test_nothing_expires_for_what_has_yet_to_leave(database: Database) -> None:
    """That is cancelled, or fails, before it leaves: the person would get neither."""
    later, first = await two_of_use(database, 9, 8)
    now = NOW
    for _ in range(3):  # it is looked at again and again, while there is time
        decision = await decided(database, later, now)
        assert isinstance(decision, Wait)
        assert now < decision.until < NOW + 8 * HOUR
        assert decision.reason == CapReason.BEHIND, "Nobody gets it at that instant."
        now = decision.until
    async with database.write() as tx:
        await db.broadcasts.cancel(tx, first.broadcast)
    assert isinstance(await decided(database, later, now), Call)


async def test_what_is_of_no_use_once_another_left_expires(database: Database) -> None:
    later, first = await two_of_use(database, 9, 8)
    async with database.write() as tx:
        values = {"state": "sent", "sent_at": NOW, "changed_at": NOW}
        await tx.execute(sa.update(delivered).where(delivered.c.id == first.id).values(**values))
    decision = await decided(database, later, NOW + MINUTE)
    assert decision == Stop(state="expired", reason="cap_day")


async def test_what_cannot_be_worded_holds_nothing_up(database: Database) -> None:
    first, later = await two_of_use(database, 8, 9)
    assert isinstance(await decided(database, later, NOW), Wait)
    async with database.write() as tx:
        failed = sa.update(delivered).where(delivered.c.id == first.id).values(reason=PREPARE_FAILED)
        await tx.execute(failed)
    assert isinstance(await decided(database, later, NOW), Call)
