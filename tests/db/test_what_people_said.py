"""RSVPs and vote plans: one row for each person and event or ballot, changed in place, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
import db.personal_data
import db.responses
import db.rsvps
import db.tapped_events
import db.upcoming
import db.vote_plans
from bot.actions.questions import BEFORE
from bot.actions.responses import Origin, response
from bot.event_files.filed import require_hours
from bot.rules.people import VoteState
from bot.rules.territories import at_local, zone
from db import batches
from db.engine import Database
from db.people import Person
from db.responses import AskedElsewhere
from db.rsvps import Rsvp
from db.schema import broadcasts, deliveries, event_texts, events, responses
from db.tapped_events import Tap

NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def somebody(tx: AsyncConnection, number: int = 1) -> Person:
    return await db.people.create(tx, telegram_id=number, pseudonym=f"p{number}", now=NOW)


async def event(tx: AsyncConnection, code: str, *, starts_at: datetime = NOW, state: str = "open") -> int:
    values = {
        "code": code,
        "state": state,
        "starts_at": starts_at,
        "ends_at": starts_at + 2 * HOUR,
        "zone": "Europe/Paris",
        "commune": "69123",
        "department": "69",
        "region": "84",
        "territory": "FR",
        "address": "Salle Molière",
        "created_at": NOW,
    }
    return int((await tx.execute(sa.insert(events).values(values).returning(events.c.id))).scalar_one())


async def test_an_answer_takes_the_place_of_the_one_before(database: Database) -> None:
    async with database.write() as tx:
        person, meeting = await somebody(tx), await event(tx, "lyon1")
        for tap, said, at, confirmed in ((1, "yes", NOW, True), (2, "no", NOW + HOUR, False)):
            rsvp = Rsvp(event=meeting, person=person.id, answer=said, at=at, confirmed=confirmed)
            logged = response(person, Origin(update_id=tap, message_id=None, at=at), "rsvp", said)
            asked = AskedElsewhere(
                person=person.id, about="event", number=meeting, asked_by=BEFORE, tapped=None, now=at
            )
            assert await db.rsvps.put(tx, rsvp, logged, asked) == []
        found = await db.rsvps.of_person(tx, person.id)
    assert set(found) == {meeting}
    assert (found[meeting].answer, found[meeting].confirmed, found[meeting].at) == ("no", False, NOW + HOUR)


async def test_a_row_says_what_it_said_wherever_it_is_read(database: Database) -> None:
    """Nobody asked whether they came: read as no and written back with the next answer, they were absent."""
    async with database.write() as tx:
        meeting, ids = await event(tx, "lyon1"), dict[int, bool | None]()
        await tx.execute(
            sa.insert(event_texts).values(event=meeting, language="fr", title="Réunion", description="")
        )
        for number, attended in enumerate((None, False, True), 1):
            person = await somebody(tx, number)
            ids[person.id] = attended
            rsvp = Rsvp(event=meeting, person=person.id, answer="yes", at=NOW, attended=attended)
            logged = response(person, Origin(update_id=number, message_id=None, at=NOW), "rsvp", "yes")
            await db.rsvps.put(tx, rsvp, logged)
        together = await db.tapped_events.find(tx, dict.fromkeys(ids, Tap(code="lyon1", message=None)))
        rows = [db.rsvps.row_of(each.before) for each in together.values() if each.before is not None]
        await batches.together(tx, lambda visit: db.rsvps.write_all(visit, rows))
        for person, attended in ids.items():
            alone = await db.rsvps.find_with_event(tx, "lyon1", person=person)
            assert alone is not None
            stored = (await db.rsvps.of_person(tx, person))[meeting]
            assert stored.attended is attended
            read = (await db.rsvps.get(tx, event=meeting, person=person), alone[1], together[person].before)
            assert read == (stored,) * 3


async def test_what_a_plan_already_holds_stays(database: Database) -> None:
    async with database.write() as tx:
        person, other = await somebody(tx), await somebody(tx, 2)
        await db.vote_plans.change(tx, person=person.id, ballot=1, at=NOW, intention="will", slot="midday")
        await db.vote_plans.change(tx, person=person.id, ballot=1, at=NOW + HOUR, departure="home")
        await db.vote_plans.change(tx, person=person.id, ballot=2, at=NOW, vote="voted")
        await db.vote_plans.change(tx, person=other.id, ballot=1, at=NOW, intention="cannot")
        plans = await db.vote_plans.of_person(tx, person.id)
        everybody = await db.vote_plans.of_people(tx, [person.id, other.id], 1)
    assert (plans[1].slot, plans[1].departure, plans[1].at) == ("midday", "home", NOW + HOUR)
    assert plans[2].state is VoteState.VOTED
    assert {number: plan.state for number, plan in everybody.items()} == {
        person.id: VoteState.WILL,
        other.id: VoteState.CANNOT,
    }


async def test_upcoming_events_are_open_and_not_over(database: Database) -> None:
    async with database.write() as tx:
        later = await event(tx, "later", starts_at=NOW + HOUR)
        under_way = await event(tx, "now", starts_at=NOW - HOUR)
        await event(tx, "over", starts_at=NOW - 2 * HOUR)
        await event(tx, "off", starts_at=NOW + HOUR, state="cancelled")
        found = [each.id for each in await db.upcoming.upcoming(tx, NOW)]
    assert found == [under_way, later]


async def test_the_last_message_that_reached_a_person_or_the_one_named(database: Database) -> None:
    async with database.write() as tx:
        person = await somebody(tx)
        for number, sent_at in ((1, NOW), (2, NOW + HOUR), (3, None)):
            values = {"key": f"k{number}", "kind": "gotv", "step": f"s{number}", "audience": {}, "area": "FR"}
            times = {"starts_at": NOW, "created_at": NOW}
            row = await tx.execute(sa.insert(broadcasts).values(**values, **times).returning(broadcasts.c.id))
            await tx.execute(
                sa.insert(deliveries).values(
                    broadcast=row.scalar_one(),
                    person=person.id,
                    message_id=500 + number,
                    sent_at=sent_at,
                    due_at=NOW,
                    changed_at=NOW,
                )
            )
        last = await db.personal_data.received(tx, person.id, None)
        named = await db.personal_data.received(tx, person.id, 501)
        unknown = await db.personal_data.received(tx, person.id, 999)
        held = await db.personal_data.messages_of(tx, person.id)
    assert last is not None
    assert named is not None
    assert (last.step, named.step, unknown) == ("s2", "s1", None)
    assert [row["step"] for row in held] == ["s1", "s2", "s3"]  # also what was never sent


async def test_an_answer_under_a_number_that_another_had_is_logged_too(database: Database) -> None:
    """Telegram begins anew with its numbers after a week without updates."""
    async with database.write() as tx:
        for number in (1, 2):
            who = await somebody(tx, number)
            origin = Origin(at=NOW, update_id=7, message_id=None)
            await db.responses.add(tx, response(who, origin, "stop", "stop"))
        logged = sa.select(responses.c.person, responses.c.update_id).order_by(responses.c.id)
        assert [row.update_id for row in await tx.execute(logged)] == [7, None]


async def test_the_longest_event_is_listed_until_it_is_over(database: Database) -> None:
    """Three days by the clock of its place, which shows an hour twice at the end of summer time."""
    paris = zone("Europe/Paris")
    starts_at, ends_at = (at_local(date(2016, 10, day), time(10), paris) for day in (28, 31))
    require_hours(starts_at, ends_at)  # as a file may have it
    async with database.write() as tx:
        meeting = await event(tx, "lyon1", starts_at=starts_at)
        await tx.execute(sa.update(events).values(ends_at=ends_at))
        for before, listed in ((HOUR / 2, [meeting]), (0 * HOUR, [])):
            now = ends_at.astimezone(UTC) - before
            assert [each.id for each in await db.upcoming.upcoming(tx, now)] == listed
