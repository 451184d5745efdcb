"""The bot’s end of the process that makes pages: it is begun, asked, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

import bot
from bot.apart.frames import Frame, FrameKind, answer_of, asked, read_frame
from bot.apart.given import Given, packed
from bot.settings import environment_of_others

START_SECONDS = 120.0
"""On a machine with much else to do; one that takes longer makes no pages."""
END_SECONDS = 5.0


class PageBroken(Exception):
    """The page broke after it had begun: what was sent of it cannot be taken back."""


class PageLost(Exception):
    """The process ended while it made the page or counted, and nothing of it was sent."""


class Elsewhere(Exception):
    """The page is for the bot’s own process to make."""


class Process:
    """One that can be asked, until it ends."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process, self._reader, self._writer = process, reader, writer
        self._numbers = itertools.count(1)
        self._pages: dict[int, asyncio.Queue[Frame]] = {}
        self._listening: asyncio.Task[None] | None = None
        self.is_over = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def pages(self) -> int:
        """How many are being made, counts among them."""
        return len(self._pages)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The page, as the other process makes it, while somebody waits for it. Raises Elsewhere, Lost and Broken."""
        number = next(self._numbers) % 2**32
        self._pages[number] = asyncio.Queue()
        gone = asyncio.create_task(_gone(receive))
        try:
            self._say(Frame(number, FrameKind.ASK, asked(scope)))
            if (frame := await self._next(number, gone)) is None:
                return
            if frame.kind not in (FrameKind.WHOLE, FrameKind.BEGUN):
                raise Elsewhere if frame.kind is FrameKind.ELSEWHERE else PageLost
            start, body = answer_of(frame.content)
            await send(start)
            more = frame.kind is FrameKind.BEGUN
            await send(_body(body, more=more))
            while more and (frame := await self._next(number, gone)) is not None:
                if frame.kind is FrameKind.CUT:
                    raise PageBroken
                more = frame.kind is FrameKind.PIECE
                await send(_body(frame.content, more=more))
        finally:
            gone.cancel()
            del self._pages[number]

    async def _next(self, number: int, gone: asyncio.Task[None]) -> Frame | None:
        """What comes next of a page; None: nobody listens any more, which the other process is told."""
        coming = asyncio.create_task(self._pages[number].get())
        try:
            await asyncio.wait({gone, coming}, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            with contextlib.suppress(PageLost):
                self._say(Frame(number, FrameKind.GONE))
            return None
        finally:
            coming.cancel()

    async def count(self, content: bytes) -> bytes:
        """What the other process finds (`bot.apart.counts`). Raises Lost where nothing comes of it."""
        number = next(self._numbers) % 2**32
        frames = self._pages[number] = asyncio.Queue()
        try:
            self._say(Frame(number, FrameKind.COUNT, content))
            frame = await frames.get()
            if frame.kind is not FrameKind.COUNTED:
                raise PageLost
            return frame.content
        finally:
            del self._pages[number]

    def _say(self, frame: Frame) -> None:
        if self.is_over or self._writer.is_closing():  # that it ended may be known here, and not yet told
            raise PageLost
        self._writer.write(frame.packed())

    def listen(self) -> None:
        """Begins to hear what it says."""
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            with contextlib.suppress(EOFError, OSError, ValueError):
                while True:
                    frame = await read_frame(self._reader)
                    if frame.number in self._pages:  # else nobody waits for it any more
                        self._pages[frame.number].put_nowait(frame)
        finally:
            self.is_over = True
            for number, frames in self._pages.items():
                frames.put_nowait(Frame(number, FrameKind.CUT))

    async def over(self) -> int:
        """Returns once it ended, for whatever reason: its exit status."""
        assert self._listening is not None
        await asyncio.wait({self._listening})
        return await self._end()

    async def end(self) -> None:
        """Ends it. What it was making is lost."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
        await self._end()

    async def _end(self) -> int:
        self.is_over = True
        self._writer.close()
        stdin = self._process.stdin
        if stdin is not None:
            stdin.close()  # by which it ends
        try:
            async with asyncio.timeout(END_SECONDS):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()


async def begin(given: Given) -> Process:
    """A process that can be asked. Raises OSError where the system lets none begin, or it ended before it was ready."""
    process, ours = await _spawned()
    found: Process | None = None
    try:
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        found = Process(process, reader, writer)
        assert process.stdin is not None
        process.stdin.write(packed(given))
        await process.stdin.drain()
        async with asyncio.timeout(START_SECONDS):
            await read_frame(reader)  # READY: it says nothing before
    except BaseException as error:
        if found is not None:
            await found.end()
        if isinstance(error, (EOFError, TimeoutError)):
            raise OSError("it ended before it was ready") from error
        raise
    found.listen()
    return found


async def _spawned() -> tuple[asyncio.subprocess.Process, socket.socket]:
    """With one end of a pair of sockets that nobody else can reach, and the code that runs here: never that of the
    folder somebody happens to stand in.
    """
    ours, its = socket.socketpair()
    code = str(Path(bot.__file__).parent.parent)
    paths = os.pathsep.join([code, *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "bot.apart.maker", str(its.fileno())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            pass_fds=(its.fileno(),),
            env={**environment_of_others(), "PYTHONPATH": paths},
        )
    except BaseException:
        ours.close()
        raise
    finally:
        its.close()
    return process, ours


async def _gone(receive: Receive) -> None:
    """Returns once nobody listens any more."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _body(content: bytes, *, more: bool) -> MutableMapping[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}
