"""Where Telegram calls: known to whoever tells it so, also before there is anything to serve."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.frozen import Frozen


class Webhook(Frozen):
    """Where Telegram posts updates: a path nobody guesses, a secret it must show, and who keeps the update."""

    path: str
    secret: str
    store: Callable[[bytes], Awaitable[None]]
