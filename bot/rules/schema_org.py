"""An event in the words of schema.org, which search engines and maps read: https://schema.org/Event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

_CONTEXT = "https://schema.org"


def event_data(
    *,
    title: str,
    description: str,
    starts_at: datetime,
    ends_at: datetime,
    zone: str,
    place: Mapping[str, str],
    point: tuple[float, float] | None,
    organizer: str,
    address: str,
    join: str,
    language: str,
    cancelled: bool,
    capacity: int | None,
    full: bool,
) -> dict[str, Any]:
    """The event as JSON-LD. `place`: its `street`, `town` and `country`; `address`: of its page; `join`: where one
    says that one comes.
    """
    where = ZoneInfo(zone)
    found: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "Event",
        "name": title,
        "startDate": starts_at.astimezone(where).isoformat(),
        "endDate": ends_at.astimezone(where).isoformat(),
        "eventStatus": f"{_CONTEXT}/{'EventCancelled' if cancelled else 'EventScheduled'}",
        "eventAttendanceMode": f"{_CONTEXT}/OfflineEventAttendanceMode",
        "location": {
            "@type": "Place",
            "name": place["street"],
            "address": {
                "@type": "PostalAddress",
                "streetAddress": place["street"],
                "addressLocality": place["town"],
                "addressCountry": place["country"],
            },
        },
        "organizer": {"@type": "Organization", "name": organizer},
        "url": address,
        "inLanguage": language,
        "isAccessibleForFree": True,
    }
    if not cancelled:
        # Nobody can have a seat at what does not take place.
        found["offers"] = {
            "@type": "Offer",
            "price": "0",
            "priceCurrency": "EUR",
            "url": join,
            "availability": f"{_CONTEXT}/{'SoldOut' if full else 'InStock'}",
        }
    if description:
        found["description"] = description
    if point is not None:
        found["location"]["geo"] = {"@type": "GeoCoordinates", "latitude": point[0], "longitude": point[1]}
    if capacity is not None:
        found["maximumAttendeeCapacity"] = capacity
    return found
