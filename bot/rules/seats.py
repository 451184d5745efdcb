"""The seats of an event: who has one, who waits for one, and whom a free one is for.

    yes      holds a seat for each of the party: the person and their guests
    waiting  is on the waitlist, in the order of tickets; a party that was offered less than it needs, and wants all of
             it, waits for the `whole`
    offered  holds the seats that came free for them, until an instant
    lapsed   was offered them and said nothing; maybe and no hold nothing

Free seats are first shared out among those who wait (`allot`), in order and also where nobody may be written to now.
Only what nobody on the list can use is for whoever comes new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from bot.errors import PortevoixError
from bot.frozen import Frozen, changed
from bot.rules.people import RsvpAnswer

MOST_SEATS = 1_000_000
"""More than any hall in the country has, or any square."""
MOST_GUESTS = 4
OVERBOOKINGS = (0, 10, 20, 30, 50)
"""Percent that an organizer may promise beyond the seats there are: of those who say yes, 40 to 60 % stay away."""
MOST_LOST = 3
"""After so many offers in a row that did not arrive, somebody is passed over until they tap again."""
DOOR = timedelta(minutes=30)
"""So long before the start nothing is offered any more: a seat is whoever's who takes it first."""


class Standing(StrEnum):
    """How somebody stands with an event; what is answered, and what follows where its seats are counted."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"
    WAITING = "waiting"
    OFFERED = "offered"
    LAPSED = "lapsed"


ON_THE_LIST = (Standing.WAITING, Standing.OFFERED)
"""Whoever has no seat and may get one: they are told of changes like those who come."""


class Rsvp(Frozen):
    """How one person stands with one event.

    `confirmed` on the eve; `attended` as told afterwards, None if not asked. `ticket`: their place in the order of the
    list. `offered`: seats that are held for them until `offer_until` (aware); `offers`: how many they were made, and
    `lost`: how many in a row did not arrive since they last tapped.
    """

    event: int
    person: int
    answer: str
    at: datetime
    confirmed: bool = False
    attended: bool | None = None
    guests: int = 0
    ticket: int | None = None
    whole: bool = False
    offered: int = 0
    offer_until: datetime | None = None
    offers: int = 0
    lost: int = 0

    @property
    def party(self) -> int:
        return 1 + self.guests

    @property
    def seats(self) -> int:
        """How many seats nobody else can have because of them."""
        return self.party if self.answer == Standing.YES else self.offered

    @property
    def waits(self) -> bool:
        return self.answer == Standing.WAITING

    def has_offer(self, now: datetime) -> bool:
        """Whether seats are held for them at this moment."""
        return self.answer == Standing.OFFERED and self.offer_until is not None and now < self.offer_until


class Seats(Frozen):
    """The seats of an event in numbers. `limit` None: there are enough; `taken` counts those that are held for offers.

    `waiting` and `offered` are parties; `tickets`: the last one that was given out. `allotted`: how many of the free
    seats are for who waits; looked up for who reads of them, and else 0.
    """

    limit: int | None
    taken: int = 0
    waiting: int = 0
    offered: int = 0
    tickets: int = 0
    allotted: int = 0

    @property
    def left(self) -> int | None:
        """How many whoever comes new may have: what is free, but for what those who wait come first for."""
        return None if self.free is None else max(0, self.free - self.allotted)

    @property
    def free(self) -> int | None:
        """None: as many as anybody wants. Never below 0, also where the room became smaller."""
        return None if self.limit is None else max(0, self.limit - self.taken)

    @property
    def is_full(self) -> bool:
        return self.free == 0

    @property
    def beyond(self) -> int:
        """How many more were promised than there are: the room became smaller, and nobody loses what they have."""
        return 0 if self.limit is None else max(0, self.taken - self.limit)

    def moved(self, before: Rsvp | None, after: Rsvp) -> Seats:
        """The numbers once somebody stands otherwise."""
        lost, gained = (_counts(before) if before is not None else (0, 0, 0)), _counts(after)
        return replace(
            self,
            taken=self.taken + gained[0] - lost[0],
            waiting=self.waiting + gained[1] - lost[1],
            offered=self.offered + gained[2] - lost[2],
            tickets=max(self.tickets, after.ticket or 0),
        )


def _counts(rsvp: Rsvp) -> tuple[int, int, int]:
    return rsvp.seats, int(rsvp.waits), int(rsvp.answer == Standing.OFFERED)


class BadSeats(PortevoixError):
    """A number of seats that no place has, or no number."""

    default_message: ClassVar[str] = "errors/bad_seats"


def require_seats(capacity: int) -> int:
    """The number of seats again. Raises BadSeats for none, or more than there are anywhere."""
    if not 1 <= capacity <= MOST_SEATS:
        raise BadSeats("So many seats there are nowhere.", most=MOST_SEATS)
    return capacity


class SeatsWanted(Frozen):
    """What an organizer says of the seats. `capacity` None: there are enough. `overbooking` in percent, one of
    OVERBOOKINGS; `guests`: most of one person.
    """

    capacity: int | None = None
    overbooking: int = 0
    guests: int = 0

    def require_sound(self) -> None:
        """Raises BadSeats for a capacity that no place has, ValueError for what no button offers."""
        if self.capacity is not None:
            require_seats(self.capacity)
        if self.overbooking not in OVERBOOKINGS or not 0 <= self.guests <= MOST_GUESTS:
            raise ValueError("This was not offered.")

    def columns(self) -> dict[str, Any]:
        """The columns of `events`. What is counted once is counted for good: who waits is still offered a seat."""
        limited = self.capacity is not None
        return {
            "capacity": self.capacity,
            "overbooking": self.overbooking if limited else 0,
            "guests": self.guests,
            **({"counted": True} if limited else {}),
        }


ENOUGH = SeatsWanted()


def limit_of(capacity: int | None, overbooking: int) -> int | None:
    """How many may be promised a seat; `overbooking` in percent."""
    return None if capacity is None else capacity * (100 + overbooking) // 100


def door_opens(starts_at: datetime) -> datetime:
    """From when on nothing is offered, and a seat is whoever's who takes it."""
    return starts_at - DOOR


class WaitingParty(Frozen):
    """A party on the list. `reachable`: a message to them can arrive, today or tomorrow."""

    person: int
    ticket: int
    party: int
    whole: bool
    reachable: bool


def allot(free: int | None, waiting: Iterable[WaitingParty]) -> dict[int, int]:
    """Whom the free seats are for, by person: the first on the list get theirs, or what is left of them.

    `waiting` in the order of tickets. Passed over is who cannot be reached, and who wants all of a party's seats where
    there are fewer: they keep their place.
    """
    found: dict[int, int] = {}
    for each in waiting:
        if free == 0:
            break
        if not each.reachable or (each.whole and free is not None and each.party > free):
            continue
        found[each.person] = each.party if free is None else min(each.party, free)
        if free is not None:
            free -= found[each.person]
    return found


def within_reach(
    seats: Seats, own: Rsvp | None, allotted: Mapping[int, int], *, door_open: bool
) -> int | None:
    """How many seats somebody may have now, those they hold and those allotted to them among them; None: any number.

    `allotted`: what `allot` gives for the list. Once the door is open the list holds nothing back.
    """
    if seats.free is None:
        return None
    held = own.seats if own is not None else 0
    if door_open:
        return held + seats.free
    for_others = sum(number for person, number in allotted.items() if own is None or person != own.person)
    return held + max(0, seats.free - for_others)


def answered(said: RsvpAnswer, *, seats: Seats, own: Rsvp | None, blank: Rsvp, reach: int | None) -> Rsvp:
    """How somebody stands once they said yes, maybe or no.

    `blank`: their row as if they had said nothing. `reach`: what `within_reach` gives. Who has a seat keeps it, who
    waits keeps their place; who was offered fewer seats than they need, and says yes, comes with so many.
    """
    if said is not RsvpAnswer.YES:
        return changed(blank, answer=said.value, offers=own.offers if own is not None else 0)
    guests = own.guests if own is not None else 0
    kept = changed(
        blank, answer=Standing.YES.value, guests=guests, offers=own.offers if own is not None else 0
    )
    if reach is None or kept.party <= reach:
        return kept
    if own is not None and own.seats:
        return replace(kept, guests=own.seats - 1)
    if own is not None and own.waits:
        return replace(own, at=blank.at, lost=0)
    return replace(kept, answer=Standing.WAITING.value, ticket=seats.tickets + 1)


def brought(own: Rsvp, guests: int, *, at: datetime, reach: int | None) -> Rsvp | None:
    """The same person with so many guests; None where there are not so many seats for somebody who comes, or was
    offered some: an offer does not become one of too few by their asking for more.

    Who waits says how many they are, and is asked anew; who was offered seats holds no more than they need.
    """
    more = replace(own, guests=guests, at=at, whole=False, lost=0)
    fits = reach is None or more.party <= reach or more.party <= own.party
    if own.answer == Standing.OFFERED:
        held = more.party if more.party > own.party else min(own.offered, more.party)
        return replace(more, offered=held) if fits else None
    return more if fits or own.answer != Standing.YES else None


def waits_for_all(own: Rsvp, at: datetime) -> Rsvp:
    """Somebody who was offered a part of the seats they need, and would rather wait for all of them."""
    waits = replace(own, answer=Standing.WAITING.value, whole=True, offered=0, offer_until=None, at=at)
    return replace(waits, lost=0)


def offered(own: Rsvp, seats: int, until: datetime) -> Rsvp:
    """Somebody for whom seats are held until an instant."""
    return replace(
        own, answer=Standing.OFFERED.value, offered=seats, offer_until=until, offers=own.offers + 1
    )


def lapsed(own: Rsvp, *, told: bool, at: datetime) -> Rsvp:
    """Somebody whose offer is over. `told`: it had arrived, or may have, and they let the time pass.

    Else they keep their place; who was offered a part and said nothing goes on waiting for all.
    """
    back = replace(own, answer=Standing.WAITING.value, offered=0, offer_until=None)
    if not told:
        return replace(back, lost=own.lost + 1)
    if own.offered < own.party:
        return replace(back, whole=True, lost=0)
    return replace(back, answer=Standing.LAPSED.value, ticket=None, lost=0, at=at)
