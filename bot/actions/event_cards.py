"""An event as one person sees it: their language, their distance, their answer. No SQL, so that a sender can
make thousands from facts loaded together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection

import db.events
import db.faces
import db.people
import db.rsvps
import db.seats
import db.tapped_events
import db.upcoming
from bot.communes import Gazetteer
from bot.frozen import Frozen
from bot.links import event_link
from bot.rules.communes.geo import kilometres
from bot.rules.events import is_over
from bot.rules.seats import ON_THE_LIST, Rsvp, Seats, Standing, door_opens, lapsed
from db.engine import Database
from db.events import Event, EventInWords, EventText, EventTexts
from db.people import Person
from db.tapped_events import Tap, TappedEvent
from db.upcoming import Upcoming

FAR_KM = 150
SCARCE = 20
"""From so few seats on it is said how many are left."""


class EventCard(Frozen):
    """An event as the templates show it. `region`: its name. `distance_km` is None without a commune; `answer` without
    an answer. `seats` are None where they are not counted, `position` but for whoever waits for one. `party`: they
    and their guests; `offered`: seats that are held for them until `offer_until`.

    Nothing in it names the person: what shows many people the same is rendered once.
    """

    code: str
    title: str
    description: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    commune: str
    address: str
    region: str
    distance_km: float | None
    answer: str | None
    confirmed: bool
    party: int
    offered: int
    offer_until: datetime | None
    capacity: int | None
    most_guests: int
    has_shifts: bool
    seats: Seats | None
    position: int | None
    door_open: bool
    cancelled: bool
    over: bool
    link: str

    @property
    def takes_answers(self) -> bool:
        return not self.cancelled and not self.over

    @property
    def is_full(self) -> bool:
        """Whether nobody new finds a seat: none is left, or who waits comes first."""
        return self.left == 0

    @property
    def is_scarce(self) -> bool:
        """Whether it is time to say how many seats are left."""
        return self.left is not None and self.left <= SCARCE

    @property
    def left(self) -> int | None:
        """How many seats whoever comes new may have; None: any number. With the door open nobody comes first."""
        if self.seats is None:
            return None
        return self.seats.free if self.door_open else self.seats.left

    @property
    def is_far(self) -> bool:
        """Whether it is further than anybody goes for an evening: its region says more than kilometres."""
        return self.distance_km is not None and self.distance_km > FAR_KM

    @property
    def map_link(self) -> str:
        """The address on OpenStreetMap."""
        query = urlencode({"query": f"{self.address}, {self.commune}"})
        return f"https://www.openstreetmap.org/search?{query}"


def event_card(
    event: Event,
    words: EventText,
    *,
    person: Person,
    rsvp: Rsvp | None,
    gazetteer: Gazetteer,
    bot_username: str,
    now: datetime,
    seats: Seats | None = None,
    position: int | None = None,
) -> EventCard:
    """The card of an event for one person, with its words in their language."""
    commune = gazetteer.by_code(event.commune)
    return EventCard(
        code=event.code,
        title=words.title,
        description=words.description,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        zone=event.zone,
        commune=commune.name if commune is not None else event.commune,
        address=event.address,
        region=region.name if (region := gazetteer.regions().get(event.region or "")) is not None else "",
        distance_km=distance_to(event, person),
        answer=_standing(rsvp, now),
        confirmed=rsvp is not None and rsvp.confirmed,
        party=rsvp.party if rsvp is not None else 1,
        offered=rsvp.offered if rsvp is not None else 0,
        offer_until=rsvp.offer_until if rsvp is not None else None,
        capacity=event.capacity,
        most_guests=event.guests,
        has_shifts=event.has_shifts,
        seats=seats,
        position=position,
        door_open=door_opens(event.starts_at) <= now,
        cancelled=event.is_cancelled,
        over=is_over(event.ends_at, now),
        link=event_link(bot_username, event.code),
    )


def _standing(rsvp: Rsvp | None, now: datetime) -> str | None:
    """What somebody said, or what has come of it: an offer may be over before anybody has looked."""
    if rsvp is None:
        return None
    late = rsvp.answer == Standing.OFFERED and not rsvp.has_offer(now)
    return lapsed(rsvp, told=True, at=now).answer if late else rsvp.answer


def distance_to(event: Event | Upcoming, person: Person) -> float | None:
    """Kilometres from the centre of the person's commune, None where one of the two places is not known."""
    if person.latitude is None or person.longitude is None:
        return None
    if event.latitude is None or event.longitude is None:
        return None
    return kilometres((person.latitude, person.longitude), (event.latitude, event.longitude))


def nearest_first(events: Iterable[Upcoming], person: Person) -> list[Upcoming]:
    """By distance in steps of 10 km, then by date: at about the same distance the sooner one comes first.

    Beyond `FAR_KM`, by region. Without a commune, by date alone; events without a place come last.
    """

    def order(event: Upcoming) -> tuple[float, str, datetime, int]:
        distance = distance_to(event, person)
        if distance is not None and distance > FAR_KM:
            return (FAR_KM, event.region or "", event.starts_at, event.id)
        return (float("inf") if distance is None else distance // 10, "", event.starts_at, event.id)

    return sorted(events, key=order)


async def find(tx: AsyncConnection, code: str) -> EventInWords | None:
    """The event of a public code; None where there is none, no more, or only for its author so far."""
    found = await db.events.find(tx, code)
    return found if found is not None and found.event.is_public else None


async def find_with_answer(
    tx: AsyncConnection, code: str, person: Person
) -> tuple[EventInWords | None, Rsvp | None]:
    """The event of a public code, as `find` gives it, with what the person answered so far."""
    found = await db.rsvps.find_with_event(tx, code, person=person.id)
    return found if found is not None and found[0].event.is_public else (None, None)


async def find_tapped(tx: AsyncConnection, taps: Mapping[int, Tap]) -> dict[int, TappedEvent]:
    """For many people, by their number, the event that each of them tapped, as `find` gives it."""
    found = await db.tapped_events.find(tx, taps)
    return {person: each for person, each in found.items() if each.told.event.is_public}


class EventsPage(Frozen):
    """Some of the upcoming events, in order, with their texts and the person's answers by event id, and which are full.

    `number` counts from 0. `by_commune`: of everything that is still to come, how much each commune has.
    """

    events: list[Event]
    texts: Mapping[int, EventTexts]
    answers: Mapping[int, Rsvp]
    full: Collection[int]
    number: int
    pages: int
    by_commune: Mapping[str, int]


async def upcoming_page(
    tx: AsyncConnection, person: Person, *, number: int, size: int, now: datetime, commune: str = ""
) -> EventsPage:
    """A page of what is still to come, in a commune if one is given; a number beyond the last gives the last."""
    coming = await db.upcoming.upcoming(tx, now)
    ordered = nearest_first([each for each in coming if commune in ("", each.commune)], person)
    pages = max(1, -(-len(ordered) // size))
    number = min(max(number, 0), pages - 1)
    ids = [event.id for event in ordered[number * size : (number + 1) * size]]
    events = await db.events.get_many(tx, ids)
    return EventsPage(
        events=[events[event] for event in ids],
        texts=await db.events.texts_of_many(tx, ids),
        answers=await db.rsvps.of_person(tx, person.id),
        full=await db.seats.full_among(tx, [event for event in ids if events[event].counted]),
        number=number,
        pages=pages,
        by_commune=Counter(each.commune for each in coming),
    )


async def standing(tx: AsyncConnection, event: Event, rsvp: Rsvp | None) -> tuple[Seats | None, int | None]:
    """The seats of an event where they are counted, and the number on the list of somebody who waits for one.

    Who was offered a part of what they need waits again the moment the offer is over, before anybody has looked.
    """
    if not event.counted:
        return None, None
    seats = await db.seats.with_allotted(tx, event.id, await db.seats.of(tx, event))
    listed = rsvp is not None and rsvp.answer in ON_THE_LIST
    return seats, await db.seats.position(tx, rsvp) if rsvp is not None and listed else None


CARD = "card:"
"""What a message that shows an event is remembered as: `card:<event's code>:<its face>`, and `:<the answer>` if any."""


async def remembered_as(tx: AsyncConnection, event: Event, person: Person) -> str:
    """The name under which a message is remembered that is about to show somebody an event."""
    rsvp = await db.rsvps.get(tx, event=event.id, person=person.id)
    answer = "" if rsvp is None else f":{rsvp.answer}"
    return f"{CARD}{event.code}:{await db.faces.of_event(tx, event.id)}{answer}"


async def remember_card(database: Database, name: str, message: Mapping[str, Any]) -> None:
    """A message that was sent shows an event: it is edited with the others, also where another answer was given below
    one of them while it waited to leave.
    """
    if not name.startswith(CARD):
        return
    code, face, *answer = name.removeprefix(CARD).split(":")
    chat, number = message["chat"]["id"], message["message_id"]
    async with database.write() as tx:
        await db.faces.opened_by_link(tx, telegram_id=chat, message=number, code=code, face=int(face))
        person, found = await db.people.find(tx, chat), await db.events.find(tx, code)
        if person is None or found is None:
            return
        rsvp = await db.rsvps.get(tx, event=found.event.id, person=person.id)
        if answer != ([] if rsvp is None else [rsvp.answer]):
            await db.faces.stand_otherwise(tx, found.event.id, [person.id])


async def opened(tx: AsyncConnection, person: Person, message: int, event: Event) -> None:
    """A message shows an event in place of the list."""
    face = await db.faces.of_event(tx, event.id)
    await db.faces.opened(tx, person=person.id, message=message, event=event.id, face=face)


async def was_sent(tx: AsyncConnection, person: Person, message: int) -> bool:
    """Whether the message that shows an event was sent to many: it keeps its sender, its label and its end."""
    return await db.faces.was_sent(tx, person.id, message)


async def turned(tx: AsyncConnection, person: Person, message: int) -> None:
    """A message that showed an event shows something else: it is not edited any more when the event changes."""
    await db.faces.turned(tx, person.id, message)
