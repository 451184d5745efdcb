"""Who visits the web part, bounded: how many at once, how long each may take to ask, and how much.

uvicorn waits for ever for a request that does not come, and takes as many connections as the system has descriptors:
then none is left for Telegram and the database.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]  # the one module that may be missing

MOST = 256
"""Visitors at once."""
RESERVE = 640
"""Descriptors for everything else: posts and uploads to Telegram, the database, files."""
FEWEST = 16
WANTED = 4096
"""Descriptors that are asked of the system, where it lets us."""
REQUEST_SECONDS = 15.0
"""A whole request, its body too, comes within this time, the next one on a connection also; some of an answer is read
within it.
"""
MOST_HEAD_BYTES = 32 * 1024
MOST_AHEAD = 32
"""So much is asked before what was asked first is answered: browsers and proxies do not at all."""


def room() -> int:
    """How many visitors there may be beside what the bot needs, by the limit of descriptors, which is raised first."""
    if resource is None:
        return MOST
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < WANTED:
        wanted = WANTED if hard == unlimited else max(soft, min(WANTED, hard))
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return MOST if soft == unlimited else max(FEWEST, min(MOST, soft - RESERVE))


class Visitors:
    """The connections that are open; those that have yet to ask something, or to read on, come first to be closed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: set[Visitor] = set()
        self._silent: dict[Visitor, None] = {}  # the longest silent first

    def came(self, visitor: Visitor) -> bool:
        """False where there is no place: everybody who is there is being answered."""
        if len(self._open) >= self._most:
            if not self._silent:
                return False
            longest = next(iter(self._silent))
            self.left(longest)
            longest.drop()
        self._open.add(visitor)
        self.fell_silent(visitor)
        return True

    def fell_silent(self, visitor: Visitor) -> None:
        if visitor in self._open:
            self._silent[visitor] = None

    def asked(self, visitor: Visitor) -> None:
        self._silent.pop(visitor, None)

    def left(self, visitor: Visitor) -> None:
        self._open.discard(visitor)
        self._silent.pop(visitor, None)


class Visitor(HttpToolsProtocol):
    """One connection: uvicorn's own, with an end to its patience."""

    def __init__(self, *arguments: Any, visitors: Visitors, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._visitors = visitors
        self._patience: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._unanswered: list[RequestResponseCycle] = []

    def drop(self) -> None:
        """At once, whatever was to be written yet."""
        self._write_no_more()
        self.transport.abort()

    def _write_no_more(self) -> None:
        """uvicorn knows the newest of what was asked alone; what is being answered may be older."""
        for cycle in self._unanswered:
            cycle.disconnected = True
            cycle.message_event.set()  # whoever waits for that is told

    def _wait(self) -> None:
        self._hurry_no_more()
        self._patience = self.loop.call_later(REQUEST_SECONDS, self.drop)

    def _hurry_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        if self._visitors.came(self):
            self._wait()
        else:
            self.drop()

    def connection_lost(self, error: Exception | None) -> None:
        self._hurry_no_more()
        self._is_read()
        self._write_no_more()
        self._visitors.left(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self.headers_are_coming:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES + len(data):
                self.drop()
                return
        super().data_received(data)

    def pause_writing(self) -> None:
        """They do not read what they asked for: what waits to be sent has grown long."""
        super().pause_writing()
        self._visitors.fell_silent(self)
        self._unread = self.loop.call_later(REQUEST_SECONDS, self.drop)

    def resume_writing(self) -> None:
        self._is_read()
        if not self.headers_are_coming:
            self._visitors.asked(self)
        super().resume_writing()

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    @property
    def headers_are_coming(self) -> bool:
        """Whether what comes next belongs to the head of a request."""
        return self.cycle is None or self.cycle.response_complete

    # httptools' callbacks

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        super().on_headers_complete()
        if self.cycle is not None:
            self._unanswered.append(self.cycle)
        if len(self._unanswered) > MOST_AHEAD:
            self.drop()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if not self.cycle.response_complete:
            self._hurry_no_more()
            self._visitors.asked(self)

    def on_response_complete(self) -> None:
        self._unanswered = [cycle for cycle in self._unanswered if not cycle.response_complete]
        super().on_response_complete()
        self._visitors.fell_silent(self)
        self._wait()
