"""Rows as records: what a query found, each row as one of a kind whose fields are named as its columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa

T = TypeVar("T")


def records(kind: Callable[..., T], found: sa.CursorResult[Any]) -> list[T]:
    """All that was found. A row knows its columns by name too, but takes longer to tell them than to be read."""
    names = tuple(found.keys())
    return [kind(**dict(zip(names, row, strict=True))) for row in found]
