"""Who writes is found together with all who write at the same time, and is made only where nobody knows them."""

from __future__ import annotations

from datetime import timedelta

import db.dialogs
from bot.actions import audit, people, staff
from bot.rules.permissions import Role
from db.engine import Database
from tests.conversation import paris

NOW = paris("2016-11-16T10:00")


async def test_those_who_write_are_found_together(database: Database) -> None:
    async with database.write() as tx:
        for telegram_id in (1, 2):
            await people.meet(tx, telegram_id, NOW, {})
        for area in ("69", "01"):
            await staff.add(
                tx, telegram_id=2, role=Role.ORGANIZER, area=area, actor=audit.COMMAND_LINE, now=NOW
            )
        one = (await people.find_all(tx, [1]))[1].person
        await db.dialogs.put(tx, one.id, flow="registration", step="place", data={"age": True}, now=NOW)
        found = await people.find_all(tx, [3, 2, 1])
    assert set(found) == {1, 2}
    assert found[1].person == one
    assert found[1].staff == ()
    assert found[1].dialog == db.dialogs.Dialog(flow="registration", step="place", data={"age": True})
    assert [member.area for member in found[2].staff] == ["69", "01"]
    assert found[2].dialog is None


async def test_somebody_who_was_found_is_not_made_again(database: Database) -> None:
    async with database.write() as tx:
        first = await people.meet(tx, 1, NOW, {})
        met = await people.find_all(tx, [1])
        assert await people.meet(tx, 1, NOW, met) is met[1]
        assert (await people.meet(tx, 1, NOW, {})).person == first.person


async def test_who_writes_again_was_seen_and_can_be_reached(database: Database) -> None:
    later = NOW + timedelta(hours=2)
    async with database.write() as tx:
        await people.meet(tx, 1, NOW, {})
        await people.lose(tx, 1, NOW)
        await people.meet(tx, 1, later, await people.find_all(tx, [1]))
        person = (await people.find_all(tx, [1]))[1].person
    assert (person.seen_at, person.unreachable_at) == (later, None)
