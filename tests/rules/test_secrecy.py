"""Who may read a file that holds a secret."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.rules.secrecy import is_open_to_others

US, ROOT = 1000, 0


@dataclass(frozen=True)
class Status:
    st_mode: int
    st_uid: int


@pytest.mark.parametrize(
    ("mode", "owner", "is_open"),
    [
        (0o100600, US, False),
        (0o100400, US, False),
        (0o100640, US, True),
        (0o100604, US, True),
        # Somebody else put it there for us: systemd, Docker, an administrator.
        (0o100440, ROOT, False),
        (0o100640, ROOT, False),
        (0o100660, ROOT, True),
        (0o100644, ROOT, True),
    ],
)
def test_who_may_read(mode: int, owner: int, is_open: bool) -> None:
    assert is_open_to_others(Status(mode, owner), user=US) is is_open


def test_where_there_are_no_such_bits_nothing_is_known() -> None:
    assert not is_open_to_others(Status(0o100644, ROOT), user=None)
