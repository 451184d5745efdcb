"""PostgreSQL ends, cancels or refuses what a command asks of it: one sentence whatever the command, no traceback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import asyncpg
import pytest
import sqlalchemy as sa

from bot.cli import REFUSED, TRY_AGAIN
from tests.bots import free_port, until
from tests.commanding import refusal

TOKEN = "123456789:" + "A" * 35
COMMANDS = {
    "reads": (("staff", "list"), "staff"),
    "writes": (("staff", "add", "--telegram-id", "1", "--role", "admin"), "staff"),
    "exports": (("export", "responses", "--format", "csv", "--out", "OUT"), "responses"),
    "purges": (("purge",), "people"),
    "serves": (("run",), "facts"),
}
"""A command of each kind, and a table without which it does not get to its end."""


@pytest.fixture
def told(
    tmp_path: Path,
    postgresql_address: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[[str], str]:
    """What a command of this kind says that is refused; one that serves may be begun again."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.setenv("PORTEVOIX_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PORTEVOIX_DATABASE", postgresql_address)
    monkeypatch.setenv("PORTEVOIX_CAMPAIGN", "campaigns/primaire-2016")
    monkeypatch.setenv("PORTEVOIX_TOKEN", TOKEN)
    monkeypatch.setenv("PORTEVOIX_API_BASE", f"http://127.0.0.1:{free_port()}")

    def run(kind: str, *, may_pass: bool = True) -> str:
        words, _ = COMMANDS[kind]
        arguments = [str(tmp_path / "out.csv") if word == "OUT" else word for word in words]
        status = TRY_AGAIN if kind == "serves" and may_pass else REFUSED
        said = refusal(capsys, *arguments, status=status)
        assert not (tmp_path / "out.csv").exists(), "half an export"
        return said

    return run


Ends: TypeAlias = Callable[[asyncpg.Connection, int], Awaitable[object]]


async def terminate(server: asyncpg.Connection, backend: int) -> None:
    await server.execute("SELECT pg_terminate_backend($1)", backend)


async def cancel(server: asyncpg.Connection, backend: int) -> None:
    await server.execute("SELECT pg_cancel_backend($1)", backend)


@asynccontextmanager
async def held(
    server: asyncpg.Connection, kind: str, told: Callable[[str], str]
) -> AsyncIterator[tuple[asyncio.Task[str], int]]:
    """A command of this kind that waits for its table, and what it waits in."""
    waiting = (
        "SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database"
        " WHERE NOT granted AND datname = current_database()"
    )
    async with server.transaction():
        await server.execute(f"LOCK TABLE {COMMANDS[kind][1]} IN ACCESS EXCLUSIVE MODE")
        command = asyncio.create_task(asyncio.to_thread(told, kind))

        async def waits() -> bool:
            return command.done() or await server.fetchval(waiting) is not None

        await until(waits, "it waits for the table")
        backend = await server.fetchval(waiting)
        assert backend is not None, await command
        yield command, backend


@pytest.mark.parametrize(
    ("end", "says"),
    [(terminate, "The connection to PostgreSQL broke"), (cancel, "PostgreSQL broke off")],
    ids=["terminated", "cancelled"],
)
@pytest.mark.parametrize("kind", COMMANDS)
async def test_what_the_server_ends_in_the_middle_is_told_in_a_sentence(
    kind: str, end: Ends, says: str, told: Callable[[str], str], postgresql_address: str
) -> None:
    server = await asyncpg.connect(postgresql_address.replace("+asyncpg", ""))
    try:
        async with held(server, kind, told) as (command, backend):
            await end(server, backend)
            assert (await command).startswith(says)
    finally:
        await server.close()


class Line:
    """A way to the server that can be cut, as by a machine that dies: nobody says why."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._ends: list[asyncio.StreamWriter] = []
        self._copying: set[asyncio.Task[None]] = set()

    async def begin(self) -> int:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, there = await asyncio.open_unix_connection(str(self._socket))
        self._ends += [writer, there]
        for source, target in ((reader, there), (theirs, writer)):
            copying = asyncio.create_task(self._copy(source, target))
            self._copying.add(copying)

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while said := await source.read(65_536):
                target.write(said)
        target.close()

    async def cut(self) -> None:
        self._server.close()
        for end in self._ends:
            end.transport.abort()
        await asyncio.gather(*self._copying)


@pytest.mark.parametrize("kind", COMMANDS)
async def test_a_server_that_dies_in_the_middle_is_told_in_a_sentence(
    kind: str, told: Callable[[str], str], postgresql_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sa.make_url(postgresql_address)
    line = Line(Path(str(url.query["host"])) / ".s.PGSQL.5432")
    near = url.set(host="127.0.0.1", port=await line.begin(), query={"ssl": "disable"})
    monkeypatch.setenv("PORTEVOIX_DATABASE", near.render_as_string(hide_password=False))
    server = await asyncpg.connect(postgresql_address.replace("+asyncpg", ""))
    try:
        async with held(server, kind, told) as (command, _):
            await line.cut()
            assert (await command).startswith("The connection to PostgreSQL broke")
    finally:
        await server.close()


REFUSALS = {
    "28P01": ("password authentication failed", "refuses the user bot"),
    "3D000": ('database "portevoix" does not exist', "has no database portevoix"),
    "53300": ("sorry, too many clients already", "has no connection left"),
    "57P03": ("the database system is starting up", "takes nobody now"),
}


@pytest.mark.parametrize("state", REFUSALS)
@pytest.mark.parametrize("kind", COMMANDS)
async def test_a_server_that_lets_nobody_in_is_told_in_a_sentence(
    kind: str, state: str, told: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it may be otherwise in a moment, whoever serves is begun again."""
    message, says = REFUSALS[state]
    fault = f"SFATAL\0VFATAL\0C{state}\0M{message}\0\0".encode()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(b"E" + (len(fault) + 4).to_bytes(4, "big") + fault)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("PORTEVOIX_DATABASE", f"postgresql://bot:x@127.0.0.1:{port}/portevoix?ssl=disable")
        may_pass = state in ("53300", "57P03")
        assert says in await asyncio.to_thread(told, kind, may_pass=may_pass)
