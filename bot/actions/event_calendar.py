"""An event as a calendar file (RFC 5545), that phones and mail programs open."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.actions.event_cards import EventCard
from bot.rules.seats import ON_THE_LIST
from db.events import Event

PRODUCT = "-//Portevoix//Portevoix//EN"
MOST_NAME = 60
"""Characters of a file's name before its ending."""


def file_name(card: EventCard) -> str:
    """The name under which the file lies among others, after the event: `Réunion-à-Lyon.ics`."""
    words = re.findall(r"\w+", card.title)
    return f"{'-'.join(words)[:MOST_NAME].rstrip('-') or card.code}.ics"


def calendar_file(event: Event, card: EventCard, *, sender: str, now: datetime) -> bytes:
    """The event in the person's language. Its UID stays: opening a newer file updates the entry."""
    # It takes a twelfth of every start, also of those that make no such file.
    from icalendar import Calendar
    from icalendar import Event as CalendarEvent

    entry = CalendarEvent()
    entry.add("uid", f"{event.code}@portevoix")
    entry.add("sequence", event.sequence)
    entry.add("dtstamp", now.astimezone(UTC))
    zone = ZoneInfo(event.zone)
    entry.add("dtstart", event.starts_at.astimezone(zone))
    entry.add("dtend", event.ends_at.astimezone(zone))
    entry.add("summary", card.title)
    entry.add("description", f"{card.description}\n\n{sender}\n{card.link}")
    entry.add("location", f"{card.address}, {card.commune}")
    # Whoever waits for a seat knows yet of none.
    status = "TENTATIVE" if card.answer in ON_THE_LIST else "CONFIRMED"
    entry.add("status", "CANCELLED" if event.is_cancelled else status)
    entry.add("url", card.link)
    if event.latitude is not None and event.longitude is not None:
        entry.add("geo", (event.latitude, event.longitude))
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT)
    calendar.add("method", "PUBLISH")
    calendar.add_component(entry)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())
