"""What the bot got accepted, in order, and how often everything happened."""

import time
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime

from simulator.markup_text import to_html
from simulator.records import Message

MOST_ENTRIES = 500_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted send or edit. `at` is simulated, `real` in real Unix seconds."""

    number: int
    method: str
    chat_id: int
    message_id: int
    text: str
    entities: bytes
    media: str
    at: datetime
    real: float

    def as_json(self) -> dict[str, object]:
        return {
            "number": self.number,
            "method": self.method,
            "chat_id": self.chat_id,
            "message_id": self.message_id,
            "html": to_html(self.text, self.entities),
            "media": self.media,
            "at": self.at.isoformat(),
            "real": self.real,
        }


class Journal:
    """The last half million accepted messages and edits, and counters that forget nothing."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MOST_ENTRIES)
        self.last = 0
        self.calls: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.peak_per_second = 0
        self._second = 0
        self._in_second = 0

    def record(self, method: str, chat_id: int, message: Message, at: datetime) -> None:
        self.last += 1
        real = time.time()
        media = next(iter(message.media), "") if message.media else ""
        self._entries.append(
            Entry(
                self.last,
                method,
                chat_id,
                message.message_id,
                message.text,
                message.entities,
                media,
                at,
                real,
            )
        )
        if int(real) != self._second:
            self._second, self._in_second = int(real), 0
        self._in_second += 1
        self.peak_per_second = max(self.peak_per_second, self._in_second)

    def after(self, number: int, limit: int) -> list[dict[str, object]]:
        """Up to `limit` entries whose number is above `number`, oldest first."""
        if not self._entries:
            return []
        first = self._entries[0].number
        start = max(number + 1 - first, 0)
        stop = min(start + limit, len(self._entries))
        return [self._entries[index].as_json() for index in range(start, stop)]

    def counters(self) -> dict[str, object]:
        return {
            "calls": dict(self.calls),
            "errors": dict(self.errors),
            "faults": dict(self.faults),
            "accepted": self.last,
            "peak_per_second": self.peak_per_second,
        }
