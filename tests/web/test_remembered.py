"""Counts that pages keep: who waits for them, and who never does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import structlog

from bot.web import remembered
from bot.web.remembered import (
    BRIEFLY,
    IF_SLOW,
    KEPT_FOR,
    NOTICED,
    RESTS,
    SHOWN_FOR,
    WITHOUT_RESTS,
    Older,
    Remembered,
)
from db.waiting import is_waited_for

NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)
KEY = ("supporters", "69")
LATER = NOW + KEPT_FOR
TOOK = 2.0
"""Seconds that a count took."""
DUE = LATER + timedelta(seconds=TOOK)


class Counted:
    """Counts how often it was asked; while `held` it does not answer."""

    def __init__(self) -> None:
        self.times = 0
        self.begun, self.free = asyncio.Event(), asyncio.Event()
        self.free.set()

    async def __call__(self) -> int:
        self.times += 1
        self.begun.set()
        await self.free.wait()
        return self.times


async def test_of_many_who_ask_at_once_one_counts() -> None:
    kept, count = Remembered(), Counted()
    found = await asyncio.gather(*(kept.get(KEY, count, NOW) for _ in range(20)))
    assert found == [(1, NOW)] * 20
    assert kept.fresh(KEY, LATER) is None
    assert await kept.get(KEY, count, LATER) == (2, LATER)


async def test_what_took_long_is_shown_while_it_is_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "LONG", -1.0)
    kept, count = Remembered(), Counted()
    await kept.get(KEY, count, NOW)
    assert kept.takes_long(KEY)
    count.free.clear()
    # Whoever asks gets what is there, and one count has begun.
    assert [kept.shown(KEY, count, LATER) for _ in range(3)] == [(1, NOW)] * 3
    count.free.set()
    assert await kept.get(KEY, count, LATER) == (2, LATER)
    # After so long it would be a lie.
    assert kept.shown(KEY, count, LATER + SHOWN_FOR) is None
    assert count.times == 2


async def test_of_what_takes_long_one_is_counted_after_the_other_with_rests() -> None:
    loop = asyncio.get_running_loop()
    kept, free, spans = Remembered(), asyncio.Event(), dict[str, tuple[float, float]]()
    kept.keep(("a",), 0, NOW, took=TOOK)
    kept.keep(("b",), 0, NOW, took=TOOK)

    def counting(name: str) -> Callable[[], Awaitable[int]]:
        async def count() -> int:
            began = loop.time()
            await free.wait()
            spans[name] = (began, loop.time())
            return 1

        return count

    for name in ("a", "b"):
        assert kept.shown((name,), counting(name), DUE) == (0, NOW)
    loop.call_later(0.01, free.set)
    await asyncio.gather(*kept._renewals.values())
    assert [kept.fresh((name,), DUE) for name in ("a", "b")] == [(1, DUE)] * 2
    began, ended = spans["a"]
    # Event loops end a rest up to a millisecond early.
    assert spans["b"][0] - ended >= (RESTS - 1) * (ended - began)


async def test_whoever_waits_for_it_waits_for_no_rest() -> None:
    kept, count = Remembered(), Counted()
    kept._rests_until = asyncio.get_running_loop().time() + 3600
    kept.keep(KEY, 0, NOW, took=TOOK)
    assert kept.shown(KEY, count, DUE) == (0, NOW)
    (renewal,) = kept._renewals.values()
    assert await kept.get(KEY, count, DUE + SHOWN_FOR) == (1, DUE + SHOWN_FOR)
    assert not renewal.done()
    renewal.cancel()


async def test_what_is_not_to_be_older_has_no_rests() -> None:
    kept, count = Remembered(), Counted()
    kept._rests_until = asyncio.get_running_loop().time() + 3600
    kept.keep(KEY, 0, NOW, took=TOOK)
    assert kept.shown(KEY, count, DUE, older=WITHOUT_RESTS) == (0, NOW)
    await asyncio.gather(*kept._counting.values())
    assert kept.fresh(KEY, DUE) == (1, DUE)


@pytest.mark.parametrize(
    ("older", "is_waited"), [(IF_SLOW, False), (WITHOUT_RESTS, True)], ids=["rests", "without"]
)
async def test_only_what_is_shown_meanwhile_and_may_rest_is_waited_for_by_nobody(
    older: Older, is_waited: bool
) -> None:
    kept, waited = Remembered(), list[bool]()

    async def count() -> int:
        waited.append(is_waited_for())
        return len(waited)

    await kept.get(KEY, count, NOW)
    kept.keep(KEY, 1, NOW, took=TOOK)
    assert kept.shown(KEY, count, DUE, older=older) == (1, NOW)
    await asyncio.gather(*kept._renewals.values(), *kept._counting.values())
    assert kept.fresh(KEY, DUE) == (2, DUE)
    assert await kept.within(600, KEY, count, DUE + SHOWN_FOR)
    assert waited == [True, is_waited, True]


async def test_whoever_waits_waits_for_none_that_nobody_waits_for() -> None:
    kept, count, held = Remembered(), Counted(), Counted()
    held.free.clear()
    kept.keep(KEY, 0, NOW, took=TOOK)
    assert kept.shown(KEY, held, DUE) == (0, NOW)
    (renewal,) = kept._renewals.values()
    await held.begun.wait()
    late = DUE + SHOWN_FOR
    assert await kept.get(KEY, count, late) == (1, late)
    held.free.set()
    await renewal
    assert kept.fresh(KEY, late) == (1, late), "what was counted since then stays"


async def test_what_was_counted_meanwhile_is_not_counted_again() -> None:
    kept, count = Remembered(), Counted()
    kept.keep(KEY, 0, NOW, took=TOOK)
    assert kept.shown(KEY, count, DUE) == (0, NOW)
    assert await kept.get(KEY, count, DUE) == (1, DUE)
    await asyncio.gather(*kept._renewals.values())
    assert count.times == 1


async def test_what_is_counted_in_no_time_is_never_old() -> None:
    kept, count = Remembered(), Counted()
    await kept.get(KEY, count, NOW)
    assert kept.shown(KEY, count, LATER) is None
    assert not kept.takes_long(KEY)


async def test_what_a_reader_would_notice_is_shown_for_one_minute_more() -> None:
    kept, count = Remembered(), Counted()
    kept.keep(KEY, 0, NOW, took=2 * NOTICED)
    assert kept.shown(KEY, count, LATER) == (0, NOW)
    await asyncio.gather(*kept._renewals.values())
    assert kept.shown(KEY, count, LATER) == (1, LATER)
    kept.keep(KEY, 0, NOW, took=2 * NOTICED)
    assert kept.shown(KEY, count, NOW + BRIEFLY) is None


async def test_of_very_many_also_what_is_quick_is_shown_while_it_is_counted_anew() -> None:
    kept, count, older = Remembered(), Counted(), Older(shown_for=2 * KEPT_FOR, though_quick=True)
    await kept.get(KEY, count, NOW)
    assert kept.shown(KEY, count, LATER) is None, "else it is never old"
    assert kept.shown(KEY, count, LATER, older=older) == (1, NOW)
    await asyncio.gather(*kept._renewals.values())
    assert kept.shown(KEY, count, LATER, older=older) == (2, LATER)
    assert kept.shown(KEY, count, LATER + 2 * KEPT_FOR, older=older) is None


async def test_a_count_that_fails_leaves_the_older_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "LONG", -1.0)
    kept, count = Remembered(), Counted()
    await kept.get(KEY, count, NOW)

    async def away() -> int:
        raise OSError("the disk is full")

    assert kept.shown(KEY, away, LATER) == (1, NOW)
    await asyncio.gather(*kept._renewals.values())
    with pytest.raises(OSError, match="full"):  # whoever has to wait for it is told
        await kept.get(KEY, away, LATER + timedelta(hours=1))


async def test_who_waits_long_enough_is_told_that_it_is_counted() -> None:
    kept, count = Remembered(), Counted()
    count.free.clear()
    assert not await kept.within(0.0, KEY, count, NOW)
    assert not await kept.within(0.0, KEY, count, NOW)
    count.free.set()
    assert await kept.within(600, KEY, count, NOW)
    assert kept.fresh(KEY, NOW) == (1, NOW)
    assert await kept.within(0.0, KEY, count, NOW), "it is there"


async def test_what_fails_while_nobody_waits_is_logged_and_told_to_who_does() -> None:
    kept, free = Remembered(), asyncio.Event()

    async def away() -> int:
        await free.wait()
        raise OSError("the disk is full")

    with structlog.testing.capture_logs() as logged:
        assert not await kept.within(0.0, KEY, away, NOW)
        free.set()
        for _ in range(4):
            await asyncio.sleep(0)
    assert [each["event"] for each in logged] == ["count_not_made"]
    with pytest.raises(OSError, match="full"):
        await kept.within(600, KEY, away, NOW)


async def test_what_takes_longer_than_it_is_kept_is_there_once_it_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept, passed = Remembered(), iter((0.0, 2 * KEPT_FOR.total_seconds()))
    monkeypatch.setattr(remembered, "time", SimpleNamespace(monotonic=lambda: next(passed)))
    assert await kept.within(600, KEY, Counted(), NOW)
    assert kept.fresh(KEY, NOW + 2 * KEPT_FOR) == (1, NOW), "as of when it was begun"
    assert kept.fresh(KEY, NOW + 3 * KEPT_FOR) is None
