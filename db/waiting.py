"""Whether somebody waits for what is counted. What nobody waits for takes what all others leave of the processors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_waited_for: ContextVar[bool] = ContextVar("is_waited_for", default=True)


def is_waited_for() -> bool:
    """Within `nobody_waits` not."""
    return _is_waited_for.get()


@contextmanager
def nobody_waits() -> Iterator[None]:
    """What is counted in the block, by this process or by another that it asks, is shown some time later."""
    before = _is_waited_for.set(False)
    try:
        yield
    finally:
        _is_waited_for.reset(before)
