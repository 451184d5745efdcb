"""The bot of a test, in this process or in one of its own that can be killed; and waiting for what must come true."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from bot.app import started
from bot.lifecycle import App
from bot.settings import Settings
from tests.forking import Forked, begin, child_environment
from tests.unpaced import unpaced

DEADLINE = 90.0
"""Seconds of the machine after which a condition that did not come true fails the test. Nothing lasts so long, but a
machine may have much else to do."""
FIRST_LOOK, LAST_LOOK = 0.005, 0.05
"""Seconds between two looks at a condition: at first, and when it takes long."""

Figures = Mapping[str, Any]


class Bot(Protocol):
    """The bot, in this process or in its own."""

    async def health(self) -> Figures: ...

    async def is_idle(self) -> bool:
        """Whether nothing waits for an answer, and nothing is on its way."""

    async def settled_for(self) -> datetime | None:
        """The instant for which everything was planned, sent and answered; None while something is left to do."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class BotHere:
    """The bot in this event loop: quick to start, stopped in good order."""

    def __init__(self, environment: Mapping[str, str], *, paced: bool = False) -> None:
        self._environment, self._paced = environment, paced
        self._stack = AsyncExitStack()
        self._app: App | None = None

    async def start(self) -> None:
        if not self._paced:
            self._stack.enter_context(unpaced())
        # Who is in the same process does not wait for a thread; one that can be killed has those that the bot has.
        settings = replace(Settings.from_environment(self._environment), here=not self._paced)
        self._app = await self._stack.enter_async_context(started(settings))

    async def stop(self) -> None:
        await self._stack.aclose()

    async def health(self) -> Figures:
        return await self._running.health()

    async def is_idle(self) -> bool:
        return await self._running.engine.is_idle()

    async def settled_for(self) -> datetime | None:
        """What /health tells besides is not counted for it: who waits for a bot asks this a hundred times a second."""
        app = self._running
        if not self._is_current or not await app.engine.is_idle():
            return None
        return app.ticker.ticked_at if self._is_current else None  # it may have been answered meanwhile

    @property
    def _is_current(self) -> bool:
        return self._running.ticker.is_current and self._running.faces.is_current

    @property
    def _running(self) -> App:
        assert self._app is not None, "The bot was not started."
        return self._app


class BotProcess:
    """`portevoix run`, which can be killed. What it logs goes to `log`."""

    def __init__(self, environment: Mapping[str, str], log: Path, *, module: str = "bot.cli") -> None:
        self._module = module
        self._port = free_port()
        self._environment = {**environment, "PORTEVOIX_WEB": f"127.0.0.1:{self._port}"}
        self._log = log
        self._process: Forked | None = None
        self.kills = 0

    async def start(self) -> None:
        with self._log.open("ab") as log:
            environment = child_environment(self._environment)
            self._process = begin(self._module, "run", environment=environment, out=log, err=log)
        await until(self._answers, "the bot answers on /health")

    async def _answers(self) -> bool:
        assert self._process is not None  # just started
        assert self._process.returncode is None, f"The bot did not start:\n{self._log.read_text()}"
        try:
            await self.health()
        except aiohttp.ClientError:
            return False
        return True

    @property
    def port(self) -> int:
        """Of the web part."""
        return self._port

    @property
    def process_id(self) -> int:
        assert self._process is not None, "It was not started."
        return self._process.pid

    async def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        await self._end(signal.SIGKILL)
        self.kills += 1

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
            await asyncio.wait_for(self._process.wait(), DEADLINE)
        self._process = None

    async def health(self) -> Figures:
        figures: dict[str, Any] = json.loads(await self._shown("health"))
        return figures

    async def is_idle(self) -> bool:
        return bool((await self.health())["idle"])

    async def settled_for(self) -> datetime | None:
        figures = await self.health()
        if not (figures["idle"] and figures["planned"] and figures["ticked_at"]):
            return None
        return datetime.fromisoformat(figures["ticked_at"])

    async def metrics(self) -> str:
        return await self._shown("metrics")

    async def _shown(self, page: str) -> str:
        timeout = aiohttp.ClientTimeout(total=DEADLINE)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://127.0.0.1:{self._port}/{page}") as answer,
        ):
            if answer.status != 503:  # /health says so where something is wrong, with the same figures
                answer.raise_for_status()
            return await answer.text()


async def until(condition: Callable[[], Awaitable[bool]], what: str, *, seconds: float = DEADLINE) -> None:
    """Returns once the condition holds; AssertionError after so many seconds."""
    deadline, look = time.monotonic() + seconds, FIRST_LOOK
    while not await condition():
        assert time.monotonic() < deadline, f"It took more than {seconds:g} s until {what}."
        await asyncio.sleep(look)
        look = min(look * 2, LAST_LOOK)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
