"""Making pages as the bot’s own process would, for whoever it passes on; nothing is changed here."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, MutableMapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import structlog
from starlette.types import ASGIApp

from bot.apart import counts
from bot.apart.frames import Frame, FrameKind, answered, read_frame, scope_of
from bot.apart.given import Given, Time
from bot.apart.turns import Turns
from bot.clock import Clock, RealClock
from bot.communes import load as load_gazetteer
from bot.delivery.tuning import settle_memory
from bot.departure.compose import Composer
from bot.logs import configure_logs
from bot.web.app import MADE_ELSEWHERE, make_pages
from bot.web.desk import Desk
from bot.web.downloads import Downloads
from bot.web.parts import parts_of
from bot.web.site import Site
from bot.web.turn import TURN
from bot.words.texts import campaign_texts
from db.engine import OVERDUE, Database, open_to_read

log = structlog.get_logger(__name__)


def run(given: Given, ours: socket.socket) -> None:
    """Until the bot ends, or closes the socket."""
    configure_logs(given.log_level)
    asyncio.run(_serve(given, ours))
    os._exit(0)  # connections that read are closed by the system: nothing of theirs is to be kept


async def _serve(given: Given, ours: socket.socket) -> None:
    database = await open_to_read(given.url, file=given.file, key=given.key)
    async with _clock(given) as clock:
        application = _pages(given, database, clock)
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        settle_memory()
        writer.write(Frame(0, FrameKind.READY).packed())
        found = partial(counts.answer, database=database, campaign=given.campaign)
        await Answering(application, writer, found, Turns()).run(reader)


@asynccontextmanager
async def _clock(given: Given) -> AsyncIterator[Clock]:
    if given.clock is None:
        yield RealClock()
    elif isinstance(given.clock, Time):
        yield given.clock.clock()
    else:
        # Imported here: only a rehearsed bot needs it.
        from bot.served_clock import follow, followed_clock

        clock = await followed_clock(given.clock)
        following = asyncio.create_task(follow(clock, given.clock))
        try:
            yield clock
        finally:
            following.cancel()


def _pages(given: Given, database: Database, clock: Clock) -> ASGIApp:
    campaign, gazetteer = given.campaign, load_gazetteer()
    texts, site = campaign_texts(campaign), Site(campaign, address=given.address)
    composer = Composer(texts=texts, campaign=campaign, gazetteer=gazetteer, bot_username=given.bot_username)
    desk = Desk(
        site=site,
        database=database,
        clock=clock,
        composer=composer,
        texts=texts,
        token="",  # whoever Telegram signs in is signed in by the bot's own process
        suppression_key=given.suppression_key,
        changed=_nothing,
        rolls=None,
    )
    downloads = Downloads(database=database, clock=clock, campaign=campaign, gazetteer=gazetteer, texts=texts)
    return make_pages(site=site, downloads=downloads, parts=parts_of(desk))


def _nothing() -> None:
    """Nothing is changed here that somebody would have to be told of."""


class Answering:
    """The pages that are being made, in turns, and the counts (`found`), which wait for none."""

    def __init__(
        self,
        application: ASGIApp,
        writer: asyncio.StreamWriter,
        found: Callable[[bytes], Awaitable[bytes]],
        turns: Turns,
    ) -> None:
        self._application, self._writer, self._found = application, writer, found
        self._turns = turns
        self._gone: dict[int, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, reader: asyncio.StreamReader) -> None:
        """Until the other end is closed."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                frame = await read_frame(reader)
                if frame.kind is FrameKind.ASK:
                    self._gone[frame.number] = asyncio.Event()
                    self._begin(self._answer(frame))
                elif frame.kind is FrameKind.COUNT:
                    self._begin(self._count(frame))
                elif frame.number in self._gone:
                    self._gone[frame.number].set()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _count(self, frame: Frame) -> None:
        try:
            said = Frame(frame.number, FrameKind.COUNTED, await self._found(frame.content))
        except OVERDUE:
            said = Frame(frame.number, FrameKind.CUT)
        except Exception as error:
            # The bot counts itself then, and tells what it is.
            log.error("count_failed", error=type(error).__name__)
            said = Frame(frame.number, FrameKind.CUT)
        self._writer.write(said.packed())
        await self._writer.drain()

    async def _answer(self, frame: Frame) -> None:
        gone, is_read = self._gone[frame.number], False

        async def receive() -> MutableMapping[str, Any]:
            nonlocal is_read
            if not is_read:
                is_read = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async with self._turns.turn() as turn:
            page = MadePage(frame.number, self._writer, turn.over)
            try:
                if not gone.is_set():  # while they waited for their turn
                    await self._application({**scope_of(frame.content), TURN: turn}, receive, page.send)
            except Exception as error:
                # What could not be made is told on a page, and in the log (`page_failed`); this broke in its middle.
                if not page.is_whole:
                    log.error("page_failed", error=type(error).__name__)
            finally:
                del self._gone[frame.number]
                page.end()


class MadePage:
    """What is answered to one request, as frames: a page that is whole goes over in one.

    `begun` is called when it, or the first piece of it, is made.
    """

    def __init__(self, number: int, writer: asyncio.StreamWriter, begun: Callable[[], None]) -> None:
        self._number, self._writer, self._begun = number, writer, begun
        self._start: MutableMapping[str, Any] | None = None
        self._is_begun = False
        self.is_whole = False

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        body, more = bytes(message.get("body", b"")), bool(message.get("more_body"))
        self._begun()
        if not self._is_begun:
            assert self._start is not None
            self._is_begun = True
            if self._start["status"] == MADE_ELSEWHERE:
                self._say(FrameKind.ELSEWHERE)
            else:
                self._say(FrameKind.BEGUN if more else FrameKind.WHOLE, answered(self._start, body))
        else:
            self._say(FrameKind.PIECE if more else FrameKind.LAST, body)
        self.is_whole = not more
        await self._writer.drain()

    def end(self) -> None:
        """Nothing more comes of it."""
        if not self.is_whole:
            self._say(FrameKind.CUT)

    def _say(self, kind: FrameKind, content: bytes = b"") -> None:
        self._writer.write(Frame(self._number, kind, content).packed())
