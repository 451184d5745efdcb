"""The process that makes pages: `python -m bot.apart.maker DESCRIPTOR`, begun by the bot’s own, and never by a person.

It steps back before it imports anything, so that even its start takes little from whoever sends. It ends with the pipe
that the bot holds open: however the bot ends, the system closes that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from pathlib import Path

NICE = 2
"""Of a processor that both want the bot has three fifths. With a tenth pages waited longest for that, and with more,
who sends lost nothing either.
"""
FIRST_TO_GO = "500"
"""Where memory runs out, the system ends this process before the bot."""


def main() -> None:
    with contextlib.suppress(OSError):  # where a sandbox forbids it, all is as it would be without
        os.nice(NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO, encoding="ascii")
    for number in (signal.SIGINT, signal.SIGTERM):
        # Ctrl+C and a service manager mean every process: what is read meanwhile is still answered.
        signal.signal(number, signal.SIG_IGN)
    from bot.apart.given import read

    try:
        given = read(sys.stdin.buffer)
    except EOFError:
        return
    threading.Thread(target=_end_with_the_bot, daemon=True).start()
    from bot.apart.making import run

    run(given, socket.socket(fileno=int(sys.argv[1])))


def _end_with_the_bot() -> None:
    """A thread of its own: it ends the process also where a page keeps the event loop busy."""
    with contextlib.suppress(OSError):
        os.read(sys.stdin.fileno(), 1)  # nothing more is ever written: it returns at the end
    os._exit(0)


if __name__ == "__main__":
    main()
