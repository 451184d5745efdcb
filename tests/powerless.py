"""`python -m tests.powerless …` is `portevoix …` without root's power to read and to write what is closed (Linux)."""

from __future__ import annotations

import ctypes
import sys

from bot.cli import main

VERSION = 0x20080522  # of the structures: capabilities in two halves
READ_AND_WRITE = 0b110


def give_up_power() -> None:
    """Of this process alone, and for ever; who has no such power loses nothing."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(VERSION, 0)
    held = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then the higher halves of them
    if libc.capget(header, held) == 0:
        held[0] &= ~READ_AND_WRITE
        held[1] &= ~READ_AND_WRITE
        if libc.capset(header, held):
            raise OSError(ctypes.get_errno(), "capset")


if __name__ == "__main__":
    if sys.platform == "linux":
        give_up_power()
    sys.exit(main())
