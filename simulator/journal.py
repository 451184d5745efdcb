"""What the bot got accepted, in order, and how often everything happened."""

import time
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from simulator.keyboards import buttons_of
from simulator.markup_text import to_html
from simulator.records import Message

MOST_ENTRIES = 500_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted send, edit or deletion. `at` is simulated, `real` in real Unix seconds."""

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


@lru_cache(maxsize=4096)
def callbacks_of(markup: bytes) -> tuple[str, ...]:
    """The callback data of an inline keyboard's buttons, in their order."""
    return tuple(
        button["callback_data"] for row in buttons_of(markup) for button in row if "callback_data" in button
    )


BEGINNING = 12
"""How many characters of a message a line of the file holds: which words it is told by."""


class JournalFile:
    """A file of what happens, a JSON object a line, in the order in which it happened; for one bot or several."""

    def __init__(self, path: Path) -> None:
        # Kept open as long as the journal is written.
        self._file = path.open("ab", buffering=1 << 18)

    def write(self, line: dict[str, Any]) -> None:
        if not self._file.closed:
            self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        if not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        self._file.close()


class Journal:
    """The last half million accepted messages, edits and deletions, and counters that forget nothing.

    With a `file` every message, edit, deletion and act of a person goes there instead: {at, do, to, id, data, begins}
    or {at, by, act, …}; where several bots share it, `bot` says whose. Then memory holds none of them.
    """

    def __init__(self, file: JournalFile | None = None, bot: str = "") -> None:
        self._file = file
        self._whose = {"bot": bot} if bot else {}
        self._entries: deque[Entry] = deque(maxlen=MOST_ENTRIES)
        self.last = 0
        self.calls: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.not_simulated: Counter[str] = Counter()
        self.peak_per_second = 0
        self._second = 0
        self._in_second = 0

    def record(self, method: str, chat_id: int, message: Message, at: datetime) -> None:
        self.last += 1
        real = time.time()
        self._count(int(real))
        if self._file is not None:
            data = callbacks_of(message.markup) if message.markup else ()
            line = {"do": method, "to": chat_id, "id": message.message_id, "data": data}
            self._write(at, {**line, "begins": message.text[:BEGINNING]})
            return
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

    def _count(self, second: int) -> None:
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        self.peak_per_second = max(self.peak_per_second, self._in_second)

    def record_act(self, person_id: int, act: dict[str, Any], at: datetime) -> None:
        """Writes what a person did into the file; memory keeps it in the chat."""
        self._write(at, {"by": person_id, **act})

    def _write(self, at: datetime, line: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write({"at": at.isoformat(), **self._whose, **line})

    def flush(self) -> None:
        """Writes out everything up to now, for those who read the file."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

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
            "not_simulated": dict(self.not_simulated),
            "accepted": self.last,
            "peak_per_second": self.peak_per_second,
        }
