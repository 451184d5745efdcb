"""Opening a database: what cannot be opened is told in a sentence, and nothing is touched."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from db.engine import FILE_NAME, Database, open_database
from db.errors import CannotOpen, MissingKey, WrongKey
from db.key import DatabaseKey
from db.urls import parse_url


async def test_a_wrong_key_touches_nothing(sqlite_database: Database) -> None:
    file = sqlite_database.file
    assert file is not None
    await sqlite_database.close()
    before = file.read_bytes()
    with pytest.raises(WrongKey, match="does not open with this key"):
        await open_database(None, folder=file.parent, key=DatabaseKey.generate())
    with pytest.raises(WrongKey, match="is encrypted"):
        await open_database(f"sqlite:///{file}", folder=file.parent)
    assert file.read_bytes() == before


async def test_a_plain_file_is_not_taken_for_an_encrypted_one(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as plain:
        plain.execute("CREATE TABLE thing (name TEXT)")
    plain.close()
    with pytest.raises(WrongKey, match="is not encrypted"):
        await open_database(None, folder=tmp_path, key=DatabaseKey.generate())


def test_the_default_database_needs_a_key(tmp_path: Path) -> None:
    with pytest.raises(MissingKey):
        asyncio.run(open_database(None, folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_that_is_a_file_is_told(tmp_path: Path, database_key: DatabaseKey) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotOpen, match="PORTEVOIX_DATA"):
        await open_database(None, folder=tmp_path / "file", key=database_key)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("portevoix.db", "is not a database URL"),
        ("mysql://root:hidden@host/db", "names mysql"),
        ("sqlite+aiosqlite://", "names no SQLite file"),
        ("sqlite:///:memory:", "names no SQLite file"),
        ("postgresql://u:hidden@host:port/db", "is not a database URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_told_without_its_password(url: str, sentence: str) -> None:
    with pytest.raises(CannotOpen, match=sentence) as caught:
        parse_url(url)
    assert "hidden" not in str(caught.value)


def test_postgresqls_own_word_for_tls_is_understood() -> None:
    url = parse_url("postgresql://portevoix:secret@db.example.org/portevoix?sslmode=verify-full")
    assert dict(url.query) == {"ssl": "verify-full"}


async def test_an_option_that_the_driver_does_not_know_is_named(empty_postgresql: str) -> None:
    url = sa.make_url(empty_postgresql).update_query_dict({"ssl_mode": "require"})
    with pytest.raises(CannotOpen, match=r"options that are not known .*ssl_mode"):
        await open_database(url.render_as_string(hide_password=False), folder=Path())


async def test_an_unreachable_postgresql_is_told() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        url = f"postgresql://user:hidden@127.0.0.1:{unused.getsockname()[1]}/campaign"
        with pytest.raises(CannotOpen, match="cannot be reached") as caught:
            await open_database(url, folder=Path())
    assert "hidden" not in str(caught.value)


async def test_a_missing_postgresql_database_is_told(empty_postgresql: str) -> None:
    url = sa.make_url(empty_postgresql).set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(CannotOpen, match="has no database nowhere; create it"):
        await open_database(url, folder=Path())


async def test_an_unknown_postgresql_user_is_told(empty_postgresql: str) -> None:
    url = sa.make_url(empty_postgresql).set(username="stranger").render_as_string(hide_password=False)
    with pytest.raises(CannotOpen, match="refuses the user stranger"):
        await open_database(url, folder=Path())


async def test_a_server_that_lets_nobody_in_any_more_is_told_as_at_the_start(empty_postgresql: str) -> None:
    """A command that needs one more connection says what is wrong as one that cannot begin."""
    database = await open_database(empty_postgresql, folder=Path())
    name, apart = sa.make_url(empty_postgresql).database, empty_postgresql.replace("+asyncpg", "")
    server = await asyncpg.connect(apart.replace(f"/{name}?", "/postgres?"))
    try:
        async with database.read() as tx:  # whoever comes meanwhile needs a connection more
            assert await tx.scalar(sa.text("SELECT 1")) == 1
            await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            with pytest.raises(CannotOpen, match=r"cannot be used .*not currently accepting connections"):
                async with database.read() as other:
                    await other.scalar(sa.text("SELECT 1"))
    finally:
        await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await server.close()
        await database.close()
