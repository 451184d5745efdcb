"""Versions of a message and people left out of it: drawn, counted once everybody can be, kept as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import db.events
import db.people
import db.staff
from bot.actions import broadcast_changes, broadcasts, effects, erasure
from bot.actions.broadcasts import BroadcastRefused, NewBroadcast
from bot.actions.effects import WATCHED_FOR, NothingCompared
from bot.actions.responses import Origin
from bot.rules.effects import Count, Verdict
from bot.rules.experiments import COUNTED_FOR, HOLDOUT, REPORTED_WITHIN, Experiment, Outcome, lot_of
from bot.rules.kinds import Kind
from bot.rules.suppression import SuppressionKey
from db.engine import Database
from db.experiments import KEY_FACT
from db.facts import get_fact
from db.schema import broadcast_texts, deliveries, events, people, responses, rsvps, vote_plans
from db.schema import broadcasts as broadcast_rows
from tests.acting import ACTOR, LYON, NEWS, NOW, author_in
from tests.conversation import CAMPAIGN
from tests.places import place_of

MANY = 120
FIRST = 1_000
BOTH = Experiment(versions=2, holdout=20, goal=Outcome.RSVP)
COMPARED = replace(NEWS, others=({"fr": "Salut"},), experiment=BOTH)
EVENT = "ab12"
NAMING = replace(COMPARED, texts={"fr": f"https://t.me/portevoix_bot?start=ev_{EVENT}"})
LATER = NOW + COUNTED_FOR
KEY = SuppressionKey(links=(b"k" * 32,))


@pytest.fixture
async def crowd(database: Database) -> Database:
    """Many supporters in Lyon, an admin, and an event."""
    async with database.write() as tx:
        await db.people.create(tx, telegram_id=ACTOR, pseudonym="actor", now=NOW)
        await db.staff.add(tx, telegram_id=ACTOR, role="admin", area="FR", added_by=None, now=NOW)
        base = {
            "state": "registered",
            "consent_contact": True,
            "consent_commune": True,
            "zone": "Europe/Paris",
        }
        base |= {"created_at": NOW, "seen_at": NOW, "territory": "FR", **place_of(LYON)}
        rows = [
            {"telegram_id": number, "pseudonym": str(number), **base} for number in range(FIRST, FIRST + MANY)
        ]
        await tx.execute(sa.insert(people), rows)
        ends = NOW + timedelta(days=3)
        row = {"code": EVENT, "zone": "Europe/Paris", "address": "x", "starts_at": ends, "ends_at": ends}
        await tx.execute(sa.insert(events).values(territory="FR", created_at=NOW, **row, **place_of(LYON)))
    return database


async def send(database: Database, new: NewBroadcast = COMPARED) -> int:
    async with database.write() as tx:
        actor = await db.people.find(tx, ACTOR)
        assert actor is not None
        return (await broadcasts.send(tx, await author_in(tx, actor), new)).broadcast


async def drawn(database: Database) -> dict[int, Any]:
    """Each person's delivery of the first message."""
    async with database.read() as tx:
        rows = (await tx.execute(sa.select(deliveries).where(deliveries.c.broadcast == 1))).all()
    return {row.person: row for row in rows}


async def groups(database: Database) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for person, row in (await drawn(database)).items():
        found.setdefault(row.variant, []).append(person)
    return found


async def everything_left(database: Database, at: datetime = NOW) -> None:
    async with database.write() as tx:
        queued = deliveries.c.state == "queued"
        await tx.execute(sa.update(deliveries).where(queued).values(state="sent", sent_at=at, message_id=1))
        await tx.execute(sa.update(broadcast_rows).values(finished_at=at))


async def told(database: Database, now: datetime, broadcast: int = 1) -> effects.Effects:
    async with database.read() as tx:
        return await effects.effects_of(tx, broadcast, CAMPAIGN, now)


async def test_the_database_draws_as_the_rule_does(crowd: Database) -> None:
    broadcast = await send(crowd)
    async with crowd.read() as tx:
        key = await get_fact(tx, KEY_FACT)
    lot = lot_of(key, broadcast)
    found = await drawn(crowd)
    assert len(found) == MANY
    for person, row in found.items():
        assert row.variant == BOTH.drawn(lot, person)
        assert row.state == ("held_out" if row.variant == HOLDOUT else "queued")
    assert {row.variant for row in found.values()} == {"A", "B", HOLDOUT}
    async with crowd.read() as tx:
        texts = {(row.variant, row.text) for row in await tx.execute(sa.select(broadcast_texts))}
    assert texts == {("A", "Bonjour"), ("B", "Salut")}


async def test_who_drew_keeps_what_they_drew_when_it_is_written_anew(crowd: Database) -> None:
    broadcast = await send(crowd)
    before = {person: row.variant for person, row in (await drawn(crowd)).items()}
    async with crowd.write() as tx:
        actor = await db.people.find(tx, ACTOR)
        assert actor is not None
        again = replace(COMPARED, texts={"fr": "Bonsoir"})
        await broadcast_changes.change(tx, await author_in(tx, actor), broadcast, again)
    assert {person: row.variant for person, row in (await drawn(crowd)).items()} == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": Kind.CIVIC_NEUTRAL, "texts": {}, "fields": ("place",)},
        {"experiment": None},
        {"experiment": replace(BOTH, versions=3)},
        {"experiment": replace(BOTH, holdout=51)},
        {"experiment": replace(BOTH, versions=1, holdout=0), "others": ()},
        {"experiment": replace(BOTH, versions=1, goal=Outcome.ANSWERED), "others": ()},
        {"others": ({"en": "Hello"},)},
    ],
)
async def test_what_cannot_be_compared_is_refused(
    sqlite_database: Database, wrong: Mapping[str, Any]
) -> None:
    async with sqlite_database.write() as tx:
        await db.people.create(tx, telegram_id=ACTOR, pseudonym="actor", now=NOW)
        await db.staff.add(tx, telegram_id=ACTOR, role="admin", area="FR", added_by=None, now=NOW)
    with pytest.raises(BroadcastRefused) as refused:
        await send(sqlite_database, replace(COMPARED, **wrong))
    assert refused.value.message == "errors/not_comparable"


async def test_each_outcome_is_counted_of_everybody_who_drew(crowd: Database) -> None:
    """One person of version A does everything, one of those left out comes by themselves, one of B did it before."""
    await send(crowd, NAMING)
    await everything_left(crowd)
    found = await groups(crowd)
    keen, early, left_out = found["A"][0], found["B"][0], found[HOLDOUT][0]
    async with crowd.write() as tx:
        for person, at in ((keen, NOW), (left_out, NOW), (early, NOW - timedelta(days=1))):
            said = {"person": person, "at": at}
            await tx.execute(sa.insert(rsvps).values(event=1, answer="yes", attended=person == keen, **said))
            await tx.execute(sa.insert(vote_plans).values(ballot=1, slot="morning", vote="voted", **said))
            for number, (question, subject, answer) in enumerate(
                (("opened", EVENT, "yes"), ("rsvp", EVENT, "yes"), ("messages", "news", "off")), 1
            ):
                row = {"question": question, "subject": subject, "answer": answer, "broadcast": 1}
                row |= {"update_id": 10 * person + number, **said}
                await tx.execute(sa.insert(responses).values(row))
    known = {effect.outcome: effect for effect in (await told(crowd, LATER + timedelta(days=30))).outcomes}
    assert set(known) == set(Outcome)
    sizes = {arm: len(persons) for arm, persons in found.items()}
    for outcome, effect in known.items():
        did = {arm: count.did for arm, count in effect.counts.items()}
        nobody_left_out = outcome in (Outcome.ANSWERED, Outcome.CAME)
        if outcome is Outcome.ANSWERED:
            assert did["A"] == 1
        else:
            assert did == {"A": 1, "B": 0, HOLDOUT: 0 if nobody_left_out else 1}, outcome
        assert {arm: count.drawn for arm, count in effect.counts.items()} == sizes


async def test_who_restricted_their_data_is_counted_nowhere(crowd: Database) -> None:
    await send(crowd)
    person = (await groups(crowd))["A"][0]
    async with crowd.write() as tx:
        await tx.execute(sa.update(people).where(people.c.id == person).values(state="restricted"))
    assert (await told(crowd, NOW)).split.counted["A"] == len((await groups(crowd))["A"]) - 1


async def test_nothing_is_judged_before_everybody_was_counted_and_the_numbers_stay(crowd: Database) -> None:
    """Version B brings everybody. It is too early until a week is over; then it stands, though answers are erased."""
    await send(crowd)
    found = await groups(crowd)
    async with crowd.write() as tx:
        for person in found["B"]:
            await tx.execute(sa.insert(rsvps).values(event=1, person=person, answer="yes", at=NOW))
    assert {each.verdict for each in (await told(crowd, LATER)).goal.findings} == {Verdict.TOO_EARLY}, (
        "Some waits."
    )
    await everything_left(crowd)
    for early in (NOW, LATER - timedelta(seconds=1)):
        assert await effects.measure(crowd, CAMPAIGN, early) == 0
        findings = (await told(crowd, early)).goal.findings
        assert {(each.verdict, each.interval) for each in findings} == {(Verdict.TOO_EARLY, None)}
    assert await effects.measure(crowd, CAMPAIGN, LATER) > 0
    assert await effects.measure(crowd, CAMPAIGN, LATER) == 0, "Everything is counted once."
    async with crowd.write() as tx:
        await tx.execute(sa.delete(rsvps))
        for person in found["A"]:
            (somebody,) = (await db.people.get_many(tx, [person])).values()
            await erasure.erase(tx, somebody, erasure.sealing(KEY, CAMPAIGN.retention, LATER), LATER)
    after = await told(crowd, LATER + timedelta(days=60))
    assert after.goal.counts["B"] == Count(drawn=len(found["B"]), did=len(found["B"]))
    assert after.split.fits
    headline = after.headline
    assert headline is not None
    assert (headline.arm, headline.verdict) == ("B", Verdict.WORKS)
    erased = [row for row in (await drawn(crowd)).values() if row.person is None]
    assert {row.variant for row in erased} <= {None}, "What they drew is forgotten with them."


async def test_who_came_is_known_once_they_were_asked(crowd: Database) -> None:
    await send(crowd, replace(NAMING, experiment=replace(BOTH, goal=Outcome.CAME)))
    await everything_left(crowd)
    ends = NOW + timedelta(days=3)
    assert (await told(crowd, NOW)).goal.known_at == ends + REPORTED_WITHIN


async def test_who_was_left_out_and_is_erased_is_known_for_it_no_more(crowd: Database) -> None:
    await send(crowd)
    person = (await groups(crowd))[HOLDOUT][0]
    async with crowd.write() as tx:
        (somebody,) = (await db.people.get_many(tx, [person])).values()
        await erasure.erase(tx, somebody, erasure.sealing(KEY, CAMPAIGN.retention, NOW), NOW)
        row = (await tx.execute(sa.select(deliveries).where(deliveries.c.person.is_(None)))).one()
    assert (row.variant, row.state, row.reason) == (None, "cancelled", "erased")


async def test_that_somebody_opened_an_event_is_noted_once_and_only_of_who_drew(crowd: Database) -> None:
    async def open_event(person: int, *times: datetime) -> None:
        async with crowd.write() as tx:
            (somebody,) = (await db.people.get_many(tx, [person])).values()
            event = (await db.events.get_many(tx, [1]))[1]
            for at in times:
                number = int(at.timestamp()) + person
                await effects.opened(tx, somebody, Origin(update_id=number, message_id=None, at=at), event)

    async def noted() -> int:
        async with crowd.read() as tx:
            return len((await tx.execute(sa.select(responses))).all())

    async with crowd.read() as tx:
        persons = list(await tx.scalars(sa.select(people.c.id).where(people.c.state == "registered")))
    await open_event(persons[0], NOW)
    assert await noted() == 0, "Nothing is compared yet."
    await send(crowd)
    await open_event(persons[0], NOW, NOW + timedelta(hours=1))
    assert await noted() == 1
    await open_event(persons[1], NOW + WATCHED_FOR + timedelta(days=1))
    assert await noted() == 1, "Nobody waits for it any more."


async def test_of_a_message_in_one_version_there_is_nothing_to_tell(crowd: Database) -> None:
    await send(crowd, NEWS)
    for number, said in ((1, "no versions were compared"), (99, "There is no message 99")):
        with pytest.raises(NothingCompared, match=said):
            await told(crowd, NOW, number)
