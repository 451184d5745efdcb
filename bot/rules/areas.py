"""Area codes: what staff are responsible for and what an audience lives in.

`FR` everywhere, people abroad and people who named no commune included · `abroad` · `R84` an INSEE region ·
`69`, `2A`, `971` a département or collectivity · `69123` a commune by its INSEE code. A commune's
département and region follow from its code. Source: INSEE, through @etalab/decoupage-administratif 6.0.0.
"""

import re
from functools import lru_cache
from types import MappingProxyType

from bot.errors import UnknownArea

EVERYWHERE = "FR"
ABROAD_AREA = "abroad"
CODE_LENGTH = 5
"""Characters of a commune's INSEE code."""
MOST_PAIRS = 8_192
"""Areas of which it is remembered whether one lies in the other: a page asks that hundreds of times of a few."""

REGIONS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "01": ("971",),
        "02": ("972",),
        "03": ("973",),
        "04": ("974",),
        "06": ("976",),
        "11": ("75", "77", "78", "91", "92", "93", "94", "95"),
        "24": ("18", "28", "36", "37", "41", "45"),
        "27": ("21", "25", "39", "58", "70", "71", "89", "90"),
        "28": ("14", "27", "50", "61", "76"),
        "32": ("02", "59", "60", "62", "80"),
        "44": ("08", "10", "51", "52", "54", "55", "57", "67", "68", "88"),
        "52": ("44", "49", "53", "72", "85"),
        "53": ("22", "29", "35", "56"),
        "75": ("16", "17", "19", "23", "24", "33", "40", "47", "64", "79", "86", "87"),
        "76": ("09", "11", "12", "30", "31", "32", "34", "46", "48", "65", "66", "81", "82"),
        "84": ("01", "03", "07", "15", "26", "38", "42", "43", "63", "69", "73", "74"),
        "93": ("04", "05", "06", "13", "83", "84"),
        "94": ("2A", "2B"),
    }
)
"""INSEE region code -> its départements."""

FORMER_REGIONS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "alsace": ("67", "68"),
        "aquitaine": ("24", "33", "40", "47", "64"),
        "auvergne": ("03", "15", "43", "63"),
        "bassenormandie": ("14", "50", "61"),
        "bourgogne": ("21", "58", "71", "89"),
        "champagneardenne": ("08", "10", "51", "52"),
        "franchecomte": ("25", "39", "70", "90"),
        "hautenormandie": ("27", "76"),
        "languedocroussillon": ("11", "30", "34", "48", "66"),
        "limousin": ("19", "23", "87"),
        "lorraine": ("54", "55", "57", "88"),
        "midipyrenees": ("09", "12", "31", "32", "46", "65", "81", "82"),
        "nordpasdecalais": ("59", "62"),
        "picardie": ("02", "60", "80"),
        "poitoucharentes": ("16", "17", "79", "86"),
        "rhonealpes": ("01", "07", "26", "38", "42", "69", "73", "74"),
    }
)
"""The régions that were merged on 1 January 2016 (law 2015-29), by their name without accents and hyphens, and their
départements: people go on naming them.
"""

COLLECTIVITIES: frozenset[str] = frozenset({"975", "977", "978", "984", "986", "987", "988", "989"})
"""Overseas collectivities and the uninhabited 984 and 989: treated as départements; INSEE gives them their
own code as region.
"""

DEPARTMENTS: MappingProxyType[str, str] = MappingProxyType(
    {department: region for region, departments in REGIONS.items() for department in departments}
    | {collectivity: collectivity for collectivity in sorted(COLLECTIVITIES)}
)
"""Département or collectivity code -> INSEE region code."""

_CITIES_WITH_ARRONDISSEMENTS = (("751", "75056"), ("6938", "69123"), ("132", "13055"))
_ARRONDISSEMENTS = MappingProxyType({"75056": 20, "69123": 9, "13055": 16})
CITY_DEPARTMENTS: MappingProxyType[str, str] = MappingProxyType({"75": "75056"})
"""Départements of one commune alone."""


def department_of(commune: str) -> str:
    """The département of a commune's INSEE code: 2A/2B in Corsica, three digits overseas.

    Raises UnknownArea.
    """
    if len(commune) == 5:
        department = commune[:3] if commune[:2] in {"97", "98"} else commune[:2]
        if department in DEPARTMENTS and commune[2:].isdigit():
            return department
    raise _unknown(commune)


def prefixes_of(area: str) -> tuple[str, ...]:
    """The beginnings of the INSEE codes of all communes in an area, which is neither everywhere nor abroad."""
    if area.startswith("R"):
        return REGIONS.get(area[1:], (area[1:],))
    cities = {city: (prefix, city) for prefix, city in _CITIES_WITH_ARRONDISSEMENTS}
    return cities.get(area, (area,))


def after_prefix(first: str) -> str:
    """The least text that comes after all INSEE codes that begin so: `70` after `69`, `2B` after `2A`."""
    if first == "29":  # Corsica's codes stand between those of the 29 and the 30
        return "2A"
    if first.isdigit():
        return f"{int(first) + 1:0{len(first)}}"
    return first[:-1] + chr(ord(first[-1]) + 1)


def city_of(commune: str) -> str:
    """The commune that a code stands for: arrondissements of Paris, Lyon and Marseille are part of their
    city.
    """
    for prefix, city in _CITIES_WITH_ARRONDISSEMENTS:
        if commune.startswith(prefix):
            return city
    return commune


def arrondissement(city: str, number: int) -> str | None:
    """INSEE’s code of an arrondissement of Paris, Lyon or Marseille; None where there is none of this number."""
    if not 1 <= number <= _ARRONDISSEMENTS.get(city, 0):
        return None
    (prefix,) = (prefix for prefix, each in _CITIES_WITH_ARRONDISSEMENTS if each == city)
    return f"{prefix}{number:0{CODE_LENGTH - len(prefix)}}"


def number_in_city(commune: str) -> int | None:
    """The number of an arrondissement of Paris, Lyon or Marseille; None for every other code."""
    found = (
        int(commune[len(each) :]) for each, _city in _CITIES_WITH_ARRONDISSEMENTS if commune.startswith(each)
    )
    return next(found, None)


def normal_area(code: str) -> str:
    """The code as it is stored: no spaces, letters in their case. Raises UnknownArea with the forms allowed.

    A commune is checked for its form and département; whether it exists is known to the list of communes.
    """
    typed = code.strip()
    if typed.lower() == ABROAD_AREA:
        return ABROAD_AREA
    code = typed.upper()
    if code == EVERYWHERE or code in DEPARTMENTS:
        return code
    if code.startswith("R") and (code[1:] in REGIONS or code[1:] in COLLECTIVITIES):
        return code
    try:
        department_of(code)
    except UnknownArea:
        raise _unknown(typed) from None
    return code


_SHAPED = re.compile(r"R?\d{2,3}|2[AB]|\d{5}|2[AB]\d{3}")
NEAREST = 3
"""So many areas are named beside one that does not exist."""


def nearest_to(code: str) -> tuple[str, ...]:
    """The areas that exist whose codes are nearest to one that has the form of an area's and is none; nothing for what
    has not. Of a commune in no département these are départements.
    """
    typed = code.strip().upper()
    if not _SHAPED.fullmatch(typed):
        return ()
    if typed.startswith("R"):
        region = int(typed[1:])
        return tuple(
            f"R{each}" for each in sorted(REGIONS, key=lambda each: (abs(int(each) - region), each))
        )[:NEAREST]
    wanted = typed[:3] if typed[:2] in {"97", "98"} and len(typed) > 2 else typed[:2]
    alike = [each for each in DEPARTMENTS if len(each) == len(wanted)]
    return tuple(sorted(alike, key=lambda each: (abs(_number(each) - _number(wanted)), each)))[:NEAREST]


def _number(department: str) -> int:
    """Both halves of Corsica were the 20."""
    return int(department) if department.isdigit() else 20


def areas_around(code: str) -> tuple[str, ...]:
    """The area and all that contain it, narrowest first."""
    if code == EVERYWHERE:
        return (EVERYWHERE,)
    if code == ABROAD_AREA or code.startswith("R"):
        return (code, EVERYWHERE)
    if code in DEPARTMENTS:
        return (code, "R" + DEPARTMENTS[code], EVERYWHERE)
    department = department_of(code)
    city = city_of(code)
    chain = (code,) if city == code else (code, city)
    return (*chain, department, "R" + DEPARTMENTS[department], EVERYWHERE)


@lru_cache(MOST_PAIRS)
def contains(area: str, other: str) -> bool:
    """Whether the whole of `other` lies in `area`; both are area codes. Raises UnknownArea."""
    area = normal_area(area)
    chain = areas_around(normal_area(other))
    if area in chain:
        return True
    # A collectivity is a region and a département at once.
    return area in COLLECTIVITIES and "R" + area in chain


def _unknown(code: str) -> UnknownArea:
    return UnknownArea(
        f"“{code}” is not an area: use FR (everywhere), abroad, R and a region code (R84), "
        "a département (69, 2A, 971) or a commune’s INSEE code (69123).",
        code=code,
    )
