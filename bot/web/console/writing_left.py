"""What is still to be done of a message at the desk, and where: the step and the field that it is done in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.frozen import Frozen
from bot.rules.broadcast_draft import NOW, next_question
from bot.rules.experiments import VERSIONS
from bot.web.console import whom
from bot.web.console.forms import TYPED

WORDS = "/console/messages/new"
WHOM, WHEN = f"{WORDS}/whom", f"{WORDS}/when"
AFTER_WORDS = ("audience", "when", "whose", "summary")
"""The questions of a draft of which the words are whole."""
_FIELDS: Mapping[str, str] = {"trial": "holdout", "photo": "photo", "fields": "kind"}
"""Where a question of the chat is settled on the first page, whose fields have other names."""


class LeftToWrite(Frozen):
    """What is missing, or wrong (`kind`, `text`, `goal`, `trial`, `photo`, `fields`, `whom`, `when`), and its field;
    of a text, its language.
    """

    what: str
    address: str
    language: str = ""


def first_left(
    data: Mapping[str, Any], languages: Sequence[str], faults: Mapping[str, object]
) -> LeftToWrite | None:
    """The first thing that is still to be done; None once nothing is. `faults`: of the words, by field."""
    for name in faults:
        if name.startswith("text-"):
            return LeftToWrite(what="text", address=f"{WORDS}#{name}", language=name.rsplit("-", 1)[1])
        return LeftToWrite(what=name, address=f"{WORDS}#{name}")
    question = next_question(data, languages)
    if question.step == "text":
        name = f"text-{question.variant or VERSIONS[0]}-{question.language}"
        return LeftToWrite(what="text", address=f"{WORDS}#{name}", language=question.language or "")
    if question.step not in AFTER_WORDS:
        return LeftToWrite(what=question.step, address=f"{WORDS}#{_FIELDS.get(question.step, question.step)}")
    unclear = [name for name in whom.FIELDS if name in _typed(data)]
    if unclear or question.step == "audience":
        return LeftToWrite(what="whom", address=f"{WHOM}#{unclear[0] if unclear else 'whom'}")
    if question.step != "summary" or "at" in _typed(data):
        return LeftToWrite(what="when", address=f"{WHEN}#at")
    return None


def steps_done(
    data: Mapping[str, Any], languages: Sequence[str], faults: Mapping[str, object], *, time_holds: bool
) -> tuple[bool, bool, bool]:
    """Whether each of the three steps is done. `time_holds`: whether it can leave when it says."""
    if not data:
        return (False, False, False)
    are_words_done = not faults and next_question(data, languages).step in AFTER_WORDS
    is_said = data.get("wall") == NOW or bool(data.get("wall") and data.get("whose"))
    typed = _typed(data)
    return (
        are_words_done,
        bool(data.get("chosen")) and not any(name in typed for name in whom.FIELDS),
        is_said and "at" not in typed and time_holds,
    )


def _typed(data: Mapping[str, Any]) -> Mapping[str, str]:
    """What was typed and could not be read, by field."""
    return data.get(TYPED) or {}
