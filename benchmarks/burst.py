"""What a burst of taps looks like to those who tap, for `scripts/bench engine burst`: 5,000 people answer an
invitation, more of them in a second than the rate lets cards be edited.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.processes import cpu, running
from benchmarks.server import Server
from benchmarks.taps import Phones, invite, until
from benchmarks.worker import open_for

PEOPLE = 5_000
TAPS_A_SECOND = 100
TICK_SECONDS = 0.05
IN_TIME_SECONDS = 3.0


@dataclass
class _Seen:
    """What whoever tapped saw, and how many seconds after."""

    server: Server
    toasts: list[float] = field(default_factory=list)
    edits: list[float] = field(default_factory=list)
    """Of each answer that was shown while it was the last one there."""

    def __post_init__(self) -> None:
        self.phones = Phones(self.server, told=self._told, edited=self._edited)
        self._tapped: dict[str, float] = {}
        self._last: dict[int, float] = {}

    def tap(self, count: int) -> None:
        """The next people tap."""
        now = time.perf_counter()
        for update in (updates := self.phones.taps(count)):
            query = update["callback_query"]
            self._tapped[query["id"]] = self._last[query["from"]["id"]] = now
        self.server.add_updates(updates)

    def _told(self, query: str) -> None:
        if query in self._tapped:
            self.toasts.append(time.perf_counter() - self._tapped.pop(query))

    def _edited(self, chat: int, answer: str) -> None:
        if chat in self._last and answer == self.phones.last(chat):
            self.edits.append(time.perf_counter() - self._last.pop(chat))


async def burst(rate: float, seconds: float) -> dict[str, float]:
    """100 taps a second for so long: how long their toasts take, and the edits that leave meanwhile; and how long after
    the last tap all screens are true, of what the messages that are still to be edited take at the rate.
    """
    with tempfile.TemporaryDirectory() as folder:
        database = await open_for(Path(folder), None)
        await invite(database, PEOPLE)
        await database.close()
        server = Server()
        seen = _Seen(server)
        phones = seen.phones
        api = f"http://127.0.0.1:{await server.start()}"
        product = partial(running, "benchmarks.product", api, "--folder", folder)
        async with product():
            await phones.begin(PEOPLE, PEOPLE)
        async with product("--rate", str(rate)) as bot:
            await phones.begin(PEOPLE, round(2 * rate))
            before = cpu(bot)
            await _tap_for(seen, seconds)
            spent = cpu(bot) - before
            edits, untrue, ended = sorted(seen.edits), phones.untrue, time.perf_counter()
            await phones.answered()
            true_after = time.perf_counter() - ended
        await server.stop()
        database = await open_for(Path(folder), None)
        assert await phones.noted(database) == phones.given.total()
        await database.close()
    toasts = sorted(seen.toasts)
    return {
        "taps": len(toasts),
        "toast_median_ms": 1000 * toasts[len(toasts) // 2],
        "toast_p99_ms": 1000 * toasts[-max(1, len(toasts) // 100)],
        "edits_meanwhile": len(edits),
        "edit_median_s": edits[len(edits) // 2],
        "edits_in_time": sum(each <= IN_TIME_SECONDS for each in edits) / len(edits),
        "untrue_at_the_end": untrue,
        "screens_true_after_s": true_after,
        "of_what_the_rate_takes": true_after / (untrue / rate),
        "cpu_cores": spent / seconds,
    }


async def _tap_for(seen: _Seen, seconds: float) -> None:
    began, given = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < seconds:
        due = round(TAPS_A_SECOND * passed) - given
        seen.tap(due)
        given += due
        await asyncio.sleep(TICK_SECONDS)
    await until(lambda: len(seen.phones.heard) == seen.phones.given.total())
