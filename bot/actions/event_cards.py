"""An event as one person sees it: their language, their distance, their answer. No SQL, so that a sender can
make thousands from facts loaded together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection

import db.events
import db.rsvps
import db.upcoming
from bot.communes import Gazetteer
from bot.links import event_link
from bot.rules.communes.geo import kilometres
from bot.rules.events import is_over
from db.events import Event, EventInWords, EventText, EventTexts
from db.people import Person
from db.rsvps import Rsvp
from db.upcoming import Upcoming

FAR_KM = 150


@dataclass(frozen=True, kw_only=True)
class EventCard:
    """An event as the templates show it. `region`: its name. `distance_km` is None without a commune; `answer` without
    an answer.
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
    cancelled: bool
    over: bool
    link: str

    @property
    def takes_answers(self) -> bool:
        return not self.cancelled and not self.over

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
        answer=rsvp.answer if rsvp is not None else None,
        confirmed=rsvp is not None and rsvp.confirmed,
        cancelled=event.is_cancelled,
        over=is_over(event.ends_at, now),
        link=event_link(bot_username, event.code),
    )


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


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some of the upcoming events, in order, with their texts and the person's answers by event id.

    `number` counts from 0.
    """

    events: list[Event]
    texts: Mapping[int, EventTexts]
    answers: Mapping[int, Rsvp]
    number: int
    pages: int


async def upcoming_page(
    tx: AsyncConnection, person: Person, *, number: int, size: int, now: datetime
) -> Page:
    """A page of what is still to come; a number beyond the last gives the last."""
    ordered = nearest_first(await db.upcoming.upcoming(tx, now), person)
    pages = max(1, -(-len(ordered) // size))
    number = min(max(number, 0), pages - 1)
    ids = [event.id for event in ordered[number * size : (number + 1) * size]]
    events = await db.events.get_many(tx, ids)
    return Page(
        events=[events[event] for event in ids],
        texts=await db.events.texts_of_many(tx, ids),
        answers=await db.rsvps.of_person(tx, person.id),
        number=number,
        pages=pages,
    )
