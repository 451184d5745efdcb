"""The campaign file that `portevoix init` writes: the answers in their places, with the steps that the law allows."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from bot.campaign.electorate import is_one_commune
from bot.rules.areas import EVERYWHERE, contains
from bot.rules.ballot_kinds import BallotKind
from bot.rules.territories import TERRITORIES, territories_in
from locales.words import words_of

MODEL = files("bot.commands") / "campaign.toml.j2"
FUNDING = "donations and membership fees"
"""Stands for the words of each language of the campaign."""
SATURDAY = ("971", "972", "973", "975", "977", "978", "987", "987-marquises", "987-gambier")
"""Where the vote is on the Saturday before, in what is held all over the Republic."""
PLAN, PLAN_OF_MEMBERS, ECHO = 4, 7, 2
"""Days before a round on which people are asked for a plan, and reminded of it."""
LONG = 365
LATE = time(20)
"""When the largest cities close in what the electoral code speaks of."""
_LATE_CITIES = ("75056", "69123", "13055")
PARIS = "75"  # a département of one commune
_SHORTEST = timedelta(hours=1)
"""What lasts no longer is no vote whose hour one plans: everybody comes when it opens."""
_LAST_CALL = timedelta(hours=3)
"""In what is shorter, a last call two hours before its end would come before, or with, the reminder of the day."""


def written(answers: Mapping[str, Any]) -> str:
    """The campaign file of the answers by their names: see `bot.commands.founding_questions`."""
    kind, languages = answers["kind"], answers["languages"]
    areas: Sequence[str] = answers.get("area", ())
    if EVERYWHERE in areas:
        areas = ()
    opens, closes = answers["hours"]
    slots = _slots(opens, closes)
    reached = territories_in_areas(areas)
    values = {
        **{name: answers.get(name) for name in ("sender", "controller", "address", "privacy_contact")},
        **{name: answers.get(name) for name in ("reveals", "online", "place")},
        **{name: _each(languages, str(answers.get(name, ""))) for name in ("name", "statement", "period")},
        "slug": slug_of(answers["name"]),
        "kind": kind.value,
        "languages": languages,
        "funding": _funding(str(answers.get("funding", "")), languages),
        "areas": areas,
        "area_names": answers.get("area_names", ()),
        "is_one_commune": len(areas) == 1 and is_one_commune(areas[0]),
        "opens": f"{opens:%H:%M}",
        "closes": f"{closes:%H:%M}",
        "day_before": [code for code in SATURDAY if code in reached] if answers.get("saturday") else [],
        "late_cities": _late_cities(kind, areas, closes),
        "last_call": _lasting(opens, closes) >= _LAST_CALL,
        "rounds": len(answers["days"]),
        "ballots": [
            {"day": day.isoformat(), "name": _name_of_round(number, answers["days"], languages)}
            for number, day in enumerate(answers["days"], start=1)
        ],
        "plans": _plans(answers["days"], PLAN_OF_MEMBERS if kind is BallotKind.MEMBERS else PLAN),
        "echoed": _echoed(answers["days"]),
        "slots": [{"name": name, "when": when} for name, when in slots.items()],
        "default_slot": "midday" if "midday" in slots else next(iter(slots)),
    }
    return re.sub(r"\n{3,}", "\n\n", _model().render(values))


@cache
def _model() -> Template:
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )  # no HTML: what stands in the file is escaped by `quoted`
    environment.filters["quoted"] = _quoted
    return environment.from_string(MODEL.read_text(encoding="utf-8"))


def _plans(days: Sequence[date], usual: int) -> list[dict[str, Any]]:
    """The steps that ask for a plan, `usual` days before a round; where another one is then not over, once it is."""
    asked: dict[int, list[int]] = {}
    for number, gap in _gaps(days):
        if (days_before := min(usual, gap - 1)) >= ECHO:
            asked.setdefault(days_before, []).append(number)
    return [
        {
            "name": "plan" if position == 1 else f"plan_{position}",
            "days": before,
            "until": "D-2 18:00" if before > ECHO else "D-1 00:00",
            "ballots": rounds if len(rounds) < len(days) else [],
            "is_late": before < usual,
        }
        for position, (before, rounds) in enumerate(asked.items(), start=1)
    ]


def _echoed(days: Sequence[date]) -> list[int]:
    """The rounds with an echo of what was planned, after that was asked; none where all are."""
    rounds = [number for number, gap in _gaps(days) if gap - 1 > ECHO]
    return rounds if len(rounds) < len(days) else []


def _gaps(days: Sequence[date]) -> list[tuple[int, int]]:
    """Each round by its number, and how many days after the one before it is; the first is after none."""
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    return list(enumerate([LONG, *gaps], start=1))


def territories_in_areas(areas: Sequence[str]) -> frozenset[str]:
    """The territories that take part; all where no area is named."""
    return frozenset().union(*map(territories_in, areas)) if areas else frozenset(TERRITORIES)


def slug_of(name: str) -> str:
    """`Élection 2027` -> `election-2027`."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "campaign"


def _lasting(opens: time, closes: time) -> timedelta:
    return timedelta(hours=closes.hour - opens.hour, minutes=closes.minute - opens.minute)


def _slots(opens: time, closes: time) -> dict[str, str]:
    """The times of the day that one may plan for, by name: those that fall into the hours, and the last hour."""
    opening = {"opening": f'starts = "{opens:%H:%M}"'}
    if _lasting(opens, closes) <= _SHORTEST:
        return opening
    inside = {
        name: f'starts = "{starts:%H:%M}"'
        for name, starts in {"morning": time(10), "midday": time(12), "afternoon": time(14)}.items()
        if opens <= starts and starts.hour + 2 <= closes.hour
    }
    if len(inside) < 2:  # an assembly rather than a day of voting
        inside = opening
    return {**inside, "last_hour": "minutes_before_close = 60"}


def closes_late(kind: BallotKind, areas: Sequence[str]) -> bool:
    """Whether all who vote do so where the polling places close at eight."""
    late = (PARIS, *_LATE_CITIES)
    return (
        _has_late_cities(kind)
        and bool(areas)
        and all(any(contains(city, area) for city in late) for area in areas)
    )


def _has_late_cities(kind: BallotKind) -> bool:
    return kind not in (BallotKind.PRIMARY, BallotKind.MEMBERS)


def _late_cities(kind: BallotKind, areas: Sequence[str], closes: time) -> list[str]:
    """The cities that close at eight where the others close before; nobody proposes them for a party’s own vote."""
    if not _has_late_cities(kind) or closes >= LATE:
        return []
    held = areas or (EVERYWHERE,)
    return [city for city in _LATE_CITIES if city not in held and any(contains(area, city) for area in held)]


def _name_of_round(number: int, days: Sequence[date], languages: Sequence[str]) -> str:
    names = {
        language: words_of(language).round.replace("{number}", str(number))
        if len(days) > 1
        else words_of(language).vote
        for language in languages
    }
    return ", ".join(f"{language} = {_quoted(name)}" for language, name in names.items())


def _funding(said: str, languages: Sequence[str]) -> str:
    if said != FUNDING:
        return _each(languages, said)
    return "\n".join(f"{language} = {_quoted(words_of(language).funding)}" for language in languages)


def _each(languages: Sequence[str], text: str) -> str:
    """A text once for each language, to be translated in the file."""
    return "\n".join(f"{language} = {_quoted(text)}" for language in languages)


def _quoted(text: str) -> str:
    # A JSON string without surrogate escapes is a TOML string.
    return json.dumps(text, ensure_ascii=False)
