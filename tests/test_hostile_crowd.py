"""One good user among hostile updates; `scripts/bench hostile` does the same with ten thousand."""

from __future__ import annotations

from benchmarks.hostile import measure


async def test_one_good_user_is_answered_within_two_seconds_at_the_median() -> None:
    figures = await measure(1_000, 30.0, 3)
    assert figures["median_s"] < 2.0
