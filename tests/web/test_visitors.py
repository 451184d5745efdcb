"""The web part of `portevoix run` before visitors who ask nothing: they are let go, and everybody else is served."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from bot.commands.running import new_loop
from bot.errors import SettingsError
from bot.setting_values import Address
from bot.web import visitors
from bot.web.server import listen, serve
from bot.web.site import static_url
from tests.bots import BotProcess, free_port, until
from tests.test_bad_servers import HURRIED, Server, came, serving
from tests.test_endless_servers import pressing_start

IDLE = 1_100
FEW_DESCRIPTORS = 1_024


@asynccontextmanager
async def visited(folder: Path, *, module: str = "bot.cli") -> AsyncIterator[tuple[BotProcess, Server]]:
    async with serving(folder) as (server, environment):
        bot = BotProcess(environment, folder / "bot.log", module=module)
        await bot.start()
        try:
            yield bot, server
        finally:
            await bot.stop()
    assert "Traceback" not in (folder / "bot.log").read_text()


def call(port: int, said: bytes = b"") -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=20)
    line.sendall(said)
    return line


def hangs_up(port: int, said: bytes, more: bytes = b"") -> int:
    """Says something, and `more` again and again, until the other side hangs up; how many bytes were said."""
    with call(port, said) as line:
        count = len(said)
        line.settimeout(0.05 if more else 20)
        try:
            while count < 64 * 1024 * 1024:
                with contextlib.suppress(TimeoutError):
                    if not line.recv(65_536):
                        return count
                if more:
                    line.sendall(more)
                    count += len(more)
        except ConnectionError:
            pass
        return count


def descriptors(bot: BotProcess) -> int:
    return len(list(Path(f"/proc/{bot.process_id}/fd").iterdir()))


async def test_a_thousand_who_ask_nothing_keep_nobody_from_being_served(tmp_path: Path) -> None:
    async with visited(tmp_path) as (bot, server):
        resource.prlimit(bot.process_id, resource.RLIMIT_NOFILE, (FEW_DESCRIPTORS, FEW_DESCRIPTORS))
        with contextlib.ExitStack() as lines:
            for number in range(IDLE):
                lines.enter_context(
                    await asyncio.to_thread(call, bot.port, b"" if number % 2 else b"GET /hea")
                )
            assert (await bot.health())["updates_waiting"] == 0
            server.updates += pressing_start([1])
            await until(lambda: came(server.answered), "who writes to the bot is answered")
            assert descriptors(bot) < visitors.MOST + 100


REQUESTS = {
    "nothing": b"",
    "half a head": b"GET /health HTTP/1.1\r\nHost: x\r\n",
    "half a body": b"POST /download/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1",
    "one request and half of another": b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /he",
}


async def test_who_does_not_go_on_is_let_go(tmp_path: Path) -> None:
    async with visited(tmp_path, module=HURRIED) as (bot, _server):
        for said in REQUESTS.values():
            async with asyncio.timeout(60):  # a busy machine takes its time
                await asyncio.to_thread(hangs_up, bot.port, said)
        # Each byte would keep the connection alive for ever.
        async with asyncio.timeout(60):  # a busy machine takes its time
            assert await asyncio.to_thread(hangs_up, bot.port, REQUESTS["half a head"], b"X: y\r\n") < 10_000


LARGE = f"GET {static_url('map/departments.svg')} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def holds(bot: BotProcess, line: socket.socket) -> bool:
    """Whether the bot has the other end of a connection still: the system's list tells whose end is nobody's."""
    here, there = (f":{port:04X}" for port in (bot.port, line.getsockname()[1]))
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[1].endswith(here) and row[2].endswith(there) and row[9] != "0" for row in rows)


async def test_who_reads_no_answer_is_let_go(tmp_path: Path) -> None:
    async with visited(tmp_path, module=HURRIED) as (bot, _server):
        with socket.socket() as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            line.connect(("127.0.0.1", bot.port))
            line.sendall(LARGE * visitors.MOST_AHEAD)  # megabytes, that no buffer holds

            async def is_there() -> bool:
                return holds(bot, line)

            async def is_gone() -> bool:
                return not holds(bot, line)

            await until(is_there, "they have a place")
            await until(is_gone, "their place is another's")


async def test_who_asks_without_waiting_for_an_answer_is_let_go(tmp_path: Path) -> None:
    async with visited(tmp_path) as (bot, _server):
        said = await asyncio.to_thread(hangs_up, bot.port, LARGE * 1_000, LARGE * 1_000)
    assert said < 32 * 1024 * 1024


async def test_a_head_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    async with visited(tmp_path) as (bot, _server):
        header = b"X-Header: %s\r\n" % (b"x" * 60_000)
        said = await asyncio.to_thread(hangs_up, bot.port, b"GET /health HTTP/1.1\r\n" + header * 4, header)
    assert said < 32 * 1024 * 1024


async def test_when_it_ends_nobody_is_let_in_and_who_is_silent_is_let_go() -> None:
    """The rest of the bot may take its time to end; its loop has the other end of what is left open."""
    listener = listen(Address(host="127.0.0.1", port=free_port()))
    listener.listen()  # who comes before it serves waits
    port = listener.getsockname()[1]
    serving_it = asyncio.create_task(serve(PlainTextResponse("Here."), listener))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200" in await reader.readuntil(b"Here.")
    serving_it.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving_it
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def test_whoever_makes_what_was_asked_first_is_told_too_that_nobody_reads_it() -> None:
    """uvicorn tells the one who makes what was asked last alone."""
    entered, told = asyncio.Event(), asyncio.Event()

    async def application(_scope: Scope, receive: Receive, _send: Send) -> None:
        entered.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        told.set()

    listener = listen(Address(host="127.0.0.1", port=free_port()))
    listener.listen()
    serving_it = asyncio.create_task(serve(application, listener))
    try:
        _reader, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        async with asyncio.timeout(60):
            await entered.wait()
            writer.transport.abort()
            await told.wait()
    finally:
        serving_it.cancel()
        await asyncio.gather(serving_it, return_exceptions=True)


async def test_a_port_that_somebody_else_takes_before_it_serves_is_told_in_a_sentence() -> None:
    """Bound, and not yet listened on, a port can be bound once more."""
    address = Address(host="127.0.0.1", port=free_port())
    ours, theirs = listen(address), listen(address)
    with contextlib.closing(theirs):
        theirs.listen()
        async with asyncio.timeout(20):
            with pytest.raises(SettingsError, match="stop what uses that port"):
                await serve(PlainTextResponse("Here."), ours)


class Streams:
    """An application whose answers have no end, as those that follow a message while it leaves."""

    def __init__(self) -> None:
        self.begun = self.ended = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(self._lines(), media_type="text/event-stream")(scope, receive, send)

    async def _lines(self) -> AsyncIterator[str]:
        self.begun += 1
        try:
            yield "data: begun\n\n"
            await asyncio.Event().wait()
        finally:
            self.ended += 1


def test_a_stream_ends_with_the_server_and_nothing_is_told_of_it(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the loop would end it, after the database, and uvicorn tell of an exception."""
    monkeypatch.setattr("bot.web.server.PARTING_SECONDS", 0.05)
    streams = Streams()

    async def stopped_while_read() -> bytes:
        listener = listen(Address(host="127.0.0.1", port=free_port()))
        listener.listen()  # who comes before it serves waits
        serving_it = asyncio.create_task(serve(streams, listener))
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"begun\n\n")
        serving_it.cancel()
        await asyncio.gather(serving_it, return_exceptions=True)
        assert (streams.begun, streams.ended) == (1, 1), "it ended before the server did"
        async with asyncio.timeout(20):
            rest = await reader.read()
        writer.close()
        return rest

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(stopped_while_read())
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_what_is_being_answered_comes_to_its_end() -> None:
    asked, goes_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        asked.set()
        await goes_on.wait()
        await PlainTextResponse("Here.")(scope, receive, send)

    listener = listen(Address(host="127.0.0.1", port=free_port()))
    listener.listen()
    serving_it = asyncio.create_task(serve(slow, listener))
    reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await asked.wait()
    serving_it.cancel()
    await asyncio.sleep(0)
    goes_on.set()
    await asyncio.gather(serving_it, return_exceptions=True)
    assert (await reader.read()).endswith(b"Here.")
    writer.close()
