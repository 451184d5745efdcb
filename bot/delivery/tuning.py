"""What a process that carries messages does for its own speed, once, when everything is loaded."""

from __future__ import annotations

import gc

# Each message makes some dozens of short-lived objects and no cycles. With Python's own thresholds the
# collector would walk through all loaded modules several times a second: a sixth of the processor's time at
# full speed.
YOUNGEST, MIDDLE, OLDEST = 10_000, 20, 50


def settle_memory() -> None:
    """Leave what is loaded by now out of later garbage collections, and collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, MIDDLE, OLDEST)
