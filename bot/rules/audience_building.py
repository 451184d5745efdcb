"""An audience as it is built by taps: a condition is added, or instead, or taken away from what there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from bot.errors import BadAudience
from bot.rules.expressions import (
    EVERYBODY,
    All,
    AnyOf,
    Expression,
    Not,
    as_json,
    both,
    canonical,
    leaves_of,
    stored,
)
from bot.rules.leaves import read_leaf

PLACES = frozenset({"in", "near"})
SAID = frozenset({"intention", "plan", "vote"})
MOST_KEPT = 20
"""How many changes can be taken back."""
ONE_AT_A_TIME = (PLACES, frozenset({"language"}), frozenset({"volunteer"}))
"""Conditions that take the place of their like, by the names of their leaves: nobody votes in two places."""


class Join(StrEnum):
    """How the next condition joins those before it."""

    AND = "and"
    OR = "or"
    EXCEPT = "except"


RSVP_CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "coming": ("yes", "maybe"),
        "yes": ("yes",),
        "maybe": ("maybe",),
        "no": ("no",),
        "waitlisted": ("waitlisted",),
        "none": ("silent",),
        "attended": ("attended",),
        "absent": ("absent",),
    }
)
"""What staff choose of an event: a name, the answers that it stands for."""
VOTE_CHOICES: Mapping[str, str] = MappingProxyType(
    {
        "planned": "plan:{}:any",
        "unplanned": "plan:{}:none",
        "will": "intention:{}:will",
        "unsure": "intention:{}:unsure",
        "silent": "intention:{}:silent",
        "voted": "vote:{}:voted",
        "not_voted": "vote:{}:voted",
    }
)
"""What staff choose of a ballot: a name, the leaf that it stands for (`not_voted`: its denial)."""
PEOPLE: Mapping[str, str] = MappingProxyType(
    {
        "volunteer": "volunteer",
        "recruited": "recruited",
        "recruiter": "recruiter",
        "new": "joined:<7d",
        "staff": "staff",
    }
)
"""What staff choose of the people themselves: a name, the leaf that it stands for."""


def add(audience: Expression, chosen: Expression, join: Join) -> Expression:
    """The audience with one more condition."""
    if join is Join.EXCEPT:
        return Not(chosen) if audience == EVERYBODY else both(audience, Not(chosen))
    if join is Join.OR:
        return _or(audience, chosen)
    for like in ONE_AT_A_TIME:
        if is_about(chosen, like):
            return _instead(audience, chosen, like)
    return chosen if audience == EVERYBODY else both(audience, chosen)


def _or(audience: Expression, chosen: Expression) -> Expression:
    """A place beside the places there are; anything else instead of all that was said."""
    parts = parts_of(audience)
    places = [part for part in parts if is_about(part, PLACES)]
    if not parts:
        return chosen
    if len(places) == 1 and is_about(chosen, PLACES):
        several = AnyOf((places[0], chosen))
        return canonical(All(tuple(several if part == places[0] else part for part in parts)))
    return canonical(AnyOf((audience, chosen)))


def _instead(audience: Expression, chosen: Expression, like: frozenset[str]) -> Expression:
    kept = [part for part in parts_of(audience) if not is_about(part, like)]
    if chosen == EVERYBODY:
        return whole(kept)
    return whole([chosen, *kept] if like is PLACES else [*kept, chosen])


def without(audience: Expression, like: frozenset[str]) -> Expression:
    """The audience without its conditions of this kind, said or denied."""
    kept = [part for part in parts_of(audience) if not all(leaf.name in like for leaf in leaves_of(part))]
    return whole(kept)


def whole(parts: list[Expression]) -> Expression:
    """Who fulfils all the parts; everybody where there is none."""
    return canonical(All(tuple(parts))) if parts else EVERYBODY


def parts_of(audience: Expression) -> tuple[Expression, ...]:
    """The conditions that must hold together, in their order; none of everybody."""
    if audience == EVERYBODY:
        return ()
    return audience.parts if isinstance(audience, All) else (audience,)


def is_about(part: Expression, like: frozenset[str]) -> bool:
    """Whether it says of which of these it is, and nothing else; what it denies stands for itself."""
    return not isinstance(part, Not) and all(leaf.name in like for leaf in leaves_of(part))


def holds(audience: Expression, leaf: str) -> bool:
    """Whether a leaf is one of the conditions that must hold."""
    return read_leaf(leaf) in parts_of(audience)


def condition_of(name: str, values: Sequence[str]) -> Expression:
    """The condition that a choice stands for, by its name and values. Raises BadAudience, and ValueError for none that
    is offered.
    """
    if name in ("people", "area", "language", "got", "answered"):
        (value,) = values
        if name == "people":
            if value not in PEOPLE:
                raise ValueError(value)
            return read_leaf(PEOPLE[value])
        return read_leaf(f"{'in' if name == 'area' else name}:{value}")
    first, second = values
    if name == "around":
        return read_leaf(f"near:{first}:{second}")
    if name == "rsvp":
        return event_choice(first, second)
    if name == "vote":
        return vote_choice(first, second)
    raise ValueError(name)


def changed(data: Mapping[str, Any], chosen: Expression) -> dict[str, Any]:
    """What a draft keeps of another audience (`audience`), and of what it was before (`audience_before`)."""
    was = as_json(stored(data.get("audience")))
    before: list[Any] = data.get("audience_before") or []
    kept = [*before, was][-MOST_KEPT:] if as_json(chosen) != was else before
    return {"audience": as_json(chosen), "audience_before": kept, "joining": Join.AND.value}


def taken_back(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a draft keeps of its audience as it was before the last change."""
    *earlier, last = data.get("audience_before") or [data.get("audience")]
    return {"audience": last, "audience_before": earlier, "joining": Join.AND.value}


def but(audience: Expression, place: int) -> Expression:
    """The audience without one of its `parts_of`. Raises IndexError."""
    parts = list(parts_of(audience))
    del parts[place]
    return whole(parts)


def event_choice(code: str, choice: str) -> Expression:
    """Who answered so. Raises BadAudience."""
    if choice not in RSVP_CHOICES:
        raise BadAudience(f"“{choice}” is no answer to an event.")
    leaves = tuple(read_leaf(f"rsvp:{code}:{answer}") for answer in RSVP_CHOICES[choice])
    return canonical(AnyOf(leaves))


def vote_choice(ballot: str, choice: str) -> Expression:
    """Who said so of their vote. Raises BadAudience."""
    if choice not in VOTE_CHOICES:
        raise BadAudience(f"“{choice}” is nothing that is said of a vote.")
    leaf = read_leaf(VOTE_CHOICES[choice].format(ballot))
    return Not(leaf) if choice == "not_voted" else leaf
