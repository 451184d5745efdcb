"""Places on a map, in a call or an object inside one (Client.cpp; Location.cpp and Venue.cpp of tdlib)."""

from __future__ import annotations

import math
from typing import Any

from simulator.cleaning import trimmed
from simulator.errors import bad_request
from simulator.fields import Fields
from simulator.params import Params

# Seconds; the last one stands for a place that is shared until it is stopped.
SHORTEST_LIVE, LONGEST_LIVE, FOR_EVER = 60, 86_400, 2**31 - 1
FARTHEST_ALERT = 100_000  # metres
MOST_ACCURACY = 1_500.0
LIVE = ("live_period", "heading", "proximity_alert_radius")
# The fields of a place that a bot may name, of Foursquare or Google.
VENUE_FIELDS = ("foursquare_id", "foursquare_type", "google_place_id", "google_place_type")


def place(latitude: float, longitude: float, accuracy: float = 0.0) -> dict[str, Any] | None:
    """A Location; None where there is no such place on Earth."""
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # neither holds for what is no number
        return None
    shape: dict[str, Any] = {"latitude": latitude, "longitude": longitude}
    accuracy = min(accuracy, MOST_ACCURACY) if math.isfinite(accuracy) else 0.0
    return shape | ({"horizontal_accuracy": accuracy} if accuracy > 0 else {})


def place_of(params: Params, refusal: str) -> dict[str, Any]:
    """The place that a call names; what is no number counts as 0 (Client.cpp, get_location)."""
    for name in ("latitude", "longitude"):
        if not params.text(name).strip():
            raise bad_request(f"{name} is empty")
    numbers = [params.number(name) or 0.0 for name in ("latitude", "longitude", "horizontal_accuracy")]
    found = place(*numbers)
    if found is None:
        raise bad_request(refusal)
    return found


def read_place(fields: Fields, refusal: str = "Invalid location specified") -> dict[str, Any]:
    numbers = (fields.number("latitude", needed=True), fields.number("longitude", needed=True))
    found = place(*numbers, fields.number("horizontal_accuracy"))
    if found is None:
        raise bad_request(refusal)
    return found


def read_live(period: int, heading: int, alert: int) -> dict[str, int]:
    """What a location says that moves; nothing where it does not, though all is looked at."""
    if period and period != FOR_EVER and not SHORTEST_LIVE <= period <= LONGEST_LIVE:
        raise bad_request("Wrong live location period specified")
    if heading and not 1 <= heading <= 360:
        raise bad_request("Wrong live location heading specified")
    if not 0 <= alert <= FARTHEST_ALERT:
        raise bad_request("Wrong live location proximity alert radius specified")
    shape = dict(zip(LIVE, (period, heading, alert), strict=True))
    return {name: value for name, value in shape.items() if period and value}


def read_venue(fields: Fields) -> dict[str, Any]:
    """The fields of a message that is a venue."""
    found = read_place(fields, "Wrong venue location specified")
    title, address = fields.text("title", needed=True), fields.text("address", needed=True)
    return venue(found, title, address, {name: fields.text(name) for name in VENUE_FIELDS})


def venue(location: dict[str, Any], title: str, address: str, ids: dict[str, str]) -> dict[str, Any]:
    shape: dict[str, Any] = {"location": location, "title": trimmed(title), "address": trimmed(address)}
    given = {name: value for name, value in ids.items() if value}
    # Foursquare's fields hide Google's (Client.cpp, process_send_venue_query).
    four = {name: value for name, value in given.items() if name.startswith("foursquare")}
    return {"venue": shape | (four or given), "location": location}
