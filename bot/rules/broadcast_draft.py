"""A broadcast while it is being written: what was said so far, as the dialog keeps it, and what is missing.

kind        a kind that staff may choose
fields      what a neutral reminder shows, once that was settled; such a message has neither texts nor a photo
texts       language -> HTML; blank where it was skipped
others      the texts of each version that is compared with it: language -> HTML
trial       "open" while versions and who is left out are chosen
holdout, goal      the percentage that is left out; the outcome that it is to change
photo       Telegram's file id, or "" where it was skipped
audience, chosen   an audience as JSON; whether it was settled
editing            the number of the broadcast that it is written anew in the place of
knowing            whether it is to be sent although nobody would get it
wall, whose        local time (ISO 8601, no offset) or "now"; "each" person's own clock or "mine"
sure               the time of which somebody said at the desk that it is meant, unusual as it is
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from bot.rules.event_draft import DraftQuestion
from bot.rules.events import UnlikelyTime, doubts_of
from bot.rules.experiments import VERSIONS, Experiment, Outcome
from bot.rules.kinds import Kind
from bot.rules.sending import SendingTime, all_at, each_at
from bot.rules.territories import at_wall
from bot.rules.territories import zone as zone_named

NOW, OPEN = "now", "open"
MINUTE = timedelta(minutes=1)
STEPS: Mapping[str, Mapping[str, Any]] = {
    "kind": {"kind": None},
    "fields": {"fields": None},
    "texts": {"texts": {}},
    "trial": {"trial": OPEN},
    "goal": {"goal": None},
    "photo": {"photo": None},
    "audience": {"chosen": None, "knowing": None},
    "when": {"wall": None, "whose": None, "knowing": None},
}
"""What the summary leads back to, and the values that make it be asked again."""


def next_question(data: Mapping[str, Any], languages: Sequence[str]) -> DraftQuestion:
    """The first thing still to be said; `summary` when everything was. One text at least is needed.

    A question to supporters, a kind of former versions, is a survey now: of a draft of it the kind is asked anew.
    """
    if data.get("kind") in (None, "", Kind.POLL):
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
            variant = VERSIONS[0] if data.get("others") else ""
            return DraftQuestion(step="text", language=language, may_skip=not last, variant=variant)
    return _comparing(data, languages) or (DraftQuestion(step="photo") if data.get("photo") is None else None)


def _comparing(data: Mapping[str, Any], languages: Sequence[str]) -> DraftQuestion | None:
    """The next question about versions and who is left out; None once everything was said, or nothing is compared."""
    texts = data.get("texts") or {}
    for variant, version in zip(VERSIONS[1:], data.get("others") or (), strict=False):
        for language in languages:
            if texts.get(language) and not version.get(language):
                return DraftQuestion(step="text", language=language, may_skip=False, variant=variant)
    if data.get("trial"):
        return DraftQuestion(step="trial")
    return DraftQuestion(step="goal") if is_compared(data) and not data.get("goal") else None


def is_compared(data: Mapping[str, Any]) -> bool:
    """Whether it has several versions, or people are left out of it."""
    return not is_neutral(data) and bool(data.get("others") or data.get("holdout"))


def texts_of(data: Mapping[str, Any]) -> dict[str, str]:
    """The typed texts, by language; nothing of it is in a neutral reminder."""
    if is_neutral(data):
        return {}
    return {language: text for language, text in (data.get("texts") or {}).items() if text}


def others_of(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The texts of each version beside the first, in the languages of that one."""
    written = {language for language, text in (data.get("texts") or {}).items() if text}
    versions = () if is_neutral(data) else data.get("others") or ()
    return [{code: text for code, text in version.items() if code in written} for version in versions]


def experiment_of(data: Mapping[str, Any]) -> Experiment | None:
    """What is compared, once it was said what it is to change."""
    if not is_compared(data) or not data.get("goal"):
        return None
    versions = 1 + len(data.get("others") or ())
    return Experiment(versions=versions, holdout=int(data.get("holdout") or 0), goal=Outcome(data["goal"]))


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
    return all_at(at_wall(wall, zone_named(zone)))


def leaves_at(data: Mapping[str, Any], *, now: datetime, zone: str) -> datetime:
    """When it leaves; now, as long as that was not settled."""
    is_settled = data.get("wall") and (data["wall"] == NOW or data.get("whose"))
    return sending_time(data, now=now, zone=zone).at if is_settled else now


def time_meant(data: Mapping[str, Any]) -> str:
    """By which a draft keeps that this very time is meant, and no other."""
    return f"{data.get('wall')}/{data.get('whose')}"


def time_doubts(
    data: Mapping[str, Any], votes: Collection[date], *, now: datetime, zone: str
) -> list[UnlikelyTime]:
    """What is unusual of when it leaves, as of an event, unless that was said to be meant.

    Results are told after the last vote, and so are thanks that leave at once.
    """
    if data.get("wall") in (None, NOW) or not data.get("whose") or data.get("sure") == time_meant(data):
        return []
    day = datetime.fromisoformat(data["wall"]).date()
    found = doubts_of(sending_time(data, now=now, zone=zone).at, timedelta(), day, now, votes)
    return [each for each in found if each is not UnlikelyTime.AFTER_VOTES or data.get("kind") != Kind.RESULT]
