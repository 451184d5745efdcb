"""Several processes with one budget: together they keep the rate where their posts arrive, whatever happens to each.

Time is simulated. Every process has a clock of its own, and asks a database that is some way off; it looks for its
slots now and then, is late, stands still, comes and goes. Nothing here waits.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.shared_budget import COMPARISONS, LEAD_SECONDS
from bot.delivery.slots import BLOCK_SECONDS, DRIFT, ServerClock, Slots
from tests.delivery.test_budget import fullest_window
from tests.thorough import examples

SECONDS = 2.5
AHEAD_OF_TRUTH = 1_480_000_000.0
"""What the database's clock shows more than ours."""


@dataclass(kw_only=True)
class Life:
    """When a process is there, and when it stands still: from an instant, for so long."""

    begins: float = 0.0
    ends: float = SECONDS
    frozen: list[tuple[float, float]] = field(default_factory=list)

    def awake(self, moment: float) -> float:
        for begins, seconds in sorted(self.frozen):
            if begins <= moment < begins + seconds:
                moment = begins + seconds
        return moment


class World:
    """The database and Telegram, and the one true time."""

    def __init__(self, rate: float, seed: int, *, is_calm: bool = False, away: float = 0.0) -> None:
        self.rate, self.dice, self.is_calm = rate, random.Random(seed), is_calm
        self.away = away  # what one way to the database takes at least
        self.now = 0.0
        self.next_slot = 0.0  # by the database's clock
        self.arrived: list[float] = []
        self._queue: list[tuple[float, int, Life, Iterator[float]]] = []
        self._order = itertools.count()

    def way(self) -> float:
        """One way to the database or from it, which now and then is long."""
        return self.away + self.usually(0.0015, 0.85, else_up_to=0.03)

    def usually(self, seconds: float, odds: float = 0.97, *, else_up_to: float) -> float:
        """How long something takes; the exception only where not all is calm."""
        is_usual = self.is_calm or self.dice.random() < odds
        return self.dice.uniform(0.0001, seconds if is_usual else else_up_to)

    def reserve(self, count: int, spacing: float, lead: float) -> float:
        """As `db.processes.reserve_slots` does."""
        first = max(self.next_slot, self.now + AHEAD_OF_TRUTH + lead)
        self.next_slot = first + count * spacing
        return first

    def live(self, life: Life) -> None:
        process = _Process(self, life)
        for work in (process.reserving(), process.looking()):
            self.begin(work, life, life.begins)

    def begin(self, work: Iterator[float], life: Life, after: float = 0.0) -> None:
        at = life.awake(self.now + after)
        heapq.heappush(self._queue, (at, next(self._order), life, work))

    def run(self) -> list[float]:
        while self._queue:
            self.now, _order, life, work = heapq.heappop(self._queue)
            if self.now < life.ends and (wait := next(work, None)) is not None:
                self.begin(work, life, wait)
        return sorted(moment for moment in self.arrived if moment < SECONDS)


class _Process:
    """What `SharedBudget` and the lanes do, with everybody always waiting."""

    def __init__(self, world: World, life: Life) -> None:
        self.world, self.life = world, life
        self.ahead = world.dice.uniform(-5000.0, 5000.0)
        self.pace = 1.0 + world.dice.uniform(-DRIFT, DRIFT) / 2
        self.slots = Slots(world.rate)

    def clock(self) -> float:
        return self.world.now * self.pace + self.ahead

    def reserving(self) -> Iterator[float]:
        world, slots, lead = self.world, self.slots, LEAD_SECONDS
        yield from self.comparing()
        while True:
            unsure = slots.clock.unsure(self.clock())
            block = max(slots.largest, math.ceil(2 * lead / slots.spacing()))
            asked = self.clock()
            yield world.way()
            received = world.now + AHEAD_OF_TRUTH
            yield world.dice.uniform(0.0, 0.01)  # another process has the row
            first = world.reserve(block, slots.spacing(unsure), lead)
            told = world.now + AHEAD_OF_TRUTH
            yield world.way()
            slots.clock.compare(asked, received, told, self.clock())
            lead = max(LEAD_SECONDS, 0.9 * lead, 1.2 * (self.clock() - asked))
            slots.add(first, block, rate=slots.rate, unsure=unsure)
            while slots.left(self.clock()) > lead + BLOCK_SECONDS / 2:
                yield 0.002

    def comparing(self) -> Iterator[float]:
        for _ in range(COMPARISONS):
            asked = self.clock()
            yield self.world.way()
            moment = self.world.now + AHEAD_OF_TRUTH
            yield self.world.way()
            self.slots.clock.compare(asked, moment, moment, self.clock())
            if not self.slots.clock.unsure(self.clock()):
                return

    def looking(self) -> Iterator[float]:
        """Whoever has a slot goes on by themselves."""
        while True:
            while self.slots.next_at(self.clock()) <= self.clock():
                self.world.begin(self.writing(self.slots.take()), self.life)
            yield 0.002

    def writing(self, by: float) -> Iterator[float]:
        yield self.world.usually(
            0.002, else_up_to=0.1
        )  # a connection has to be opened, or the processor is taken
        if self.clock() <= by:
            self.world.arrived.append(self.world.now + self.world.dice.uniform(0.03, 0.0345))


freezes = st.tuples(st.floats(0, SECONDS), st.one_of(st.floats(0, 0.06), st.floats(0, 1.5)))
lives = st.builds(
    Life,
    begins=st.floats(0, SECONDS / 2) | st.just(0.0),
    ends=st.floats(SECONDS / 2, SECONDS) | st.just(SECONDS),
    frozen=st.lists(freezes, max_size=4),
)


@settings(max_examples=examples(40), deadline=None)
@given(
    rate=st.sampled_from([30.0, 400.0]),
    given_lives=st.lists(lives, min_size=1, max_size=6),
    seed=st.integers(0, 2**32),
    away=st.sampled_from([0.0, 0.0, 0.005, 0.02]),
)
def test_no_second_is_too_full_whatever_becomes_of_the_processes(
    rate: float, given_lives: list[Life], seed: int, away: float
) -> None:
    world = World(rate, seed, away=away)
    for life in given_lives:
        world.live(life)
    assert fullest_window(world.run()) <= rate


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize(("away", "used"), [(0.0, 0.98), (0.005, 0.97), (0.02, 0.945)])
def test_what_is_allowed_is_used_however_far_the_database_is(count: int, away: float, used: float) -> None:
    world = World(400.0, seed=count, is_calm=True, away=away)
    for _ in range(count):
        world.live(Life())
    left = world.run()
    assert len(left) >= used * (SECONDS - left[0]) * 400.0


def test_a_clock_that_was_set_is_followed() -> None:
    clock = ServerClock()
    clock.compare(100.0, 5000.001, 5000.002, 100.003)
    at = clock.slot(5000.0, 0.0).at
    assert abs(at - 99.9995) < 0.002
    clock.compare(101.0, 6001.001, 6001.002, 101.003)  # the database's was moved by a quarter of an hour
    assert abs(clock.slot(6001.0, 0.0).at - 101.0) < 0.003


def test_every_answer_narrows_what_is_known_of_the_other_clock() -> None:
    clock = ServerClock()
    clock.compare(100.0, 5000.0001, 5000.0001, 100.02)  # answered late
    assert clock.unsure(100.02) > 0.015
    clock.compare(100.1, 5000.1199, 5000.1199, 100.12)  # received late
    assert not clock.unsure(100.12)
    assert clock.unsure(130.0) > 0.02  # since then they may have parted
    slot = clock.slot(5000.5, 0.0)
    assert slot.at <= 100.502 <= slot.by


def test_slots_of_another_rate_are_not_kept() -> None:
    """Reserved closely, and used far apart, they would lie among those of others."""
    slots = Slots(1000.0)
    slots.clock.compare(0.0, 0.0, 0.0, 0.0)
    rate = slots.rate
    slots.keep_to(30.0)  # while the database was asked
    slots.add(1.0, 100, rate=rate, unsure=0.0)
    assert not len(slots)
