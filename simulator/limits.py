"""The optional rate limit: so many messages a second for the bot and each chat, a minute for a group, by the clock."""

from dataclasses import dataclass, field
from typing import Any

from simulator.clock import Clock
from simulator.errors import BotApiError

MOST_CHATS_REMEMBERED = 20_000


# What is known of Telegram, whose own are unwritten: 30 messages a second, one a second in a chat, short bursts; 20 a
# minute in a group, where edits, deletions and new topics count as well.
LIKE: dict[str, dict[str, Any]] = {
    "telegram": {
        "per_second": 30,
        "burst": 30,
        "per_chat_per_second": 1,
        "chat_burst": 5,
        "per_group_per_minute": 20,
    },
}


@dataclass(slots=True)
class Bucket:
    """Tokens that refill at `rate` a second up to `burst`."""

    rate: float
    burst: float
    tokens: float
    at: float

    def wait_needed(self, now: float, count: int = 1) -> float:
        """Seconds until so many tokens are there; 0 when they are. More than there can be are owed afterwards."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        needed = min(count, self.burst)
        return 0.0 if self.tokens >= needed else (needed - self.tokens) / self.rate


@dataclass(slots=True, kw_only=True)
class Limits:
    """No limit until a rate is set. `retry_after` is the shortest wait, in seconds, that a refusal names.

    As on Telegram, the whole bot is refused until that wait has passed when it was the bot's limit.
    """

    per_second: float | None = None
    burst: float | None = None
    per_chat_per_second: float | None = None
    chat_burst: float = 3
    per_group_per_minute: float | None = None
    retry_after: int = 1
    clock: Clock
    _bot: Bucket | None = None
    _chats: dict[int, Bucket] = field(default_factory=dict)
    _refused_until: float = 0.0

    def check(self, chat_id: int, count: int = 1) -> None:
        """Count the messages of one call to a chat, or refuse all of them with 429."""
        if self.per_second is self.per_chat_per_second is self.per_group_per_minute is None:
            return
        now = self.clock.age()
        if now < self._refused_until:
            self._refuse(self._refused_until - now)
        chat = self._chat_bucket(chat_id, now)
        if chat and (wait := chat.wait_needed(now, count)):
            self._refuse(wait)
        if self.per_second is not None:
            burst = self.burst or max(self.per_second, 1)
            bot = self._bot = self._bot or Bucket(self.per_second, burst, burst, now)
            if wait := bot.wait_needed(now, count):
                self._refused_until = now + max(self.retry_after, wait)
                self._refuse(wait)
            bot.tokens -= count
        if chat:
            chat.tokens -= count

    def _chat_bucket(self, chat_id: int, now: float) -> Bucket | None:
        rate, burst = self.per_chat_per_second, self.chat_burst
        if chat_id < 0 and self.per_group_per_minute is not None:
            rate, burst = self.per_group_per_minute / 60, self.per_group_per_minute
        if rate is None:
            return None
        bucket = self._chats.get(chat_id)
        if bucket is None:
            if len(self._chats) >= MOST_CHATS_REMEMBERED:
                self._chats.clear()  # a chat forgotten is one burst too many, never a refusal too many
            burst = max(burst, 1)
            bucket = self._chats[chat_id] = Bucket(rate, burst, burst, now)
        return bucket

    def _refuse(self, wait: float) -> None:
        seconds = max(self.retry_after, int(wait) + (wait > int(wait)))
        raise BotApiError(429, f"retry after {seconds}", {"retry_after": seconds})
