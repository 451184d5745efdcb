"""Telling a service manager how the bot is, as systemd's sd_notify does: ready, alive, what it does, stopping."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.settings import Supervisor

SIGNS = 3
"""How many signs of life fit into the patience of who waits for them."""
BEAT_SECONDS = 10.0
"""Between two, where nobody waits: what the bot does may have changed."""
WELL = "All is well."


def notify(supervisor: Supervisor, *states: str) -> None:
    """Sends `READY=1` and the like; one that is gone hears nothing, and the bot goes on."""
    address = supervisor.socket
    if address.startswith("@"):  # Linux: a name that is in no folder
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        line.connect(address)
        line.sendall("\n".join(states).encode())


async def supervised(supervisor: Supervisor, health: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
    """Says that the bot is ready, then gives signs of life and says how it is, until cancelled.

    A bot in trouble is alive: only one whose loop stands still is started anew.
    """
    seconds = supervisor.patience / SIGNS if supervisor.patience else BEAT_SECONDS
    notify(supervisor, "READY=1")
    while True:
        notify(supervisor, "WATCHDOG=1")
        found = await health()
        notify(supervisor, f"STATUS={' '.join(found['why']) or WELL}")
        await asyncio.sleep(seconds)


def stopping(supervisor: Supervisor | None) -> None:
    """Says that what is being posted is let finish, and that the bot then ends."""
    if supervisor is not None:
        notify(supervisor, "STOPPING=1", "STATUS=What is being posted is let finish.")
