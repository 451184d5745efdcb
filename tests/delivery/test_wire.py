"""The connections under the transport: kept, shared, given up in time, and honest about what was written."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from yarl import URL

from bot.delivery.connection import NoAnswer, NotWritten
from bot.delivery.wire import TooLate, Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Say = Callable[[int, bytes], bytes | None]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers the n-th request of all connections with `say(n, request)`; None closes the connection."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.connections = 0
        self.requests: list[bytes] = []
        self.closed = asyncio.Event()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                said = self.say(len(self.requests), self.requests[-1])
                if said is None:
                    break
                writer.write(said)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed.set()


@asynccontextmanager
async def serving(
    talk: Talk, *, connections: int = 1, idle_seconds: float = 15.0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Wire]:
    """A wire to a server that answers by `talk`; both are closed to the last socket at the end."""
    talks: set[asyncio.Task[None]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        with suppress(ConnectionError):
            await talk(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    listening = await asyncio.start_server(tracked, "127.0.0.1", 0, ssl=tls)
    scheme, port = "https" if tls else "http", listening.sockets[0].getsockname()[1]
    base = URL(f"{scheme}://localhost:{port}/")
    wire = Wire(base, connections=connections, connect_seconds=5.0, idle_seconds=idle_seconds)
    async with listening:
        yield wire
        wire.close()
        await asyncio.gather(*talks)


@asynccontextmanager
async def wired(
    say: Say, *, connections: int = 4, idle_seconds: float = 15.0
) -> AsyncIterator[tuple[Wire, Server]]:
    server = Server(say)
    async with serving(server.talk, connections=connections, idle_seconds=idle_seconds) as wire:
        yield wire, server


async def test_a_connection_serves_one_post_after_the_other() -> None:
    async with wired(lambda _n, _request: OK) as (wire, server):
        for _ in range(20):
            assert (await wire.post(b"/bot1:x/sendMessage", b"{}", 5.0)).body == b"ok"
        assert server.connections == 1
        assert server.requests[0].startswith(b"POST /bot1:x/sendMessage HTTP/1.1\r\nHost: localhost:")
        assert server.requests[0].endswith(b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")


async def test_what_is_late_for_its_slot_is_not_written_and_its_connection_serves_the_next() -> None:
    async with wired(lambda _n, _request: OK) as (wire, server):
        for _ in range(2):  # with a connection that had to be opened, and with one that rested
            with pytest.raises(TooLate):
                await wire.post(b"/late", b"{}", 5.0, by=wire.time() - 0.001)
        await wire.post(b"/x", b"{}", 5.0, by=wire.time() + 60)
        assert server.connections == 1
        assert [request.split()[1] for request in server.requests] == [b"/x"]


async def test_no_more_connections_than_allowed() -> None:
    async with wired(lambda _n, _request: OK, connections=3) as (wire, server):
        answers = await asyncio.gather(*(wire.post(b"/x", b"%d" % n, 5.0) for n in range(200)))
        assert {answer.status for answer in answers} == {200}
        assert server.connections == 3
        assert sorted(int(request.rpartition(b"\n")[2]) for request in server.requests) == list(range(200))


ANSWERS = [
    # what the server says, the body that is read
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n", b"ok!"),
    (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"ok"),
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", b"ok"),
    (OK + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"ok"),  # more than was asked for
    (OK + OK, b"ok"),
    (OK + b"junk", b"ok"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nok", b"o"),  # its length is wrong
]


@pytest.mark.parametrize(("said", "body"), ANSWERS)
async def test_an_answer_is_read_and_the_next_post_is_not_confused(said: bytes, body: bytes) -> None:
    async with wired(lambda number, _request: said if number == 1 else OK) as (wire, server):
        assert (await wire.post(b"/x", b"{}", 5.0)).body == body
        assert (await wire.post(b"/x", b"{}", 5.0)).body == b"ok"
        # The next post went by another connection, as long as it could: its own answer is the first there.
        assert server.connections == (1 if body == b"ok!" or said.startswith(b"HTTP/1.1 100") else 2)


async def test_an_answer_without_length_ends_with_the_connection() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    async with serving(once) as wire:
        assert (await wire.post(b"/x", b"{}", 5.0)).body == b"all of it"


async def test_a_lost_connection_is_unanswered_and_frees_its_place() -> None:
    async with wired(lambda number, _request: None if number == 1 else OK, connections=1) as (wire, _server):
        lost, found = await asyncio.gather(
            wire.post(b"/x", b"1", 5.0), wire.post(b"/x", b"2", 5.0), return_exceptions=True
        )
        assert isinstance(lost, NoAnswer)
        assert not isinstance(found, BaseException)
        assert found.status == 200


async def test_a_cancelled_post_leaves_no_answer_for_the_next() -> None:
    asked = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        if asked.is_set():
            writer.write(OK)
        else:
            asked.set()
            await reader.read()

    async with serving(talk) as wire:
        first = asyncio.create_task(wire.post(b"/x", b"{}", 5.0))
        await asked.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert (await wire.post(b"/x", b"{}", 5.0)).body == b"ok"


async def test_an_idle_connection_is_closed_by_us() -> None:
    async with wired(lambda _n, _request: OK, idle_seconds=0.0) as (wire, server):
        await wire.post(b"/x", b"{}", 5.0)
        await asyncio.wait_for(server.closed.wait(), 5)
        assert (await wire.post(b"/x", b"{}", 5.0)).status == 200
        assert server.connections == 2


async def test_nothing_is_written_to_a_connection_that_rested_too_long_behind_a_stopped_loop() -> None:
    async with wired(lambda _n, _request: OK, idle_seconds=0.05) as (wire, server):
        await wire.post(b"/x", b"{}", 5.0)
        time.sleep(0.06)  # noqa: ASYNC251 - the loop stands still: nobody swept
        assert (await wire.post(b"/x", b"{}", 5.0)).status == 200
        assert server.connections == 2


async def test_nothing_is_written_to_a_connection_that_the_server_is_closing() -> None:
    async with wired(lambda _n, _request: OK) as (wire, server):
        await wire.post(b"/x", b"{}", 5.0)
        (resting,) = wire._idle
        assert resting._transport is not None
        resting._transport.close()  # what asyncio does at the end of the stream, a turn before `connection_lost`
        assert (await wire.post(b"/x", b"{}", 5.0)).status == 200
        assert server.connections == 2


async def test_a_cancelled_post_leaves_its_place_to_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async with wired(lambda _n, _request: OK, connections=1) as (wire, _server):
        loop, asked = asyncio.get_running_loop(), asyncio.Event()
        look_up = loop.getaddrinfo

        async def never(*_host: object, **_how: object) -> Any:
            asked.set()
            return await loop.create_future()

        monkeypatch.setattr(loop, "getaddrinfo", never)
        first = asyncio.create_task(wire.post(b"/x", b"{}", 5.0))
        await asked.wait()
        second = asyncio.create_task(wire.post(b"/x", b"{}", 5.0))
        await asyncio.sleep(0)  # it waits for the only place
        monkeypatch.setattr(loop, "getaddrinfo", look_up)
        first.cancel()
        assert (await second).status == 200


async def test_an_address_that_leads_nowhere_does_not_keep_from_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A host with IPv6 that is not routed: the first address never answers."""
    with socket.socket() as full, socket.socket() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting.connect(full.getsockname())  # fills the queue: further handshakes stay without an answer
        async with wired(lambda _n, _request: OK) as (wire, _server):
            loop = asyncio.get_running_loop()
            dead, look_up = full.getsockname(), loop.getaddrinfo

            async def both(host: str, *port: Any, **how: Any) -> list[Any]:
                found = await look_up(host, *port, **how)
                if host != "localhost":  # an address is looked up once more by a loop that connects to it
                    return found
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", dead), *found]

            monkeypatch.setattr(loop, "getaddrinfo", both)
            assert (await wire.post(b"/x", b"{}", 4.0)).status == 200


async def test_a_closed_wire_leaves_nobody_waiting() -> None:
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        asked.set()
        await reader.read()

    async with serving(silent) as wire:
        post = asyncio.create_task(wire.post(b"/x", b"{}", 60.0))
        await asked.wait()
        wire.close()
        with pytest.raises(NoAnswer):
            await post


async def test_nobody_listening_is_not_written() -> None:
    wire = Wire(URL("http://127.0.0.1:9/"), connections=1, connect_seconds=5.0, idle_seconds=5.0)
    for _ in range(3):  # the place of a connection that could not be made is free again
        with pytest.raises(NotWritten):
            await wire.post(b"/x", b"{}", 5.0)


@pytest.mark.parametrize(("name", "trusted"), [("localhost", True), ("elsewhere.example", False)])
async def test_the_certificate_must_be_the_servers(
    name: str, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))  # what a machine trusts
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(tls)
    server = Server(lambda _n, _request: OK)
    async with serving(server.talk, tls=tls) as wire:
        if trusted:
            assert (await wire.post(b"/x", b"{}", 5.0)).body == b"ok"
        else:
            with pytest.raises(NotWritten, match="SSLCertVerificationError"):
                await wire.post(b"/x", b"{}", 5.0)
            assert not server.requests
