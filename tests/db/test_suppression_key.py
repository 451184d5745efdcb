"""The key of the suppression list lies outside the database, on both engines, and survives what befalls it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.rules.suppression import SuppressionKey, suppression_of
from db.engine import FILE_NAME, Database, open_database
from db.errors import MissingKey, UnsafeKey, WrongKey
from db.facts import get_fact, set_fact
from db.schema import facts, suppressions
from db.suppression_key import (
    KEY_FACT,
    begin_anew,
    change_suppression_key,
    open_suppression_key,
    read_suppression_key,
    write_suppression_key,
)
from db.upgrade import upgrade
from tests.backups import NOW, names_in
from tests.searching import files_that_hold

OLD = SuppressionKey(links=(b"k" * 32,))
SEVEN = 7_482_913_650


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "suppression.key"


def lose(file: Path) -> None:
    file.unlink()


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def text_of(file: Path) -> str:
    return file.read_text(encoding="ascii")


def plant(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(0o600)


async def suppress(database: Database, key: SuppressionKey, *telegram_ids: int) -> None:
    async with database.write() as tx:
        for telegram_id in telegram_ids:
            row = {"hash": suppression_of(key, telegram_id), "day": NOW.date()}
            await tx.execute(suppressions.insert(), row)


async def marks_in(database: Database) -> set[str]:
    async with database.read() as tx:
        return set(await tx.scalars(sa.select(suppressions.c.hash)))


async def make_old(database: Database) -> None:
    """The database as it was when it held its key itself."""
    async with database.write() as tx:
        await set_fact(tx, KEY_FACT, OLD.links[0].hex())
    await suppress(database, OLD, SEVEN)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
async def test_a_new_database_gets_a_key_of_its_own(database: Database, file: Path) -> None:
    key = await open_suppression_key(database, file)
    assert mode_of(file) == 0o600
    assert await open_suppression_key(database, file) == key == read_suppression_key(file)


async def test_an_old_key_is_moved_out_and_nothing_of_it_stays(database: Database, file: Path) -> None:
    await make_old(database)
    assert await open_suppression_key(database, file) == OLD
    assert await open_suppression_key(database, file) == OLD
    assert await marks_in(database) == {suppression_of(OLD, SEVEN)}
    async with database.read() as tx:
        held = [str(value) for value in await tx.scalars(sa.select(facts.c.value))]
    assert not any(OLD.links[0].hex() in value for value in held)


async def test_not_even_a_free_page_holds_the_old_key(tmp_path: Path, file: Path) -> None:
    """Whoever can decrypt the file finds nothing: here it is not encrypted at all."""
    url = f"sqlite+aiosqlite:///{tmp_path / FILE_NAME}"
    database = await open_database(url, folder=tmp_path)
    await upgrade(database)
    await make_old(database)
    await open_suppression_key(database, file)
    await database.close()
    assert files_that_hold(tmp_path, [OLD.links[0].hex()]) == [(file.name, OLD.links[0].hex())]


async def test_a_move_that_was_interrupted_is_finished(database: Database, file: Path) -> None:
    """It ended between the file and the database."""
    await make_old(database)
    write_suppression_key(file, OLD)
    assert await open_suppression_key(database, file) == OLD
    async with database.read() as tx:
        assert await get_fact(tx, KEY_FACT) is None


async def test_a_change_seals_every_mark_anew(database: Database, file: Path) -> None:
    await make_old(database)
    await change_suppression_key(database, file)
    new = await open_suppression_key(database, file)
    assert (len(new.links), new.links[0]) == (2, OLD.links[0])
    assert await marks_in(database) == {suppression_of(new, SEVEN)}
    assert names_in(file.parent) == [file.name]


async def test_a_change_that_was_interrupted_is_finished(database: Database, file: Path) -> None:
    await make_old(database)
    await open_suppression_key(database, file)
    new, waiting = OLD.with_link(b"n" * 32), file.with_name("suppression.key.new")
    write_suppression_key(waiting, new)  # it ended before the database was changed
    assert await open_suppression_key(database, file) == new == read_suppression_key(file)
    assert await marks_in(database) == {suppression_of(new, SEVEN)}
    assert names_in(file.parent) == [file.name]


async def test_a_key_that_was_half_written_was_never_used(database: Database, file: Path) -> None:
    await make_old(database)
    await open_suppression_key(database, file)
    waiting = file.with_name("suppression.key.new")
    write_suppression_key(waiting, OLD.with_link(b"n" * 32))
    plant(waiting, text_of(waiting)[:100])
    assert await open_suppression_key(database, file) == OLD
    assert names_in(file.parent) == [file.name]


async def test_a_lost_key_is_told_and_none_is_made_in_its_place(database: Database, file: Path) -> None:
    await open_suppression_key(database, file)
    lose(file)
    with pytest.raises(MissingKey, match="put it back, from the copy you keep"):
        await open_suppression_key(database, file)
    assert names_in(file.parent) == []


async def test_another_databases_key_is_refused(database: Database, file: Path) -> None:
    await make_old(database)
    await open_suppression_key(database, file)
    lose(file)
    write_suppression_key(file, SuppressionKey(links=(b"o" * 32,)))
    with pytest.raises(WrongKey, match="not the one this database was made with"):
        await open_suppression_key(database, file)
    assert await marks_in(database) == {suppression_of(OLD, SEVEN)}


async def test_after_a_loss_one_begins_anew_without_the_marks(database: Database, file: Path) -> None:
    await make_old(database)
    await open_suppression_key(database, file)
    async with database.write() as tx:
        with pytest.raises(UnsafeKey, match="move it away first"):
            await begin_anew(tx, file)
    lose(file)
    async with database.write() as tx:
        assert await begin_anew(tx, file) == 1
    assert await open_suppression_key(database, file) != OLD
    assert await marks_in(database) == set()


@pytest.mark.parametrize("text", ["", "secret", "ab" * 31, f"{'ab' * 32}\n{'ab' * 31}", f"{'ab' * 32}' --"])
async def test_what_is_no_key_is_refused_without_being_shown(
    database: Database, file: Path, text: str
) -> None:
    plant(file, text)
    with pytest.raises(UnsafeKey, match="lines of 64 hexadecimal digits") as caught:
        await open_suppression_key(database, file)
    assert not text or text not in str(caught.value)
