"""Shifts of an event: hours, what there is to do, and how many people for it; read, checked, and never two at once.

How somebody stands with a shift is an `Rsvp` whose `event` is the shift's number and who brings nobody: the rules of
`bot.rules.seats` hold for it as for a seat. Offers of a place that came free last as those of seats do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar

from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.people import RsvpAnswer
from bot.rules.seats import (
    ON_THE_LIST,
    Rsvp,
    Seats,
    Standing,
    WaitingParty,
    allot,
    answered,
    door_opens,
    lapsed,
    within_reach,
)
from bot.rules.territories import at_local, zone
from bot.rules.typed import read_number

ROLES = ("hand_out", "welcome", "set_up", "clear_up", "stewarding", "stage")
"""What there is to do, that the bot says in each language; whatever else is said as it was typed."""
LONGEST_ROLE = 40
SHORTEST, LONGEST = timedelta(minutes=15), timedelta(hours=12)
AROUND = timedelta(hours=24)
"""So long before the event begins, and after it is over, a shift may lie."""
MOST_PLACES = 500
MOST_SHIFTS = 30
"""Of one event: Telegram allows 100 buttons, and nobody reads more."""


class BadShift(PortevoixError):
    """Hours or a number that no shift has."""

    default_message: ClassVar[str] = "errors/bad_shift_hours"


class ShiftRefused(PortevoixError):
    """A shift that cannot be taken, or not any more."""

    default_message: ClassVar[str] = "toasts/shift_gone"


class Shift(Frozen):
    """One shift. `role`: one of ROLES, or words. `capacity` None: as many as like to. `state`: `open` or `off`."""

    id: int
    event: int
    role: str
    starts_at: datetime
    ends_at: datetime
    capacity: int | None
    state: str = "open"

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    @property
    def mark(self) -> str:
        """By which a form says what it showed of it: another one where it was changed since."""
        return f"{self.starts_at.timestamp():.0f}-{self.ends_at.timestamp():.0f}-{self.capacity or 0}-{self.role}"


def newest(shifts: Iterable[Shift]) -> int:
    """The number of the one that was added last; 0: there is none."""
    return max((each.id for each in shifts), default=0)


_TIME = r"(\d{1,2})\s*(?:[h:.]\s*(\d{2})?)?\s*([ap]m)?"
_HOURS = re.compile(
    rf"\s*(?:de|from)?\s*{_TIME}\s*(?:-|–|—|à|a|to|until)\s*{_TIME}\s*", re.IGNORECASE | re.ASCII
)
_DAY = re.compile(r"\s*(\d{1,2})[/.](\d{1,2})[,\s]+(.*)", re.ASCII | re.DOTALL)


def read_hours(text: str) -> tuple[time, time]:
    """`14h-16h30`, `14:00 – 16:30`, `2pm to 4pm`: when it begins and ends. Raises BadShift."""
    found = _HOURS.fullmatch(_plain(text))
    if found is None:
        raise BadShift("These are no hours.", message="errors/no_shift_hours")
    return _time(*found.group(1, 2, 3)), _time(*found.group(4, 5, 6))


def _plain(text: str) -> str:
    return text.replace("à", "-").replace("\u00a0", " ").replace("\u202f", " ")


def _time(hour: str, minute: str | None, half: str | None) -> time:
    number = int(hour)
    if half:
        if not 1 <= number <= 12:
            raise BadShift("These are no hours.", message="errors/no_shift_hours")
        number = number % 12 + (12 if half.lower() == "pm" else 0)
    try:
        return time(number % 24 if number == 24 else number, int(minute or 0))
    except ValueError:
        raise BadShift("These are no hours.", message="errors/no_shift_hours") from None


def hours_on(day: date, hours: tuple[time, time], zone_name: str) -> tuple[datetime, datetime]:
    """The instants (UTC) of a shift that begins on a local day; one that ends before it begins, ends on the next."""
    where = zone(zone_name)
    starts, ends = hours
    last = day if ends > starts else day + timedelta(days=1)
    return at_local(day, starts, where).astimezone(UTC), at_local(last, ends, where).astimezone(UTC)


def placed(typed: str, *, around: tuple[datetime, datetime], zone_name: str) -> tuple[datetime, datetime]:
    """The instants of the hours of a shift as somebody typed them, with their day in front or without.

    Without one it is the day on which they lie within what they are `around` (their event; of a shift that changes,
    the hours it had), or nearest to it. Raises BadShift for what are no hours, and where they lie within on several
    days.
    """
    found = _DAY.fullmatch(typed)
    dated = found is not None and _HOURS.fullmatch(_plain(found[3])) is not None
    day = (int(found[1]), int(found[2])) if found is not None and dated else None
    hours = read_hours(found[3] if found is not None and dated else typed)
    where = zone(zone_name)
    first, last = (instant.astimezone(where).date() for instant in around)
    days = [first + timedelta(days=number) for number in range(-1, (last - first).days + 2)]
    spans = [
        hours_on(each, hours, zone_name) for each in days if day is None or (each.day, each.month) == day
    ]
    if not spans:
        raise BadShift("A shift lies around its event.", message="errors/shift_far")
    if sum(_gap(span, around) < timedelta() for span in spans) > 1:
        raise BadShift("It could be on several days.", message="errors/shift_day")
    return min(spans, key=lambda span: _gap(span, around))


def _gap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> timedelta:
    """How long it is between two spans of time; below zero where they share some."""
    return max(one[0] - other[1], other[0] - one[1])


def require_sound(
    starts_at: datetime, ends_at: datetime, *, event: tuple[datetime, datetime], now: datetime
) -> None:
    """Raises BadShift for a shift that is too short or too long, past, or far from its event (its start and end)."""
    if ends_at <= starts_at:
        raise BadShift("A shift ends after it begins.", message="errors/shift_backwards")
    if not SHORTEST <= ends_at - starts_at <= LONGEST:
        raise BadShift("A shift lasts from 15 minutes to 12 hours.", longest=LONGEST.seconds // 3600)
    if starts_at <= now:
        raise BadShift("A shift begins in the future.", message="errors/shift_past")
    if starts_at < event[0] - AROUND or ends_at > event[1] + AROUND:
        raise BadShift("A shift lies around its event.", message="errors/shift_far")


def role_in(said: str) -> str:
    """What there is to do, in one line: it stands among hours and names. Raises BadShift where nothing is said, or too
    much.
    """
    role = " ".join(said.split())
    if not role or len(role) > LONGEST_ROLE:
        raise BadShift(
            "A few words say what there is to do.",
            message="errors/text_too_long" if role else "errors/text_empty",
            length=len(role),
            limit=LONGEST_ROLE,
        )
    return role


def require_no_twin(role: str, starts_at: datetime, ends_at: datetime, others: Iterable[Shift]) -> None:
    """Raises BadShift where another shift of the event says the same: it has places of its own to be given more of."""
    for each in others:
        if each.is_open and (each.role, each.starts_at, each.ends_at) == (role, starts_at, ends_at):
            raise BadShift("The event has this shift already.", message="errors/shift_twice")


def read_places(typed: str) -> int:
    """A number of places, as people write it. Raises BadShift for none, or more than a shift has."""
    return require_places(read_number(typed) or 0)


def require_places(number: int) -> int:
    """The number again. Raises BadShift for none, or more than a shift has."""
    if not 1 <= number <= MOST_PLACES:
        raise BadShift("So many places a shift has not.", message="errors/bad_shift_places", most=MOST_PLACES)
    return number


def overlapping(shift: Shift, held: Iterable[tuple[Shift, Rsvp]]) -> Shift | None:
    """The first of somebody's other shifts that is at the same time: one they have, wait for, or were offered."""
    wanted = (other for other, place in held if place.answer in (Standing.YES, *ON_THE_LIST))
    return at_the_same_time(shift, wanted)


def at_the_same_time(shift: Shift, others: Iterable[Shift]) -> Shift | None:
    """The first of other shifts that take place while this one does."""
    found = [
        each
        for each in others
        if each.id != shift.id
        and each.is_open
        and each.starts_at < shift.ends_at
        and shift.starts_at < each.ends_at
    ]
    return min(found, key=lambda each: (each.starts_at, each.id), default=None)


def seats_of(shift: Shift, places: Iterable[Rsvp]) -> Seats:
    """The places of a shift in numbers."""
    seats = Seats(limit=shift.capacity)
    for place in places:
        seats = seats.moved(None, place)
    return seats


def stands(
    said: RsvpAnswer, shift: Shift, places: Collection[Rsvp], waiting: Iterable[WaitingParty], blank: Rsvp
) -> Rsvp:
    """How somebody stands with a shift once they said yes or no to it. `blank`: as if they had said nothing, now.

    Whoever waits comes first, as with seats; in the last half hour a place is whoever's who takes it.
    """
    others = [each for each in places if each.person != blank.person]
    own = next((each for each in places if each.person == blank.person), None)
    if own is not None and own.offered and not own.has_offer(blank.at):
        own = lapsed(own, told=True, at=own.at)  # nobody has looked since
    seats = seats_of(shift, others if own is None else [*others, own])
    door_open = door_opens(shift.starts_at) <= blank.at
    allotted = {} if door_open or seats.is_full else allot(seats.free, waiting)
    reach = within_reach(seats, own, allotted, door_open=door_open)
    return answered(said, seats=seats, own=own, blank=blank, reach=reach)
