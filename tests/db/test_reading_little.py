"""What is asked all the time, or for each message, reads no table whole that has a row for each person or message.

SQLite keeps no statistics here: it plans for an empty database as it does for millions.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.kinds import Mute
from bot.rules.sending import INVITATION
from bot.rules.suppression import SuppressionKey
from db import (
    attendees,
    broadcast_lists,
    broadcasts,
    departure,
    event_news,
    faces,
    inbox_loads,
    overview,
    planning,
    reaching,
    retention,
    talks,
    tapped_events,
    too_late,
)
from db import responses as answers
from db.batches import Statement
from db.deliveries import Leased
from db.due_rows import DueRows
from db.engine import Database
from db.schema import broadcasts as broadcast_rows
from db.schema import deliveries, metadata, people
from tests.campaigning import supporter
from tests.conversation import Conversation, paris

NOW = paris("2016-11-16T10:00")
WEEK_AGO = NOW - timedelta(days=7)

ASKED: dict[str, Callable[[AsyncConnection], Awaitable[Any]]] = {
    "what arrived after its conversation was erased": talks.strays,
    "what did not arrive of a conversation": lambda tx: talks.lost(tx, NOW),
    "what stands of a conversation": lambda tx: talks.stand(tx, 1),
    "the cards of a conversation": lambda tx: talks.stand(tx, 1, talks.Talk.CARD, talks.Talk.OPENED),
    "what was told of an event": lambda tx: event_news.told_since(tx, event_news.word_key(1), NOW),
    "what is not told of an event": lambda tx: event_news.untold(tx, event_news.why_key(1)),
    "what was told last of an event": lambda tx: event_news.last_told(tx, 1),
    "how many were written": lambda tx: broadcasts.made_since(tx, "staff:", NOW),
    "what is in the queue": broadcasts.active,
    "whether somebody talks": lambda tx: broadcasts.talks_wait(tx, NOW),
    "cards that are not true": lambda tx: faces.untrue(tx, 1, after=0, limit=50),
    "cards that were opened and are not true": lambda tx: faces.untrue_opened(tx, 1, after=0, limit=50),
    "marks that are forgotten": lambda tx: faces.forget_marks(tx, [1]),
}


@pytest.mark.parametrize("what", ASKED)
async def test_what_is_asked_often_finds_its_messages_by_an_index(
    sqlite_database: Database, what: str
) -> None:
    steps = await plan_of(sqlite_database, ASKED[what])
    assert any(step.startswith("SEARCH") for step in steps)
    assert not [
        step for step in steps if step.startswith("SCAN") or "deliveries USING INTEGER PRIMARY KEY" in step
    ]


NOT_OVER: list[Callable[[AsyncConnection], Awaitable[Any]]] = [
    broadcasts.active,
    lambda tx: broadcasts.close_some(tx, NOW),
    lambda tx: broadcasts.finish_complete(tx, NOW),
    lambda tx: broadcast_lists.under_way(tx, author=None, now=NOW),
    lambda tx: broadcast_lists.expired_since(tx, WEEK_AGO),
    too_late.invitations,
    lambda tx: overview.due(tx, NOW, looks_closer_after=timedelta(minutes=1)),
    reaching.others_leaving,
]


@pytest.mark.parametrize("ask", NOT_OVER)
async def test_what_is_not_over_is_found_without_reading_what_is(
    sqlite_database: Database, ask: Callable[[AsyncConnection], Awaitable[Any]]
) -> None:
    """A campaign has thousands of broadcasts, and those that are over stay `active`."""
    steps = await plan_of(sqlite_database, ask)
    found = [step for step in steps if re.match("(SEARCH|SCAN) broadcasts", step)]
    assert found
    assert not [step for step in found if "ix_broadcasts_finished_at_state" not in step]


async def test_of_very_many_who_come_those_on_a_page_are_read_alone(sqlite_database: Database) -> None:
    steps = await plan_of(sqlite_database, lambda tx: attendees.of_event(tx, 1, ["FR"], numbers=[1, 2]))
    (found,) = [step for step in steps if " rsvps " in step]
    assert "(event=? AND person=?)" in found, steps
    # Once it has counted how many come, SQLite would begin with all of them, unless it is told who is meant.
    first = next(step for step in steps if "attendee_numbers" in step)
    assert "ix_attendee_numbers_event_number" in first
    assert any("LIST SUBQUERY" in step for step in steps[: steps.index(first)])


async def test_who_waits_for_an_answer_is_counted_by_an_index_alone(sqlite_database: Database) -> None:
    """Those who wait lie far apart among all conversations that are closed."""
    steps = await plan_of(sqlite_database, lambda tx: inbox_loads.has_waited_since(tx, NOW))
    steps += await plan_of(sqlite_database, inbox_loads.loads)
    found = [step for step in steps if "conversations" in step]
    assert len(found) == 2
    assert all("USING COVERING INDEX" in step for step in found)


@pytest.mark.parametrize(
    "ask", [faces.marked_and_not_noted, faces.noted_for_nothing, faces.with_untrue_cards]
)
async def test_what_is_asked_of_all_events_finds_their_messages_by_an_index(
    sqlite_database: Database, ask: Callable[[AsyncConnection, datetime], Awaitable[list[int]]]
) -> None:
    """Events are few: those that are looked after are found among them all."""
    steps = await plan_of(sqlite_database, lambda tx: ask(tx, NOW))
    assert {step for step in steps if step.startswith("SCAN")} <= {"SCAN events", "SCAN seats"}
    assert not [step for step in steps if "deliveries USING INTEGER PRIMARY KEY" in step]


OF_PEOPLE = [
    departure._PARTISAN_SENT,
    departure._NEUTRAL_SENT,
    departure._DUE,
    faces._CARDS_OF_THESE,
    faces._WAS_SENT,
    tapped_events._MESSAGES,
]


@pytest.mark.parametrize("statement", OF_PEOPLE)
async def test_what_is_asked_of_people_is_found_by_them(
    sqlite_database: Database, statement: Statement
) -> None:
    """By their broadcasts or states it would read what waits, or is told, for a million others."""
    given = ("rows", "now", "before", "until", "event", "but", "person", "message")
    names = dict.fromkeys(given, "[]")
    async with sqlite_database.read() as tx:
        plan = await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.sqlite}", names)
        steps = [str(row.detail) for row in plan]
    of_deliveries = [step for step in steps if "deliveries" in step]
    assert of_deliveries == ["SEARCH deliveries USING INDEX ix_deliveries_person_broadcast (person=?)"]


async def test_of_messages_that_are_answered_each_is_looked_for_once(sqlite_database: Database) -> None:
    """Told twice which they are, SQLite looks through all of a batch for each of it."""
    asked = f"EXPLAIN QUERY PLAN {answers._ANSWER_ALL.sqlite}"
    async with sqlite_database.read() as tx:
        plan = [str(row.detail) for row in await tx.exec_driver_sql(asked, {"rows": "[]"})]
    assert plan == [
        "SCAN each VIRTUAL TABLE INDEX 1:",
        "SEARCH deliveries USING INTEGER PRIMARY KEY (rowid=?)",
    ]


async def test_who_was_reminded_is_read_together_and_not_looked_for_one_by_one(
    sqlite_database: Database,
) -> None:
    """What each of them got, and they themselves, lie far apart: of 84 events a look took a third of a second."""
    asked = f"EXPLAIN QUERY PLAN {planning._TO_BE_REMINDED.sqlite}"
    async with sqlite_database.read() as tx:
        plan = [str(row.detail) for row in await tx.exec_driver_sql(asked, {"rows": "[]"})]
    assert [step for step in plan if "deliveries" in step] == [
        "SEARCH deliveries USING INDEX ix_deliveries_broadcast_state_due_at (broadcast=?)"
    ]
    assert [step for step in plan if "rsvps" in step or "people" in step] == [
        "SEARCH rsvps USING INDEX sqlite_autoindex_rsvps_1 (event=?)",
        "SEARCH people USING INTEGER PRIMARY KEY (rowid=?)",
    ]
    # Who was told already is taken away before anybody is looked at.
    told = plan.index("MERGE (EXCEPT)")
    assert told < next(number for number, step in enumerate(plan) if "people" in step)


def of_a_step(among: Sequence[int], slot: str | None = None) -> planning.StepAudience:
    place = planning.StepPlace(territory="FR", zone=None, or_unknown=True, expires_at=NOW)
    overseas = planning.StepPlace(territory="971", zone=None, or_unknown=False, expires_at=NOW)
    return planning.StepAudience(
        places=[place, overseas],
        ballot=1,
        slot=slot,
        slots=["midday"],
        silent_after=2,
        when_voted=False,
        mutes=[Mute.REMINDERS],
        follows=None,
        followed_before=NOW,
        among=among,
    )


@pytest.mark.parametrize("slot", [None, "midday"])
@pytest.mark.parametrize("among", [range(1, 5_001), list(range(1, 1_001))])
async def test_who_is_looked_at_for_a_step_is_found_by_their_number(
    sqlite_database: Database, among: Sequence[int], slot: str | None
) -> None:
    """By their territory, or their plan, everybody would be read for each few."""
    audience = of_a_step(among, slot)
    steps = await plan_of(
        sqlite_database, lambda tx: planning.queue_step(tx, broadcast=1, audience=audience, now=NOW)
    )
    found = [step for step in steps if "people" in step]
    assert len(found) == 1
    assert found[0].startswith("SEARCH people USING INTEGER PRIMARY KEY (rowid")


PEOPLE = """INSERT INTO people (telegram_id, pseudonym, state, consent_contact, created_at, seen_at)
    SELECT number, number, 'registered', true, '2016-11-15', '2016-11-15' FROM generate_series(1, 20000) AS number"""


@pytest.mark.parametrize("among", [range(1, 5_001), list(range(1, 1_001))])
async def test_a_server_that_never_counted_finds_them_so_too(
    postgresql_database: Database, among: Sequence[int]
) -> None:
    """Of an index of all supporters it would expect to read one."""
    asked: list[tuple[str, Any]] = []
    async with postgresql_database.write() as tx:
        assert tx.sync_connection is not None
        await tx.exec_driver_sql("SET LOCAL session_replication_role = replica")  # of no broadcast
        await tx.exec_driver_sql(PEOPLE)

        @sa.event.listens_for(tx.sync_connection, "before_cursor_execute")
        def _note(_connection: Any, _cursor: Any, statement: str, given: Any, *_others: Any) -> None:
            asked.append((statement, given))

        await planning.queue_step(tx, broadcast=1, audience=of_a_step(among), now=NOW)
        statement, given = asked[0]
        plan = (await tx.exec_driver_sql(f"EXPLAIN {statement}", given)).scalars().all()
    indexes = {name for line in plan for name in re.findall(r"\b(?:pk|ix)_people\w*", line)}
    assert indexes == {"pk_people"}, plan


QUEUE = """INSERT INTO deliveries (broadcast, person, state, due_at, changed_at, attempts)
    SELECT {}, person, '{}', '2016-11-15', '2016-11-15', 0 FROM generate_series(1, 20000) AS person"""


BY_PERSON, BY_NUMBER = "ix_deliveries_person_broadcast", "pk_deliveries"


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (departure._PARTISAN_SENT, BY_PERSON),
        (departure._DUE, BY_PERSON),
        (faces._CARDS_OF_THESE, BY_PERSON),
        (faces._WAS_SENT, BY_PERSON),
        (tapped_events._MESSAGES, BY_PERSON),
        (faces._MARK, BY_NUMBER),
        (answers._ANSWER_ALL, BY_NUMBER),
    ],
)
@pytest.mark.parametrize("has_counted", [True, False], ids=["when all had left", "never"])
async def test_a_server_finds_what_a_batch_is_about_whenever_it_counted(
    postgresql_database: Database, statement: Statement, index: str, has_counted: bool
) -> None:
    """It takes what was queued since for nothing, or a table of 20,000 for small enough to be read whole."""
    asked = {"rows": "[[1, 1, 0], [0, 0, 2]]", "now": NOW, "before": WEEK_AGO, "until": WEEK_AGO}
    asked |= {"event": 1, "but": 0, "person": 1, "message": 1}
    asked = {name: value for name, value in asked.items() if f":{name}" in statement.postgresql.text}
    async with postgresql_database.write() as tx:
        # Neither the people nor the messages are there: only how many deliveries there are matters.
        await tx.exec_driver_sql("SET LOCAL session_replication_role = replica")
        if has_counted:
            await tx.exec_driver_sql(QUEUE.format(1, "sent"))
            await tx.exec_driver_sql("ANALYZE deliveries")
        await tx.exec_driver_sql(QUEUE.format(2, "queued"))
        plan = (await tx.execute(sa.text(f"EXPLAIN {statement.postgresql.text}"), asked)).scalars().all()
    assert any(index in line for line in plan), plan
    assert not any("Seq Scan on deliveries" in line for line in plan), plan


KEY = SuppressionKey(links=(b"k" * 32,))
ERASED = [
    *retention.event_answers(NOW, KEY),
    *retention.votes([1, 2], KEY),
    *retention.survey_replies(NOW, KEY),
    *retention.campaign(NOW)[:1],
]


@pytest.mark.parametrize("due", ERASED, ids=lambda due: str(due.key))
async def test_what_the_purge_erases_is_found_by_its_keys(sqlite_database: Database, due: DueRows) -> None:
    """By events that are over it would look for each of 3,000 at each of its people, while everybody waits."""
    steps = await plan_of(sqlite_database, lambda tx: due.erase(tx, due.among([1, 2, 3])))
    table, key = due.key.table.name, due.key.name
    here = [step for step in steps if step.split()[:2] == ["SEARCH", table]]
    assert here
    assert all(f"({key}=?" in step or "INTEGER PRIMARY KEY (rowid=?)" in step for step in here)
    assert not [step for step in steps if step.startswith("SCAN") and "ix_people_restricted" not in step]


@pytest.mark.parametrize("due", [each for each in ERASED if each.by_index], ids=lambda due: str(due.key))
async def test_a_page_of_what_is_due_is_read_without_the_rest_of_it(
    sqlite_database: Database, due: DueRows
) -> None:
    """Sorted it would read all that is due, of a million people, for each page of 20,000."""
    steps = await plan_of(sqlite_database, due.first_keys)
    assert any(step.split()[:2] == ["SEARCH", due.key.table.name] for step in steps)
    assert not [step for step in steps if "ORDER BY" in step or step.startswith(f"SCAN {due.key.table.name}")]


async def plan_of(database: Database, work: Callable[[AsyncConnection], Awaitable[Any]]) -> list[str]:
    """What SQLite does for everything that is asked by some work."""
    asked: list[tuple[str, Any]] = []
    async with database.write() as tx:
        assert tx.sync_connection is not None

        @sa.event.listens_for(tx.sync_connection, "before_cursor_execute")
        def _note(_connection: Any, _cursor: Any, statement: str, given: Any, *_others: Any) -> None:
            asked.append((statement, given))

        await work(tx)
        statements, steps = tuple(asked), list[str]()
        for statement, given in statements:
            plan = await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            steps += [str(row.detail) for row in plan]
    return steps


def test_whatever_goes_finds_what_depends_on_it_by_an_index() -> None:
    """SQLite would read the whole table for each row that goes, while everybody waits for the writer."""
    found = []
    for table in metadata.sorted_tables:
        first = {index.columns[0].name for index in table.indexes}
        for constraint in table.constraints:
            if isinstance(constraint, sa.PrimaryKeyConstraint | sa.UniqueConstraint) and constraint.columns:
                first.add(next(iter(constraint.columns)).name)
        found += [f"{key.parent}" for key in table.foreign_keys if key.parent.name not in first]
    assert found == []


async def sent(database: Database, key: str, *, left: timedelta, over: timedelta | None) -> None:
    """A message that left for everybody so long ago, and was over so long ago, if it is."""
    row = {"key": key, "kind": "persuasion", "audience": {}, "area": "FR", "state": "active"}
    row |= {"starts_at": NOW - left, "created_at": NOW - left, "template": INVITATION}
    async with database.write() as tx:
        number = await broadcasts.create(tx, row)
        assert number is not None
        everybody = sa.select(people.c.id)
        await broadcasts.queue_deliveries(tx, broadcast=number, people=everybody, due_at=NOW, now=NOW)
        mine = sa.update(deliveries).where(deliveries.c.broadcast == number)
        await tx.execute(mine.values(state="sent", sent_at=NOW - left, changed_at=NOW - left))
        over_at = None if over is None else NOW - over
        it = sa.update(broadcast_rows).where(broadcast_rows.c.id == number)
        await tx.execute(it.values(finished_at=over_at))


@pytest.mark.parametrize(
    ("left", "over", "counts"),
    [
        (timedelta(hours=1), None, True),
        (timedelta(days=6), timedelta(days=6), True),
        (timedelta(days=8), None, False),
        # Noted when its broadcast had been over for a while: by a process that was taken for dead.
        (timedelta(days=6, hours=23), timedelta(days=7, hours=1), True),
        (timedelta(days=9), timedelta(days=8, hours=1), False),
    ],
)
async def test_the_caps_count_what_left_within_a_week(
    database: Database, left: timedelta, over: timedelta | None, *, counts: bool
) -> None:
    await supporter(Conversation(database, NOW), 1, "69123")
    await sent(database, "staff:1", left=left, over=over)
    async with database.read() as tx:
        person = await tx.scalar(sa.select(people.c.id))
        leaving = Leased(id=10**6, broadcast=10**6, person=person, expires_at=None, attempts=0)
        found = await departure.partisan_sent(tx, [leaving], since=WEEK_AGO)
    assert found == ({person: [NOW - left]} if counts else {})
