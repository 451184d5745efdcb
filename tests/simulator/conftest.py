"""A simulator on a free port for each test, its client, and two ways to be a bot."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import telegram

from simulator.client import Simulator
from simulator.server import DEFAULT_TOKEN, RunningSimulator, make_world, running

Answer = dict[str, Any]
Call = Callable[..., Awaitable[Answer]]


@pytest.fixture
async def served(request: pytest.FixtureRequest) -> AsyncIterator[RunningSimulator]:
    """Parametrized indirectly, by what `make_world` takes."""
    async with running(make_world(**getattr(request, "param", {}))) as simulator:
        yield simulator


@pytest.fixture
async def simulator(served: RunningSimulator) -> AsyncIterator[Simulator]:
    async with Simulator(served.base_url) as client:
        yield client


@pytest.fixture
async def bot(served: RunningSimulator) -> AsyncIterator[telegram.Bot]:
    """python-telegram-bot's own Bot."""
    async with telegram.Bot(
        DEFAULT_TOKEN, base_url=served.api_base, base_file_url=f"{served.base_url}/file/bot"
    ) as bot:
        yield bot


@pytest.fixture
async def call(served: RunningSimulator) -> AsyncIterator[Call]:
    """A bare Bot API call with a JSON body: `await call("sendMessage", chat_id=1, text="…")`."""
    async with aiohttp.ClientSession() as session:

        async def post(method: str, **params: object) -> Answer:
            url = f"{served.api_base}{DEFAULT_TOKEN}/{method}"
            async with session.post(url, json=params) as response:
                answer: Answer = await response.json()
                assert answer["ok"] or response.status == answer["error_code"]
                return answer

        yield post
