"""Versions of a message and people left out of it: drawn, counted once everybody can be, kept as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import db.effects
import db.people
import db.staff
from bot.actions import broadcast_changes, effects, erasure, retention, rights
from bot.actions.broadcasts import BroadcastRefused
from bot.actions.effects import NothingCompared
from bot.actions.responses import Origin
from bot.rules.effects import Count, HowMuchLeft, Verdict
from bot.rules.experiments import HOLDOUT, REPORTED_WITHIN, Outcome, lot_of
from bot.rules.kinds import Kind
from bot.rules.sending import all_at
from db.engine import Database
from db.experiments import KEY_FACT
from db.facts import get_fact
from db.schema import broadcast_texts, deliveries, people, responses, rsvps
from db.schema import broadcasts as broadcast_rows
from tests.acting import ACTOR, NEWS, NOW, author_in
from tests.conversation import CAMPAIGN
from tests.drawing import (
    BOTH,
    COMPARED,
    KEY,
    LATER,
    MANY,
    NAMING,
    drawn,
    everything_left,
    groups,
    say,
    send,
    told,
)


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
        {"others": ({"en": "Hello"},)},
        {"experiment": replace(BOTH, goal=Outcome.VOTED), "when": all_at(NOW + timedelta(days=60))},
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
    aim = "errors/no_vote_to_aim_at" if "when" in wrong else "errors/not_comparable"
    assert refused.value.message == aim


EVERYTHING = (("opened", "yes"), ("rsvp", "yes"), ("plan.slot", "morning"), ("last_call", "voted"))


async def test_each_outcome_is_counted_of_everybody_who_drew(crowd: Database) -> None:
    """One of version A does everything, one of those left out too, by themselves; one of B had done it all before, and
    does it again; another one of B comes without a word, and says so.
    """
    await send(crowd, NAMING)
    await everything_left(crowd)
    found = await groups(crowd)
    keen, early, left_out, silent = found["A"][0], found["B"][0], found[HOLDOUT][0], found["B"][1]
    before = NOW - timedelta(days=1)
    for person, times in ((keen, (NOW,)), (left_out, (NOW,)), (early, (before, NOW))):
        for at in times:
            for question, answer in EVERYTHING:
                await say(crowd, person, question, answer, at)
        await say(crowd, person, "messages", "off", times[0])
    await say(crowd, silent, "came", "yes")
    await say(crowd, silent, "rsvp", "yes", LATER + timedelta(seconds=1))
    async with crowd.write() as tx:
        for person in (keen, silent):
            row = {"event": 1, "person": person, "answer": "yes", "attended": True, "at": NOW}
            await tx.execute(sa.insert(rsvps).values(row))
    known = {effect.outcome: effect for effect in (await told(crowd, LATER + timedelta(days=13))).outcomes}
    assert set(known) == set(Outcome)
    expected = {outcome: {"A": 1, "B": 0, HOLDOUT: 1} for outcome in Outcome}
    # Whoever had opened the event before opens it again; who comes is seen there.
    expected |= {Outcome.OPENED: {"A": 1, "B": 1, HOLDOUT: 1}, Outcome.CAME: {"A": 1, "B": 1, HOLDOUT: 0}}
    assert {
        outcome: {arm: count.did for arm, count in effect.counts.items()} for outcome, effect in known.items()
    } == expected
    sizes = {arm: len(persons) for arm, persons in found.items()}
    for effect in known.values():
        assert {arm: count.drawn for arm, count in effect.counts.items()} == sizes


async def test_what_was_done_before_the_first_message_left_is_none_of_its_effect(crowd: Database) -> None:
    """It was to leave at once, and was let go three hours later."""
    await send(crowd, NAMING)
    await everything_left(crowd, NOW + timedelta(hours=3))
    found = await groups(crowd)
    await say(crowd, found["A"][0], "rsvp", "yes", NOW + timedelta(hours=1))
    await say(crowd, found["B"][0], "rsvp", "yes", NOW + timedelta(hours=4))
    goal = (await told(crowd, LATER + timedelta(hours=4))).goal
    assert goal is not None
    assert {arm: count.did for arm, count in goal.counts.items()} == {"A": 0, "B": 1, HOLDOUT: 0}


async def test_a_plan_that_is_changed_is_no_new_one(crowd: Database) -> None:
    await send(crowd, replace(COMPARED, experiment=replace(BOTH, goal=Outcome.PLANNED)))
    await everything_left(crowd)
    person = (await groups(crowd))["A"][0]
    await say(crowd, person, "plan.slot", "morning", NOW - timedelta(days=3))
    await say(crowd, person, "plan.slot", "midday")
    goal = (await told(crowd, LATER)).goal
    assert goal is not None
    assert goal.counts["A"].did == 0


async def test_what_was_judged_stands_though_it_leaves_again_for_some(crowd: Database) -> None:
    """One outcome is kept; the message is sent again where it expired, and the rest is counted later."""
    await send(crowd, NAMING)
    await everything_left(crowd)
    late = (await groups(crowd))["A"][0]
    assert await effects.measure(crowd, CAMPAIGN, LATER) > 0
    before = await told(crowd, LATER)
    async with crowd.write() as tx:
        mine = sa.update(deliveries).where(deliveries.c.person == late)
        await tx.execute(mine.values(state="queued", sent_at=None))
        await tx.execute(sa.update(broadcast_rows).values(finished_at=None))
    again = await told(crowd, LATER)
    assert again.goal == before.goal
    assert again.goal is not None
    assert again.goal.known_at == LATER
    waiting = next(each for each in again.outcomes if each.outcome is Outcome.VOTED)
    assert (waiting.is_over, waiting.known_at) == (False, None)


async def test_what_is_written_anew_is_judged_anew(crowd: Database) -> None:
    broadcast = await send(crowd)
    async with crowd.write() as tx:
        await db.effects.keep(tx, broadcast, {"rsvp": {"counts": {}, "known_at": NOW.isoformat()}})
        actor = await db.people.find(tx, ACTOR)
        assert actor is not None
        await broadcast_changes.change(tx, await author_in(tx, actor), broadcast, COMPARED)
        assert (await tx.execute(sa.select(broadcast_rows.c.measured))).scalar_one() is None


@pytest.mark.parametrize(
    ("state", "sent", "left"),
    [
        ("cancelled", 0, HowMuchLeft.NOTHING),
        ("active", 0, HowMuchLeft.NOTHING),
        ("cancelled", 10, HowMuchLeft.PART),
        ("active", 10, HowMuchLeft.ALL),
    ],
)
async def test_of_what_nobody_got_nothing_is_judged(
    crowd: Database, state: str, sent: int, left: HowMuchLeft
) -> None:
    await send(crowd)
    async with crowd.write() as tx:
        some = sa.select(deliveries.c.id).where(deliveries.c.state == "queued").limit(sent)
        await tx.execute(
            sa.update(deliveries).where(deliveries.c.id.in_(some)).values(state="sent", sent_at=NOW)
        )
        await tx.execute(
            sa.update(deliveries).where(deliveries.c.state == "queued").values(state="cancelled")
        )
        await tx.execute(sa.update(broadcast_rows).values(finished_at=NOW, state=state))
    measured = await effects.measure(crowd, CAMPAIGN, LATER)
    found = await told(crowd, LATER)
    assert found.left is left
    assert (measured > 0, found.goal is not None) == ((left is not HowMuchLeft.NOTHING,) * 2)


async def test_what_was_erased_before_it_was_counted_is_unknown(crowd: Database) -> None:
    """The program was off for two months: nobody can tell any more who said yes, and nought would be wrong."""
    await send(crowd, NAMING)
    await everything_left(crowd)
    late = NOW + timedelta(days=60)
    await effects.measure(crowd, CAMPAIGN, late)
    goal = (await told(crowd, late)).goal
    assert goal is not None
    assert goal.is_lost
    assert {(each.verdict, each.difference, each.interval) for each in goal.findings} == {
        (Verdict.TOO_FEW, None, None)
    }


async def test_the_purge_counts_before_it_erases(crowd: Database) -> None:
    await send(crowd, NAMING)
    await everything_left(crowd)
    found = await groups(crowd)
    for person in found["B"]:
        await say(crowd, person, "rsvp", "yes")
    at = NOW + timedelta(days=32)
    await retention.purge(crowd, CAMPAIGN, key=KEY, actor="test", now=at)
    goal = (await told(crowd, at)).goal
    assert goal is not None
    assert goal.counts["B"].did == len(found["B"])


async def test_who_has_everything_erased_is_one_more_who_stopped(crowd: Database) -> None:
    """A version drives a quarter of its people away: the groups stay as they were drawn, and it shows."""
    await send(crowd)
    await everything_left(crowd)
    found = await groups(crowd)
    leaving = found["B"][: len(found["B"]) // 4]
    for number, person in enumerate(leaving):
        async with crowd.write() as tx:
            (somebody,) = (await db.people.get_many(tx, [person])).values()
            origin = Origin(update_id=number, message_id=None, at=NOW)
            sealed = erasure.sealing(KEY, CAMPAIGN.retention, NOW)
            await rights.delete(tx, somebody, origin, sealed, CAMPAIGN.retention)
    assert await effects.measure(crowd, CAMPAIGN, LATER) > 0
    known = {effect.outcome: effect for effect in (await told(crowd, LATER)).outcomes}
    assert known[Outcome.STOPPED].counts["B"] == Count(drawn=len(found["B"]), did=len(leaving))
    assert known[Outcome.RSVP].counts["B"] == Count(drawn=len(found["B"]), did=0)
    assert known[Outcome.STOPPED].counts["A"].did == 0


async def test_who_blocks_the_bot_stopped_the_messages(crowd: Database) -> None:
    """Not who had blocked it before: that is found out of those alone who were to get it."""
    await send(crowd)
    await everything_left(crowd)
    found = await groups(crowd)
    async with crowd.write() as tx:
        for person, state in ((found["A"][0], "sent"), (found["B"][0], "unreachable")):
            lost = sa.update(people).where(people.c.id == person)
            await tx.execute(lost.values(unreachable_at=NOW + timedelta(hours=1)))
            await tx.execute(sa.update(deliveries).where(deliveries.c.person == person).values(state=state))
    known = {effect.outcome: effect for effect in (await told(crowd, LATER)).outcomes}
    did = {arm: count.did for arm, count in known[Outcome.STOPPED].counts.items()}
    assert did == {"A": 1, "B": 0, HOLDOUT: 0}


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
    for person in found["B"]:
        await say(crowd, person, "rsvp", "yes")
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
        await tx.execute(sa.delete(responses))
        for person in found["A"][:12]:  # each of them is erased by itself
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


async def test_of_a_message_in_one_version_there_is_nothing_to_tell(crowd: Database) -> None:
    await send(crowd, NEWS)
    for number, said in ((1, "no versions were compared"), (99, "There is no message 99")):
        with pytest.raises(NothingCompared, match=said):
            await told(crowd, NOW, number)
