"""What a walker's page says of doors: notes that wait on the phone while there is no network.

Each has a key of its own, drawn on the phone: sent twice, it counts once. They are taken in the order in which they
were made, with the instant at which that was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.frozen import Frozen
from bot.rules.canvass.visits import DoorOutcome

MOST_NOTES = 100
"""In one request; a phone sends what remains with the next one."""
MOST_KEY = 2**53 - 1
"""As large as a number of a page is told apart from its neighbours."""

MOST_OUTING = 2**31 - 1
CLOCK_OFF = timedelta(hours=1)
"""A phone’s clock that runs so far ahead, or behind, is wrong."""


class BadNotes(ValueError):
    """It was not made by the page."""


class NoteKind(StrEnum):
    """What a walker does at a door."""

    DOOR = "door"
    NOBODY = "nobody"
    DWELLINGS = "dwellings"
    UNDO = "undo"


class Refusal(StrEnum):
    """Why a note is not kept."""

    OVER = "over"
    QUIET = "quiet"
    NIGHT = "night"
    GONE = "gone"


class Note(Frozen):
    """One of them. `outcome`: of a door. `other`: as far as which door nobody came, how many dwellings there are, or
    the tap that is taken back.
    """

    key: int
    at: datetime
    kind: NoteKind
    door: int
    outcome: DoorOutcome | None = None
    other: int = 0

    @property
    def tap(self) -> int:
        """How a visit names it: below zero, where no update of Telegram is."""
        return -self.key


def read_notes(told: Any) -> tuple[int, list[Note]]:
    """Which time that the walk was offered they are about, and the notes in their order. Raises BadNotes."""
    if not isinstance(told, dict) or not isinstance(told.get("notes"), list):
        raise BadNotes("It is no list of notes.")
    if len(told["notes"]) > MOST_NOTES:
        raise BadNotes("It is too much for one request.")
    return _whole(told.get("outing"), least=1, most=MOST_OUTING), [_note(each) for each in told["notes"]]


def _note(told: Any) -> Note:
    if not isinstance(told, dict):
        raise BadNotes("It is no note.")
    try:
        kind, said = NoteKind(told.get("kind", "")), told.get("outcome", "")
        outcome = DoorOutcome(said) if kind is NoteKind.DOOR else None
        at = datetime.fromtimestamp(_whole(told.get("at")) / 1000, UTC)
    except (ValueError, TypeError, OverflowError, OSError) as fault:
        raise BadNotes("It is no note.") from fault
    other = _whole(told.get("other", 0), least=-MOST_KEY)
    return Note(
        key=_whole(told.get("key"), least=1),
        at=at,
        kind=kind,
        door=_whole(told.get("door"), least=1),
        outcome=outcome,
        other=other,
    )


def _whole(value: Any, *, least: int = 0, most: int = MOST_KEY) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadNotes("It is no such number.")
    return value


def may_have_happened(
    told: datetime, *, taken_at: datetime, left_at: datetime | None, now: datetime
) -> tuple[datetime, ...]:
    """When something happened that a phone tells of: the instants that it may have been, the likeliest first.

    A clock that is off by more than `CLOCK_OFF`, so that it tells of what was before the walk was taken, or is to come,
    tells nothing: it was while somebody was on the walk.
    """
    ended = now if left_at is None else min(left_at, now)
    if told > now + CLOCK_OFF:
        return ended, taken_at
    if told < taken_at - CLOCK_OFF:
        return taken_at, ended
    return (max(taken_at, min(told, now)),)


def fresh(notes: Sequence[Note], known: set[int]) -> list[Note]:
    """Those that were not kept yet, each once."""
    new: dict[int, Note] = {}
    for note in notes:
        if note.key not in known:
            new.setdefault(note.key, note)
    return list(new.values())
