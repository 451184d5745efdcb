"""What the process that makes pages is asked to count: functions that it imports, and nothing else with them."""

from __future__ import annotations

import os
from typing import Any


async def whose(_tx: Any) -> int:
    """The process that counts."""
    return os.getpid()


async def broken(_tx: Any) -> int:
    raise ZeroDivisionError
