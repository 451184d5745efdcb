"""`python -m tests.commands.halfway …` runs `portevoix …` until its copy is written, says so, and waits."""

from __future__ import annotations

import sys

import db.backup
import db.server_backup
from bot.cli import main


def halfway(*_arguments: object) -> None:
    print("halfway", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    for module in (db.backup, db.server_backup):
        module.verify = halfway  # type: ignore[assignment]  # it never returns: it is killed
    sys.exit(main(sys.argv[1:]))
