"""An event while it is being written: what was said so far, as the dialog keeps it, and what is missing.

titles, descriptions   language -> words; blank where it was skipped
commune, address       INSEE code; free text
pin                    [latitude, longitude], or [] where it was skipped
wall, minutes          local start in the place's zone (ISO 8601, no offset); duration
seats                  [how many], or [] where there are enough
repeat, ends           how often it takes place (bot.rules.series), `once`; until which day or how many times
guests, overbooking    most guests of one person; percent promised beyond the seats; 0 where nobody asked for them
audience, chosen       an audience as JSON; whether it was settled
sure                   the times of which somebody said at the desk that they are meant, unusual as they are
knowing                whether it is to be announced although nobody would get its invitation
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.communes.gazetteer import Commune
from bot.rules.communes.geo import kilometres
from bot.rules.expressions import EVERYBODY
from bot.rules.leaves import Leaf, read_leaf
from bot.rules.seats import MOST_SEATS, BadSeats, require_seats
from bot.rules.territories import at_wall
from bot.rules.territories import zone as zone_named
from bot.rules.typed import read_number

AROUND_KM = 30
TITLE_LIMIT, DESCRIPTION_LIMIT, ADDRESS_LIMIT = 120, 2000, 300
"""Characters; together they leave room for the rest of the invitation."""


def invited_unless_chosen(commune: str, *, chooses_by_commune: bool) -> Leaf:
    """Whom an event is for where nothing else is chosen: those who live around, as far as the campaign may choose by
    it.
    """
    return read_leaf(f"near:{commune}:{AROUND_KM}") if chooses_by_commune else EVERYBODY


def too_long(*, title: str = "", description: str = "", address: str = "") -> tuple[int, int] | None:
    """The length and the limit of the first of an event's words that does not fit; None where all do."""
    limits = ((title, TITLE_LIMIT), (description, DESCRIPTION_LIMIT), (address, ADDRESS_LIMIT))
    return next(((len(words), limit) for words, limit in limits if len(words) > limit), None)


class DraftQuestion(Frozen):
    """The next thing to ask: a step of the dialog, and the language it is asked for, if any; `variant`: for which
    version of a message, where several are compared.
    """

    step: str
    language: str | None = None
    may_skip: bool = True
    variant: str = ""


ONCE = "once"
"""What is said of an event that is no series."""

_PLAIN = (
    ("commune", "commune"),
    ("address", "address"),
    ("pin", "pin"),
    ("wall", "date"),
    ("minutes", "duration"),
    ("repeat", "repeat"),
    ("ends", "ends"),
    ("seats", "seats"),
    ("guests", "guests"),
    ("overbooking", "overbooking"),
    ("chosen", "audience"),
)
"""What is asked once, in order: the key of the data, the step."""


class FarPin(PortevoixError):
    """A pin that lies far from the commune that was said: one of the two is wrong."""

    default_message: ClassVar[str] = "errors/far_pin"


FARTHEST_PIN = 100.0
"""Kilometres from the centre of a commune: none of metropolitan France reaches half as far."""
FARTHEST_IN_GUIANA = 250.0
"""Maripasoula is as large as a région."""


def require_near(pin: tuple[float, float], commune: Commune) -> None:
    """Raises FarPin for a place that cannot lie in the commune."""
    far = kilometres(pin, (commune.latitude, commune.longitude))
    if far > (FARTHEST_IN_GUIANA if commune.code.startswith("973") else FARTHEST_PIN):
        raise FarPin("The pin lies far from the commune.", km=round(far), place=commune.name)


def next_question(data: Mapping[str, Any], languages: Sequence[str]) -> DraftQuestion:
    """The first thing still to be said; `summary` when everything was. One title at least is needed."""
    titles, descriptions = data.get("titles") or {}, data.get("descriptions") or {}
    for language in languages:
        if language not in titles:
            last = language == languages[-1] and not any(titles.values())
            return DraftQuestion(step="title", language=language, may_skip=not last)
        if titles[language] and language not in descriptions:
            return DraftQuestion(step="description", language=language)
    for key, step in _PLAIN:
        if _is_missing(data, key):
            return DraftQuestion(step=step)
    return DraftQuestion(step="summary")


def _is_missing(data: Mapping[str, Any], key: str) -> bool:
    """Guests are asked about where seats are few; over-booking, and how often, only where somebody wants to say it."""
    if key == "ends":
        return data.get("repeat") not in (None, ONCE) and not data.get("ends")
    if key in ("guests", "overbooking", "repeat") and key not in data:
        return key == "guests" and bool(data["seats"])
    return data.get(key) is None or data[key] is False


def reopened(field: str) -> dict[str, Any]:
    """The values that make one field be asked again; texts are in every language. Raises KeyError."""
    if field == "texts":
        return {"titles": {}, "descriptions": {}}
    keys = {step: key for key, step in _PLAIN}
    return {keys[field]: None, "knowing": None, **({"ends": None} if field in ("repeat", "date") else {})}


def read_seats(typed: str) -> int:
    """A number of seats, as people write it: `120`, `1 200`. Raises BadSeats."""
    number = read_number(typed)
    if number is None:
        raise BadSeats("A number of seats is needed.", most=MOST_SEATS)
    return require_seats(number)


def starts_at(data: Mapping[str, Any], zone: str) -> datetime:
    """The start as an aware instant of the place's zone."""
    wall = datetime.fromisoformat(data["wall"])
    return at_wall(wall, zone_named(zone))
