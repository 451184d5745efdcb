"""In which language somebody reads a page, of those that there are."""

from __future__ import annotations

from collections.abc import Sequence


def language_asked(accept: str, offered: Sequence[str]) -> str:
    """The language that a browser's `Accept-Language` likes best (`fr-CA,fr;q=0.9,en;q=0.5`); the first one offered
    where it names none of them, or is nonsense.
    """
    found: list[tuple[float, int, str]] = []
    for place, wish in enumerate(accept.split(",")[:20]):
        code, _, weight = wish.strip().partition(";q=")
        language = code.strip().lower().split("-")[0]
        if language in offered:
            found.append((-_weight(weight), place, language))
    return min(found)[2] if found else offered[0]


def _weight(text: str) -> float:
    try:
        weight = float(text or 1)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
