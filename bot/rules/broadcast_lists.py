"""The list of what staff sent: which part of it is looked at, and what each of them is at."""

from __future__ import annotations

from enum import StrEnum


class BroadcastPart(StrEnum):
    """What is shown of the list: everything, what I wrote, what waits for a second person, is to come, or is over."""

    ALL = "all"
    MINE = "mine"
    WAITING = "waiting"
    SCHEDULED = "scheduled"
    PAST = "past"


PER_PAGE = 8


def page_of(number: int, found: int, *, size: int = PER_PAGE) -> tuple[int, int]:
    """The page that is shown, from 0, for one that was asked for, and how many there are: at least one."""
    pages = max(1, -(-found // size))
    return min(max(0, number), pages - 1), pages
