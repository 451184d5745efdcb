"""Faults: what is answered, and whether the call was processed all the same."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from simulator.client import Simulator, SimulatorError
from simulator.clock import monotonic
from simulator.faults import KINDS, read_fault

Call = Callable[..., Awaitable[dict[str, Any]]]


@pytest.mark.parametrize(
    ("kind", "raised", "processed"),
    [
        ("drop_before", aiohttp.ClientConnectionError, False),
        ("drop_after", aiohttp.ClientConnectionError, True),
        ("html", aiohttp.ContentTypeError, False),
        ("half_json", ValueError, True),
    ],
)
async def test_no_usable_answer(
    simulator: Simulator, call: Call, kind: str, raised: type[Exception], processed: bool
) -> None:
    ana = await simulator.person("Ana", started=True)
    await simulator.fault(kind, method="sendMessage", count=1)
    assert (await call("getMe"))["ok"]  # another method is left alone
    with pytest.raises(raised):
        await call("sendMessage", chat_id=ana.id, text="x")
    assert len(await simulator.journal()) == processed
    assert (await call("sendMessage", chat_id=ana.id, text="x"))["ok"]  # one call only
    assert (await simulator.counters())["faults"] == {kind: 1}


@pytest.mark.parametrize(("kind", "processed"), [("error_500", 0), ("error_500_after", 1)])
async def test_internal_errors(simulator: Simulator, call: Call, kind: str, processed: int) -> None:
    ana = await simulator.person("Ana", started=True)
    await simulator.fault(kind, count=1)
    answer = await call("sendMessage", chat_id=ana.id, text="x")
    assert answer == {"ok": False, "error_code": 500, "description": "Internal Server Error"}
    assert len(await simulator.journal()) == processed


async def test_slow(simulator: Simulator, call: Call) -> None:
    await simulator.fault("slow", seconds=0.2, count=1)
    started = monotonic()
    assert (await call("getMe"))["ok"]
    assert monotonic() - started >= 0.2


async def test_a_probability_with_a_seed_strikes_the_same_calls_again(
    simulator: Simulator, call: Call
) -> None:
    async def struck() -> list[bool]:
        await simulator.fault("error_500", probability=0.5, seed=7)
        answers = [not (await call("getMe"))["ok"] for _ in range(20)]
        await simulator.clear_faults()
        return answers

    first = await struck()
    assert await struck() == first
    assert 0 < sum(first) < 20


@pytest.mark.parametrize(
    ("kind", "options", "sentence"),
    [
        ("flood", {}, "is not a fault: choose one of drop_before"),
        ("slow", {"seconds": -1}, "0 to 3600 seconds"),
        ("slow", {"probability": 2}, "a probability from 0 to 1"),
        ("slow", {"count": 0}, "a count of 1 to"),
    ],
)
async def test_a_wrong_fault_is_explained(
    simulator: Simulator, kind: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SimulatorError, match=sentence):
        await simulator.fault(kind, **options)


def test_every_kind_can_be_read() -> None:
    assert [read_fault({"kind": kind}).kind for kind in KINDS] == list(KINDS)
