"""The code of a commune that does not exist: what may be meant, what such a code looks like, and what finds it."""

from __future__ import annotations

from bot.errors import UnknownArea
from bot.rules.areas import NEAREST, department_of
from bot.rules.communes.gazetteer import Commune, Gazetteer
from bot.rules.leaves import either

HOW_TO_FIND = (
    "`portevoix communes search NAME` finds a commune’s code: INSEE’s (69123 for Lyon), not its postcode"
)


def no_commune(code: str, gazetteer: Gazetteer) -> str:
    """What is wrong with a code, in a sentence."""
    return f"There is no commune {code}: {instead_of(code, gazetteer)}{HOW_TO_FIND}."


def instead_of(code: str, gazetteer: Gazetteer) -> str:
    """What may be meant by a code that is none, as the part of a sentence that another follows; blank for nothing."""
    near = communes_near(code, gazetteer)
    meant = either([f"{each.code} ({each.name})" for each in near]) if near else ""
    if near and is_postcode(code, near):
        return f"it is the postcode of {meant}; "
    return f"{meant} perhaps; " if meant else ""


def is_postcode(code: str, communes: list[Commune]) -> bool:
    """Whether it is that of all these communes."""
    return all(code.replace(" ", "") in each.postcodes for each in communes)


def communes_near(code: str, gazetteer: Gazetteer) -> list[Commune]:
    """Those that have it as their postcode or their name; where none has, those of its département whose codes are
    nearest.
    """
    found = gazetteer.search(code, limit=NEAREST).results
    if found:
        return list(found)
    try:
        department = department_of(code.upper())
    except UnknownArea:
        return []
    near = [each for each in gazetteer.codes() if department_of(each) == department]
    near.sort(key=lambda each: (abs(int(each[2:]) - int(code[2:])), each))
    return [each for each in map(gazetteer.by_code, near[:NEAREST]) if each is not None]
