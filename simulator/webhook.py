"""Webhook delivery: in order per chat, several chats at once, retried with a growing pause."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from simulator.clock import monotonic
from simulator.updates import Update, UpdateQueue

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
LONGEST_ANSWER = 60.0
# How many waiting updates are looked at to find one whose chat is free.
LOOKED_AT = 1_000

Reply = Callable[[dict[str, Any]], None]


class Webhook:
    """Posts pending updates to the bot. `on_reply` gets the method call a bot may answer a post with."""

    def __init__(self, queue: UpdateQueue, on_reply: Reply) -> None:
        self._queue = queue
        self._on_reply = on_reply
        self._task: asyncio.Task[None] | None = None
        self._busy: set[int] = set()
        self._paused: dict[int, tuple[float, float]] = {}  # chat -> (not before, last pause)
        self.url = ""
        self._secret = ""
        self._connections = 40
        self._last_error: tuple[int, str] | None = None

    def start(self, url: str, secret: str, connections: int) -> None:
        self.stop()
        self.url, self._secret, self._connections = url, secret, connections
        self._queue.webhook_active = True
        self._last_error = None
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        self.url = ""
        self._queue.webhook_active = False
        self._busy, self._paused = set(), {}
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def info(self) -> dict[str, Any]:
        """A WebhookInfo."""
        info: dict[str, Any] = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._queue.pending),
        }
        if self.url:
            info["max_connections"] = self._connections
        if self._last_error:
            info["last_error_date"], info["last_error_message"] = self._last_error
        if self._queue.allowed:
            info["allowed_updates"] = self._queue.allowed
        return info

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=LONGEST_ANSWER)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as posts:
            while True:
                self._queue.drop_expired()
                update, pause = self._next()
                if update is None:
                    await self._queue.wait(pause)
                    continue
                self._busy.add(update.chat_id)
                posts.create_task(self._deliver(session, update))

    def _next(self) -> tuple[Update | None, float]:
        """The first update whose chat is free, or how many seconds to wait at most."""
        pause = 30.0
        if len(self._busy) >= self._connections:
            return None, pause
        now = monotonic()
        skipped = set(self._busy)
        for _, update in zip(range(LOOKED_AT), self._queue.pending, strict=False):
            if update.chat_id in skipped:
                continue
            not_before = self._paused.get(update.chat_id, (0.0, 0.0))[0]
            if not_before <= now:
                return update, 0.0
            skipped.add(update.chat_id)
            pause = min(pause, not_before - now)
        return None, pause

    async def _deliver(self, session: aiohttp.ClientSession, update: Update) -> None:
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self._secret
        busy = self._busy
        try:
            async with session.post(self.url, data=update.json, headers=headers) as answer:
                if 200 <= answer.status < 300:
                    await self._delivered(update, answer)
                else:
                    retry_after = answer.headers.get("Retry-After", "")
                    wrong = f"Wrong response from the webhook: {answer.status} {answer.reason}"
                    self._failed(update, wrong, float(retry_after) if retry_after.isdecimal() else None)
        except TimeoutError:
            self._failed(update, "Read timeout expired", None)
        except aiohttp.ClientError as error:
            refused = isinstance(error, aiohttp.ClientConnectorError)
            self._failed(update, "Connection refused" if refused else "Connection closed", None)
        finally:
            busy.discard(update.chat_id)
            self._queue.wake()

    async def _delivered(self, update: Update, answer: aiohttp.ClientResponse) -> None:
        body = await answer.read()
        self._queue.confirm(update)
        self._paused.pop(update.chat_id, None)
        if body.startswith(b"{"):
            try:
                call = await answer.json(content_type=None)
            except (ValueError, RecursionError):
                return
            if isinstance(call, dict) and "method" in call:
                self._on_reply(call)

    def _failed(self, update: Update, message: str, retry_after: float | None) -> None:
        self._last_error = (int(time.time()), message)
        last = self._paused.get(update.chat_id, (0.0, 0.0))[1]
        pause = min(last * 2 or FIRST_PAUSE, LONGEST_PAUSE)
        self._paused[update.chat_id] = (monotonic() + (retry_after or pause), pause)
