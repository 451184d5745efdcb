"""Phones that are wrong or not ours: a clock a day off, doors that are gone meanwhile, what a forged page may send."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.actions import canvass, canvass_walks, walk_notes
from bot.actions.canvass_doors import Going
from bot.rules.canvass.notes import NoteKind, Refusal, read_notes
from db.engine import Database
from db.schema import addresses, visits, walkers, walks
from tests.actions.test_canvass import NOW, begun
from tests.actions.test_walk_notes import done, doors_of, joined, note, sent, standing
from tests.ground import STATION, houses

DAY = 24 * 60
WAITING = 14


@pytest.fixture
async def going(database: Database) -> Going:
    return await begun(database)


def waiting(doors: list[int], *, wrong: float) -> list[Any]:
    """Everything that was noted without network, a door a minute, by a clock that is so many minutes off."""
    return [note(100 + place, door, minutes=place + wrong) for place, door in enumerate(doors)]


@pytest.mark.parametrize("wrong", [-DAY, DAY])
@pytest.mark.parametrize(
    ("after", "ended"), [(60, False), (60, True), (6 * 60, False), (6 * 60, True)], ids=str
)
async def test_a_clock_that_is_a_day_off_loses_nothing(
    database: Database, going: Going, wrong: float, after: float, ended: bool
) -> None:
    """Whether they are sent in the afternoon or at night, and the walk is over by then or not."""
    doors = await doors_of(database, going.walk)
    if ended:
        async with database.write() as tx:
            origin = replace(going.origin, at=NOW + timedelta(minutes=30))
            await canvass_walks.end(tx, replace(going, origin=origin))
    said = await sent(database, going, *waiting(doors, wrong=wrong), after=after)
    assert set(said.values()) == {None}
    kept = await standing(database)
    assert [door for door, _outcome, _at in kept] == doors
    assert all(NOW <= at <= NOW + timedelta(minutes=60) for _door, _outcome, at in kept)


@pytest.mark.parametrize(("told", "why"), [(6 * 60, Refusal.NIGHT), (6 * 60 + 1, Refusal.NIGHT)])
async def test_a_clock_that_is_a_little_ahead_does_not_make_day_of_night(
    sqlite_database: Database, told: float, why: Refusal
) -> None:
    going = await begun(sqlite_database)
    (door, *_) = await doors_of(sqlite_database, going.walk)
    assert await sent(sqlite_database, going, note(1, door, minutes=told), after=6 * 60) == {1: why}


async def test_a_walk_that_is_cut_again_meanwhile_takes_what_was_noted_at_the_doors_that_there_still_are(
    database: Database, going: Going
) -> None:
    doors = await doors_of(database, going.walk)
    gone = doors[2:5]
    async with database.write() as tx:  # as `import-addresses --replace` does
        await tx.execute(sa.delete(addresses).where(addresses.c.id.in_(gone)))
        (house,) = houses("69123", "Rue A", 1)
        names = ("ban", "commune", "street", "number", "suffix", "latitude", "longitude")
        row = dict(zip(names, house, strict=True)) | {"ban": "new", "number": 77, "station": STATION}
        await tx.execute(sa.insert(addresses).values(row))
    await canvass.cut_area(database, "FR", actor="test", now=NOW)
    said = await sent(database, going, *waiting(doors, wrong=0))
    assert list(said.values()) == [Refusal.GONE if door in gone else None for door in doors]
    assert [door for door, _outcome, _at in await standing(database)] == [
        door for door in doors if door not in gone
    ]
    async with database.read() as tx:
        found = await walk_notes.page(tx, going)
    assert not found.over
    assert 77 in {door.number for side in found.sides for door in side}


async def test_a_walk_of_which_no_door_is_left_is_over_for_the_phone(
    database: Database, going: Going
) -> None:
    doors = await doors_of(database, going.walk)
    async with database.write() as tx:
        await tx.execute(sa.delete(addresses).where(addresses.c.walk == going.walk))
    said = await sent(database, going, *waiting(doors, wrong=0))
    assert set(said.values()) == {Refusal.GONE}
    async with database.read() as tx:
        found = await walk_notes.page(tx, going)
    assert (found.over, list(found.sides)) == (True, [])


async def test_what_a_forged_page_sends_changes_nothing_that_is_not_theirs(
    database: Database, going: Going
) -> None:
    other, (door, second, *_) = await joined(database, going), await doors_of(database, going.walk)
    async with database.write() as tx:
        elsewhere = (
            await tx.execute(sa.select(addresses.c.id).where(addresses.c.commune == "83137").limit(1))
        ).scalar_one()
    # The same number with another outcome, at once, later, by the other one: the first counts.
    first = await sent(database, going, note(1, door, "opened"), note(1, door, "refused"))
    again = await sent(database, going, note(1, door, "refused"), note(1, second, "refused"))
    theirs = await sent(database, other, note(1, door, "refused", minutes=9))
    assert [first, again, theirs] == [{1: None}] * 3
    # Doors of another walk, of none, a stretch that ends elsewhere; taps of others, and of nobody.
    said = await sent(
        database,
        other,
        *(note(2, elsewhere), note(3, 2**53 - 1), done(4, elsewhere, NoteKind.UNDO, -1)),
        *(
            done(5, door, NoteKind.NOBODY, elsewhere),
            done(6, door, NoteKind.UNDO, -1),
            done(7, door, NoteKind.UNDO, 2**53 - 1),
        ),
        *(done(8, elsewhere, NoteKind.DWELLINGS, 9), done(9, second, NoteKind.DWELLINGS, -(2**53) + 1)),
    )
    gone = [key for key, why in said.items() if why is Refusal.GONE]
    assert gone == [2, 3, 4, 8]
    assert [(at, outcome) for at, outcome, _at in await standing(database)] == [(door, "opened")]
    # Walks and times that they never were on, as far as numbers go.
    outing, notes = read_notes({"outing": 2**31 - 1, "notes": []})
    assert await sent(database, other, note(10, second), *notes, outing=outing) == {10: Refusal.OVER}
    far = replace(other, walk=10**12)
    assert await sent(database, far, note(11, second)) == {11: Refusal.OVER}
    async with database.read() as tx:
        dwellings = list(await tx.scalars(sa.select(addresses.c.dwellings).where(addresses.c.id == second)))
        number = await tx.scalar(sa.select(sa.func.count()).select_from(visits))
    assert (dwellings, number) == ([1], 1)


async def test_whoever_is_erased_while_notes_wait_is_on_no_walk(database: Database, going: Going) -> None:
    """The rows as they are then; that the page hears it: tests.web.test_walk_page."""
    doors = await doors_of(database, going.walk)
    await sent(database, going, note(1, doors[0]))
    async with database.write() as tx:
        await tx.execute(sa.delete(walkers).where(walkers.c.person == going.person.id))
    said = await sent(database, going, *waiting(doors, wrong=0))
    assert set(said.values()) == {Refusal.OVER}
    assert [door for door, _outcome, _at in await standing(database)] == doors[:1]
    async with database.read() as tx:
        assert await tx.scalar(sa.select(walks.c.state).where(walks.c.id == going.walk)) == "under_way"
