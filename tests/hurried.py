"""`portevoix` with little patience (`python -m tests.hurried run`): a minute's silence of a server takes a second."""

from __future__ import annotations

import sys

from bot import app, introduction
from bot.cli import main
from bot.delivery import intake
from bot.web import visitors

app.READ_SECONDS = introduction.START_PATIENCE_SECONDS = 0.6
visitors.REQUEST_SECONDS = 0.6
intake.POLL_SECONDS, intake.PATIENCE_SECONDS = 0, 0.6

if __name__ == "__main__":
    sys.exit(main())
