"""What the process that makes pages is asked to count: functions that it imports, and nothing else with them."""

from __future__ import annotations

import os
from typing import Any

from db import waiting


async def whose(_tx: Any) -> int:
    """The process that counts."""
    return os.getpid()


async def is_waited_for(_tx: Any) -> bool:
    """As the process that counts was told."""
    return waiting.is_waited_for()


async def broken(_tx: Any) -> int:
    raise ZeroDivisionError
