"""The stage: a local Telegram in a process of its own, the bot as it really runs, and the clock that both follow."""

from __future__ import annotations

import asyncio
import contextlib
import re
import resource
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from bot.app import started
from bot.campaign.campaign import Campaign
from bot.delivery.tuning import settle_memory
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.lifecycle import App
from bot.settings import Settings

TOKEN = "1000000002:portevoix-rehearsal-portevoix-rehearsa"
USERNAME = "portevoix_bot"
READY_SECONDS = 30.0
WAIT_SECONDS = 20
# Longer than any one instant takes for 100,000 people: then something hangs.
SETTLED_SECONDS = 600.0
PEOPLE_AT_ONCE = 5_000


class RehearsalError(PortevoixError):
    """The rehearsal cannot start, or cannot go on."""


class OnTheWay(Frozen):
    """The messages that the local Telegram has on their way."""

    pending_updates: int
    last_update: int
    scripts: int
    accepted: int


class Stage:
    """`move` jumps to an instant, `act` lets people do things, `settled` waits until nothing is left to do."""

    def __init__(self, *, app: App, session: aiohttp.ClientSession, base: str, journal: Path) -> None:
        self.app, self.journal = app, journal
        self._session, self._base = session, base

    async def move(self, instant: datetime) -> None:
        """Both clocks stand at the instant."""
        await self._call("POST", "/clock", {"now": instant.isoformat(), "speed": 0})
        while self.app.clock.now() != instant:
            await self.app.clock.changed()

    async def settled(self) -> OnTheWay:
        """Returns once every update was answered, and what is due was planned and sent. Raises RehearsalError."""
        try:
            async with asyncio.timeout(SETTLED_SECONDS):
                return await self._settled()
        except TimeoutError:
            now = self.app.clock.now()
            raise RehearsalError(
                f"At {now:%Y-%m-%d %H:%M} UTC the bot was still busy after {SETTLED_SECONDS / 60:.0f} minutes: "
                "try with fewer supporters."
            ) from None

    async def _settled(self) -> OnTheWay:
        while True:
            before = await self.waiting(WAIT_SECONDS)
            if before.pending_updates:
                continue
            await self.app.ticker.tick()
            await self.app.engine.idle()
            await self.app.faces.catch_up()
            after = await self.waiting()
            if after.last_update == before.last_update and self.app.ticker.is_current:
                return after

    async def waiting(self, seconds: int = 0) -> OnTheWay:
        """As soon as the bot has taken every update, or after so many seconds of the machine."""
        return OnTheWay(**await self._call("GET", f"/waiting?wait={seconds}"))

    async def add_people(self, accounts: Iterable[dict[str, Any]]) -> None:
        """Makes these people exist in the local Telegram."""
        left = iter(accounts)
        while some := list(islice(left, PEOPLE_AT_ONCE)):
            await self._call("POST", "/people/bulk", {"people": some})

    async def act(self, scripts: Iterable[tuple[int, Sequence[dict[str, Any]]]]) -> None:
        """Begins a script for each of these people."""
        await self._call(
            "POST", "/scripts", {"scripts": [{"person": p, "acts": acts} for p, acts in scripts]}
        )

    async def drop_scripts(self) -> dict[str, Any]:
        """Ends the scripts that still wait: what for, and what was refused."""
        return await self._call("DELETE", "/scripts")

    async def counters(self) -> dict[str, Any]:
        """The counts of the local Telegram: calls, errors."""
        found: dict[str, Any] = (await self._call("GET", "/journal?limit=0"))["counters"]
        return found

    async def _call(self, method: str, path: str, content: object = None) -> dict[str, Any]:
        data = None if content is None else orjson.dumps(content)
        try:
            async with self._session.request(method, f"{self._base}/sim{path}", data=data) as answer:
                found: dict[str, Any] = orjson.loads(await answer.read())
        except aiohttp.ClientError as error:
            raise RehearsalError(
                f"The local Telegram ended before its time ({type(error).__name__})."
            ) from None
        if answer.status >= 400:
            raise RehearsalError(f"The local Telegram refused {path}: {found.get('error')}")
        return found


@asynccontextmanager
async def local_telegram(start: datetime, journal: Path) -> AsyncIterator[str]:
    """The simulator on a free port, its clock standing at `start`; its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator", "--port", "0", "--token", TOKEN, "--clock", f"{start.isoformat()}@0"),
        *("--name", "Portevoix", "--username", USERNAME, "--journal", str(journal)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None  # asked for
    try:
        said = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_SECONDS):
                said = await process.stdout.readline()
        announced = re.search(r"http://[\d.]+:\d+", said.decode())
        if announced is None:
            raise RehearsalError("The local Telegram did not start; its own message above says why.")
        yield announced[0]
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def own_settings(settings: Settings, *, base: str, folder: Path) -> Settings:
    """The settings of the bot on stage: its own data, no rate but the local Telegram's, the served clock."""
    return replace(
        settings,
        token=TOKEN,
        api_base=base,
        data=folder / "data",
        database=None,
        database_key=None,
        named_suppression_key_file=None,
        named_audit_anchor=folder / "audit.anchors",
        database_key_file=folder / "key" / "database.key",
        rate=None,
        clock=f"{base}/sim/clock",
        web=None,
        web_url=None,
        here=True,  # nobody waits while something is looked up
    )


@asynccontextmanager
async def staged(own: Settings, campaign: Campaign, *, base: str, journal: Path) -> AsyncIterator[Stage]:
    """The bot plays; it stops in good order when the block ends."""
    patience = aiohttp.ClientTimeout(total=SETTLED_SECONDS)
    async with aiohttp.ClientSession(timeout=patience) as session, started(own, campaign=campaign) as app:
        settle_memory()
        # `settled` ticks, and looks at the cards; a standing clock needs nobody who looks at it again and again.
        app.ticker.hold()
        app.faces.hold()
        yield Stage(app=app, session=session, base=base, journal=journal)


def most_resident() -> tuple[float, float]:
    """The most memory that this process and the local Telegram held, in MB. Read once the latter has ended."""
    unit = 1024 if sys.platform == "darwin" else 1
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    other = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return own / unit / 1024, other / unit / 1024
