"""The entry of the log that tells who changed an event last, on both engines."""

from __future__ import annotations

from bot.actions.audit import note
from db.audit import last_of_event
from db.engine import Database
from tests.conversation import paris

NOW = paris("2016-11-16T10:00")


async def test_it_is_of_this_very_change(database: Database) -> None:
    changes = [
        ("staff:1", "change_event", {"event": "a1", "sequence": 1}),
        ("staff:2", "change_event", {"event": "a1", "sequence": 2, "held": True}),
        ("staff:3", "change_event", {"event": "b2", "sequence": 2}),
        ("staff:4", "change_event", {"event": "a1", "shift": 2}),
        ("staff:5", "see_event_answers", {"event": "a1", "sequence": 2}),
    ]
    async with database.write() as tx:
        for actor, action, details in changes:
            await note(tx, actor=actor, action=action, details=details, now=NOW)
    async with database.read() as tx:
        for numbers, actor in (({"sequence": 2}, "staff:2"), ({"shift": 2}, "staff:4")):
            found = await last_of_event(tx, action="change_event", event="a1", **numbers)
            assert found is not None
            assert found.actor == actor
        assert await last_of_event(tx, action="change_event", event="a1", sequence=3) is None
