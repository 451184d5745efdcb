"""The commune that a row of a file means: by INSEE code, or by its exact name and its département."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.communes.unknown import instead_of
from bot.rules.communes.gazetteer import Commune, Gazetteer
from bot.rules.communes.query import parse_query
from bot.rules.communes.text import fold, words_of

_CODE = re.compile(r"\d{5}|2[AB]\d{3}")
_FEW = 4
_MANY = 50


class CommuneFinder:
    """Finds communes for a file; each sentence of it is found once."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._found: dict[tuple[str, str, str], Commune | ValueError] = {}

    def find(self, *, code: str, name: str, department: str) -> Commune:
        """The one commune. Raises ValueError with a sentence where there is none, or more than one."""
        asked = (code, name, department)
        if asked not in self._found:
            try:
                self._found[asked] = self._find(code, name, department)
            except ValueError as error:
                self._found[asked] = error
        found = self._found[asked]
        if isinstance(found, ValueError):
            raise found
        return found

    def _find(self, code: str, name: str, department: str) -> Commune:
        if not code and _is_code(name):
            code, name = name, ""
        if code:
            return self._by_code(code, name)
        if not name:
            raise ValueError("the commune is missing: write its INSEE code, or its name and département")
        return self._by_name(name, self._department(department))

    def _by_code(self, code: str, name: str) -> Commune:
        # Spreadsheets drop the zero that a code begins with.
        commune = self._gazetteer.by_code(code.strip().upper().zfill(5))
        if commune is None:
            raise ValueError(
                f"there is no commune of INSEE code {code}: {instead_of(code, self._gazetteer)}"
                "look it up with `portevoix communes search NAME`"
            )
        if name and not _is_called(commune, name) and not self._means(name, commune):
            raise ValueError(
                f"{code} is the INSEE code of {commune.name}, not of {name}: correct one of them (it is no postcode)"
            )
        return commune

    def _means(self, name: str, commune: Commune) -> bool:
        """Whether the name leads to this commune some other way: a former name, “Paris 15”, an old spelling."""
        found = self._gazetteer.search(name, limit=_MANY).results
        return any(each.code == commune.code and _is_exact(each, name) for each in found)

    def _department(self, text: str) -> str | None:
        """The code of a département that is written as its number or name."""
        if not text:
            return None
        departments = self._gazetteer.departments()
        code = text.strip().upper().zfill(2)
        if code in departments:
            return code
        wanted = fold(text)
        found = next((code for code, area in departments.items() if fold(area.name) == wanted), None)
        if found is None:
            raise ValueError(f"there is no département “{text}”: write its number, such as 69")
        return found

    def _by_name(self, name: str, department: str | None) -> Commune:
        found = self._gazetteer.search(name, limit=_MANY).results
        exact = [each for each in found if _is_exact(each, name)]
        if department is not None:
            exact = [each for each in exact if each.department == department]
        # The communes of today come before those that are part of another now.
        exact = [each for each in exact if each.matched_name is None] or exact
        if len({each.code for each in exact}) == 1:
            return exact[0]
        if exact:
            raise ValueError(
                f"“{name}” is the name of {len(exact)} communes, {_listed(exact)}: "
                "write the INSEE code or the département"
            )
        within = f" in {department}" if department is not None else ""
        near = [each for each in found if department in (None, each.department)] or list(found)
        remedy = (
            f"write {near[0].name} ({near[0].code}) if that is meant"
            if near
            else "check the spelling, or write its INSEE code"
        )
        raise ValueError(f"there is no commune “{name}”{within}: {remedy}")


def _is_code(text: str) -> bool:
    return _CODE.fullmatch(text.strip().upper().zfill(5)) is not None


def _is_called(commune: Commune, name: str) -> bool:
    return words_of(name) in (words_of(commune.name), words_of(commune.matched_name or commune.name))


def _is_exact(commune: Commune, name: str) -> bool:
    """Whether the name is the commune's own, or that of the arrondissement it is."""
    if _is_called(commune, name):
        return True
    return commune.parent is not None and parse_query(name).arrondissement is not None


def _listed(communes: Sequence[Commune]) -> str:
    few = ", ".join(f"{each.name} ({each.code})" for each in communes[:_FEW])
    return few + (" …" if len(communes) > _FEW else "")
