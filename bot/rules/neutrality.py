"""Neutral reminders: what makes one neutral, since it may leave when nothing partisan may.

Nobody types one. The program words it (`locales/templates/neutral/`) and fills it with practical facts: the day and the
hours always, and what staff choose among `PracticalField`. It bears no name, no signature and no link but that of the
campaign file's polling places; what could not be shown to be so does not leave.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum

from bot.rules.typed import phrase


class PracticalField(StrEnum):
    """A field that staff may have a neutral reminder show, beside the day and the hours."""

    PLACE = "place"
    BRING = "identity"


REMINDER = "neutral/reminder"
"""The template of the neutral reminder that staff send."""

STEP_TEMPLATES = frozenset({"go", "last"})
"""The templates that a step of kind `civic_neutral` may have, and no other step."""

NOT_NEUTRAL = "not_neutral"
"""Why a message called a neutral reminder does not leave: it is not the program's own words."""


def is_worded_by_the_program(
    *,
    step: str | None,
    template: str | None,
    fields: Collection[str] | None,
    photo: str | None,
    has_texts: bool,
    event: int | None,
) -> bool:
    """Whether nothing of a message called a neutral reminder was written, pictured or chosen but by the program."""
    if photo is not None or has_texts or event is not None:
        return False
    if step is not None:
        return template in STEP_TEMPLATES
    return template == REMINDER and fields is not None and set(fields) <= set(PracticalField)


def bears_a_name(text: str, names: Iterable[str]) -> bool:
    """Whether one of the names stands in a text as words of its own, whatever the case, the accents and the hyphens."""
    words = f" {phrase(text)} "
    return any(f" {found} " in words for found in map(phrase, names) if found)


SHORTEST_IN_ADDRESS = 4
"""Letters of a part of a name that tells whose an address is."""


def address_bears_a_name(address: str, names: Iterable[str], candidate: str | None) -> bool:
    """Whether a web address has one of the names in it, or a part of the candidate's, however they are run together."""
    squeezed = _squeezed(address)
    parts = [] if candidate is None else phrase(candidate).split()
    known = [_squeezed(each) for each in (*names, *parts)]
    return any(len(each) >= SHORTEST_IN_ADDRESS and each in squeezed for each in known)


def _squeezed(text: str) -> str:
    return "".join(phrase(text).split())
