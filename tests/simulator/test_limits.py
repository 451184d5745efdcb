"""The rate limit: never more than the rate allows, and refusals that say how long to wait."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import clock
from simulator.client import Simulator
from simulator.errors import BotApiError
from simulator.limits import Limits
from simulator.server import make_world

Call = Callable[..., Awaitable[dict[str, Any]]]


@given(
    rate=st.integers(1, 30),
    gaps=st.lists(st.floats(0, 0.5), min_size=1, max_size=150),
    chats=st.integers(1, 3),
)
def test_no_window_holds_more_than_its_rate(rate: int, gaps: list[float], chats: int) -> None:
    now = 0.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "monotonic", lambda: now)
        limit = Limits(clock=clock.Clock(), per_second=rate, per_chat_per_second=1, chat_burst=3)
        accepted: list[tuple[float, int]] = []
        for number, gap in enumerate(gaps):
            now += gap
            refusal = _refusal(limit, number % chats)
            if refusal is None:
                accepted.append((now, number % chats))
            else:
                assert refusal.code == 429
                assert refusal.parameters is not None
                assert refusal.parameters["retry_after"] >= 1
    for start, _ in accepted:
        window = [chat for at, chat in accepted if start <= at < start + 1]
        assert len(window) <= 2 * rate  # a full bucket and what flows in meanwhile
        assert all(window.count(chat) <= 4 for chat in range(chats))


def _refusal(limit: Limits, chat_id: int) -> BotApiError | None:
    try:
        limit.check(chat_id)
    except BotApiError as error:
        return error
    return None


async def test_a_refused_bot_waits_as_long_as_it_is_told(simulator: Simulator, call: Call) -> None:
    ana, ben = await simulator.person("Ana", started=True), await simulator.person("Ben", started=True)
    await simulator.limit(per_second=2, burst=2, retry_after=7)
    for person in (ana, ben):
        assert (await call("sendMessage", chat_id=person.id, text="x"))["ok"]
    for _ in range(2):
        assert await call("sendMessage", chat_id=ana.id, text="x") == {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 7",
            "parameters": {"retry_after": 7},
        }
    assert (await call("getMe"))["ok"]
    await simulator.limit()
    assert (await call("sendMessage", chat_id=ana.id, text="x"))["ok"]


def test_the_limits_of_the_start_hold_after_a_reset() -> None:
    world = make_world(limits="telegram")
    world.limits = Limits(clock=world.clock)
    world.common.reset()
    for _ in range(5):
        assert _refusal(world.limits, 1) is None
    assert _refusal(world.limits, 1) is not None
    assert make_world().limits.per_second is None


async def test_a_busy_chat_leaves_the_others_alone(simulator: Simulator, call: Call) -> None:
    ana, ben = await simulator.person("Ana", started=True), await simulator.person("Ben", started=True)
    await simulator.limit(per_chat_per_second=1, chat_burst=1)
    codes = [
        (await call("sendMessage", chat_id=person.id, text="x")).get("error_code")
        for person in (ana, ana, ben)
    ]
    assert codes == [None, 429, None]


async def test_a_refused_bot_may_go_on_once_the_clock_has(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana", started=True)
    await simulator.limit(per_second=1, burst=1, retry_after=600)
    codes = []
    for seconds in (0, 0, 300, 301):
        await simulator.call("POST", "/clock", json={"by_seconds": seconds})
        codes.append((await call("sendMessage", chat_id=ana.id, text="x")).get("error_code"))
    assert codes == [None, 429, 429, None]


async def test_whoever_waits_is_served_while_the_clock_stands(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana", started=True)
    await simulator.call("POST", "/clock", json={"speed": 0})
    await simulator.limit(per_second=20, burst=1)
    assert (await call("sendMessage", chat_id=ana.id, text="x"))["ok"]
    async with asyncio.timeout(5):
        while not (await call("sendMessage", chat_id=ana.id, text="y"))["ok"]:
            pass
