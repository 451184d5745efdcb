"""The one who writes: who waits for their turn, and in which order."""

from __future__ import annotations

import asyncio
import random

import pytest

from db import turns
from db.turns import Turns


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def order_of(asked: str) -> str:
    """In which order turns are taken that are asked for while another one lasts; capitals: somebody waits for it."""
    taken: list[str] = []
    lock = Turns()

    async def take(name: str) -> None:
        async with lock.mine(ahead=name.isupper()):
            taken.append(name)

    async with lock.mine():
        waiting = []
        for name in asked:
            waiting.append(asyncio.create_task(take(name)))
            await settle()
    await asyncio.gather(*waiting)
    return "".join(taken)


@pytest.mark.parametrize(
    ("start", "taken"),
    [
        (60.0, "ABCxyz"),  # whom somebody waits for goes first, and within each line the first who asked
        (
            0.0,
            "xAyBCz",
        ),  # who waited for longer than the start that the others are given is passed over no more
    ],
)
async def test_whom_somebody_waits_for_goes_first(
    monkeypatch: pytest.MonkeyPatch, start: float, taken: str
) -> None:
    monkeypatch.setattr(turns, "START_SECONDS", start)
    assert await order_of("xAyBCz") == taken


@pytest.mark.parametrize("seed", range(20))
async def test_whoever_is_cancelled_keeps_nobody_waiting(seed: int) -> None:
    chance = random.Random(seed)
    lock = Turns()
    inside: list[int] = []
    most = 0

    async def stay(number: int) -> None:
        nonlocal most
        async with lock.mine(ahead=number % 3 == 0):
            inside.append(number)
            most = max(most, len(inside))
            try:
                await asyncio.sleep(0)
            finally:
                inside.remove(number)

    tasks = [asyncio.create_task(stay(number)) for number in range(30)]
    for _ in range(40):
        chance.choice(tasks).cancel()  # while it waits, in the moment in which it is called, or inside
        await asyncio.sleep(0)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most == 1
    async with asyncio.timeout(5), lock.mine():
        pass


async def test_a_burst_that_never_ends_lets_the_others_have_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "START_SECONDS", 0.01)
    lock = Turns()
    had = asyncio.Event()

    async def other() -> None:
        async with lock.mine():
            had.set()

    async def burst() -> None:
        while not had.is_set():
            async with lock.mine(ahead=True):
                await asyncio.sleep(0)

    async with asyncio.timeout(10):
        await asyncio.gather(burst(), burst(), other())
