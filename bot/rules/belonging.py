"""Who is in an audience, said of one person: the tree read by rules alone. `db.expressions` asks the same of everybody.

A leaf that uses the commune counts only for who agreed to that (purpose `commune`), said or denied: of somebody who
did not, neither `in:69` nor `not in:69` holds, because choosing them by either would use their commune.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from datetime import datetime
from types import MappingProxyType

from bot.frozen import Frozen
from bot.rules.areas import ABROAD_AREA, EVERYWHERE, contains
from bot.rules.expressions import All, AnyOf, Expression, Not
from bot.rules.leaves import ANY, NONE, SILENT, Leaf, period_of
from bot.rules.sampling import Sampling
from bot.rules.seats import ON_THE_LIST
from bot.rules.territories import ABROAD


class EventAnswer(Frozen):
    """An answer to an event (yes, maybe, no), and whether the person came; None: not known."""

    answer: str
    attended: bool | None = None


class Said(Frozen):
    """What somebody said of their vote in one ballot; None: nothing."""

    intention: str | None = None
    slot: str | None = None
    vote: str | None = None


_NOTHING = Said()


class Somebody(Frozen):
    """A supporter as the leaves know them. `answers` by the event's code, `said` by ballot, `chosen` by the survey's
    code: questions, each with an option of it; `got` and `answered`: numbers of messages that reached them, and those
    of which they tapped a button.
    """

    id: int
    language: str | None = None
    commune: str | None = None
    territory: str | None = None
    agreed_commune: bool = False
    agreed_team: bool = False
    volunteer: bool = False
    is_staff: bool = False
    is_recruited: bool = False
    is_recruiter: bool = False
    joined_at: datetime | None = None
    seen_at: datetime | None = None
    answers: Mapping[str, EventAnswer] = field(default_factory=dict)
    said: Mapping[int, Said] = field(default_factory=dict)
    chosen: Mapping[str, Collection[tuple[str, str]]] = field(default_factory=dict)
    got: Collection[int] = ()
    answered: Collection[int] = ()


class Setting(Frozen):
    """What expressions are read with: the instant, the communes within each radius (a commune's code and km), the
    saved audiences by name, and the draw of samples.
    """

    now: datetime
    sampling: Sampling
    within: Mapping[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    saved: Mapping[str, Expression] = field(default_factory=dict)


class Facts(Frozen):
    """Somebody, as far as an expression goes: which leaves hold for them, and whether their commune may be used."""

    holds: Callable[[Leaf], bool]
    agreed_commune: bool
    saved: Mapping[str, Expression]


def facts_of(person: Somebody, setting: Setting) -> Facts:
    """What the leaves say of one person."""
    return Facts(
        holds=lambda leaf: HOLDS[leaf.name](person, leaf.arguments, setting),
        agreed_commune=person.agreed_commune,
        saved=setting.saved,
    )


class DecidingLeaf(Frozen):
    """A leaf that decided, as it stands in the expression (`not vote:1:voted`). `no_consent`: it would use the commune,
    which the person did not agree to.
    """

    text: str
    no_consent: bool = False


class Membership(Frozen):
    """Whether somebody is in an audience, and the leaves by which they are or are not."""

    is_in: bool
    by: tuple[DecidingLeaf, ...]


def verdict(expression: Expression, facts: Facts, *, denied: bool = False) -> Membership:
    """Whether somebody is in the audience (`denied`: in none of it), and why."""
    match expression:
        case Not(part):
            return verdict(part, facts, denied=not denied)
        case All(parts) | AnyOf(parts):
            found = [verdict(part, facts, denied=denied) for part in parts]
            # Denied, `all` asks that one part fails, and `any` that each does.
            needs_all = isinstance(expression, All) != denied
            is_in = all(each.is_in for each in found) if needs_all else any(each.is_in for each in found)
            told = {reason: None for each in found if each.is_in == is_in for reason in each.by}
            return Membership(is_in=is_in, by=tuple(told))
        case Leaf(name="audience"):
            return verdict(facts.saved[expression.arguments[0]], facts, denied=denied)
    no_consent = expression.uses_commune and not facts.agreed_commune
    reason = DecidingLeaf(text=f"not {expression}" if denied else str(expression), no_consent=no_consent)
    return Membership(is_in=not no_consent and facts.holds(expression) != denied, by=(reason,))


Test = Callable[[Somebody, tuple[str, ...], Setting], bool]
"""Whether a leaf with these arguments holds for somebody."""


def _lives_in(person: Somebody, arguments: tuple[str, ...], _: Setting) -> bool:
    (area,) = arguments
    if area == EVERYWHERE:
        return True
    if person.territory == ABROAD:
        return area == ABROAD_AREA
    return person.commune is not None and contains(area, person.commune)


def _near(person: Somebody, arguments: tuple[str, ...], setting: Setting) -> bool:
    commune, km = arguments
    return person.commune in setting.within[commune, int(km)]


def _answered_event(person: Somebody, arguments: tuple[str, ...], _: Setting) -> bool:
    code, wanted = arguments
    found = [each for event, each in person.answers.items() if code in (ANY, event)]
    if wanted == SILENT:
        return not found
    if wanted in ATTENDED:
        return any(each.attended is ATTENDED[wanted] for each in found)
    if wanted == WAITLISTED:
        return any(each.answer in ON_THE_LIST for each in found)
    return any(each.answer == wanted for each in found)


ATTENDED = {"attended": True, "absent": False}
WAITLISTED = "waitlisted"
"""Who waits for a seat, or was offered one."""


def _intends(person: Somebody, arguments: tuple[str, ...], _: Setting) -> bool:
    ballot, wanted = arguments
    return (person.said.get(int(ballot), _NOTHING).intention or SILENT) == wanted


def _planned(person: Somebody, arguments: tuple[str, ...], _: Setting) -> bool:
    ballot, wanted = arguments
    slot = person.said.get(int(ballot), _NOTHING).slot
    return slot is not None if wanted == ANY else (slot or "none") == wanted


def _voted(person: Somebody, arguments: tuple[str, ...], _: Setting) -> bool:
    ballot, wanted = arguments
    return (person.said.get(int(ballot), _NOTHING).vote or SILENT) == wanted


def _chose(person: Somebody, arguments: tuple[str, ...], _: Setting) -> bool:
    code, wanted = arguments
    chosen = person.chosen.get(code, ())
    if wanted in (ANY, NONE):
        return bool(chosen) == (wanted == ANY)
    question, _dot, option = wanted.rpartition(".")
    return any(each == option and question in ("", of) for of, each in chosen)


HOLDS: Mapping[str, Test] = MappingProxyType(
    {
        "in": _lives_in,
        "near": _near,
        "language": lambda person, arguments, _: person.language == arguments[0],
        "volunteer": lambda person, *_: person.volunteer,
        "staff": lambda person, *_: person.is_staff,
        "recruited": lambda person, *_: person.is_recruited,
        "recruiter": lambda person, *_: person.is_recruiter,
        "named": lambda person, *_: person.agreed_team,
        "rsvp": _answered_event,
        "intention": _intends,
        "plan": _planned,
        "vote": _voted,
        "survey": _chose,
        "joined": lambda person, arguments, setting: period_of(arguments[0], setting.now).holds(
            person.joined_at
        ),
        "seen": lambda person, arguments, setting: period_of(arguments[0], setting.now).holds(person.seen_at),
        "got": lambda person, arguments, _: int(arguments[0]) in person.got,
        "answered": lambda person, arguments, _: int(arguments[0]) in person.answered,
        "sample": lambda person, arguments, setting: setting.sampling.draws(person.id, int(arguments[0])),
    }
)
"""How each leaf is read of one person; `audience` is read as what was saved."""
