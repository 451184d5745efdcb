"""What the admins are told of troubles: each once, its end once, and nothing at night that can wait."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa

import db.people
from bot.actions import alarms, staff
from bot.actions.alarms import TroubleOver
from bot.rules.courtesy import CourtesyHours
from bot.rules.health import CAN_WAIT, SPARE_BYTES, Signs, Trouble, troubles
from bot.rules.permissions import Role
from bot.watching import SURE_SECONDS, Memory
from db.engine import Database
from db.schema import broadcasts
from tests.conversation import paris

DAY, NIGHT, MORNING = paris("2016-11-16T10:00"), paris("2016-11-16T23:00"), paris("2016-11-17T09:00")


async def make_admin(database: Database, telegram_id: int, zone: str | None = None) -> None:
    async with database.write() as tx:
        person = await db.people.create(tx, telegram_id=telegram_id, pseudonym=f"p{telegram_id}", now=DAY)
        await db.people.change(tx, person.id, zone=zone)
        await staff.add(tx, telegram_id=telegram_id, role=Role.ADMIN, area="FR", actor="test", now=DAY)


async def told(
    database: Database, now: datetime, *present: Trouble, ended: tuple[TroubleOver, ...] = ()
) -> list[str]:
    """What is queued at a look: the notice, and of which trouble."""
    async with database.write() as tx:
        before = set((await tx.scalars(sa.select(broadcasts.c.id))).all())
        await alarms.tell(
            tx, present=dict.fromkeys(present, now), ended=ended, courtesy=CourtesyHours(), now=now
        )
        rows = (await tx.execute(sa.select(broadcasts).order_by(broadcasts.c.id))).all()
    new = [row for row in rows if row.id not in before]
    return [f"{row.template.removeprefix('notices/')} {row.details['trouble']}" for row in new]


async def test_each_is_told_once_and_its_end_once(database: Database) -> None:
    await make_admin(database, 1)
    assert await told(database, NIGHT) == []
    assert await told(database, NIGHT, Trouble.CONFLICT) == ["trouble conflict"]
    assert await told(database, NIGHT, Trouble.CONFLICT, Trouble.LATE) == ["trouble late"]
    # As after a restart: what is known stands in the database, and nobody saw the end.
    assert await told(database, NIGHT, Trouble.LATE) == ["trouble_over conflict"]
    over = TroubleOver(trouble=Trouble.LATE, since=NIGHT, until=NIGHT)
    assert await told(database, NIGHT, ended=(over,)) == ["trouble_over late"]
    assert await told(database, NIGHT) == []
    assert await told(database, MORNING, Trouble.CONFLICT) == ["trouble conflict"]


@pytest.mark.parametrize("trouble", sorted(CAN_WAIT))
async def test_what_can_wait_is_not_told_at_night(database: Database, trouble: Trouble) -> None:
    await make_admin(database, 1)
    await make_admin(database, 2, "Pacific/Noumea")  # where it is 9:00 the next morning
    assert await told(database, NIGHT, trouble) == [f"trouble {trouble}"]
    assert await told(database, NIGHT, trouble) == []
    assert await told(database, MORNING, trouble) == [f"trouble {trouble}"]
    assert len(await told(database, MORNING)) == 2


async def test_what_was_over_before_it_was_told_is_not_told(database: Database) -> None:
    await make_admin(database, 1)
    assert await told(database, NIGHT, Trouble.DISK) == []
    assert await told(database, NIGHT) == []
    assert await told(database, MORNING) == []


@pytest.mark.parametrize("trouble", sorted(alarms.TOLD_AFTERWARDS))
async def test_what_silences_the_bot_is_told_when_it_is_over(database: Database, trouble: Trouble) -> None:
    await make_admin(database, 1)
    assert await told(database, DAY, trouble) == []
    over = TroubleOver(trouble=trouble, since=DAY, until=DAY)
    assert await told(database, DAY, ended=(over,)) == [f"trouble_over {trouble}"]
    assert await told(database, DAY, ended=(over,)) == [], "the same is told once"


def test_who_is_told_of_what_lasts() -> None:
    seconds = [0.0]
    memory = Memory(lambda: seconds[0])

    def at(moment: float, *found: Trouble) -> tuple[list[Trouble], int]:
        seconds[0] = moment
        memory.note(found, DAY)
        return list(memory.present), len(memory.ended)

    assert at(0, Trouble.LATE) == ([], 0)
    assert at(30) == ([], 0)  # a moment's trouble is none
    assert at(40, Trouble.LATE) == ([], 0)
    assert at(40 + SURE_SECONDS, Trouble.LATE) == ([Trouble.LATE], 0)
    assert at(110) == ([Trouble.LATE], 0)  # nor is a moment without it its end
    assert at(120, Trouble.LATE) == ([Trouble.LATE], 0)
    assert at(120 + SURE_SECONDS) == ([], 1)


@pytest.mark.parametrize(
    ("signs", "found"),
    [
        (Signs(), []),
        (Signs(silent_seconds=119), []),
        (Signs(silent_seconds=120), [Trouble.SILENT]),
        (Signs(clock_leapt=True), [Trouble.CLOCK]),
        (Signs(silent_seconds=120, conflict=True), [Trouble.CONFLICT]),
        # 54,000 messages take half an hour at 30 a second.
        (Signs(lag_seconds=1_700, due_total=54_000, stalled_seconds=1), []),
        (Signs(lag_seconds=2_401, due_total=54_000, stalled_seconds=1), [Trouble.LATE]),
        (Signs(lag_seconds=1_700, due_total=54_000, stalled_seconds=300), [Trouble.LATE]),
        (Signs(lag_seconds=599, due_total=1), []),
        (Signs(lag_seconds=600, due_total=1), [Trouble.LATE]),
        (Signs(free_bytes=SPARE_BYTES + 10, copy_bytes=10), []),
        (Signs(free_bytes=SPARE_BYTES + 10, copy_bytes=11), [Trouble.DISK]),
        (Signs(refused=True, database_answers=False), [Trouble.REFUSED, Trouble.DATABASE]),
    ],
)
def test_signs_of_trouble(signs: Signs, found: list[Trouble]) -> None:
    assert list(troubles(signs)) == found
