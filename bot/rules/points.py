"""Points of the globe as people write them in files."""

from __future__ import annotations

from collections.abc import Mapping

from bot.rules.communes.gazetteer import Commune
from bot.rules.communes.geo import kilometres

FAR_KM = 200.0
"""No place is further from its commune’s centre, even in French Guiana and Polynesia."""


def read_point(cells: Mapping[str, str], commune: Commune | None) -> tuple[float, float] | None:
    """The point of a row, by its columns `latitude` and `longitude`; None where it names none.

    Raises ValueError with a sentence, also where it lies far from the `commune`.
    """
    latitude, longitude = cells.get("latitude", ""), cells.get("longitude", "")
    if not latitude and not longitude:
        return None
    if not latitude or not longitude:
        raise ValueError("one of latitude and longitude is missing: write both, or none")
    point = (
        read_degrees(latitude, most=90, name="latitude"),
        read_degrees(longitude, most=180, name="longitude"),
    )
    if commune is not None:
        away = kilometres(point, (commune.latitude, commune.longitude))
        if away > FAR_KM:
            raise ValueError(
                f"the point {latitude}, {longitude} is {away:.0f} km from {commune.name}: "
                "check that latitude and longitude are not swapped"
            )
    return point


def read_degrees(text: str, *, most: float, name: str) -> float:
    """A coordinate in degrees, `45.76` or `45,76`. Raises ValueError with a sentence."""
    try:
        degrees = float(text.strip().replace(",", "."))
    except ValueError:
        raise ValueError(f"“{text}” is not a {name}: write degrees, such as 45.7640") from None
    if not -most <= degrees <= most:  # also what is not a number
        raise ValueError(f"{text} is not a {name}: it lies from -{most:.0f} to {most:.0f}")
    return degrees
