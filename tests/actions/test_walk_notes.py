"""What walkers’ pages say of doors: in order, as of when it happened, once, whoever sends it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import db.canvass_walks
import db.people
from bot.actions import canvass_doors, canvass_walks, walk_notes
from bot.actions.canvass_doors import Going
from bot.rules.canvass.notes import BadNotes, Note, NoteKind, Refusal, read_notes
from bot.rules.canvass.visits import DoorOutcome
from db.engine import Database
from db.schema import addresses, people, visits
from tests.actions.test_canvass import NOW, at, begun
from tests.places import place_of


@pytest.fixture
async def going(database: Database) -> Going:
    return await begun(database)


async def doors_of(database: Database, walk: int) -> list[int]:
    query = sa.select(addresses.c.id).where(addresses.c.walk == walk).order_by(addresses.c.place)
    async with database.read() as tx:
        return list(await tx.scalars(query))


def note(key: int, door: int, outcome: str = "opened", *, minutes: float = 0, **other: Any) -> Note:
    moment = NOW + timedelta(minutes=minutes)
    return Note(key=key, at=moment, kind=NoteKind.DOOR, door=door, outcome=DoorOutcome(outcome), **other)


def done(key: int, door: int, kind: NoteKind, other: int, *, minutes: float = 0) -> Note:
    return Note(key=key, at=NOW + timedelta(minutes=minutes), kind=kind, door=door, other=other)


async def sent(
    database: Database, going: Going, *notes: Note, after: float = 60, outing: int = 1
) -> Mapping[int, Refusal | None]:
    """Everything that was noted on the phone, sent some minutes later."""
    now = replace(going, origin=replace(going.origin, at=NOW + timedelta(minutes=after)))
    async with database.write() as tx:
        return await walk_notes.keep(tx, now, outing, notes)


async def standing(database: Database) -> list[tuple[int, str, datetime]]:
    query = sa.select(visits).where(visits.c.replaced.is_(None)).order_by(visits.c.at, visits.c.id)
    async with database.read() as tx:
        return [(row.address, row.outcome, row.at) for row in await tx.execute(query)]


async def joined(database: Database, going: Going) -> Going:
    """A second walker on the same walk."""
    async with database.write() as tx:
        await db.people.create(tx, telegram_id=8, pseudonym="q", now=NOW)
        row = {"state": "registered", "consent_contact": True, **place_of("69123")}
        await tx.execute(sa.update(people).where(people.c.telegram_id == 8).values(**row))
        other = at(await db.people.find(tx, 8), going.walk, 2)
        await canvass_walks.take(tx, other)
    return other


async def test_notes_that_waited_are_kept_in_order_as_of_when_they_were_made_and_once(
    database: Database, going: Going
) -> None:
    doors = await doors_of(database, going.walk)
    batch = [
        note(11, doors[0], "opened", minutes=1),
        done(12, doors[1], NoteKind.NOBODY, doors[3], minutes=2),
        note(13, doors[0], "again", minutes=3),
        done(14, doors[0], NoteKind.UNDO, -13, minutes=4),
        done(15, doors[4], NoteKind.DWELLINGS, 3, minutes=5),
        note(16, doors[4], "leaflet", minutes=6),
    ]
    first = await sent(database, going, *batch[:4])
    again = await sent(database, going, *batch, *batch, after=90)
    assert set(first.values()) | set(again.values()) == {None}
    minutes = [NOW + timedelta(minutes=each) for each in (1, 2, 2, 2, 6)]
    told = [
        (doors[0], "opened"),
        *((door, "nobody") for door in doors[1:4]),
        (doors[4], "leaflet"),
    ]
    assert await standing(database) == [(*each, when) for each, when in zip(told, minutes, strict=True)]
    async with database.read() as tx:
        found = await walk_notes.page(tx, going)
    assert not found.over
    assert [len(side) for side in found.sides] == [5, 5, 2, 2]
    assert [door.dwellings for door in found.sides[0]] == [1, 1, 1, 1, 3]
    assert {each.mine for door in found.sides[0] for each in door.noted} == {True}
    assert len(set(found.spots.values())) == 14


async def test_of_two_walkers_at_one_door_the_later_counts_whoever_has_network_first(
    database: Database, going: Going
) -> None:
    other, (door, *_) = await joined(database, going), await doors_of(database, going.walk)
    await sent(database, other, note(21, door, "nobody", minutes=9))
    await sent(database, going, note(22, door, "opened", minutes=3))
    assert [outcome for _door, outcome, _at in await standing(database)] == ["nobody"]
    async with database.read() as tx:
        seen = (await walk_notes.page(tx, going)).sides[0][0].noted
    assert {(each.outcome, each.mine, each.replaced) for each in seen} == {
        ("nobody", False, None),
        ("opened", True, -21),
    }
    # What is taken back gives its place to what stood there, and to one alone.
    await sent(database, other, done(23, door, NoteKind.UNDO, -21, minutes=10))
    assert [outcome for _door, outcome, _at in await standing(database)] == ["opened"]
    await sent(database, other, note(24, door, "refused", minutes=11))
    async with database.write() as tx:
        await canvass_doors.note(tx, at(other.person, going.walk, 5000), door, DoorOutcome.AGAIN)
    await sent(database, going, done(25, door, NoteKind.UNDO, -22, minutes=12))
    await sent(database, other, done(26, door, NoteKind.UNDO, -24, minutes=13))
    assert [outcome for _door, outcome, _at in await standing(database)] == ["again"]
    # What the other one noted is not taken back.
    await sent(database, going, done(27, door, NoteKind.UNDO, 5000, minutes=14))
    assert len(await standing(database)) == 1


async def test_what_happened_before_the_end_counts_and_nothing_after_it(
    database: Database, going: Going
) -> None:
    other, doors = await joined(database, going), await doors_of(database, going.walk)
    async with database.write() as tx:
        await canvass_walks.end(tx, replace(going, origin=replace(going.origin, at=NOW + timedelta(hours=1))))
    said = await sent(
        database, other, note(31, doors[0], minutes=30), note(32, doors[1], minutes=61), after=120
    )
    assert said == {31: None, 32: Refusal.OVER}
    async with database.read() as tx:
        assert (await walk_notes.page(tx, other)).over
    # Offered anew: it is another time, and the notes of the one before do not get into it.
    assert await sent(database, other, note(33, doors[1], minutes=70), outing=2) == {33: Refusal.OVER}
    assert len(await standing(database)) == 1


async def test_what_waits_on_a_phone_outlives_that_its_walk_is_freed_or_left(
    database: Database, going: Going
) -> None:
    """The coordinator sees nothing noted and frees it, while forty outcomes wait in a valley without network."""
    other, doors = await joined(database, going), await doors_of(database, going.walk)
    async with database.write() as tx:
        walk = await db.canvass_walks.walk_seen(tx, going.walk, 0)
        assert walk is not None
        await canvass_walks.leave(
            tx, replace(other, origin=replace(other.origin, at=NOW + timedelta(minutes=5)))
        )
        await db.canvass_walks.free(tx, walk, NOW + timedelta(minutes=30))
    assert await sent(database, other, note(61, doors[0], minutes=4), note(62, doors[0], minutes=6)) == {
        61: None,
        62: Refusal.OVER,
    }
    assert await sent(database, going, note(63, doors[1], minutes=29), note(64, doors[1], minutes=31)) == {
        63: None,
        64: Refusal.OVER,
    }
    async with database.read() as tx:
        assert (await walk_notes.page(tx, going)).over
        found = await db.canvass_walks.walk_seen(tx, going.walk, going.person.id)
    assert found is not None
    assert (found.state, found.mine) == ("offered", False)
    assert len(await standing(database)) == 2


@pytest.mark.parametrize(("hours", "why"), [(0.5, None), (5, Refusal.NIGHT), (72, Refusal.QUIET), (-9, None)])
async def test_the_hour_of_the_door_counts_not_that_of_the_network(
    sqlite_database: Database, hours: float, why: Refusal | None
) -> None:
    """Noted at eight and sent at midnight is kept; a phone that tells of a time before the walk is not believed."""
    going = await begun(sqlite_database)
    doors = await doors_of(sqlite_database, going.walk)
    told = note(41, doors[0], minutes=60 * hours)
    assert await sent(sqlite_database, going, told, after=60 * 100) == {41: why}
    gone = note(42, 9_999)
    assert await sent(sqlite_database, going, gone) == {42: Refusal.GONE}


async def test_nobody_knocks_for_a_candidate_who_is_out(sqlite_database: Database) -> None:
    going = await begun(sqlite_database)
    doors = await doors_of(sqlite_database, going.walk)
    after = 5 * 24 * 60
    out = replace(going, campaign=replace(going.campaign, out_after=1))
    assert await sent(sqlite_database, going, note(51, doors[0], minutes=after), after=after) == {51: None}
    told = await sent(sqlite_database, out, note(52, doors[1], minutes=after), after=after)
    assert told == {52: Refusal.OVER}
    assert len(await standing(sqlite_database)) == 1


def test_what_the_page_did_not_make_is_refused() -> None:
    right = {"key": 1, "at": 1_479_304_800_000, "kind": "door", "door": 1, "outcome": "opened"}
    assert read_notes({"outing": 1, "notes": [right]})[1][0].tap == -1
    wrong: list[Any] = [
        *(None, [], {"outing": 0, "notes": []}, {"outing": 1, "notes": [right] * 101}, {"outing": 1}),
        *({"outing": 1, "notes": [each]} for each in (None, 7, {})),
        *(
            {"outing": 1, "notes": [{**right, **change}]}
            for change in (
                *({"key": 0}, {"key": 2**53}, {"key": True}, {"key": "1"}, {"at": None}, {"at": 10**30}),
                *({"kind": "shout"}, {"kind": []}, {"outcome": "sold"}, {"outcome": None}, {"door": -1}),
                *({"other": 1.5}, {"at": 2**53 - 1}),
            )
        ),
    ]
    for told in wrong:
        with pytest.raises(BadNotes):
            read_notes(told)
