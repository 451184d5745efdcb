"""Fixtures for whoever tests a bot with pytest: a local Telegram of its own for each test, and the people in it.

They need pytest-asyncio. `local_telegram_options` is there to be overridden: what `make_world` takes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulator.client import Person, Simulator
    from simulator.server import RunningSimulator

Made = Callable[[Any], Any]
fixture: Made
try:
    from pytest_asyncio import fixture
except ImportError:

    def fixture(function: Any) -> Any:
        """In the place of a fixture that cannot be: it says why."""

        @pytest.fixture(name=function.__name__)
        def missing() -> None:
            raise pytest.UsageError(f"The fixture {function.__name__} needs pytest-asyncio: install it.")

        return missing


# The server is imported where it is wanted: every run of pytest where this is installed loads the plugin.


@pytest.fixture
def local_telegram_options() -> dict[str, Any]:
    """What is otherwise than usual in the local Telegram: token, others, limits, clock, reads_all …"""
    return {}


@fixture
async def local_telegram(local_telegram_options: dict[str, Any]) -> AsyncIterator[RunningSimulator]:
    """A local Telegram on a free port: `base_url`, `api_base`, `file_base` and `token` are for the bot."""
    from simulator.server import make_world, running

    async with running(make_world(**local_telegram_options)) as started:
        yield started


@fixture
async def simulator(local_telegram: RunningSimulator) -> AsyncIterator[Simulator]:
    """Whoever makes people and groups, sets the clock, and adds faults."""
    from simulator.client import Simulator

    async with Simulator(local_telegram.base_url) as client:
        yield client


@fixture
async def person(simulator: Simulator) -> Person:
    """Somebody who has not written to the bot yet. Others: `await simulator.person("Sam")`."""
    return await simulator.person("Alex", language="en")
