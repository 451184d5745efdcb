"""Who may read a file that holds a secret."""

from __future__ import annotations

from typing import Protocol

GROUP, OTHERS, READS = 0o070, 0o007, 0o040


class Status(Protocol):
    """What the system tells of a file: `os.stat_result`."""

    @property
    def st_mode(self) -> int: ...

    @property
    def st_uid(self) -> int: ...


def is_open_to_others(status: Status, *, user: int | None) -> bool:
    """Whether others than its owner can read or change a file; `user` is who we are, None where there are no such bits.

    A file that somebody else put there for us, as service managers do, is read through its group.
    """
    if user is None:
        return False
    allowed = READS if status.st_uid != user else 0
    return bool(status.st_mode & (GROUP | OTHERS) & ~allowed)
