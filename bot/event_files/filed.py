"""An event as a file tells it, and everything that was read of a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot.campaign.campaign import Fault
from bot.communes import Commune
from bot.frozen import Frozen
from bot.rules.dates import LONGEST_EVENT
from bot.rules.event_draft import too_long
from bot.rules.expressions import Expression
from db.events import EventTexts

Value = TypeVar("Value")
LONGEST_KEY = 255
"""Characters of the key of an event in a file."""


class FiledEvent(Frozen):
    """An event of a file. The instants are aware; `pin`: latitude and longitude in degrees.

    `says`: which of `texts`, `capacity`, `pin` and, by language, `description_fr` the file has anything to say of; what
    it is silent about stays as it is. `area`: where people may be invited, as a role's area would limit it.
    `cancelled`: it takes place no more. `history`: it is from a file that holds what was as well as what is to come.
    """

    line: int
    key: str
    starts_at: datetime
    ends_at: datetime
    commune: Commune
    address: str
    texts: EventTexts
    area: str
    pin: tuple[float, float] | None = None
    capacity: int | None = None
    invite: Expression | None = None
    cancelled: bool = False
    says: frozenset[str] = frozenset()
    history: bool = False


class EventsRead(Frozen):
    """The events of a file, in its order. With a fault that is no warning, none of them may be imported.

    `form`: how it is written, to be told: `UTF-8, separated by commas`.
    """

    form: str
    events: tuple[FiledEvent, ...]
    faults: tuple[Fault, ...]

    @property
    def is_broken(self) -> bool:
        return any(not fault.warning for fault in self.faults)


@dataclass
class Notes:
    """The faults found so far."""

    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: int, problem: str, remedy: str, *, warning: bool = False) -> None:
        self.faults.append(Fault(line=line, problem=problem, remedy=remedy, warning=warning))

    def attempt(self, line: int, read: Callable[[], Value]) -> Value | None:
        """What is read; None, and a fault noted, where it raises ValueError with “problem: remedy”."""
        try:
            return read()
        except ValueError as error:
            problem, _, remedy = str(error).rpartition(": ")
            self.fault(line, problem, remedy)
            return None

    def reading(self, form: str, events: list[FiledEvent]) -> EventsRead:
        """All of it, once what the events say together was looked at."""
        first: dict[str, int] = {}
        for event in events:
            line = first.setdefault(event.key, event.line)
            if line != event.line:
                self.fault(
                    event.line, f"the key “{event.key}” stands on line {line} too", "give each its own"
                )
        faults = tuple(sorted(self.faults, key=lambda fault: fault.line))
        return EventsRead(form=form, events=tuple(events), faults=faults)


def require_key(key: str) -> str:
    """The key again. Raises ValueError with a sentence."""
    if not key:
        raise ValueError("the key is missing: write one that stays with the event, such as lyon-24-11")
    if len(key) > LONGEST_KEY:
        raise ValueError(f"the key has {len(key)} characters: write {LONGEST_KEY} at most")
    return key


def require_hours(starts_at: datetime, ends_at: datetime) -> None:
    """Raises ValueError with a sentence for hours that no event has."""
    if ends_at <= starts_at:
        raise ValueError(
            f"it ends at {ends_at:%Y-%m-%d %H:%M} and begins at {starts_at:%Y-%m-%d %H:%M}: write a later end"
        )
    if ends_at - starts_at > LONGEST_EVENT:
        hours = int((ends_at - starts_at).total_seconds() // 3600)
        raise ValueError(
            f"it lasts {hours} hours: write an end at most {LONGEST_EVENT.days * 24} hours after the start"
        )


def require_fitting(texts: EventTexts, address: str) -> None:
    """Raises ValueError with a sentence for words that leave no room in a message, or that are missing."""
    if not address:
        raise ValueError("the address is missing: write the hall, the street and number")
    if not any(text.title for text in texts.values()):
        raise ValueError("it has no title: write one in one language at least")
    measured = [
        *(("a title", too_long(title=text.title)) for text in texts.values()),
        *(("a description", too_long(description=text.description)) for text in texts.values()),
        ("the address", too_long(address=address)),
    ]
    for name, found in measured:
        if found is not None:
            length, limit = found
            raise ValueError(f"{name} has {length} characters: write {limit} at most")
