"""Pages that are made by a process apart, begun when the first of them is asked for.

Until it can be asked, and while it cannot, they are made here, one at a time. It ends after ten minutes in which nobody
asked for one, so that a bot without readers needs no more memory than it did.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.apart import process
from bot.apart.given import Given
from bot.apart.process import Elsewhere, PageBroken, PageLost, Process
from bot.rules.console import Entrance
from bot.web.turn import TURN, Turn

log = structlog.get_logger(__name__)

IDLE_SECONDS = 600.0
AGAIN_SECONDS, MOST_AGAIN_SECONDS = 1.0, 300.0
"""After it ended by itself it is begun anew, after ever longer pauses."""
READING = frozenset(("GET", "HEAD"))
OPEN = ("/event/", "/feed/", "/download/")
"""What strangers see too, made from the database."""
BEHIND_DOORS = tuple(f"/{door}/" for door in Entrance)
COOKIES = tuple(f"{door.cookie}=".encode() for door in Entrance)


def is_made_apart(scope: Mapping[str, Any]) -> bool:
    """Whether a request only reads, and takes more than a moment: that of a stranger at a door is refused here, so that
    nobody who is nobody begins a process.
    """
    if scope["type"] != "http" or scope["method"] not in READING:
        return False
    path = scope["path"]
    if path.startswith(OPEN):
        return True
    return path.startswith(BEHIND_DOORS) and any(
        cookie in value for name, value in scope["headers"] if name == b"cookie" for cookie in COOKIES
    )


class ApartPages:
    """The web part, of which the pages are made apart. `here`: all of it in this process. `lost`: the page that says
    that one was lost.
    """

    def __init__(
        self,
        here: ASGIApp,
        lost: ASGIApp,
        give: Callable[[], Given],
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._here, self._lost, self._give = here, lost, give
        self._idle_seconds = idle_seconds
        self._process: Process | None = None
        self._wanted = asyncio.Event()
        self._changed = asyncio.Event()
        self._asked_at = 0.0
        self._is_making, self._is_unable = False, False

    @property
    def process(self) -> Process | None:
        """The one that is asked; None: there is none."""
        return self._process if self._process is not None and not self._process.is_over else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_made_apart(scope):
            await self._here(scope, receive, send)
            return
        self._asked_at = asyncio.get_running_loop().time()
        if self.process is None:
            self._wanted.set()
        while self._is_making and self.process is None and not self._is_unable:
            await self._changed.wait()
        if self.process is None and not self._is_unable:
            await self._alone(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (found := self.process) is None:
            await self._here(scope, receive, send)
            return
        try:
            await found.answer(scope, receive, send)
        except Elsewhere:
            await self._here({**scope, TURN: Turn(at_once=True)}, _read_before(receive), send)
        except PageLost:
            # Not made here instead: what ended the other process, as a page that takes all memory, would end the bot.
            await self._lost(scope, _read_before(receive), send)
        except PageBroken:
            log.warning("page_broken")  # uvicorn closes the connection: nobody takes a half for the whole

    async def _alone(self, scope: Scope, receive: Receive, send: Send) -> None:
        """No other page is made here until this one is."""
        self._is_making, is_mine = True, True

        def let_go() -> None:
            nonlocal is_mine
            if is_mine:
                self._is_making = is_mine = False
                self._announce()

        async def sending(message: Message) -> None:
            let_go()  # it is made, or sends what comes over a long time
            await send(message)

        try:
            await self._here(scope, receive, sending)
        finally:
            let_go()

    async def run(self) -> None:
        """Keeps the process while pages are asked for; until cancelled."""
        again = AGAIN_SECONDS
        while True:
            await self._wanted.wait()
            if await self._life() > MOST_AGAIN_SECONDS:
                again = AGAIN_SECONDS
            else:
                await asyncio.sleep(again)
                again = min(again * 4, MOST_AGAIN_SECONDS)

    async def _life(self) -> float:
        """Begins it; returns when it has ended: how long it lived, in seconds."""
        loop = asyncio.get_running_loop()
        try:
            begun = await process.begin(self._give())
        except (OSError, ValueError, NotImplementedError) as error:
            self._tell_unable(error)
            return 0.0
        began = self._asked_at = loop.time()
        self._process, self._is_unable = begun, False
        self._wanted.clear()
        self._announce()
        log.info("pages_made_apart", process=begun.pid)
        ends = {asyncio.create_task(self._idle(begun)), over := asyncio.create_task(begun.over())}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if over.done():
                log.warning("pages_ended", status=over.result(), hint="It is begun anew at the next page.")
        finally:
            for each in ends:
                each.cancel()
            self._process = None
            await begun.end()
        return loop.time() - began

    async def _idle(self, begun: Process) -> None:
        """Returns once nobody has asked for long."""
        loop = asyncio.get_running_loop()
        while True:
            left = self._asked_at + self._idle_seconds - loop.time()
            if left <= 0 and not begun.pages:
                return
            await asyncio.sleep(max(left, self._idle_seconds / 10))

    def _tell_unable(self, error: Exception) -> None:
        if not self._is_unable:
            log.warning(
                "pages_made_here",
                error=type(error).__name__,
                why=str(error),
                hint="No process could be begun for pages: the one that sends makes them, which slows it down.",
            )
        self._is_unable = True
        self._announce()

    def _announce(self) -> None:
        """To the pages that wait for their turn: something is otherwise now."""
        self._changed.set()
        self._changed = asyncio.Event()


def _read_before(receive: Receive) -> Receive:
    """What comes of a request whose body, which no page wants, was read while somebody else was to answer it."""
    is_told = False

    async def again() -> Message:
        nonlocal is_told
        if is_told:
            return await receive()
        is_told = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return again
