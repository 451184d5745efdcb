"""Second thoughts on both engines: whom they are about, what they do to what has not left, what a kill leaves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_lists
import db.broadcasts
import db.deliveries
import db.mends
import db.overview
import db.people
import db.personal_data
from bot import communes
from bot.actions import broadcast_cards, broadcast_subject, broadcasts, mends
from bot.actions.authority import Author, author_of
from bot.clock import MovableClock
from bot.delivery.outcomes import Wait
from bot.rules.broadcast_lists import BroadcastPart
from db.deliveries import Leased, Turn
from db.engine import Database
from db.exports import Selection, sent
from db.processes import Lock, lock
from db.schema import broadcast_texts, deliveries, people, updates
from db.schema import broadcasts as table
from tests.actions.test_broadcasts import NEWS, NOW, author, supporters
from tests.conversation import CAMPAIGN
from tests.db.test_erasing_together import until_it_waits
from tests.departure.test_decide import a_departure

OWNER = "me"


async def queued(tx: AsyncConnection, *states: str) -> None:
    """A broadcast whose deliveries, one for each state, are in these states."""
    organizer = await author(tx, 7, "organizer")
    await supporters(tx, len(states))
    await broadcasts.send(tx, organizer, NEWS)
    numbers = list(await tx.scalars(sa.select(deliveries.c.id).order_by(deliveries.c.id)))
    for number, state in zip(numbers, states, strict=True):
        held = OWNER if state in ("leased", "sending") else None
        left = {"message_id": number * 10, "sent_at": NOW} if state == "sent" else {}
        change = sa.update(deliveries).where(deliveries.c.id == number)
        await tx.execute(change.values(state=state, lease_owner=held, **left))


async def states_of(tx: AsyncConnection, broadcast: int) -> list[str]:
    query = sa.select(deliveries.c.state).where(deliveries.c.broadcast == broadcast)
    return list(await tx.scalars(query.order_by(deliveries.c.person)))


async def lease_all(tx: AsyncConnection, broadcast: int) -> list[Leased]:
    return await db.deliveries.lease(tx, [(broadcast, 99)], owner=OWNER, now=NOW)


async def the_author(tx: AsyncConnection) -> Author:
    person = await db.people.find(tx, 7)
    assert person is not None  # `queued` made them
    return await author_of(tx, person, campaign=CAMPAIGN, gazetteer=communes.load(), now=NOW)


async def test_a_recall_is_about_whoever_has_it_or_may(database: Database) -> None:
    async with database.write() as tx:
        await queued(tx, "sent", "sending", "in_doubt", "leased", "queued", "unreachable")
        number = await mends.recall(tx, await the_author(tx), 1, key="mend:1")
        assert await states_of(tx, number) == ["queued"] * 3
        # What was worded and about to leave is not held any more: nobody posts it.
        assert await states_of(tx, 1) == ["sent", "sending", "in_doubt", "queued", "queued", "unreachable"]
        assert await tx.scalar(sa.select(table.c.state).where(table.c.id == 1)) == "cancelled"
        rows = await lease_all(tx, number)
        found = await db.mends.originals(tx, [row.id for row in rows])
        assert {found[row.id].state for row in rows} == {"sent", "sending", "in_doubt"}
        assert {each.message_id is not None for each in found.values() if each.state == "sent"} == {True}
        deletable = await db.mends.still_deletable(tx, 1, now=NOW + timedelta(hours=47), known_in=None)
        assert deletable.total == 1
        late = await db.mends.still_deletable(tx, 1, now=NOW + timedelta(hours=49), known_in=None)
        assert late.total == 0


async def test_what_was_worded_before_a_correction_is_not_posted(database: Database) -> None:
    """The sender holds it, and is told that it may not: it is worded again."""
    async with database.write() as tx:
        await queued(tx, "sent", "leased")
        await mends.correct(tx, await the_author(tx), 1, {"fr": "Bonsoir"}, key="mend:1")
    async with database.write() as tx:
        held = list(await tx.scalars(sa.select(deliveries.c.id).where(deliveries.c.broadcast == 1)))
        marked = await db.deliveries.take_turn(tx, Turn(next=held), owner=OWNER, now=NOW)
        assert marked == set()
    async with database.read() as tx:
        assert await states_of(tx, 1) == ["sent", "queued"]
        texts = await tx.scalars(sa.select(broadcast_texts.c.text).where(broadcast_texts.c.broadcast == 1))
        assert list(texts) == ["Bonsoir"]


async def test_other_words_for_many_wait_for_a_second_person_though_few_have_the_old_ones(
    database: Database,
) -> None:
    """Whoever still waits for the message reads the new words as well."""
    async with database.write() as tx:
        await queued(tx, "sent", "queued", "withheld")
        person = await db.people.find(tx, 7)
        assert person is not None
        strict = replace(CAMPAIGN, approval_above=2)
        one = await author_of(tx, person, campaign=strict, gazetteer=communes.load(), now=NOW)
        number = await mends.correct(tx, one, 1, {"fr": "Bonsoir"}, key="mend:1")
        states = {row.id: row.state for row in await tx.execute(sa.select(table.c.id, table.c.state))}
        assert states == {1: "paused", number: "unapproved"}
        assert await db.mends.readers(tx, 1) == 3
        subject = await broadcast_subject.subject_of(tx, number)
        assert subject.read_of == 1, "a second person is told how many will read it"


async def test_a_kill_leaves_an_edit_to_be_repeated_and_a_message_in_doubt(database: Database) -> None:
    async with database.write() as tx:
        await queued(tx, "sent", "sending")
        number = await mends.recall(tx, await the_author(tx), 1, key="mend:1")
        await tx.execute(sa.update(deliveries).values(lease_owner="dead", state="sending"))
        assert await db.deliveries.recover(tx, [OWNER], NOW) == (2, 2)
        assert await states_of(tx, number) == ["queued", "queued"]
        assert await states_of(tx, 1) == ["in_doubt", "in_doubt"]


async def test_what_was_tapped_while_a_recall_landed_is_taken_back_once_more(database: Database) -> None:
    """The answer to the tap may stand there now; who tapped before, or not at all, is left alone, and it ends."""
    landed = NOW + timedelta(seconds=9)
    for seconds, again in ((None, False), (-60, False), (5, True), (20, True)):
        async with database.write() as tx:
            await tx.execute(sa.delete(table))
            await tx.execute(sa.delete(people))
            await queued(tx, "sent", "sent")
            first = await tx.scalar(sa.select(table.c.id))
            number = await mends.recall(tx, await the_author(tx), first, key="mend:1")
            theirs = sa.update(deliveries).where(deliveries.c.broadcast == number)
            await tx.execute(theirs.values(state="sent", attempts=1, changed_at=landed, sent_at=landed))
            if seconds is not None:
                who = await tx.scalar(sa.select(sa.func.min(deliveries.c.person)))
                tapped = sa.and_(deliveries.c.broadcast == first, deliveries.c.person == who)
                at = NOW + timedelta(seconds=seconds)
                await tx.execute(sa.update(deliveries).where(tapped).values(answered_at=at))
            later = landed + timedelta(minutes=1)
            finished = await db.broadcasts.finish_complete(tx, later)
            assert number in finished
            assert await db.mends.repeat_overtaken(tx, finished, later) == again
            assert (await states_of(tx, number)).count("queued") == again
            repeated = theirs.where(deliveries.c.state == "queued")
            await tx.execute(repeated.values(state="sent", attempts=2, changed_at=later))
            assert await db.mends.repeat_overtaken(tx, [number], later) == 0


async def test_a_correction_is_not_marked_for_who_just_stopped(database: Database) -> None:
    async with database.write() as tx:
        await queued(tx, "sent", "sent")
        number = await mends.correct(tx, await the_author(tx), 1, {"fr": "Bonsoir"}, key="mend:1")
        rows = await lease_all(tx, number)
        await tx.execute(sa.update(people).where(people.c.id == rows[0].person).values(state="stopped"))
    async with database.write() as tx:
        turn = Turn(next=[row.id for row in rows])
        assert await db.deliveries.take_turn(tx, turn, owner=OWNER, now=NOW) == {rows[1].id}


async def test_it_is_no_message_of_its_own(database: Database) -> None:
    """Not in the list, not why somebody was written to, not among the messages of the day; the files tell it apart."""
    async with database.write() as tx:
        await queued(tx, "sent", "sent")
        organizer = await the_author(tx)
        number = await mends.recall(tx, organizer, 1, key="mend:1")
        rows = await lease_all(tx, number)
        later = NOW + timedelta(minutes=1)
        await tx.execute(
            sa.update(deliveries)
            .where(deliveries.c.broadcast == number)
            .values(state="sent", sent_at=later, changed_at=later, lease_owner=None)
        )
        page = await broadcast_cards.listed(tx, organizer, BroadcastPart.ALL, 0, language="fr", fallback="fr")
        assert [line.broadcast.id for line in page.lines] == [1]
        person = rows[0].person
        assert person is not None
        why = await db.personal_data.received(tx, person, None)
        assert why is not None
        assert why.kind == "persuasion"
        told = [(row["kind"], row["mend"]) for row in await db.personal_data.messages_of(tx, person)]
        assert told == [("persuasion", None), ("service", "recall")]
        await tx.execute(sa.update(deliveries).where(deliveries.c.broadcast == 1).values(changed_at=NOW))
        day = await db.overview.day(tx, NOW, NOW + timedelta(hours=1))
        assert day.sent == 2
        source = sent(Selection())
        found = {(row.broadcast, row.mend, row.mends) for row in (await tx.execute(source.query)).all()}
        assert found == {("staff:1", None, None), ("mend:1", "recall", "staff:1")}


async def test_every_part_of_the_list_is_found(database: Database) -> None:
    async with database.write() as tx:
        await queued(tx, "queued")
        organizer = await the_author(tx)
        found = {
            part: [
                each.id
                for each in await db.broadcast_lists.listed(
                    tx, part, reader=organizer.id, author=None, now=NOW - timedelta(hours=1)
                )
            ]
            for part in BroadcastPart
        }
        assert found == {
            BroadcastPart.ALL: [1],
            BroadcastPart.MINE: [1],
            BroadcastPart.WAITING: [],
            BroadcastPart.SCHEDULED: [1],
            BroadcastPart.PAST: [],
        }


async def test_what_was_worded_before_leaves_first(database: Database) -> None:
    """An edit that another process has on its way would land on a recall: a correction, or the answer to a tap."""
    async with database.write() as tx:
        await queued(tx, "sent", "sent", "sent")
        first = await mends.correct(tx, await the_author(tx), 1, {"fr": "Bonsoir"}, key="mend:1")
        number = await mends.recall(tx, await the_author(tx), 1, key="mend:2")
        of_first = sa.select(deliveries.c.person).where(deliveries.c.broadcast == 1).order_by(deliveries.c.id)
        corrected, tapping, free = await tx.scalars(of_first)
        posted = sa.and_(deliveries.c.broadcast == first, deliveries.c.person == corrected)
        await tx.execute(sa.update(deliveries).where(posted).values(state="sending", lease_owner=OWNER))
        chat = await tx.scalar(sa.select(people.c.telegram_id).where(people.c.id == tapping))
        reply = {"update_id": 1, "state": "answered", "chat": chat, "received_at": NOW, "replies": []}
        await tx.execute(sa.insert(updates).values(**reply, lease_owner="other"))
        rows = await lease_all(tx, number)
    async with database.read() as tx:
        found = await db.mends.originals(tx, [row.id for row in rows])
        decisions = await a_departure(clock=MovableClock(NOW)).prepare(tx, rows)
    assert {row.person for row in rows if found[row.id].is_changing} == {corrected, tapping}
    by_person = dict(zip((row.person for row in rows), decisions, strict=True))
    assert [isinstance(by_person[each], Wait) for each in (corrected, tapping, free)] == [True, True, False]


@pytest.mark.parametrize("mend", ["recall", "correct"])
async def test_nothing_is_leased_while_a_second_thought_is_made(
    postgresql_database: Database, mend: str
) -> None:
    """What a sender took meanwhile would leave in its old words, and be meant by nothing."""
    database = postgresql_database
    async with database.write() as tx:
        await queued(tx, "sent", "leased", "queued", "queued")

    async def leased() -> list[Leased]:
        async with database.write() as tx:
            await lock(tx, Lock.LEASING)
            active = [one.id for one in await db.broadcasts.active(tx)]
            shares = [(number, 99) for number in active if number == 1]
            return await db.deliveries.lease(tx, shares, owner=OWNER, now=NOW)

    async with database.write() as tx:
        who = await the_author(tx)
        if mend == "recall":
            await mends.recall(tx, who, 1, key="mend:1")
        else:
            await mends.correct(tx, who, 1, {"fr": "Bonsoir"}, key="mend:1")
        sender = asyncio.create_task(leased())
        await until_it_waits(database)
        assert not sender.done()
    rows = await sender
    assert len(rows) == (0 if mend == "recall" else 3), "after it, with the new words or not at all"
