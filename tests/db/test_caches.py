"""A machine with little memory keeps little of the database in it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from db import sqlite
from db.caches import LARGEST_KIB, SMALLEST_KIB, cache_kib, memory_of_the_machine, reader_cache_kib
from db.engine import Database

MB, GB = 1 << 20, 1 << 30


@pytest.mark.parametrize(
    ("memory", "kib"),
    [(256 * MB, SMALLEST_KIB), (512 * MB, 4096), (GB, 8192), (2 * GB, 16384), (64 * GB, LARGEST_KIB)],
)
def test_a_cache_is_as_large_as_the_memory_allows(memory: int, kib: int) -> None:
    assert cache_kib(memory) == kib


@pytest.mark.parametrize(
    ("memory", "kib"),
    [(256 * MB, SMALLEST_KIB // 2), (512 * MB, 2048), (4 * GB, 16384), (64 * GB, LARGEST_KIB)],
)
def test_a_reader_whose_cache_is_dropped_with_each_write_keeps_less(memory: int, kib: int) -> None:
    assert reader_cache_kib(memory) == kib


def test_a_container_has_the_memory_that_it_was_given(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(f"{512 * MB}\n")
    assert memory_of_the_machine(limit) == 512 * MB


@pytest.mark.parametrize("written", ["max\n", "", None])
def test_without_a_limit_it_is_the_machine_s(tmp_path: Path, written: str | None) -> None:
    limit = tmp_path / "memory.max"
    if written is not None:
        limit.write_text(written)
    assert memory_of_the_machine(limit) == memory_of_the_machine(tmp_path / "none") > 0


async def test_a_pass_through_a_table_leaves_each_connection_the_cache_that_it_had(
    sqlite_database: Database,
) -> None:
    """A reader has less than the writer: what one got after the other’s pass would stay."""
    asked = sa.text("PRAGMA cache_size")
    for open_transaction in (sqlite_database.read, sqlite_database.write):
        async with open_transaction() as tx:
            await tx.exec_driver_sql("PRAGMA cache_size = -3000")
            async with sqlite.small_cache(tx):
                assert await tx.scalar(asked) != -3000
            assert await tx.scalar(asked) == -3000
