"""What migrations make of what older versions kept, on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from db.engine import Database, open_database
from db.key import DatabaseKey
from db.schema import approvals, broadcasts, dialogs, events, facts, people
from db.upgrade import downgrade, upgrade
from tests.conversation import Conversation, Talker, paris
from tests.thorough import IS_THOROUGH

NOW = paris("2016-11-16T10:00")
MADE = "2016-11-15 09:00:00+00:00"


@pytest.fixture
async def empty_database(empty_url: str, database_key: DatabaseKey) -> AsyncIterator[Database]:
    database = await open_database(empty_url, folder=Path(), key=database_key, here=True)
    yield database
    await database.close()


async def put(database: Database, table: str, **values: object) -> None:
    """A row as an older version wrote it: the tables are not yet those of the schema."""
    spelled = ", ".join(f"'{value}'".replace(":", "\\:") for value in values.values())
    async with database.write() as tx:
        await tx.execute(sa.text(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({spelled})"))


async def met(database: Database, number: int, state: str = "registered", **values: Any) -> None:
    moments = {"created_at": MADE, "seen_at": MADE}
    told = {"telegram_id": number, "pseudonym": f"p{number}", "state": state, "unanswered": 0}
    await put(database, "people", id=number, friend_code=f"f{number}", **told, **moments, **values)


async def announced(database: Database, number: int, state: str = "open") -> None:
    where = {
        "zone": "Europe/Paris",
        "commune": "69123",
        "department": "69",
        "region": "84",
        "territory": "FR",
    }
    when = {"starts_at": MADE, "ends_at": MADE, "created_at": MADE}
    name = {"code": f"ev{number}", "state": state, "address": "Salle"}
    await put(database, "events", **name, **where, **when)


async def written(database: Database, number: int, state: str, **values: Any) -> None:
    made = {"key": f"staff:{number}", "kind": "persuasion", "audience": "{}", "area": "FR"}
    when = {"starts_at": MADE, "created_at": MADE}
    await put(database, "broadcasts", state=state, **made, **when, **values)


async def read(database: Database, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
    async with database.read() as tx:
        return [tuple(row) for row in await tx.execute(query)]


async def states(database: Database, table: sa.Table) -> Mapping[int, str]:
    return dict(await read(database, sa.select(table.c.id, table.c.state)))  # type: ignore[arg-type]  # two columns


@pytest.fixture
async def asked_by_facts(empty_database: Database) -> Database:
    """What a version kept that knew no requests: a paused broadcast, and a fact that it waits."""
    await upgrade(empty_database, to="0012")
    await met(empty_database, 7)
    for event, state in {1: "open", 2: "open", 3: "cancelled", 4: "open"}.items():
        await announced(empty_database, event, state)
    for event, number in enumerate((1, 2, 3), start=1):
        await written(empty_database, number, "paused", event=event, created_by=7)
    await written(empty_database, 4, "paused", created_by=99)  # whoever wrote it was erased
    await written(empty_database, 5, "cancelled", created_by=7)
    await written(empty_database, 6, "paused", event=4, created_by=7)  # paused by hand: it may go on
    await put(empty_database, "rsvps", event=2, person=7, answer="yes", at=MADE)  # somebody knows of it
    for number in (1, 2, 3, 4, 5, 404):
        await put(empty_database, "facts", name=f"approval:{number}", value="20")
    await put(empty_database, "facts", name="orphan:6", value="true")
    return empty_database


async def test_what_waited_for_a_second_person_waits_in_a_state_of_its_own(asked_by_facts: Database) -> None:
    await upgrade(asked_by_facts)
    unapproved = dict.fromkeys((1, 2, 3, 4), "unapproved")
    assert await states(asked_by_facts, broadcasts) == {**unapproved, 5: "cancelled", 6: "paused"}
    # An event that nobody knows of waits with its invitation; the others are what they were.
    assert await states(asked_by_facts, events) == {1: "hidden", 2: "open", 3: "cancelled", 4: "open"}
    rows = sa.select(approvals.c.broadcast, approvals.c.asked_by, approvals.c.granted, approvals.c.details)
    rows = rows.add_columns(approvals.c.decided_at == approvals.c.shown_at).order_by(approvals.c.broadcast)
    over = (False, {"ended": "late"}, True)
    assert await read(asked_by_facts, rows) == [(1, 7, *over), (2, 7, *over), (3, 7, *over), (4, None, *over)]
    # One fact of its own has every database: by what is drawn.
    others = sa.select(facts.c.name).where(facts.c.name != "experiments:key")
    assert await read(asked_by_facts, others) == [("orphan:6",)]


async def test_its_author_then_asks_again_and_nobody_else_sees_the_event(asked_by_facts: Database) -> None:
    await put(asked_by_facts, "event_texts", event=1, language="fr", title="Réunion", description="Venez")
    await put(asked_by_facts, "staff", telegram_id=7, role="organizer", area="FR", added_at=MADE)
    await put(asked_by_facts, "staff", telegram_id=8, role="admin", area="FR", added_at=MADE)
    await upgrade(asked_by_facts)
    async with asked_by_facts.write() as tx:
        tomorrow = paris("2016-11-17T19:00")
        await tx.execute(sa.update(events).values(starts_at=tomorrow, ends_at=tomorrow))
        await tx.execute(sa.update(broadcasts).where(broadcasts.c.id == 1).values(kind="event_invite"))
    conversation = Conversation(asked_by_facts, NOW)
    author, admin = conversation.person(7), conversation.person(8)
    await admin.send("/start ev_ev1")
    assert "Réunion" not in admin.last.text
    await author.tap_data("1:broadcast:1")
    await author.tap("Ask again")
    query = sa.select(approvals.c.decided_at).where(approvals.c.broadcast == 1).order_by(approvals.c.id)
    assert [decided is None for (decided,) in await read(asked_by_facts, query)] == [False, True]


async def test_going_back_lets_nothing_go(asked_by_facts: Database) -> None:
    """An older version takes them for paused and waiting, and never shows an event that nobody let go."""
    await upgrade(asked_by_facts)
    await downgrade(asked_by_facts, to="0012")
    paused = dict.fromkeys((1, 2, 3, 4, 6), "paused")
    assert await states(asked_by_facts, broadcasts) == {**paused, 5: "cancelled"}
    assert (await states(asked_by_facts, events))[1] == "cancelled"
    others = sa.select(facts.c.name).where(facts.c.name != "experiments:key")
    names = sorted(await read(asked_by_facts, others))
    assert names == [*((f"approval:{number}",) for number in (1, 2, 3, 4)), ("orphan:6",)]
    await upgrade(asked_by_facts)
    assert (await states(asked_by_facts, broadcasts))[1] == "unapproved"


OLD_STEPS = ("contact", "commune", "team", "keep", "age", "place", "candidates", "territory", "confirm")
OLD_BUTTONS = (
    *(f"1:consent:{purpose}:yes" for purpose in ("commune", "team", "keep")),
    *("1:age:yes", "1:confirm:ok", "1:confirm:place"),
)


async def test_whoever_was_in_the_middle_of_signing_up_goes_on(empty_database: Database) -> None:
    """From every question of older versions, whose buttons still stand in the chat; nothing is agreed to by them."""
    await upgrade(empty_database, to="0015")
    # What is typed or tapped is the same on both engines: on one of them nothing is.
    said = (None,) if empty_database.dialect == "postgresql" else (None, "yes", *OLD_BUTTONS)
    # By what is typed or tapped those abroad and the others take turns, whichever the question; by day each question
    # meets a third of it, and each of it a third of the questions.
    turns = product(enumerate(OLD_STEPS), (False, True), enumerate(said))
    asked = [
        (step, is_abroad, tapped)
        for (row, step), is_abroad, (column, tapped) in turns
        if tapped is None
        or (is_abroad == bool((row + column) % 2) and ((row + column) % 3 == 0 or IS_THOROUGH))
    ]
    cases = [*enumerate(asked, start=1)]
    kept = '{"choices": {"contact": true}, "of_age": true, "placed": true, "candidates": ["69123"]}'
    for number, (step, is_abroad, _) in cases:
        place = (
            {"territory": "abroad", "country": "DE"} if is_abroad else {"commune": "69123", "territory": "FR"}
        )
        agreed = {"consent_contact": int(step != "contact")}
        await met(empty_database, number, "new", language="en", zone="Europe/Paris", **agreed, **place)
        dialog = {"flow": "registration", "step": step, "data": kept, "updated_at": MADE}
        await put(empty_database, "dialogs", person=number, **dialog)
    await met(empty_database, 500, registered_at=MADE)
    await upgrade(empty_database)
    conversation = Conversation(empty_database, NOW)
    for number, (step, _, tapped) in cases:
        await goes_on(conversation.person(number), step, tapped)
    assert await read(empty_database, sa.select(dialogs.c.person)) == []
    chose = sa.select(people.c.asked_team, people.c.asked_keep).where(people.c.id == 500)
    assert await read(empty_database, chose) == [(True, True)]


async def goes_on(talker: Talker, step: str, tapped: str | None) -> None:
    if tapped is not None:
        await (talker.tap_data(tapped) if ":" in tapped else talker.send(tapped))
    person = await talker.stored()
    assert person is not None, step
    chosen = (person.consent_commune, person.consent_team, person.consent_keep)
    assert chosen == (False, False, False), (step, tapped)
    await talker.send("/start")
    if any(data.startswith("1:consent:contact:yes") for data in talker.last.buttons.values()):
        await talker.tap_data("1:consent:contact:yes")
    await talker.send("Lyon")
    await talker.tap("Yes, by where I vote")
    person = await talker.stored()
    assert person is not None, step
    assert (person.state, person.commune) == ("registered", "69123"), step
