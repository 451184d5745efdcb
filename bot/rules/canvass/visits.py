"""At the door: what can happen there, and the card of one side of a street, which moves on from door to door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from bot.frozen import Frozen

MOST_WALKERS = 2
"""One goes in pairs: nobody goes alone, and three at a door are too many."""
MOST_DWELLINGS = 200
DWELLINGS_OFFERED = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 40, 60)
"""The numbers of dwellings of a building that buttons offer."""


class DoorOutcome(StrEnum):
    """What happened at a door: nothing of who lives there, nor of what they said."""

    NOBODY = "nobody"
    OPENED = "opened"
    REFUSED = "refused"
    AGAIN = "again"
    LEAFLET = "leaflet"
    NO_ACCESS = "no_access"


CONTACTS = frozenset({DoorOutcome.OPENED, DoorOutcome.REFUSED, DoorOutcome.AGAIN})
"""Somebody came to the door."""


class LastVisit(Frozen):
    """What happened at a door the time before."""

    day: date
    outcome: DoorOutcome


class DoorState(Frozen):
    """A door on the card. `outcomes`: of this outing, one for each dwelling that was visited."""

    id: int
    number: int
    suffix: str
    dwellings: int
    outcomes: tuple[DoorOutcome, ...] = ()
    last: LastVisit | None = None

    @property
    def name(self) -> str:
        """Its number as it is called; empty where it has none."""
        return f"{self.number} {self.suffix}".strip() if self.number else ""

    @property
    def is_done(self) -> bool:
        return len(self.outcomes) >= self.dwellings

    @property
    def left(self) -> int:
        """Dwellings of it that are still to be visited."""
        return max(0, self.dwellings - len(self.outcomes))


class Side(Frozen):
    """One leg of a walk: the doors of one side of a street, in order, and the one that is next; None: all are done."""

    street: str
    doors: tuple[DoorState, ...]
    current: DoorState | None

    @property
    def done(self) -> int:
        return sum(door.is_done for door in self.doors)

    def labels(self, marks: Mapping[DoorOutcome, str], here: str, unnumbered: str) -> list[tuple[str, int]]:
        """What its doors are called on their buttons: with the mark of what happened, and of where one is."""
        now = self.current.id if self.current is not None else 0
        return [
            (
                f"{marks[door.outcomes[-1]] + ' ' if door.is_done else ''}"
                f"{here if door.id == now else ''}{door.name or unnumbered}",
                door.id,
            )
            for door in self.doors
        ]


def next_door(doors: Sequence[DoorState], at: int) -> DoorState | None:
    """The door that is next after one was noted: itself while dwellings of it are left, then those behind it, then
    those that were passed over.
    """
    place = next((place for place, door in enumerate(doors) if door.id == at), 0)
    ahead = [*doors[place:], *doors[:place]]
    return next((door for door in ahead if not door.is_done), None)


def after(
    doors: Sequence[DoorState], noted: Iterable[tuple[DoorState, DoorOutcome]]
) -> tuple[DoorState, ...]:
    """The doors once these outcomes are noted: where all dwellings were visited, one takes the place of the last."""
    found = {door.id: door for door in doors}
    for door, outcome in noted:
        here = found[door.id]
        stay = here.outcomes[:-1] if here.is_done else here.outcomes
        found[door.id] = replace(here, outcomes=(*stay, outcome))
    return tuple(found.values())


def reached(doors: Sequence[DoorState], first: int, last: int) -> list[DoorState]:
    """The doors from one to another, both included, in either order, of which something is still to be noted."""
    places = {door.id: place for place, door in enumerate(doors)}
    if first not in places or last not in places:
        return []
    begin, end = sorted((places[first], places[last]))
    return [door for door in doors[begin : end + 1] if not door.is_done]


# -- when one goes --


class WalkingHours(Frozen):
    """Local hours in which doors are knocked at: from `opens`, included, to `closes`, excluded."""

    opens: time = time(10, 0)
    closes: time = time(20, 0)


def is_daytime(now: datetime, hours: WalkingHours) -> bool:
    """Whether one knocks at doors at this local time."""
    return hours.opens <= now.time() < hours.closes


# -- what is learnt --


class Tally(Frozen):
    """What happened at some doors. `minutes`: between the first and the last that were noted on the way."""

    counts: Counter[DoorOutcome]
    minutes: float | None = None
    live: int = 0
    """Of them, those that were noted on the way: from a sheet they are entered in any time."""

    @property
    def doors(self) -> int:
        return sum(self.counts.values())

    @property
    def contacts(self) -> int:
        return sum(self.counts[each] for each in CONTACTS)

    @property
    def contact_rate(self) -> float:
        return self.contacts / self.doors if self.doors else 0.0

    @property
    def minutes_a_door(self) -> float | None:
        """None where fewer than two doors were noted on the way."""
        return None if self.minutes is None or self.live < 2 else self.minutes / (self.live - 1)


def tally(noted: Iterable[tuple[DoorOutcome, datetime, bool]]) -> Tally:
    """Of outcomes with their instants, and whether they were entered from a sheet."""
    noted = list(noted)
    instants = [at for _outcome, at, paper in noted if not paper]
    spent = (max(instants) - min(instants)) / timedelta(minutes=1) if len(instants) > 1 else None
    return Tally(counts=Counter(outcome for outcome, _at, _paper in noted), minutes=spent, live=len(instants))


def pace(tallies: Iterable[Tally]) -> float | None:
    """Minutes a door over several walks; None where nothing of it was noted on the way."""
    walked = [each for each in tallies if each.minutes is not None and each.live > 1]
    steps = sum(each.live - 1 for each in walked)
    return sum(each.minutes or 0.0 for each in walked) / steps if steps else None


class WalkDoubt(StrEnum):
    """Why a walk cannot be quite true: for a talk, not for blame."""

    TOO_FAST = "too_fast"
    ALL_OPENED = "all_opened"


FEW_DOORS = 12
"""With fewer, everything may happen."""
LEAST_MINUTES = 0.5
MOST_CONTACTS = 0.9


def doubt(found: Tally) -> WalkDoubt | None:
    """Whether a walk wants talking over: forty doors in five minutes, or every door open."""
    pace = found.minutes_a_door
    # Those that were passed by together, “nobody from 2 to 14”, take no time of their own.
    if (
        found.live >= FEW_DOORS
        and pace is not None
        and pace < LEAST_MINUTES
        and found.contacts >= FEW_DOORS // 2
    ):
        return WalkDoubt.TOO_FAST
    if found.doors >= FEW_DOORS and found.contact_rate > MOST_CONTACTS:
        return WalkDoubt.ALL_OPENED
    return None
