"""A broadcast while it is being written: what was said so far, as the dialog keeps it, and what is missing.

kind        a kind that staff may choose
fields      what a neutral reminder shows, once that was settled; such a message has neither texts nor a photo
texts       language -> HTML; blank where it was skipped
photo       Telegram's file id, or "" where it was skipped
audience, chosen   an audience as JSON; whether it was settled
editing            the number of the broadcast that it is written anew in the place of
knowing            whether it is to be sent although nobody would get it
wall, whose        local time (ISO 8601, no offset) or "now"; "each" person's own clock or "mine"
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.rules.event_draft import DraftQuestion
from bot.rules.kinds import Kind
from bot.rules.sending import SendingTime, all_at, each_at
from bot.rules.territories import at_local
from bot.rules.territories import zone as zone_named

NOW = "now"
MINUTE = timedelta(minutes=1)
STEPS: Mapping[str, Mapping[str, Any]] = {
    "kind": {"kind": None},
    "fields": {"fields": None},
    "texts": {"texts": {}},
    "photo": {"photo": None},
    "audience": {"chosen": None, "knowing": None},
    "when": {"wall": None, "whose": None, "knowing": None},
}
"""What the summary leads back to, and the values that make it be asked again."""


def next_question(data: Mapping[str, Any], languages: Sequence[str]) -> DraftQuestion:
    """The first thing still to be said; `summary` when everything was. One text at least is needed."""
    if not data.get("kind"):
        return DraftQuestion(step="kind")
    content = _content(data, languages)
    if content is not None:
        return content
    if not data.get("chosen"):
        return DraftQuestion(step="audience")
    if not data.get("wall"):
        return DraftQuestion(step="when")
    if data["wall"] != NOW and not data.get("whose"):
        return DraftQuestion(step="whose")
    return DraftQuestion(step="summary")


def is_neutral(data: Mapping[str, Any]) -> bool:
    """Whether it is a neutral reminder, which the program words."""
    return data.get("kind") == Kind.CIVIC_NEUTRAL


def _content(data: Mapping[str, Any], languages: Sequence[str]) -> DraftQuestion | None:
    """The next question about the content; None once everything was said."""
    if is_neutral(data):
        return DraftQuestion(step="fields") if data.get("fields") is None else None
    texts = data.get("texts") or {}
    for language in languages:
        if language not in texts:
            last = language == languages[-1] and not any(texts.values())
            return DraftQuestion(step="text", language=language, may_skip=not last)
    return DraftQuestion(step="photo") if data.get("photo") is None else None


def whole_minute(wall: datetime) -> datetime:
    """The first whole minute that is not before a time."""
    return wall if not (wall.second or wall.microsecond) else wall.replace(second=0, microsecond=0) + MINUTE


def sending_time(data: Mapping[str, Any], *, now: datetime, zone: str) -> SendingTime:
    """When it leaves; `zone` is the organizer's own, in which the time was typed."""
    if data["wall"] == NOW:
        return all_at(now)
    wall = datetime.fromisoformat(data["wall"])
    if data["whose"] == "each":
        return each_at(wall)
    return all_at(at_local(wall.date(), wall.time(), zone_named(zone)))
