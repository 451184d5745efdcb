"""Following a clock served over HTTP, as the simulator's: `GET URL?version=V&wait=S` answers when it was moved."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import aiohttp
import structlog

from bot.clock import FollowedClock
from bot.errors import SettingsError

WAIT_SECONDS = 20
AGAIN_SECONDS = 1.0

log = structlog.get_logger(__name__)


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WAIT_SECONDS + 10))


async def read_clock(
    session: aiohttp.ClientSession, url: str, *, version: int | None = None
) -> dict[str, Any]:
    """One sample: `now` (ISO 8601), `speed`, `version`; waits for a move after `version` if it is given."""
    parameters = {} if version is None else {"version": str(version), "wait": str(WAIT_SECONDS)}
    async with session.get(url, params=parameters) as answer:
        answer.raise_for_status()
        sample: dict[str, Any] = await answer.json()
        return sample


async def followed_clock(url: str) -> FollowedClock:
    """A clock that starts at the served one. Raises SettingsError where nothing serves it."""
    try:
        async with _session() as session:
            sample = await read_clock(session, url)
        return FollowedClock(datetime.fromisoformat(sample["now"]), sample["speed"], sample["version"])
    except (aiohttp.ClientError, OSError, KeyError, ValueError) as error:
        raise SettingsError(
            f"PORTEVOIX_CLOCK names {url}, which serves no clock ({type(error).__name__}): "
            "start the simulator first, or give an instant such as 2016-11-16T08:00:00+01:00."
        ) from None


async def follow(clock: FollowedClock, url: str, version: int = -1) -> None:
    """Keeps the clock at the served one until cancelled; a server that is away is asked again."""
    async with _session() as session:
        while True:
            try:
                sample = await read_clock(session, url, version=version)
                version = sample["version"]
                clock.follow(datetime.fromisoformat(sample["now"]), sample["speed"], version)
            except (aiohttp.ClientError, OSError, KeyError, ValueError) as error:
                log.warning("clock_not_reached", url=url, error=type(error).__name__)
                await asyncio.sleep(AGAIN_SECONDS)
