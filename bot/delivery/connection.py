"""One kept-alive HTTP/1.1 connection, and the reading of an answer. Whatever a server sends, it holds little of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import httptools

from bot.delivery.outcomes import TOO_LARGE

# Answers are small; one that is larger than this is not Telegram's, and so is a head of this size.
MOST_BYTES = 1024 * 1024
MOST_HEAD_BYTES = 64 * 1024
# What all connections together may hold of answers that have not ended, beyond the first piece of each: hundreds of
# endless answers cost no more than some. The small answers beside them are not touched.
MOST_BYTES_IN_ALL = 16 * 1024 * 1024
FREE_BYTES = 64 * 1024
LARGE_HEAD_BYTES = 4 * 1024
# Told by the answer's head, and not by a Content-Length, where the answer ends when the server closes.
_KEPT_HEADERS = (b"date", b"retry-after", b"content-length", b"transfer-encoding")


class NotWritten(Exception):
    """No connection, or none that was free in time: not one byte of the request was written."""


class NoAnswer(Exception):
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


class Owner(Protocol):
    """Whoever opened a connection, and is told of its end."""

    allowance: Allowance

    def opened(self, connection: WireConnection) -> None: ...

    def lost(self, connection: WireConnection) -> None: ...


class WireConnection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._time: Callable[[], float] = asyncio.get_running_loop().time
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._deadline = 0.0
        self._rested_at = self._time()
        self._most, self._cut = MOST_BYTES, False
        self._body: bytes | bytearray = b""
        self._head: bytes | bytearray = b""
        self._held = 0
        self._parser = httptools.HttpResponseParser(self)
        self._begin()

    def ask(self, request: bytes, seconds: float, most: int, cut: bool) -> asyncio.Future[Answer]:
        self._answer = asyncio.get_running_loop().create_future()
        self._most, self._cut = most, cut
        self._deadline = self._time() + seconds
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
        self._rested_at = self._time()

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
            self._owner.lost(self)
        self._fail("ConnectionClosed")

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's class is no asyncio.Transport
        self._owner.opened(self)

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
        if not self._owner.allowance.take(beyond):
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
        self._owner.lost(self)
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
            self._owner.allowance.give_back(self._held)
            self._held = 0
        self._body = b""
        self._head = b""
        self._begun = self._headed = False
        self._received = 0

    def _fail(self, reason: str) -> None:
        waiting, self._answer = self._answer, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(NoAnswer(reason))


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
