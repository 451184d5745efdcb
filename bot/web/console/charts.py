"""Lines of charts, as SVG draws them: no script, so they are there on paper too."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT = 640, 160
TOP, BOTTOM = 28, 30


def line(values: Sequence[int]) -> str:
    """The points of a line over equal steps, from zero up to the largest value."""
    most = max([*values, 1])
    step = WIDTH / max(len(values) - 1, 1)
    room = HEIGHT - TOP - BOTTOM
    return " ".join(
        f"{place * step:.1f},{HEIGHT - BOTTOM - value / most * room:.1f}"
        for place, value in enumerate(values)
    )
