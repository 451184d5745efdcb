"""An audience as it is built by taps: a condition is set, in the place of its like, or taken away."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.errors import BadAudience
from bot.rules.expressions import EVERYBODY, All, AnyOf, Expression, Not, canonical, leaves_of
from bot.rules.leaves import read_leaf

PLACES = frozenset({"in", "near"})
SAID = frozenset({"intention", "plan", "vote"})
RSVP_CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "coming": ("yes", "maybe"),
        "yes": ("yes",),
        "maybe": ("maybe",),
        "no": ("no",),
        "none": ("silent",),
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


def set_like(audience: Expression, chosen: Expression | None, like: frozenset[str]) -> Expression:
    """The audience with a condition in the place of its like; None takes that away."""
    parts = [] if audience == EVERYBODY else list(audience.parts if isinstance(audience, All) else [audience])
    kept = [part for part in parts if not is_about(part, like)]
    if chosen is not None and chosen != EVERYBODY:
        kept = [chosen, *kept] if like is PLACES else [*kept, chosen]
    return canonical(All(tuple(kept))) if kept else EVERYBODY


def is_about(part: Expression, like: frozenset[str]) -> bool:
    """Whether all its leaves have one of these names."""
    return all(leaf.name in like for leaf in leaves_of(part))


def holds(audience: Expression, leaf: str) -> bool:
    """Whether a leaf is one of the conditions that must hold."""
    parts = audience.parts if isinstance(audience, All) else (audience,)
    return read_leaf(leaf) in parts


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
