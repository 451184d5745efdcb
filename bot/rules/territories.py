"""The territories of the French Republic that have a zone and a polling day of their own, and `abroad`.

Source of commune codes: INSEE, through @etalab/decoupage-administratif 6.0.0. Zones: IANA.
"""

from contextlib import suppress
from datetime import date, datetime, time
from functools import cache
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import UnknownArea, UnknownTerritory, UnknownZone
from bot.frozen import Frozen
from bot.rules.areas import ABROAD_AREA, EVERYWHERE, REGIONS, department_of, normal_area

METROPOLE = "FR"
ABROAD = "abroad"


class Territory(Frozen):
    """An area with its own IANA zone and polling day. `abroad` votes by Paris time."""

    code: str
    name: str
    zone: str


TERRITORIES: MappingProxyType[str, Territory] = MappingProxyType(
    {
        code: Territory(code=code, name=name, zone=zone)
        for code, name, zone in (
            (METROPOLE, "France métropolitaine", "Europe/Paris"),
            ("971", "Guadeloupe", "America/Guadeloupe"),
            ("972", "Martinique", "America/Martinique"),
            ("973", "Guyane", "America/Cayenne"),
            ("974", "La Réunion", "Indian/Reunion"),
            ("975", "Saint-Pierre-et-Miquelon", "America/Miquelon"),
            ("976", "Mayotte", "Indian/Mayotte"),
            ("977", "Saint-Barthélemy", "America/St_Barthelemy"),
            ("978", "Saint-Martin", "America/Marigot"),
            ("986", "Wallis et Futuna", "Pacific/Wallis"),
            ("987", "Polynésie française", "Pacific/Tahiti"),
            ("987-marquises", "Îles Marquises", "Pacific/Marquesas"),
            ("987-gambier", "Îles Gambier", "Pacific/Gambier"),
            ("988", "Nouvelle-Calédonie", "Pacific/Noumea"),
            (ABROAD, "Français de l’étranger", "Europe/Paris"),
        )
    }
)

MARQUISES: frozenset[str] = frozenset(
    # Fatu-Hiva, Hiva-Oa, Nuku-Hiva, Tahuata, Ua-Huka, Ua-Pou
    {"98718", "98723", "98731", "98746", "98756", "98757"},
)
GAMBIER: frozenset[str] = frozenset({"98719"})


def territory_of(commune: str) -> str:
    """The territory code of a commune's INSEE code.

    Raises UnknownTerritory for what is no commune code, and for 984 and 989, where nobody votes.
    """
    if commune in MARQUISES:
        return "987-marquises"
    if commune in GAMBIER:
        return "987-gambier"
    with suppress(UnknownArea):
        department = department_of(commune)
        if department in TERRITORIES:
            return department
        if len(department) == 2:
            return METROPOLE
    raise UnknownTerritory(
        f"“{commune}” is not the INSEE code of a commune: write five characters, like 69123 or 2A004.",
        code=commune,
    )


def territories_in(area: str) -> frozenset[str]:
    """The territories that an area code lies in or reaches into. Raises UnknownArea."""
    area = normal_area(area)
    if area == EVERYWHERE:
        return frozenset(TERRITORIES)
    if area == ABROAD_AREA:
        return frozenset({ABROAD})
    if len(area) == 5:
        return frozenset({territory_of(area)})
    # A region lies wholly overseas or wholly in metropolitan France.
    departments = REGIONS.get(area[1:], (area[1:],)) if area.startswith("R") else (area,)
    code = departments[0]
    if code == "987":
        return frozenset({"987", "987-marquises", "987-gambier"})
    return frozenset({code if code in TERRITORIES else METROPOLE})


def main_territory(area: str) -> Territory:
    """The one of these by whose time most people of an area live. Raises UnknownArea."""
    found = territories_in(area)
    return TERRITORIES[METROPOLE if METROPOLE in found else min(found)]


def territory(code: str) -> Territory:
    """The territory of a code; raises UnknownTerritory with the list of codes."""
    try:
        return TERRITORIES[code]
    except KeyError:
        known = ", ".join(TERRITORIES)
        raise UnknownTerritory(f"“{code}” is not a territory: use one of {known}.", code=code) from None


def zone_of(code: str) -> ZoneInfo:
    """The zone of a territory; raises UnknownTerritory."""
    return zone(territory(code).zone)


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name; raises UnknownZone for a name that does not exist."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: a folder of the database, such as "America", is no zone.
        raise UnknownZone(
            f"“{name}” is not a time zone: use a name of the IANA database such as Europe/Paris.", zone=name
        ) from None


def at_wall(wall: datetime, where: ZoneInfo) -> datetime:
    """The instant at which clocks in a zone show `wall`, as `at_local` says."""
    return at_local(wall.date(), wall.time(), where)


def at_local(day: date, at: time, where: ZoneInfo) -> datetime:
    """The instant of a wall-clock time, in its zone.

    A time that a daylight-saving change skips becomes the instant that the clock shows just after the jump;
    a time that comes twice is its first occurrence.
    """
    wall = datetime.combine(day, at, tzinfo=where)
    return datetime.fromtimestamp(wall.timestamp(), tz=where)
