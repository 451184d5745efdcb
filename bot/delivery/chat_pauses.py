"""When each chat may be written to again: Telegram allows one message a second, and in a group twenty a minute."""

from __future__ import annotations

from collections import deque

GROUP_PER_MINUTE = 20


class ChatPauses:
    """When each chat may get its next message: one a second, and in a group twenty a minute.

    Holds only the chats of the last second (groups: of the last minute), however many people are written to.
    """

    def __init__(self, chat_seconds: float) -> None:
        self._chat_seconds = chat_seconds
        self._ready: dict[int, float] = {}
        self._groups: dict[int, deque[float]] = {}
        self._forget: deque[tuple[float, int]] = deque()

    def ready_at(self, chat: int, now: float) -> float:
        ready = self._ready.get(chat, now)
        sent = self._groups.get(chat)
        if sent is not None and len(sent) == GROUP_PER_MINUTE:
            ready = max(ready, sent[0] + 60.0)
        return ready

    def wrote(self, chat: int, now: float) -> None:
        if not self._chat_seconds:
            return
        self._ready[chat] = now + self._chat_seconds
        keep = self._chat_seconds
        if chat < 0:  # Telegram's ids of groups are negative
            self._groups.setdefault(chat, deque(maxlen=GROUP_PER_MINUTE)).append(now)
            keep = 60.0
        self._forget.append((now + keep, chat))
        self._clean(now)

    def _clean(self, now: float) -> None:
        while self._forget and self._forget[0][0] <= now:
            chat = self._forget.popleft()[1]
            if self._ready.get(chat, now) <= now:
                self._ready.pop(chat, None)
            sent = self._groups.get(chat)
            if sent and sent[-1] + 60.0 <= now:
                del self._groups[chat]
