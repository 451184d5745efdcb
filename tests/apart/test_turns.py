"""Pages that are asked for at one time are made one after the other, and none waits for one that takes long."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import pytest
from starlette.types import Receive, Scope, Send

from bot.apart.frames import Frame, FrameKind, answer_of, asked, read_frame
from bot.apart.making import Answering
from bot.apart.turns import Turns
from bot.clock import RealClock
from bot.web.counting import CountFirst, having_counted
from bot.web.remembered import Remembered
from bot.web.turn import TURN

BEGINNING, END = b"beginning", b"end"
LONG = 3600.0
"""Seconds: no turn ends by them."""
COUNT = 1000
"""The number of something else that is asked for, which waits for no turn."""


class Making:
    """An application whose pages are made when the test says so, and the process that asks for them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self.ends = {path: asyncio.Event() for path in ("/a", "/b", "/c", "/broken", "/stream", "/counts")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.begun.put_nowait(path)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if path == "/stream":
            await send({"type": "http.response.body", "body": BEGINNING, "more_body": True})
        if path == "/counts":
            count = partial(self._count, self.ends[path])
            await having_counted(count, Remembered(), RealClock(), waits=scope[TURN].over)
        else:
            await self.ends[path].wait()
        if path == "/broken":
            raise ValueError
        await send({"type": "http.response.body", "body": END})

    async def _count(self, counted: asyncio.Event) -> None:
        """What a page shows is counted first, which takes long."""
        if not counted.is_set():
            raise CountFirst(("all",), counted.wait, timedelta(minutes=1))

    def ask(self, *paths: str) -> None:
        """For these at one time: their numbers are those of this order."""
        for number, path in enumerate(paths):
            scope = {"path": path, "raw_path": path.encode(), "headers": []}
            self._writer.write(Frame(number, FrameKind.ASK, asked(scope)).packed())

    async def leave(self, number: int) -> None:
        """Whoever asked that is gone; returns once it is known."""
        self._writer.write(Frame(number, FrameKind.GONE).packed())
        self._writer.write(Frame(COUNT, FrameKind.COUNT).packed())
        assert await self.said() == (COUNT, FrameKind.COUNTED, b"")

    async def said(self) -> tuple[int, FrameKind, bytes]:
        frame = await read_frame(self._reader)
        body = b"" if frame.kind is FrameKind.CUT else frame.content
        whole = frame.kind in (FrameKind.WHOLE, FrameKind.BEGUN)
        return frame.number, frame.kind, answer_of(body)[1] if whole else body


@asynccontextmanager
async def making(*, most_seconds: float) -> AsyncIterator[Making]:
    ours, its = socket.socketpair()
    found = Making(*await asyncio.open_unix_connection(sock=ours))
    reader, writer = await asyncio.open_unix_connection(sock=its)

    async def nothing(_content: bytes) -> bytes:
        return b""

    answering = asyncio.create_task(Answering(found, writer, nothing, Turns(most_seconds)).run(reader))
    try:
        yield found
    finally:
        for each in found.ends.values():
            each.set()
        found._writer.close()
        await answering
        writer.close()


async def test_the_next_begins_when_one_is_made() -> None:
    async with making(most_seconds=LONG) as found:
        found.ask("/a", "/b", "/c")
        assert await found.begun.get() == "/a"
        found.ends["/c"].set()
        found.ends["/b"].set()  # ready long before: they have not begun
        assert found.begun.empty()
        found.ends["/a"].set()
        assert [await found.said() for _ in range(3)] == [(each, FrameKind.WHOLE, END) for each in range(3)]
        assert [found.begun.get_nowait() for _ in range(2)] == ["/b", "/c"]


@pytest.mark.parametrize(
    ("waits", "most_seconds"),
    [pytest.param("/a", 0.01, id="for long"), pytest.param("/counts", LONG, id="for a count")],
)
async def test_nobody_waits_for_one_that_waits(waits: str, most_seconds: float) -> None:
    async with making(most_seconds=most_seconds) as found:
        found.ask(waits, "/b")
        found.ends["/b"].set()
        assert await found.said() == (1, FrameKind.WHOLE, END)
        found.ends[waits].set()
        assert await found.said() == (0, FrameKind.WHOLE, END)


async def test_one_that_has_begun_to_come_holds_no_other() -> None:
    async with making(most_seconds=LONG) as found:
        found.ask("/stream", "/b")
        assert await found.said() == (0, FrameKind.BEGUN, BEGINNING)
        found.ends["/b"].set()
        assert await found.said() == (1, FrameKind.WHOLE, END)
        found.ends["/stream"].set()
        assert await found.said() == (0, FrameKind.LAST, END)


async def test_one_that_breaks_holds_no_other() -> None:
    async with making(most_seconds=LONG) as found:
        found.ask("/broken", "/b")
        found.ends["/broken"].set()
        found.ends["/b"].set()
        assert await found.said() == (0, FrameKind.CUT, b"")
        assert await found.said() == (1, FrameKind.WHOLE, END)


async def test_whoever_left_while_they_waited_is_made_nothing() -> None:
    async with making(most_seconds=LONG) as found:
        found.ask("/a", "/b", "/c")
        assert await found.begun.get() == "/a"
        await found.leave(1)
        found.ends["/c"].set()
        found.ends["/a"].set()
        assert await found.said() == (0, FrameKind.WHOLE, END)
        assert await found.said() == (1, FrameKind.CUT, b"")
        assert await found.said() == (2, FrameKind.WHOLE, END)
        assert found.begun.get_nowait() == "/c"
