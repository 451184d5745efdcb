"""Who is noted as absent said so: what changing an answer had noted of others is put back, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import db.rsvps
from bot.actions.responses import Origin, response
from db.engine import Database
from db.rsvps import Rsvp
from db.upgrade import downgrade, upgrade
from tests.db.test_what_people_said import NOW, event, somebody

CASES: dict[str, tuple[bool | None, list[tuple[str, str, str]], bool | None]] = {
    # What was noted of them, what they said (question, answer, event), and what is true of them.
    "changed their answer before the event": (
        False,
        [("rsvp", "yes", "lyon1"), ("rsvp", "maybe", "lyon1")],
        None,
    ),
    "did not come": (False, [("rsvp", "yes", "lyon1"), ("came", "no", "lyon1")], False),
    "came, and was wrong about it before": (True, [("came", "no", "lyon1"), ("came", "yes", "lyon1")], True),
    "was ticked by mistake": (
        False,
        [("check_in", "list", "lyon1"), ("check_in", "not_there", "lyon1")],
        None,
    ),
    "said no, and was ticked by mistake": (
        False,
        [("came", "no", "lyon1"), ("check_in", "not_there", "lyon1")],
        None,
    ),
    "did not come to another one": (False, [("rsvp", "yes", "lyon1"), ("came", "no", "lyon2")], None),
    "was there": (True, [("check_in", "link", "lyon1")], True),
    "was never asked": (None, [("rsvp", "yes", "lyon1")], None),
}


async def test_absent_is_only_who_said_that_they_did_not_come(database: Database) -> None:
    noted = {}
    async with database.write() as tx:
        meeting = await event(tx, "lyon1", starts_at=NOW + timedelta(days=2))
        await event(tx, "lyon2")
        for number, (name, (attended, said, _)) in enumerate(CASES.items(), start=1):
            person = await somebody(tx, number)
            noted[name] = rsvp = Rsvp(
                event=meeting, person=person.id, answer="yes", at=NOW, attended=attended
            )
            for tap, (question, answer, code) in enumerate(said):
                origin = Origin(update_id=100 * number + tap, message_id=None, at=NOW)
                await db.rsvps.put(tx, rsvp, response(person, origin, question, answer, code))
    await downgrade(database, to="0086")
    await upgrade(database)
    async with database.read() as tx:
        found = {
            name: await db.rsvps.get(tx, event=meeting, person=rsvp.person) for name, rsvp in noted.items()
        }
    assert found == {name: replace(rsvp, attended=CASES[name][2]) for name, rsvp in noted.items()}
