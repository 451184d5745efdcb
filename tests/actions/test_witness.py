"""The head of the log outside of the database: a log that was cut, rewritten or moved back no longer fits it."""

from __future__ import annotations

import asyncio
import os
import resource
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import db.audit
import db.staff
from bot.actions import audit, witness
from bot.actions.audit import ChainFault, FaultKind
from bot.rules.courtesy import CourtesyHours
from db.anchors import Anchor, append_anchor, read_anchors
from db.audit import Tail
from db.engine import Database
from db.errors import CannotOpen
from db.facts import forget_fact
from db.schema import audit as log
from db.schema import broadcasts, deliveries, people
from tests.acting import NOW
from tests.bots import until

HOUR = timedelta(hours=1)
TERM = timedelta(days=1_095)
HOURS = CourtesyHours()


async def note(database: Database, *actors: str) -> None:
    async with database.write() as tx:
        for actor in actors:
            await audit.note(tx, actor=actor, action="broadcast", details={}, now=NOW)


async def forge(database: Database, actors: list[str], *, remembered: bool) -> None:
    """The log rewritten by somebody with the key: a whole chain of other entries, and its tail with it."""
    async with database.write() as tx:
        await tx.execute(sa.delete(log))
        await forget_fact(tx, db.audit.TAIL)
        if not remembered:
            await forget_fact(tx, db.audit.WITNESSED)
    await note(database, *actors)


async def faults(database: Database, file: Path, now: datetime = NOW) -> list[tuple[FaultKind, int]]:
    async with database.read() as tx:
        found = (await audit.verify(tx, anchors=read_anchors(file), now=now)).faults
    return [(fault.kind, fault.anchor.count) for fault in found if fault.anchor is not None]


async def test_the_head_is_noted_where_it_changed(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "away" / "audit.anchors"
    assert not await witness.anchor(database, file, NOW), "of an empty log there is nothing to note"
    await note(database, "staff:1", "staff:2")
    assert await witness.anchor(database, file, NOW)
    assert not await witness.anchor(database, file, NOW + HOUR)
    await note(database, "staff:3")
    assert await witness.anchor(database, file, NOW + HOUR)
    assert [(each.at, each.count) for each in read_anchors(file)] == [(NOW, 2), (NOW + HOUR, 3)]
    assert file.stat().st_mode & 0o777 == 0o600
    assert await faults(database, file) == []


FORGERIES: dict[str, list[str]] = {
    "emptied, begun anew": ["staff:9"],
    "cut at the end": ["staff:1", "staff:2"],
    "rewritten": ["staff:1", "staff:9", "staff:3"],
    "rewritten, and longer": ["staff:1", "staff:9", "staff:3", "staff:4", "staff:5"],
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_log_that_was_forged_with_the_key_is_found_out(
    database: Database, tmp_path: Path, name: str
) -> None:
    """The forger keeps the chain whole; without the anchor file the log would seem to be."""
    file = tmp_path / "audit.anchors"
    for actor in ("staff:1", "staff:2", "staff:3"):
        await note(database, actor)
        await witness.anchor(database, file, NOW)
    await forge(database, FORGERIES[name], remembered=False)
    async with database.read() as tx:
        assert (await audit.verify(tx)).faults == ()
    first = next(
        index + 1 for index in range(3) if FORGERIES[name][index : index + 1] != [f"staff:{index + 1}"]
    )
    assert await faults(database, file) == [(FaultKind.UNKNOWN_ANCHOR, first)]


async def test_the_database_itself_remembers_how_far_the_log_had_come(
    database: Database, tmp_path: Path
) -> None:
    """A tail that moved back with its log, and fits it, is a fault where what was witnessed was forgotten about."""
    await note(database, "staff:1", "staff:2", "staff:3")
    await witness.anchor(database, tmp_path / "audit.anchors", NOW)
    await forge(database, ["staff:1", "staff:2"], remembered=True)
    assert await faults(database, tmp_path / "lost.anchors") == [(FaultKind.WENT_BACK, 3)]
    # What is noted next does not make it forgotten.
    await witness.anchor(database, tmp_path / "audit.anchors", NOW + HOUR)
    assert (FaultKind.WENT_BACK, 3) in await faults(database, tmp_path / "lost.anchors")


async def test_the_tail_knows_when(database: Database) -> None:
    await note(database, "staff:1")
    async with database.read() as tx:
        tail = await db.audit.tail(tx)
    assert tail is not None
    assert (tail.count, tail.at) == (1, NOW)


async def test_a_tail_of_an_older_version_knows_no_instant(database: Database) -> None:
    await note(database, "staff:1")
    async with database.write() as tx:
        tail = await db.audit.tail(tx)
        assert tail is not None
        await db.audit.set_tail(tx, Tail(count=tail.count, hash=tail.hash, at=None))
        assert (await audit.verify(tx)).faults == ()


async def test_anchors_of_entries_whose_term_is_over_say_nothing(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "audit.anchors"
    for number in range(3):
        await note(database, f"staff:{number}")
        await witness.anchor(database, file, NOW)
    async with database.write() as tx:
        assert await audit.forget_some(tx, NOW, actor="retention", now=NOW + TERM) == 3
    await witness.anchor(database, file, NOW + TERM)
    assert await faults(database, file, now=NOW + TERM) == []


async def test_a_forged_note_that_the_term_of_entries_is_over_forgets_no_anchor(
    database: Database, tmp_path: Path
) -> None:
    """Whoever has the key empties the log, and begins it with a note as the purge writes one."""
    file = tmp_path / "audit.anchors"
    for number in range(6):
        await note(database, f"staff:{number}")
        await witness.anchor(database, file, NOW + number * HOUR)
    forged = {"entries": 7, "last": "ab" * 32, "until": (NOW - 5 * TERM).isoformat()}
    async with database.write() as tx:
        await tx.execute(sa.delete(log))
        await db.audit.set_tail(tx, Tail(count=7, hash="ab" * 32, at=NOW))
        await audit.note(tx, actor="purge", action=audit.FORGOTTEN, details=forged, now=NOW)
    await note(database, "staff:99")
    assert (FaultKind.FORGOTTEN_EARLY, 2) in await faults(database, file, now=NOW + 24 * HOUR)


def test_the_file_is_only_lengthened_and_a_torn_line_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "audit.anchors"
    append_anchor(file, Anchor(at=NOW, count=1, hash="a" * 64))
    with file.open("a") as stream:
        stream.write("2016-11-16T08:00:00+00:00 2 bbbb")  # the power failed
    append_anchor(file, Anchor(at=NOW, count=3, hash="c" * 64))
    with file.open("ab") as stream:
        stream.write(b"\xff\nyesterday 4 " + b"d" * 64 + b"\n")
    assert [each.count for each in read_anchors(file)] == [1, 3]
    assert read_anchors(tmp_path / "none") == []


@pytest.mark.parametrize(
    "line",
    [
        f"2016-11-16T08:00:00+00:00 {'9' * 5_000} {'a' * 64}",
        f"0001-01-01T00:00:00+00:00 1 {'a' * 64}",
        f"9999-12-31T23:59:59-23:59 1 {'a' * 64}",
        f"2016-11-16T08:00:00 1 {'a' * 64}",
        "x" * 1_000_000,
        "\x00" * 100,
    ],
    ids=lambda line: line[:30],
)
async def test_a_file_that_was_tampered_with_stops_nobody(
    database: Database, tmp_path: Path, line: str
) -> None:
    """A line that nobody noted says nothing; what was noted before and is noted after still counts."""
    file = tmp_path / "audit.anchors"
    await note(database, "staff:1")
    await witness.anchor(database, file, NOW)
    with file.open("a") as stream:
        stream.write(f"{line}\n")
    await note(database, "staff:2")
    assert await witness.anchor(database, file, NOW + HOUR)
    assert await witness.look(database, file, NOW + HOUR) == ()
    assert [each.count for each in read_anchors(file)] == [1, 2]


def test_anchors_are_told_in_the_time_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "audit.anchors"
    file.write_text(f"2016-11-16T09:00:00+01:00 1 {'a' * 64}\n")
    (anchor,) = read_anchors(file)
    assert (
        str(ChainFault(entry=0, kind=FaultKind.UNKNOWN_ANCHOR, anchor=anchor)).count("2016-11-16 08:00 UTC")
        == 1
    )


def test_a_disk_that_takes_a_part_of_a_line_is_no_success(tmp_path: Path) -> None:
    file = tmp_path / "audit.anchors"
    append_anchor(file, Anchor(at=NOW, count=1, hash="a" * 64))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 40, before[1]))
    try:
        with pytest.raises(CannotOpen, match="cannot be noted"):
            append_anchor(file, Anchor(at=NOW, count=2, hash="b" * 64))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    append_anchor(file, Anchor(at=NOW, count=3, hash="c" * 64))
    assert [each.count for each in read_anchors(file)] == [1, 3]


async def test_a_file_on_a_machine_that_does_not_answer_holds_up_nobody(
    database: Database, tmp_path: Path
) -> None:
    """A pipe that nobody reads from is as slow as a file can be."""
    file = tmp_path / "audit.anchors"
    os.mkfifo(file)
    await note(database, "staff:1")
    anchoring = asyncio.create_task(witness.anchor(database, file, NOW))

    async def is_answered() -> bool:
        async with database.read() as tx:
            return await db.audit.tail(tx) is not None

    await until(is_answered, "the database answers meanwhile")
    assert not anchoring.done()
    (await asyncio.to_thread(file.open, "w")).close()  # the other machine is back
    await asyncio.wait_for(asyncio.gather(anchoring, return_exceptions=True), 30)


ZONES: dict[int, str | None] = {
    1: "Europe/Paris",
    2: "Pacific/Noumea",
    3: "America/Guadeloupe",
    4: None,  # an admin who never signed up
}


async def told(database: Database) -> set[tuple[int, int]]:
    """Who was told, each time."""
    async with database.read() as tx:
        query = sa.select(people.c.telegram_id, broadcasts.c.id)
        query = query.join(deliveries, deliveries.c.person == people.c.id).join(broadcasts)
        query = query.where(broadcasts.c.template == "notices/log_head")
        return {(row.telegram_id, row.id) for row in await tx.execute(query)}


@pytest.fixture
async def team(database: Database) -> Database:
    async with database.write() as tx:
        for number, zone in ZONES.items():
            row = {
                "telegram_id": number,
                "pseudonym": f"p{number}",
                "zone": zone,
                "created_at": NOW,
                "seen_at": NOW,
            }
            await tx.execute(sa.insert(people), row)
            await db.staff.add(tx, telegram_id=number, role="admin", area="FR", added_by=None, now=NOW)
        organizer = {"telegram_id": 5, "pseudonym": "p5", "created_at": NOW, "seen_at": NOW}
        await tx.execute(sa.insert(people), organizer)
        await db.staff.add(tx, telegram_id=5, role="organizer", area="FR", added_by=None, now=NOW)
    return database


async def tell(database: Database, hour: int) -> int:
    """On 17 November 2016 (UTC)."""
    async with database.write() as tx:
        return await witness.tell_head(tx, HOURS, NOW.replace(day=17, hour=0, minute=0) + hour * HOUR)


async def test_each_admin_is_told_once_a_day_and_never_at_night(team: Database) -> None:
    assert await tell(team, 9) == 0, "of an empty log there is nothing to tell"
    await note(team, "staff:1")
    hours: dict[int, set[int]] = {}
    for hour in range(24):
        before = await told(team)
        await tell(team, hour)
        if new := await told(team) - before:
            hours[hour] = {telegram_id for telegram_id, _ in new}
    # Midnight UTC is 11:00 in Nouméa, and still 20:00 of the 16th in Guadeloupe. 9:00 is 8:00 UTC in Paris, 13:00 UTC
    # in Guadeloupe, and, on the 18th, 22:00 UTC in Nouméa.
    assert hours == {0: {2, 3}, 8: {1, 4}, 13: {3}, 22: {2}}
    assert await tell(team, 12) == 0, "nor again where several processes, or a new start, try"
    assert await tell(team, 24 + 8) == 2


@pytest.mark.parametrize("forged", [True, False])
async def test_admins_are_told_once_of_a_log_that_no_longer_fits(
    team: Database, tmp_path: Path, forged: bool
) -> None:
    file = tmp_path / "audit.anchors"
    await note(team, "staff:1", "staff:2")
    await witness.anchor(team, file, NOW)
    if forged:
        await forge(team, ["staff:1"], remembered=False)
    for _ in range(2):
        assert len(await witness.look(team, file, NOW)) == forged
    async with team.read() as tx:
        query = sa.select(broadcasts.c.template, broadcasts.c.details)
        rows = (await tx.execute(query)).all()
    assert [row.template for row in rows] == ["notices/log_broken"] * forged
    assert [row.details["count"] for row in rows] == [2] * forged
