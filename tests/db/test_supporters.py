"""Supporters are counted by indexes that have all that is asked of them, and as their rows say, on both engines."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.small_counts import Headcount
from bot.rules.volunteering import Task
from db import attendees, conversations, statistics
from db.engine import Database
from db.schema import attendee_numbers, events, people, rsvps, volunteering, vote_plans
from tests.campaigning import supporter
from tests.conversation import Conversation, paris
from tests.db.test_reading_little import plan_of
from tests.places import lives_in

Row: TypeAlias = Mapping[str, Any]

NOW = paris("2016-11-16T10:00")
COMMUNES = ("69123", "69381", "01001", "2A004", "13055", "97411", "98818", None)
AREAS = ("FR", "R84", "69", "69123", "2A", "974", "988", "R94", "abroad")
READERS: tuple[tuple[str, ...] | None, ...] = (
    None,
    (),
    ("FR",),
    ("69",),
    ("R84", "2A004"),
    ("974", "abroad"),
)


@pytest.fixture
async def everybody(database: Database) -> Sequence[Row]:
    """People of all sorts, with what they said."""
    chance, conversation = random.Random(7), Conversation(database, NOW)
    for number in range(1, 81):
        values = {
            "state": chance.choice(("registered",) * 6 + ("stopped", "restricted", "new")),
            "consent_team": chance.random() < 0.5,
            "volunteer": chance.random() < 0.3,
            "unreachable_at": NOW if chance.random() < 0.1 else None,
            "registered_at": NOW - timedelta(hours=chance.randrange(96)),
            "first_name": f"n{number}",
        }
        commune = chance.choice(COMMUNES)
        where = {"territory": "abroad"} if commune is None and chance.random() < 0.5 else {}
        await supporter(conversation, number, commune, **values, **where)
    event = await conversation.add_event("e1")
    async with database.write() as tx:
        rows = (await tx.execute(sa.select(people).order_by(people.c.id))).mappings().all()
        for row in rows:
            said = {"person": row["id"], "at": NOW}
            if chance.random() < 0.6:
                slot, vote = chance.choice(("morning", None)), chance.choice(("voted", None))
                plan = {"ballot": chance.choice((1, 2)), "slot": slot, "vote": vote}
                await tx.execute(sa.insert(vote_plans).values(**said, **plan))
            if chance.random() < 0.5:
                tasks = {task: chance.random() < 0.5 for task in Task}
                await tx.execute(sa.insert(volunteering).values(**said, **tasks))
            answer = chance.choice(("yes", "maybe", "no"))
            await tx.execute(sa.insert(rsvps).values(**said, event=event, answer=answer))
            if answer != "no":
                number = {"event": event, "person": row["id"], "number": 1000 - row["id"]}
                await tx.execute(sa.insert(attendee_numbers).values(number))
        columns = (people, vote_plans.c.ballot, vote_plans.c.slot, vote_plans.c.vote, rsvps.c.answer)
        told = sa.select(*columns, *(volunteering.c[task] for task in Task)).select_from(
            people.outerjoin(vote_plans, vote_plans.c.person == people.c.id)
            .outerjoin(volunteering, volunteering.c.person == people.c.id)
            .outerjoin(rsvps, rsvps.c.person == people.c.id)
        )
        return (await tx.execute(told)).mappings().all()


def may_know(row: Row, known_in: tuple[str, ...] | None) -> bool:
    areas = known_in or ()
    return row["state"] == "registered" and row["consent_team"] and any(lives_in(area, row) for area in areas)


def heads(rows: Iterable[Row], known_in: tuple[str, ...] | None) -> Headcount:
    rows = list(rows)
    known = sum(may_know(row, known_in) for row in rows)
    return Headcount(known=known, others=len(rows) - known)


@pytest.mark.parametrize("known_in", READERS)
async def test_counts_are_what_the_rows_say(
    database: Database, everybody: Sequence[Row], known_in: tuple[str, ...] | None
) -> None:
    async with database.read() as tx:
        for area in AREAS:
            there = [row for row in everybody if row["state"] == "registered" and lives_in(area, row)]
            found = await statistics.heads(tx, area, known_in)
            assert found.registered == heads(there, known_in)
            assert found.volunteers == heads((row for row in there if row["volunteer"]), known_in)
            assert found.unreachable == heads((row for row in there if row["unreachable_at"]), known_in)
            for offer in await statistics.offers(tx, area, known_in):
                assert offer.people == heads((row for row in there if row[offer.answer]), known_in)
            answers = await statistics.vote_answers(tx, area, known_in)
            for said in answers:
                mine = (row for row in there if str(row["ballot"]) == said.about)
                assert said.people == heads(
                    (row for row in mine if row[said.question] == said.answer), known_in
                )
            assert sum(said.people.total for said in answers) == sum(
                row[question] is not None for row in there for question in ("slot", "vote")
            )
            for commune, count in await statistics.by_commune(tx, area, known_in):
                assert count == heads((row for row in there if row["commune"] == commune), known_in)


@pytest.mark.parametrize("known_in", READERS)
async def test_who_is_listed_has_a_name_where_the_reader_may_know_it(
    database: Database, everybody: Sequence[Row], known_in: tuple[str, ...] | None
) -> None:
    listed = [row for row in everybody if row["answer"] != "no" and row["state"] != "restricted"]
    said = {1000 - row["id"]: row["first_name"] if may_know(row, known_in) else None for row in listed}
    async with database.read() as tx:
        event = await tx.scalar(sa.select(events.c.id))
        found = await attendees.of_event(tx, event, known_in or ())
        names = await attendees.names(tx, event, known_in or ())
    assert {each.number: each.name for each in found} == said
    assert dict(names) == {number: name for number, name in said.items() if name is not None}


ASKED: dict[str, Callable[[AsyncConnection], Awaitable[Any]]] = {
    "heads": lambda tx: statistics.heads(tx, "FR", ("FR",)),
    "heads of a département": lambda tx: statistics.heads(tx, "69", ("69",)),
    "by commune": lambda tx: statistics.by_commune(tx, "FR", ("FR",)),
    "by commune of a département": lambda tx: statistics.by_commune(tx, "69", ("69",)),
    "by département": lambda tx: statistics.by_place(tx, "FR", "department", ("69",)),
    "who joined": lambda tx: statistics.joined(tx, "FR", [NOW, NOW], ("69",)),
    "plans": lambda tx: statistics.vote_answers(tx, "FR", ("69",)),
    "plans of a région": lambda tx: statistics.vote_answers(tx, "R84", ("69",)),
    "offers": lambda tx: statistics.offers(tx, "FR", ("69",)),
    "a list": lambda tx: attendees.of_event(tx, 1, ("69",)),
    "names": lambda tx: attendees.names(tx, 1, ("69",)),
}


@pytest.mark.parametrize("what", ASKED)
async def test_no_row_of_anybody_is_read(sqlite_database: Database, what: str) -> None:
    steps = await plan_of(sqlite_database, ASKED[what])
    of_people = [step for step in steps if " people" in step and "restricted" not in step]
    assert of_people
    assert not [step for step in of_people if "COVERING INDEX" not in step and "ix_people_listed" not in step]


async def test_how_long_people_waited_is_read_by_an_index_alone(sqlite_database: Database) -> None:
    steps = await plan_of(sqlite_database, lambda tx: conversations.middle_waits(tx, NOW, "FR"))
    found = [step for step in steps if "messages" in step]
    assert found
    assert not [step for step in found if "COVERING INDEX ix_messages_waited" not in step]
