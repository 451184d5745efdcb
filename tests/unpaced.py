"""`portevoix` among people who read at once (`python -m tests.unpaced run`): pauses made for readers are left out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot import parts, ticking
from bot.cli import main
from bot.delivery import progress

# Between two messages to a chat, between two edits of a broadcast's progress, between two looks at what is due, and
# until what somebody answered is looked at.
PAUSES = (
    (parts, "CHAT_SECONDS", 0.0),
    (progress, "EDIT_SECONDS", 0.5),
    (ticking, "TICK_SECONDS", 0.1),
    (ticking, "ANSWERED_SECONDS", 0.0),
)


@contextmanager
def unpaced() -> Iterator[None]:
    """In this process, until the block ends."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, seconds in PAUSES:
            patch.setattr(module, name, seconds)
        yield


if __name__ == "__main__":
    with unpaced():
        sys.exit(main())
