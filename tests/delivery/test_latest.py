"""Which message is edited first: the one that was tapped last, also where a pause came between."""

from __future__ import annotations

import asyncio
import random

from bot.delivery.latest import PARALLEL, Latest, Message


class Screens:
    """Takes what is shown, once it may be: `slots` edits leave, and the first `refused` are told to wait."""

    def __init__(self, *, refused: int = 0) -> None:
        self.shown: list[tuple[Message, int]] = []
        self.slots = asyncio.Semaphore(0)
        self.refused = refused
        self.latest: Latest[int] = Latest(slot=self.slots.acquire, show=self._show, replace=self._replace)
        self.answered = asyncio.Event()
        self.answered.set()

    def _replace(self, _older: int, newer: int) -> int:
        return newer

    async def _show(self, state: int) -> bool:
        await self.answered.wait()
        if self.refused:
            self.refused -= 1
            return False
        self.shown.append(((state % 100, 1), state))
        return True

    def give(self, slots: int) -> None:
        for _ in range(slots):
            self.slots.release()

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def show_all(self) -> list[int]:
        while self.latest._waiting or self.latest.tasks:
            self.give(1)
            await self.settle()
        return [state for _message, state in self.shown]


async def test_those_that_are_told_to_wait_are_shown_after_what_came_meanwhile() -> None:
    """Taken up in the order in which they were refused, the oldest of them would come first."""
    screens = Screens(refused=5)
    for number in range(1, 8):
        screens.latest.put((number, 1), number)
    screens.answered.clear()
    screens.give(5)  # 7, 6, 5, 4, 3 are on their way
    await screens.settle()
    screens.latest.put((8, 1), 8)
    screens.answered.set()  # and told to wait
    await screens.settle()
    screens.latest.put((9, 1), 9)
    screens.latest.put((1, 1), 101)  # tapped again
    # One had been given its turn when the first was refused.
    assert await screens.show_all() == [101, 9, 8, 7, 6, 5, 4, 3, 2]


async def test_each_message_shows_its_last_state_whatever_was_refused() -> None:
    dice = random.Random(3)
    screens = Screens(refused=40)
    last: dict[int, int] = {}
    for count in range(1, 400):
        chat = dice.randrange(20)
        last[chat] = state = 100 * count + chat
        screens.latest.put((chat, 1), state)
        if dice.random() < 0.3:
            screens.give(1)
            await screens.settle()
    await screens.show_all()
    assert {chat: state for (chat, _message), state in screens.shown} == last


async def test_thousands_of_taps_on_one_message_are_one_that_waits() -> None:
    screens = Screens()
    for state in range(5000):
        screens.latest.put((1, 1), 100 * state)
    assert len(screens.latest._order) <= PARALLEL + 2
    assert await screens.show_all() == [499_900]
