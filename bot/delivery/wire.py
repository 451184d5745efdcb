"""Kept-alive HTTP/1.1 connections to one server, for small JSON posts and nothing else.

A general client spends most of a post on what a bot's request never has: cookies, redirects, streams,
proxies, a timer each. This one writes the request as one piece and reads the answer with httptools, in a
third of the time. Whether a failure came before or after the first written byte is what it tells apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

import aiohappyeyeballs
import httptools
from yarl import URL

from bot.delivery.outcomes import TOO_LARGE

# Answers are small; one that is larger than this is not Telegram's, and so is a head of this size.
MOST_BYTES = 1024 * 1024
MOST_HEAD_BYTES = 64 * 1024
# What all connections together may hold of answers that have not ended, beyond the first piece of each: hundreds of
# endless answers cost no more than some. The small answers beside them are not touched.
MOST_BYTES_IN_ALL = 16 * 1024 * 1024
FREE_BYTES = 64 * 1024
LARGE_HEAD_BYTES = 4 * 1024
# How often silent and idle connections are looked for: one timer for all instead of one a post.
SWEEP_SECONDS = 0.25
# How long an address may be silent before the host's next one is tried beside it.
NEXT_ADDRESS_SECONDS = 0.25
# Told by the answer's head, and not by a Content-Length, where the answer ends when the server closes.
_KEPT_HEADERS = (b"retry-after", b"content-length", b"transfer-encoding")


class NotWritten(Exception):
    """No connection, or none that was free in time: not one byte of the request was written."""


class Unanswered(Exception):
    """The request was written, but no complete answer came."""


class Allowance:
    """How many bytes of unfinished answers may still be held, by whoever reads any."""

    def __init__(self, most: int = MOST_BYTES_IN_ALL) -> None:
        self._left = most

    def take(self, count: int) -> bool:
        """Hold so many more; False, and none are, where there are not as many left."""
        if count > self._left:
            return False
        self._left -= count
        return True

    def give_back(self, count: int) -> None:
        self._left += count


class Answer(NamedTuple):
    """An HTTP answer, and the bytes that begin with its head. A tuple, because one is made for every message."""

    status: int
    body: bytes
    head: bytes
    reusable: bool

    @property
    def headers(self) -> Mapping[str, str]:
        """Few of them, by their names in lower case: most answers are understood without."""
        return _headers_in(self.head)


class Wire:
    """At most `connections` connections to the server of `base`, opened when needed.

    `idle_seconds` must be less than the server's own limit: it is we who close an idle connection, because
    a request written to one that the server is closing would be in doubt for nothing.
    """

    def __init__(self, base: URL, *, connections: int, connect_seconds: float, idle_seconds: float) -> None:
        self.allowance = Allowance()
        self.time = asyncio.get_running_loop().time
        assert base.host is not None
        assert base.port is not None
        self._host, self._port = base.host, base.port
        self._tls = ssl.create_default_context() if base.scheme == "https" else None
        authority = base.raw_authority.rpartition("@")[2]
        self._head = (
            f" HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nContent-Length: ".encode()
        )
        self._connections = connections
        self._connect_seconds = connect_seconds
        self._idle_seconds = idle_seconds
        self._open: set[_Connection] = set()
        self._idle: deque[_Connection] = deque()
        self._opening = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._sweeper: asyncio.TimerHandle | None = None

    async def post(
        self, path: bytes, body: bytes, seconds: float, *, most: int = MOST_BYTES, cut: bool = False
    ) -> Answer:
        """Post `body` to `path` and wait `seconds` at most for the whole answer, of `most` bytes.

        `cut`: of an answer that is larger the beginning is given. Raises NotWritten or Unanswered.
        """
        connection = self._rested() or await self._connect(seconds)
        request = b"".join((b"POST ", path, self._head, b"%d\r\n\r\n" % len(body), body))
        try:
            answer = await connection.ask(request, seconds, most, cut)
        except (
            BaseException
        ):  # cancelled too: what was written cannot be taken back, nor its answer told apart
            connection.close()
            raise
        if answer.reusable and connection.is_open:
            connection.rest()
            self._idle.append(connection)
            if self._waiting:
                self._free_one()
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Close every connection; posts under way are unanswered."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for connection in list(self._open):
            connection.close()

    async def _connect(self, seconds: float) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(min(self._connect_seconds, seconds / 2)):
                while len(self._open) + self._opening >= self._connections:
                    free = loop.create_future()
                    self._waiting.append(free)
                    await free
                    rested = self._rested()
                    if rested is not None:
                        return rested
                self._opening += 1
                try:
                    connection = await self._opened_one()
                finally:
                    self._opening -= 1
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            self._free_one()
            raise NotWritten(type(error).__name__) from None
        except BaseException:  # cancelled: its place, or its turn, is the next one's
            self._free_one()
            raise
        if self._sweeper is None:
            self._sweeper = loop.call_later(SWEEP_SECONDS, self._sweep)
        return connection

    async def _opened_one(self) -> _Connection:
        """A new connection, by whichever of the host's addresses answers first: IPv6 may be there and lead nowhere."""
        loop = asyncio.get_running_loop()
        addresses = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        opened = await aiohappyeyeballs.start_connection(
            addresses, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS, interleave=1, loop=loop
        )
        try:
            _transport, connection = await loop.create_connection(
                lambda: _Connection(self),
                sock=opened,
                ssl=self._tls,
                server_hostname=self._host if self._tls else None,
            )
        except BaseException:
            opened.close()
            raise
        return connection

    def _rested(self) -> _Connection | None:
        """An idle connection that can be written to: the server is not closing it, nor may be for its long rest."""
        now = self.time()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and not connection.rested_for(now, self._idle_seconds):
                return connection
            connection.close()
        return None

    def opened(self, connection: _Connection) -> None:
        self._open.add(connection)

    def lost(self, connection: _Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._free_one()

    def _free_one(self) -> None:
        """Let the first who waits look for a connection again."""
        while self._waiting:
            free = self._waiting.popleft()
            if not free.done():
                free.set_result(None)
                return

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in list(self._open):
            connection.look(now, self._idle_seconds)
        self._sweeper = loop.call_later(SWEEP_SECONDS, self._sweep) if self._open else None


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._deadline = 0.0
        self._rested_at = wire.time()
        self._most, self._cut = MOST_BYTES, False
        self._body: bytes | bytearray = b""
        self._head: bytes | bytearray = b""
        self._held = 0
        self._parser = httptools.HttpResponseParser(self)
        self._begin()

    def ask(self, request: bytes, seconds: float, most: int, cut: bool) -> asyncio.Future[Answer]:
        self._answer = asyncio.get_running_loop().create_future()
        self._most, self._cut = most, cut
        self._deadline = self._wire.time() + seconds
        if self._transport is None or self._transport.is_closing():
            self._answer.set_exception(NotWritten("ConnectionClosed"))
        else:
            self._transport.write(request)
        return self._answer

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def rested_for(self, now: float, seconds: float) -> bool:
        return now - self._rested_at >= seconds

    def rest(self) -> None:
        self._rested_at = self._wire.time()

    def look(self, now: float, idle_seconds: float) -> None:
        """Give up what has been silent, or idle, for too long."""
        if self._answer is not None:
            if now >= self._deadline:
                self._fail("TimeoutError")
        elif self.rested_for(now, idle_seconds):
            self.close()

    def close(self) -> None:
        self._begin()
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
            self._wire.lost(self)
        self._fail("ConnectionClosed")

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's class is no asyncio.Transport
        self._wire.opened(self)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # nothing was asked: whatever it is, it is not an answer
            self.close()
            return
        if not self._may_hold(len(data)):
            self._too_large()
            return
        if not self._headed:
            self._head = _joined(self._head, data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(type(error).__name__)
            self.close()  # after a whole answer too: nothing more could be read from it
            return
        if self._answer is None:
            if self._begun:
                self.close()  # more came than the answer
        elif self._headed and len(self._head) > LARGE_HEAD_BYTES:  # the piece may hold much of the body
            self._head = _shortened(self._head)

    def _may_hold(self, count: int) -> bool:
        """Whether the answer may grow by so many bytes."""
        self._received += count
        if self._received > (self._most if self._headed else MOST_HEAD_BYTES + count):
            return False
        beyond = max(0, self._received - FREE_BYTES) - self._held
        if not self._wire.allowance.take(beyond):
            return False
        self._held += beyond
        return True

    def _too_large(self) -> None:
        if self._cut and self._headed:
            self._answered(reusable=False)
        else:
            self._fail(TOO_LARGE)
        self.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
        self._wire.lost(self)
        ends_here = not _headers_in(self._head).keys() & {"content-length", "transfer-encoding"}
        if self._answer is not None and self._headed and ends_here:
            self.on_message_complete()
        self._fail("ServerDisconnected")
        self._begin()

    # httptools' callbacks

    def on_message_begin(self) -> None:
        self._begun = True

    def on_headers_complete(self) -> None:
        self._headed = self._parser.get_status_code() >= 200

    def on_body(self, data: bytes) -> None:
        self._body = _joined(self._body, data)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:  # "100 Continue": the answer follows
            return
        self._answered(reusable=self._transport is not None and self._parser.should_keep_alive())

    def _answered(self, *, reusable: bool) -> None:
        answer = Answer(self._parser.get_status_code(), bytes(self._body), bytes(self._head), reusable)
        waiting, self._answer = self._answer, None
        self._begin()
        if waiting is None:  # a second answer to one request
            self.close()
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def _begin(self) -> None:
        if self._held:
            self._wire.allowance.give_back(self._held)
            self._held = 0
        self._body = b""
        self._head = b""
        self._begun = self._headed = False
        self._received = 0

    def _fail(self, reason: str) -> None:
        waiting, self._answer = self._answer, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(Unanswered(reason))


class _Head:
    """What is said by the head of an answer, as httptools reads it."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self._is_whole = False

    def on_message_begin(self) -> None:
        self._is_whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if lower in _KEPT_HEADERS and not self._is_whole:
            self.headers[lower.decode("latin-1")] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._is_whole = True


def _joined(held: bytes | bytearray, data: bytes) -> bytes | bytearray:
    """Both: most answers come in one piece. Many small ones, kept apart, would cost many times what they hold."""
    if not held:
        return data
    if isinstance(held, bytearray):
        held += data
        return held
    return bytearray(held + data)


def _headers_in(head: bytes | bytearray) -> dict[str, str]:
    read = _Head()
    # What stands behind the head may be cut off, or belong to something else.
    with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
        httptools.HttpResponseParser(read).feed_data(head)
    return read.headers


def _shortened(head: bytes | bytearray) -> bytes:
    """A head that says as much to `_headers_in`."""
    lines = (f"{name}: {value[:100]}\r\n" for name, value in _headers_in(head).items())
    return "".join(("HTTP/1.1 200 OK\r\n", *lines, "\r\n")).encode("latin-1")
