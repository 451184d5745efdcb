"""The territory and the time zone of a commune, from its INSEE code."""

from bot.rules.communes.table import department_of

MARQUESAS = frozenset({"98718", "98723", "98731", "98746", "98756", "98757"})
"""Fatu-Hiva, Hiva-Oa, Nuku-Hiva, Tahuata, Ua-Huka, Ua-Pou."""
GAMBIER = frozenset({"98719"})
FIRST_OVERSEAS = "97"
"""The codes of every territory but metropolitan France follow it, where codes are sorted."""

_ZONES = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
    "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti",
    "987-marquises": "Pacific/Marquesas",
    "987-gambier": "Pacific/Gambier",
    "988": "Pacific/Noumea",
}


def territory_of(code: str) -> str:
    """The design's territory code: `FR`, `971` … `988`, `987-marquises` or `987-gambier`.

    The lands without inhabitants (984, 989) have no polling place: nobody votes there, so they count as `FR`.
    """
    if code in MARQUESAS:
        return "987-marquises"
    if code in GAMBIER:
        return "987-gambier"
    department = department_of(code)
    return department if department in _ZONES else "FR"


def zone_of(code: str) -> str:
    """The IANA zone of the commune's territory."""
    return _ZONES.get(territory_of(code), "Europe/Paris")
