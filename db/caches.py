"""How much of the database each connection keeps in memory: a machine with little of it keeps little."""

from __future__ import annotations

import os
from pathlib import Path

LARGEST_KIB, SMALLEST_KIB = 32 << 10, 4 << 10
OF_MEMORY = 128
"""The writer and the readers hold one each: together they take a fortieth of a small machine."""
LIMIT_OF_A_CONTAINER = Path("/sys/fs/cgroup/memory.max")


def cache_kib(memory: int) -> int:
    """KiB of the writer's connection where the machine, or its container, has so many bytes of memory."""
    return max(SMALLEST_KIB, min(LARGEST_KIB, memory // OF_MEMORY >> 10))


def reader_cache_kib(memory: int) -> int:
    """KiB of each reader's, which SQLite drops whenever something was written: more would help little."""
    return max(SMALLEST_KIB // 2, min(LARGEST_KIB, memory // OF_MEMORY >> 11))


def memory_of_the_machine(limit: Path = LIMIT_OF_A_CONTAINER) -> int:
    """Bytes of memory that this process may have: the machine's, or its container's where that is less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(memory, int(limit.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return memory
