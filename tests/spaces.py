"""Where a line must not end, told apart from the code that prevents it: plain spaces that should not be plain."""

from __future__ import annotations

import re

_FRENCH_MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_ENGLISH_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_BREAKS = {
    "fr": (
        r" [?!;:»]",
        r"« ",
        rf"\b\d{{1,2}}(?:er)? (?:{_FRENCH_MONTHS})\b",
        r"\d (?:h|km|min|euros?|ans?|jours?|mois|heures?|minutes?)\b",
        r"\d [%€]",
        r"\d[  ]h \d\d\b",
        r"\d[  ]h à \d",
        r"\d h? ?à[  ]\d+[  ]h\b",
        r"\bde \d+[  ]h[  ]à\b",
        r"\d \d{3}\b",
    ),
    "en": (
        rf"\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_ENGLISH_MONTHS})\b",
        rf"\b(?:{_ENGLISH_MONTHS}) \d{{1,2}}\b",
        r"\d (?:km|am|pm|h|min|euros?|hours?|days?|years?|months?|minutes?)\b",
        r"\d [%€]",
        r"\d:\d\d to \d",
        r"\bfrom \d\d:\d\d[  ]to\b",
        r"\d \d{3}\b",
    ),
}


def may_break(text: str, language: str) -> list[str]:
    """Every place at which a line could end and must not, with what stands around it."""
    found = (match for pattern in _BREAKS[language] for match in re.finditer(pattern, text))
    return [text[max(0, match.start() - 20) : match.end() + 20] for match in found]
