"""A bot that runs: its parts, begun together and stopped in good order. What they are: bot.parts."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Protocol

import structlog

from bot.clock import Clock
from bot.delivery.engine import Engine
from bot.delivery.tuning import settle_memory
from bot.ticking import Ticker
from bot.watching import Watch
from db.engine import Database
from db.rolls import Rolls

# Longer than the engine gives to what is being posted.
STOP_SECONDS = 20.0
# Whoever wrote while the bot stood still is answered first.
SETTLE_SECONDS = 3.0

log = structlog.get_logger(__name__)


class Beside(Protocol):
    """What runs beside everything else for as long as the bot does."""

    def run(self) -> Coroutine[Any, Any, None]: ...


class CatchesUp(Protocol):
    """What is brought up to date after everything else."""

    @property
    def is_current(self) -> bool: ...

    async def catch_up(self) -> int: ...
    def hold(self) -> None: ...


class App:
    """A bot that runs. `health` tells how it is, `settled` waits until nothing is left to do now."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        engine: Engine,
        ticker: Ticker,
        watch: Watch,
        faces: CatchesUp,
        rolls: Rolls,
        beside: Sequence[Beside],
    ) -> None:
        self.database, self.clock, self.engine = database, clock, engine
        self.ticker, self.watch, self.faces = ticker, watch, faces
        self.rolls = rolls
        self._beside = tuple(beside)
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        """The engine, which ends by itself, comes first; everything else leaves it the first moments."""
        self.start(self.engine.run())
        self.caught_up = asyncio.create_task(self.engine.caught_up())
        others: tuple[Beside, ...] = (self.ticker, self.watch, *self._beside)
        self.start(*(self._afterwards(part) for part in others))

    async def _afterwards(self, part: Beside) -> None:
        await asyncio.wait([self.caught_up])
        await part.run()

    def start(self, *parts: Coroutine[Any, Any, None]) -> None:
        self._tasks += [asyncio.create_task(part) for part in parts]

    async def ended(self) -> None:
        """Returns when a part ends, and raises what it failed with."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Lets what is being posted end, then stops every part."""
        self.engine.stop()
        await asyncio.wait(self._tasks[:1], timeout=STOP_SECONDS)  # the engine: it ends by itself
        for task in (self.caught_up, *self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def health(self) -> Mapping[str, Any]:
        """What /health shows; nothing personal."""
        ticked_at = self.ticker.ticked_at
        return {
            **await self.watch.health(),
            "ticked_at": ticked_at.isoformat() if ticked_at else None,
            "planned": self.ticker.is_current and self.faces.is_current,
        }

    async def settled(self) -> None:
        """Returns once what is due now was planned, sent and answered."""
        await self.ticker.tick(look_again=True)
        await self.engine.idle()


async def until_stopped(bot: AbstractAsyncContextManager[App], say: Callable[[App], Awaitable[None]]) -> None:
    """Runs a bot until SIGINT or SIGTERM, or until a part fails; `say` is called once it has started."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    stopping = asyncio.ensure_future(asked.wait())
    async with AsyncExitStack() as stack:
        # Starting may wait for Telegram or the database for long: it can be given up too.
        starting = asyncio.ensure_future(stack.enter_async_context(bot))
        await _first_of(starting, stopping)
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            log.info("stopped", hint="It was asked to stop before it had begun.")
            return
        app = starting.result()
        loop.call_later(SETTLE_SECONDS, settle_memory)
        await say(app)
        ended = asyncio.ensure_future(app.ended())
        await _first_of(ended, stopping)
        ended.cancel()
        if ended.done():
            ended.result()


async def _first_of(*tasks: asyncio.Future[Any]) -> None:
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
