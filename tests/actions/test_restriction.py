"""Whoever restricted the use of their data stands nowhere: all that anybody of the team could read, and all that would
leave, is the same as if they had never come. And the purge spares what they left.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.audiences
import db.delivery_accounts
import db.doubts
import db.events
import db.planning
import db.renewals
import db.statistics
from bot import communes
from bot.actions import opt_outs, planning, retention
from bot.rules.retention import final_ballot_end
from bot.rules.suppression import SuppressionKey
from db.engine import Database
from db.exports import SOURCES, Selection, chunks
from db.inventory import HOLDINGS
from db.schema import (
    attendee_numbers,
    broadcasts,
    check_ins,
    chosen_places,
    consents,
    conversations,
    deliveries,
    event_feedback,
    events,
    hosts,
    messages,
    metadata,
    people,
    polling_places,
    proposals,
    responses,
    rsvps,
    shift_places,
    shifts,
    shown_cards,
    staff,
    stations,
    survey_answers,
    surveys,
    trusted_hosts,
    volunteering,
    vote_plans,
    walkers,
    walks,
)
from tests.actions.test_audiences import NOW, add, add_events, some_audience, some_member
from tests.audiences import ids_of, target_in
from tests.conversation import CAMPAIGN, paris
from tests.places import place_of
from tests.thorough import IS_THOROUGH, seeds

GAZETTEER = communes.load()
KEY = SuppressionKey(links=(b"k" * 32,))
AREAS = ("FR", "R84", "69", "69123", "abroad")
KNOWN_IN = (None, ("FR",), ("69",))
# By day each area, and each choice of whom is known, beside the whole country; at night each two of them.
BY_DAY = [("FR", None), ("FR", ("FR",)), ("FR", ("69",)), ("R84", None), ("69", ("69",))]
BY_DAY += [("69123", None), ("abroad", ("FR",))]
PLACES = [*product(AREAS, KNOWN_IN)] if IS_THOROUGH else BY_DAY
QUESTIONS = ("rsvp", "turnout", "commune", "restriction")
DELIVERED = ("sent", "queued", "withheld", "in_doubt", "failed", "cancelled")
POLLS_OPEN = paris("2016-11-20T09:00")


async def fill(tx: AsyncConnection, chance: random.Random) -> list[int]:
    """People of every state, with all that may be known of them; the numbers of those who restricted it."""
    await add_events(tx)
    for number, created_by in enumerate((None, 1), start=1):
        made = {"key": f"test:{number}", "kind": "persuasion", "audience": {}, "area": "FR"}
        made |= {"starts_at": NOW, "created_at": NOW, "created_by": created_by}
        await tx.execute(sa.insert(broadcasts).values(**made))
    restricted: list[int] = []
    rows: dict[sa.Table, list[dict[str, Any]]] = {responses: [], volunteering: [], deliveries: []}
    for number in range(1, 121):
        member = some_member(chance, number)
        recruiter = chance.choice((None, chance.randint(1, number)))
        row = {**member.row, "registered_at": NOW, "recruiter": recruiter}
        person = await add(tx, replace(member, row=row))
        if row["state"] == "restricted":
            restricted.append(person)
        for subject, question in enumerate(QUESTIONS):
            said = {"person": person, "question": question, "subject": str(subject), "answer": "yes"}
            said |= {"at": NOW, **{name: row[name] for name in ("commune", "department", "region")}}
            rows[responses].append(said)
        helps = {"person": person, "at": NOW, "contact": True, "lifts": chance.random() < 0.5}
        rows[volunteering].append(helps)
        for broadcast in (1, 2):
            left = {"broadcast": broadcast, "person": person, "state": chance.choice(DELIVERED)}
            left |= {"due_at": NOW, "changed_at": NOW, "answered_at": chance.choice((None, NOW))}
            rows[deliveries].append(left)
    for table, some in rows.items():
        await tx.execute(sa.insert(table), some)
    return restricted


async def readable(tx: AsyncConnection, seed: int) -> dict[Any, Any]:
    """Everything that is counted, listed or chosen of people, by what it is."""
    chance = random.Random(seed)
    found: dict[Any, Any] = {}
    for area, known_in in PLACES:
        which = (area, known_in)
        found["heads", which] = await db.statistics.heads(tx, area, known_in)
        for level in ("region", "department", "commune"):
            found[level, which] = sorted(
                await db.statistics.by_place(tx, area, level, known_in), key=lambda row: row[0]
            )
        found["events", which] = await db.statistics.event_answers(tx, area, range(10), known_in)
        found["offers", which] = await db.statistics.offers(tx, area, known_in)
        found["votes", which] = await db.statistics.vote_answers(tx, area, known_in)
        found["answers", which] = await db.statistics.logged_answers(tx, area, QUESTIONS[:3], known_in)
        # Where they live and what event it is of are asked for beside each other.
        for name, event in product(SOURCES, (None, "1") if area in ("FR", "69") else (None,)):
            selection = Selection(area=area, known_in=known_in, event=event)
            found[name, event, which] = await rows_of(tx, name, selection)
    for number, known_in in product((1, 2), KNOWN_IN):
        found["event", number, known_in] = await db.events.answers(tx, number, known_in)
        found["account", number, known_in] = await db.delivery_accounts.account(tx, number, known_in)
        found["doubt", number, known_in] = await db.doubts.summary(
            tx, number, ("FR", "abroad"), NOW, known_in=known_in
        )
        found["doubtful", number, known_in] = await db.doubts.page(tx, number, ("FR",), first=0, room=999)
        found["unattended", known_in] = await db.doubts.unattended(tx, known_in)
    for number in seeds(60):
        chosen_ones = target_in(some_audience(chance))
        found["audience", number] = await ids_of(tx, chosen_ones)
        groups = await db.audiences.groups(tx, chosen_ones, known_in=("69",))
        found["groups", number] = sorted(groups, key=repr)
    return found


async def rows_of(tx: AsyncConnection, source: str, selection: Selection) -> list[tuple[Any, ...]]:
    """The rows of an export."""
    rows = [tuple(row) async for some in chunks(tx, SOURCES[source](selection)) for row in some]
    return sorted(rows, key=repr)


async def forget(tx: AsyncConnection, some: list[int]) -> None:
    """As if they had never come."""
    for table in (responses, deliveries, rsvps, vote_plans):
        await tx.execute(sa.delete(table).where(table.c.person.in_(some)))
    await tx.execute(sa.delete(people).where(people.c.id.in_(some)))


async def test_nothing_that_is_read_tells_of_them(database: Database) -> None:
    """Nor that they lifted it, once they did: the team never learns who restricted their data once."""
    async with database.write() as tx:
        restricted = await fill(tx, random.Random(1))
        assert len(restricted) > 5
        told = await readable(tx, 1)
        trial = await tx.begin_nested()
        lifted = sa.update(people).where(people.c.state == "restricted")
        await tx.execute(lifted.values(state="registered", consent_contact=True))
        after = await rows_of(tx, "responses", Selection(area="FR"))
        await trial.rollback()
        await forget(tx, restricted)
        without = await readable(tx, 1)
    assert {which: told[which] for which in told if told[which] != without[which]} == {}
    everybody = ("responses", None, ("FR", None))
    assert len(after) > len(told[everybody])
    assert not any("restriction" in row for row in after)


@pytest.mark.parametrize("seed", seeds(2))
async def test_nothing_is_queued_for_them(database: Database, seed: int) -> None:
    async with database.write() as tx:
        restricted = await fill(tx, random.Random(seed))
        await tx.execute(sa.delete(deliveries))
        await tx.execute(sa.update(people).values(renew_contact=True, registered_at=NOW))
        await planning.plan(tx, CAMPAIGN, POLLS_OPEN)
        asked = await db.renewals.broadcast_of(tx, "digest", NOW)
        await db.renewals.queue_questions(tx, asked, NOW)
        window = {"now": NOW, "expires_at": NOW + timedelta(days=1)}
        for event in (1, 2):
            await db.planning.queue_event_reminder(tx, 1, event=event, answered_before=NOW, **window)
        late = NOW + timedelta(days=1)
        await db.planning.queue_last_choice(tx, 2, registered_before=late, among=None, **window)
        queued = set(await tx.scalars(sa.select(deliveries.c.person)))
        assert queued
        assert not queued & set(restricted)


# -- kept --

AT_EVENTS = (rsvps, attendee_numbers, check_ins, event_feedback, shift_places, shown_cards, hosts, proposals)
HELD = (
    *(consents, responses, deliveries, vote_plans, chosen_places, volunteering, survey_answers, walkers),
    *AT_EVENTS,
    trusted_hosts,
    *(conversations, messages),
)
WITHOUT_PROOFS = replace(CAMPAIGN, retention=replace(CAMPAIGN.retention, proof_days=0))
LONG_AFTER = final_ballot_end(CAMPAIGN.ballots) + timedelta(days=9_999)


async def keep(tx: AsyncConnection, number: int, state: str) -> None:
    """Somebody of whom there is a row of every kind."""
    name = {"id": number, "telegram_id": number, "pseudonym": f"p{number}", "state": state}
    moments = dict.fromkeys(("created_at", "registered_at", "seen_at"), NOW)
    await tx.execute(sa.insert(people).values(**name, **moments))
    told = {"text_version": "1", "text_hash": "h", "language": "fr", "at": NOW, "given": True}
    await tx.execute(sa.insert(consents).values(pseudonym=f"p{number}", purpose="restriction", **told))
    said = {"person": number, "at": NOW, "answer": "yes"}
    for question, subject in (("rsvp", f"e{number}"), ("turnout", "1"), ("language", None)):
        await tx.execute(sa.insert(responses).values(question=question, subject=subject, **said))
    await tx.execute(sa.insert(rsvps).values(event=number, **said))
    at_event = {"event": number, "person": number}
    hours = {"role": "welcome", "starts_at": NOW, "ends_at": NOW}
    await tx.execute(sa.insert(shifts).values(id=number, event=number, **hours))
    await tx.execute(sa.insert(shift_places).values(shift=number, **said))
    await tx.execute(sa.insert(shown_cards).values(message=1, face=0, event=number, person=number))
    await tx.execute(sa.insert(attendee_numbers).values(number=1, **at_event))
    await tx.execute(sa.insert(check_ins).values(at=NOW, how="list", **at_event))
    await tx.execute(sa.insert(event_feedback).values(at=NOW, question="stars", option="5", **at_event))
    await tx.execute(sa.insert(hosts).values(part="host", since=NOW, **at_event))
    await tx.execute(sa.insert(proposals).values(asked_at=NOW, **at_event))
    await tx.execute(sa.insert(trusted_hosts).values(person=number, area="69", given_at=NOW))
    await tx.execute(sa.insert(vote_plans).values(person=number, ballot=1, vote="voted", at=NOW))
    await tx.execute(sa.insert(volunteering).values(person=number, lifts=True, contact=True, at=NOW))
    place = {"id": number, "key": str(number), "commune": "69123", "name": "x", "address": "x"}
    await tx.execute(sa.insert(polling_places).values(**place))
    await tx.execute(sa.insert(chosen_places).values(person=number, ballot=0, place=number))
    asked = {"id": number, "code": f"s{number}", "area": "FR", "created_at": NOW}
    option = {"id": "a", "text": {}}
    asked["form"] = {"title": {}, "purpose": {}, "questions": [{"id": "q", "text": {}, "options": [option]}]}
    await tx.execute(sa.insert(surveys).values(closes_at=NOW, erase_at=NOW, **asked))
    chosen = {"survey": number, "question": "q", "option": "a", "at": NOW}
    await tx.execute(sa.insert(survey_answers).values(person=number, **chosen))
    await tx.execute(sa.insert(stations).values(code=f"69123_{number:04}", **place_of("69123")))
    walk = {"id": number, "code": f"69123_{number:04}-1", "station": f"69123_{number:04}", "cut_at": NOW}
    await tx.execute(sa.insert(walks).values(doors=1, metres=0, **walk))
    await tx.execute(sa.insert(walkers).values(walk=number, outing=1, person=number, taken_at=NOW))
    talk = {
        "id": number,
        "person": number,
        "area": "FR",
        "state": "closed",
        "opened_at": NOW,
        "closed_at": NOW,
    }
    await tx.execute(sa.insert(conversations).values(**talk))
    await tx.execute(sa.insert(messages).values(conversation=number, at=NOW, text="x", message_id=1))
    made = {"id": number, "key": str(number), "kind": "persuasion", "audience": {}, "area": "FR"}
    await tx.execute(sa.insert(broadcasts).values(starts_at=NOW, created_at=NOW, **made))
    sent = {"broadcast": number, "person": number, "state": "sent", "due_at": NOW, "changed_at": NOW}
    await tx.execute(sa.insert(deliveries).values(**sent))
    role = {"telegram_id": number, "role": "organizer", "area": "FR", "added_at": NOW, "revoked_at": NOW}
    await tx.execute(sa.insert(staff).values(**role))


async def remaining(database: Database) -> Mapping[str, int]:
    async with database.read() as tx:
        counts = {
            table.name: await tx.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (*HELD, people, events, broadcasts, staff)
        }
    return {name: count or 0 for name, count in counts.items()}


async def test_the_purge_spares_what_they_left_until_they_lift_it(database: Database) -> None:
    async with database.write() as tx:
        await add_events(tx)
        await tx.execute(sa.update(events).values(code=sa.literal("e") + events.c.code))
        await keep(tx, 1, "restricted")
        await keep(tx, 2, "registered")

    async def purge(*, dry_run: bool = False) -> Mapping[str, int]:
        return await retention.purge(
            database, WITHOUT_PROOFS, key=KEY, actor="test", now=LONG_AFTER, dry_run=dry_run
        )

    foreseen = await purge(dry_run=True)
    for told in (foreseen, await purge()):
        assert (told["profiles"], told["vote plans and votes"], told["answers to past events"]) == (1, 3, 9)
        assert told["offers to help"] == told["conversations with the team"] == 1
    assert await remaining(database) == {
        **dict.fromkeys((table.name for table in HELD), 1),
        **{"responses": 3, "people": 1, "events": 1, "broadcasts": 1, "staff": 1},
    }
    assert not any((await purge()).values())
    async with database.write() as tx:
        await tx.execute(sa.update(people).values(state="registered"))
    await purge()
    assert set((await remaining(database)).values()) == {0}


async def test_the_purge_spares_the_notices_they_got(database: Database) -> None:
    """A member of the team may restrict their data too: what they were told of it is part of these."""
    async with database.write() as tx:
        await add_events(tx)
        for number, state in ((1, "restricted"), (2, "registered")):
            await keep(tx, number, state)
        await tx.execute(sa.update(broadcasts).values(template="notices/staff_left", finished_at=NOW))
    told = await retention.purge(
        database, CAMPAIGN, key=KEY, actor="test", now=NOW + retention.NOTICES_KEPT + timedelta(days=1)
    )
    assert told["notices to the team"] == 1
    async with database.read() as tx:
        assert list(await tx.scalars(sa.select(deliveries.c.person))) == [1]


def test_every_table_that_holds_supporters_is_thought_of() -> None:
    """A table that is added is either spared by the purge for whoever restricted their data, or named here."""
    spared = {table.name for table in (*HELD, people)}
    # Erased by something else than the purge of a period, or nothing by which somebody could be found.
    # What was noted at a door is about a dwelling: it goes for everybody when its term is over.
    otherwise = {"visits", "dialogs", "suppressions", "answer_remainders", "updates", "unread_updates"}
    # A note of a change is a number for a day.
    # A link is over after two days, a session after hours; a mark at a door tells nobody who it was.
    otherwise |= {"host_links", "changed_people", "people_to_plan", "walk_in_marks", "app_sessions"}
    supporters = {holding.table for holding in HOLDINGS if holding.subject == "supporters"}
    assert supporters == spared | otherwise
    assert supporters <= {table.name for table in metadata.sorted_tables}


async def test_an_imported_opt_out_leaves_them_restricted(database: Database) -> None:
    async with database.write() as tx:
        await add_events(tx)
        await keep(tx, 1, "restricted")
        await tx.execute(sa.update(people).values(consent_contact=True))
        effects = await opt_outs.import_list(tx, [1], key=KEY, digest="d", actor="test", now=NOW)
        assert effects.stopped == 1
        row = (await tx.execute(sa.select(people.c.state, people.c.consent_contact))).one()
        assert tuple(row) == ("restricted", False)
        again = await opt_outs.import_list(tx, [1], key=KEY, digest="d", actor="test", now=NOW)
        assert (again.stopped, again.already_stopped) == (0, 1)
