"""One good user among hostile updates; `scripts/bench hostile` does the same with ten thousand."""

from __future__ import annotations

from benchmarks.hostile import measure

RATE = 30


async def test_one_good_user_is_answered_within_three_seconds_of_messages_at_the_median() -> None:
    """Counted in messages, which tell of the order and not of the machine."""
    figures = await measure(1_000, RATE, 5)
    assert figures["median_messages_meanwhile"] < 3 * RATE
