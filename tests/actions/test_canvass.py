"""Door to door on both engines: noted, undone, ended, exported, counted and erased; and a process killed among taps."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import db.canvass_counts
import db.canvass_walks
import db.due_rows
import db.people
from bot import communes
from bot.actions import canvass, canvass_doors, canvass_imports, canvass_walks
from bot.actions.canvass_doors import Going
from bot.actions.exports import Order, write
from bot.actions.responses import Origin
from bot.rules.canvass.doors import day_at
from bot.rules.canvass.visits import DoorOutcome
from db.engine import Database
from db.exports import Selection
from db.schema import addresses, people, stations, street_counts, visits, walks
from tests.conversation import CAMPAIGN, paris
from tests.ground import STATION, WALK, plant
from tests.places import place_of

NOW = paris("2016-11-16T15:00")


async def begun(database: Database) -> Going:
    """A walker on the walk of Lyon."""
    await plant(database, now=NOW)
    async with database.write() as tx:
        await db.people.create(tx, telegram_id=7, pseudonym="p", now=NOW)
        row = {"state": "registered", "consent_contact": True, **place_of("69123")}
        await tx.execute(sa.update(people).values(**row))
        await db.canvass_walks.offer(tx, STATION, None, NOW)
        going = at(await db.people.find(tx, 7), await canvass_walks.by_code(tx, WALK), 1)
        await canvass_walks.take(tx, going)
    return going


@pytest.fixture
async def going(database: Database) -> Going:
    return await begun(database)


def at(person: Any, walk: int, update: int) -> Going:
    origin = Origin(update_id=update, message_id=None, at=NOW + timedelta(seconds=update))
    return Going(person=person, origin=origin, campaign=CAMPAIGN, gazetteer=communes.load(), walk=walk)


async def exported(database: Database, table: str) -> list[dict[str, Any]]:
    stream = io.BytesIO()
    await write(database, Order(table=table, format="jsonl", selection=Selection(area="69")), stream)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_a_walk_from_the_first_door_to_the_last_count(database: Database, going: Going) -> None:
    async with database.write() as tx:
        doors = list(
            await tx.scalars(
                sa.select(addresses.c.id).where(addresses.c.walk == going.walk).order_by("place")
            )
        )
        for update, outcome in enumerate(
            (DoorOutcome.OPENED, DoorOutcome.AGAIN, DoorOutcome.REFUSED), start=10
        ):
            card = await canvass_doors.note(
                tx, at(going.person, going.walk, update), doors[update - 10], outcome
            )
        again = await canvass_doors.look(tx, at(going.person, going.walk, 13), doors[0])
        assert card.side.doors == again.side.doors, "The card that is not read again is what one would read."
        assert [door.outcomes for door in card.side.doors[:3]] == [
            (DoorOutcome.OPENED,),
            (DoorOutcome.AGAIN,),
            (DoorOutcome.REFUSED,),
        ]
        card = await canvass_doors.nobody(tx, at(going.person, going.walk, 20), doors[3], doors[4])
        assert card.side.current is None
        card = await canvass_doors.undo(tx, at(going.person, going.walk, 21), doors[0])
        assert card.side.done == 3
        card = await canvass_doors.count_dwellings(tx, at(going.person, going.walk, 22), doors[3], 4)
        assert card.side.doors[3].left == 4
        ended = await canvass_walks.end(tx, at(going.person, going.walk, 30))
    assert (ended.tally.doors, ended.tally.contacts) == (3, 3)
    told = await exported(database, "doors")
    assert [row["outcome"] for row in told].count(None) == 11
    assert {row["walk"] for row in told} == {WALK}
    assert not {"person", "supporter", "telegram_id", "first_name"} & set(told[0])
    (line,) = await exported(database, "walks")
    assert (line["state"], line["visited"], line["opened"], line["again"], line["walkers"]) == (
        "done",
        3,
        3,
        1,
        1,
    )


async def test_the_dwellings_and_a_begun_walk_outlive_an_import(database: Database, going: Going) -> None:
    async with database.write() as tx:
        first = await tx.scalar(
            sa.select(addresses.c.id).where(addresses.c.walk == going.walk).order_by("place")
        )
        await canvass_doors.count_dwellings(tx, going, int(first or 0), 6)
    await plant(database, now=NOW, doors=14, cut=False)
    made = await canvass.cut_area(database, "69123", actor="test", now=NOW)
    assert (made.kept, made.walks, made.doors) == (1, 1, 18)
    async with database.read() as tx:
        assert await tx.scalar(sa.select(addresses.c.dwellings).where(addresses.c.id == first)) == 6
        assert len({door for walk in await canvass.walks_in(tx, "69") for door in walk.doors}) == 18


async def test_an_import_that_was_interrupted_is_run_again(database: Database) -> None:
    """Until then nothing is ranked nor cut: half a file would send people to half a street."""

    def rows() -> Any:
        yield ("a_1", "69123", "Rue A", 1, "", 45.76, 4.84)
        raise KeyboardInterrupt

    given = {"file": "a.csv", "actor": "test", "now": NOW}
    with pytest.raises(KeyboardInterrupt):
        await canvass_imports.import_addresses(database, rows(), **given)
    with pytest.raises(canvass_imports.ImportUnfinished, match="was interrupted"):
        await canvass.cut_area(database, "FR", actor="test", now=NOW)
    # Another file that is whole makes it no better.
    with pytest.raises(canvass_imports.ImportUnfinished, match=r"a\.csv was interrupted"):
        await plant(database, now=NOW)
    await canvass_imports.import_addresses(database, [next(rows())], **given)
    await canvass.cut_area(database, "FR", actor="test", now=NOW)


async def test_a_day_is_that_of_the_place_and_counts_of_few_doors_name_no_street(database: Database) -> None:
    """One house on ten days is no street with ten doors; what is noted at ten in Nouméa was not noted yesterday."""
    assert day_at("98818", paris("2016-11-16T00:30")).isoformat() == "2016-11-16"
    assert day_at("98735", paris("2016-11-17T03:00")).isoformat() == "2016-11-16"
    going = await begun(database)
    async with database.write() as tx:
        doors = list(await tx.scalars(sa.select(addresses.c.id).where(addresses.c.street == "Rue A")))
        row = {"walk": going.walk, "outing": 1, "outcome": "nobody", "tap": 1}
        taps = [{**row, "address": door, "at": NOW} for door in doors]
        taps += [{**row, "address": doors[0], "at": NOW + timedelta(days=day)} for day in range(1, 12)]
        await tx.execute(sa.insert(visits), taps)
    await db.due_rows.erase_each(database, db.canvass_counts.due())
    async with database.read() as tx:
        kept = [tuple(row)[1:] for row in await tx.execute(sa.select(street_counts))]
    assert [row for row in kept if row[0]] == [("Rue A", "2016-11-16", "nobody", 10)]
    assert len(kept) == 12


async def test_what_was_noted_at_a_door_of_no_station_goes_uncounted(database: Database) -> None:
    """A piece for the station that it has not would erase nothing, again and again."""
    going = await begun(database)
    async with database.write() as tx:
        door = await tx.scalar(sa.select(addresses.c.id).where(addresses.c.street == "Rue A").limit(1))
        await tx.execute(sa.update(addresses).where(addresses.c.id == door).values(station=None, walk=None))
        row = {"address": door, "walk": going.walk, "outing": 1, "outcome": "nobody", "at": NOW, "tap": 1}
        await tx.execute(sa.insert(visits).values(row))
    erased = await db.due_rows.erase_each(database, db.canvass_counts.due())
    assert erased[:2] == [0, 1]
    async with database.read() as tx:
        assert (await tx.execute(sa.select(street_counts))).all() == []


async def test_a_door_that_vanished_stays_until_what_was_noted_there_is_erased(database: Database) -> None:
    going = await begun(database)
    async with database.write() as tx:
        door = await tx.scalar(sa.select(addresses.c.id).where(addresses.c.street == "Rue A").limit(1))
        row = {"address": door, "walk": going.walk, "outing": 1, "outcome": "nobody", "at": NOW, "tap": 1}
        await tx.execute(sa.insert(visits).values(row))
    gone = await canvass_imports.vanished(database, {"69123": []})
    assert (len(gone.numbers), gone.noted) == (13, 1)
    given = {"file": "a.csv", "actor": "test", "now": NOW}
    # Noted meanwhile: it stays too.
    assert await canvass_imports.forget_addresses(database, [*gone.numbers, door], **given) == 13
    async with database.read() as tx:
        assert list(await tx.scalars(sa.select(addresses.c.id).where(addresses.c.commune == "69123"))) == [
            door
        ]


async def test_walks_are_offered_nearest_first(database: Database) -> None:
    """Those of one’s commune, then those of the département by how far their station is from there."""
    where = {"69264": (45.98, 4.72), "69123": (45.76, 4.84), "69266": (45.77, 4.88), "69029": (45.73, 4.91)}
    async with database.write() as tx:
        for commune, (latitude, longitude) in where.items():
            code = f"{commune}_0101"
            place = {"latitude": latitude, "longitude": longitude, **place_of(commune)}
            await tx.execute(sa.insert(stations).values(code=code, **place))
            walk = {"code": f"{code}-1", "station": code, "state": "offered", "doors": 1, "metres": 0}
            await tx.execute(sa.insert(walks).values(cut_at=NOW, **walk))
        for number, (commune, expected) in enumerate(
            {
                "69029": ["69029", "69266", "69123", "69264"],
                "69264": ["69264", "69123", "69266", "69029"],
            }.items()
        ):
            await db.people.create(tx, telegram_id=70 + number, pseudonym=f"p{number}", now=NOW)
            row = {"state": "registered", "consent_contact": True, **place_of(commune)}
            await tx.execute(sa.update(people).where(people.c.telegram_id == 70 + number).values(**row))
            person = await db.people.find(tx, 70 + number)
            assert person is not None
            found, more = await canvass_walks.offered_to(tx, person, communes.load(), NOW)
            assert ([each.commune for each in found], more) == (expected, False)
