"""`python -m tests.halfway …` is `portevoix …` until the copy of a database is written: it says so, and waits."""

from __future__ import annotations

import signal
import sys

import db.backup
from bot.cli import main


def halfway(*arguments: object) -> None:
    print("halfway", flush=True)
    signal.pause()


if __name__ == "__main__":
    db.backup.verify = halfway  # type: ignore[assignment]  # it never returns
    sys.exit(main())
