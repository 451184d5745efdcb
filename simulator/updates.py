"""The queue of updates and getUpdates: offsets, long polls, and the conflict of two pollers."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from simulator.clock import Clock, monotonic
from simulator.errors import BotApiError, bad_request
from simulator.events import Waiters
from simulator.params import Params

# How long Telegram keeps an update that nobody fetches, in seconds of the clock.
CALLBACK_LIFE = 150.0
UPDATE_LIFE = 24 * 3600.0

LONGEST_POLL = 50
# Sent only when asked for by name.
OPT_IN = {"chat_member", "message_reaction", "message_reaction_count"}


@dataclass(frozen=True, slots=True)
class Update:
    """One update as it will be delivered; `json` is the whole Update object."""

    update_id: int
    kind: str
    chat_id: int
    expires: float
    json: bytes


FIRST_ID = 100_000_001
"""The number of the first update."""


class UpdateQueue:
    """Updates in the order of their numbers, kept until they are confirmed or too old."""

    def __init__(self, waiters: Waiters, clock: Clock, on_seen: Callable[[int], None]) -> None:
        self._waiters = waiters
        self._clock = clock
        self._on_seen = on_seen
        self._told = 0
        self.pending: deque[Update] = deque()
        self.allowed: list[str] = []
        self.webhook_active = False
        self._next_id = FIRST_ID
        self._poller = 0
        self._ended_by = ""

    def add(self, kind: str, chat_id: int, content: dict[str, Any]) -> int:
        """Queue an update and give its number; 0 where the bot did not ask for this kind."""
        if kind not in self.allowed if self.allowed else kind in OPT_IN:
            return 0
        json = orjson.dumps({"update_id": self._next_id, kind: content})
        life = CALLBACK_LIFE if kind in {"callback_query", "inline_query"} else UPDATE_LIFE
        self.pending.append(Update(self._next_id, kind, chat_id, self._clock.age() + life, json))
        self._next_id += 1
        self._waiters.wake(self)
        return self._next_id - 1

    @property
    def last_id(self) -> int:
        """The number of the newest update there ever was."""
        return self._next_id - 1

    @property
    def seen(self) -> int:
        """The bot has taken every update up to this number."""
        return self.pending[0].update_id - 1 if self.pending else self.last_id

    def _tell_seen(self) -> None:
        if self._told < self.seen:
            self._told = self.seen
            self._on_seen(self._told)
        if not self.pending:
            self._waiters.wake(self)

    def allow(self, params: Params) -> None:
        """Remember `allowed_updates` when it is given; an empty list means the default."""
        allowed = params.structure("allowed_updates", "can't parse allowed updates: can't parse JSON")
        if allowed is None:
            return
        if not isinstance(allowed, list):
            raise bad_request("can't parse allowed updates: expected an Array of String")
        self.allowed = [str(kind) for kind in allowed]

    def confirm_before(self, offset: int) -> None:
        """Forget updates below `offset`; a negative one keeps only that many at the end."""
        if offset < 0:
            while len(self.pending) > -offset:
                self.pending.popleft()
            return
        while self.pending and self.pending[0].update_id < offset:
            self.pending.popleft()
        self._tell_seen()

    def confirm(self, update: Update) -> None:
        """Forget one delivered update, wherever it stands."""
        if self.pending and self.pending[0] is update:
            self.pending.popleft()
        elif update in self.pending:
            self.pending.remove(update)
        self._tell_seen()

    def drop_expired(self) -> None:
        now = self._clock.age()
        if any(update.expires <= now for update in self.pending):
            self.pending = deque(update for update in self.pending if update.expires > now)

    def clear(self) -> None:
        self.pending.clear()

    async def wait(self, seconds: float) -> None:
        """Until something changes in the queue, or so many seconds."""
        await self._waiters.wait(self, seconds)

    def wake(self) -> None:
        """Make whoever waits for updates look again."""
        self._waiters.wake(self)

    def end_polls(self, by: str) -> None:
        """Answer 409 to whoever polls now."""
        self._poller += 1
        self._ended_by = by
        self._waiters.wake(self)

    async def get_updates(self, params: Params) -> orjson.Fragment:
        """The Bot API method: an array of updates, as JSON."""
        if self.webhook_active:
            raise BotApiError(
                409,
                "can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self.end_polls("getUpdates")
        poller = self._poller
        self.allow(params)
        limit = params.integer("limit", 100)
        limit = limit if 1 <= limit <= 100 else 100
        self.confirm_before(params.integer("offset"))
        self.drop_expired()
        until = monotonic() + min(max(params.integer("timeout"), 0), LONGEST_POLL)
        while not self.pending and not self._waiters.closed and (left := until - monotonic()) > 0:
            await self._waiters.wait(self, left)
            if poller != self._poller:
                raise self._conflict()
        chosen = [update.json for _, update in zip(range(limit), self.pending, strict=False)]
        return orjson.Fragment(b"[" + b",".join(chosen) + b"]")

    def _conflict(self) -> BotApiError:
        if self._ended_by == "setWebhook":
            return BotApiError(409, "terminated by setWebhook request")
        return BotApiError(
            409,
            f"terminated by other {self._ended_by} request; make sure that only one bot instance is running",
        )
