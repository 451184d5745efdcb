"""Kept-alive HTTP/1.1 connections to one server, for small JSON posts and nothing else.

A general client spends most of a post on what a bot's request never has: cookies, redirects, streams,
proxies, a timer each. This one writes the request as one piece and reads the answer with httptools, in a
third of the time. Whether a failure came before or after the first written byte is what it tells apart.
"""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
from collections import deque

import aiohappyeyeballs
from yarl import URL

from bot.delivery.connection import MOST_BYTES, Allowance, Answer, NotWritten, WireConnection

# How often silent and idle connections are looked for: one timer for all instead of one a post.
SWEEP_SECONDS = 0.25
# How long an address may be silent before the host's next one is tried beside it.
NEXT_ADDRESS_SECONDS = 0.25


class TooLate(Exception):
    """No connection was free before the moment at which it had to be written: not one byte was."""


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
        self._open: set[WireConnection] = set()
        self._idle: deque[WireConnection] = deque()
        self._opening = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._sweeper: asyncio.TimerHandle | None = None

    async def post(
        self,
        path: bytes,
        body: bytes,
        seconds: float,
        *,
        most: int = MOST_BYTES,
        cut: bool = False,
        by: float = math.inf,
    ) -> Answer:
        """Post `body` to `path` and wait `seconds` at most for the whole answer, of `most` bytes.

        `cut`: of an answer that is larger the beginning is given. Raises NotWritten or Unanswered; TooLate where it
        could not be written `by` a moment of the loop's clock.
        """
        connection = self._rested() or await self._connect(seconds)
        if self.time() > by:
            self._give_back(connection)
            raise TooLate
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
            self._give_back(connection)
        else:
            connection.close()
        return answer

    def _give_back(self, connection: WireConnection) -> None:
        self._idle.append(connection)
        if self._waiting:
            self._free_one()

    def close(self) -> None:
        """Close every connection; posts under way are unanswered."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for connection in list(self._open):
            connection.close()

    async def _connect(self, seconds: float) -> WireConnection:
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

    async def _opened_one(self) -> WireConnection:
        """A new connection, by whichever of the host's addresses answers first: IPv6 may be there and lead nowhere."""
        loop = asyncio.get_running_loop()
        addresses = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        opened = await aiohappyeyeballs.start_connection(
            addresses, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS, interleave=1, loop=loop
        )
        try:
            _transport, connection = await loop.create_connection(
                lambda: WireConnection(self),
                sock=opened,
                ssl=self._tls,
                server_hostname=self._host if self._tls else None,
            )
        except BaseException:
            opened.close()
            raise
        return connection

    def _rested(self) -> WireConnection | None:
        """An idle connection that can be written to: the server is not closing it, nor may be for its long rest."""
        now = self.time()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and not connection.rested_for(now, self._idle_seconds):
                return connection
            connection.close()
        return None

    def opened(self, connection: WireConnection) -> None:
        self._open.add(connection)

    def lost(self, connection: WireConnection) -> None:
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
