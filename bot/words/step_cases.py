"""The values with which a reminder step may be worded: in each ballot and territory, with each plan and place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, time
from itertools import product
from typing import Any

from bot.campaign.campaign import Campaign
from bot.frozen import Frozen
from bot.links import friend_link
from bot.rules.ballots import Ballot
from bot.rules.polling_places import (
    EVERY_ROUND,
    MOST_ADDRESS,
    MOST_NAME,
    MOST_STREETS,
    NOWHERE_KNOWN,
    PollingPlace,
    Where,
)
from bot.rules.reminders import territory_followed
from bot.rules.steps import Step
from bot.words.step_values import values_for_step
from db.people import Person
from db.vote_plans import VotePlan

_Planned = tuple[VotePlan | None, str]
_Plans = list[_Planned]
_Placed = tuple[Where, str]
"""A plan or a place, with what is told of it."""

_NOW = datetime(2000, 1, 1, tzinfo=UTC)
BOT_NAME = "x" * 32
_SOMEBODY = Person._make([None] * len(Person._fields))._replace(pseudonym="0" * 16)
# As long as a file of polling places may make them.
_FIRST, _SECOND = (
    PollingPlace(
        id=number,
        commune="69123",
        ballot=EVERY_ROUND,
        name="M" * MOST_NAME,
        address="M" * MOST_ADDRESS,
        streets="M" * MOST_STREETS,
        opens=time(8, 30),
        closes=time(19, 30),
        latitude=0.0,
        longitude=0.0,
    )
    for number in (2**31 - 2, 2**31 - 1)
)
_PLACES: tuple[_Placed, ...] = (
    (Where(place=_FIRST, choices=(_FIRST, _SECOND)), "a polling place chosen"),
    (Where(place=_FIRST), "a polling place known"),
    (Where(choices=(_FIRST, _SECOND)), "polling places to choose from"),
    (NOWHERE_KNOWN, "no polling place known"),
)
_LINKS = (friend_link(BOT_NAME, _SOMEBODY.pseudonym), None)
_SAID = {
    "intention": ("will", "unsure", "cannot"),
    "departure": ("home", "work", "elsewhere"),
    "company": ("alone", "family", "friends"),
    "vote": ("voted", "later", "cannot"),
}


class Case(Frozen):
    """One way a step may be worded; `told` names it for people."""

    language: str
    told: str
    values: Mapping[str, Any]


Cases = Callable[[Campaign, Step, str], Iterator[Case]]
"""All that are tried of a step in a language."""


def every_case(campaign: Campaign, step: Step, language: str) -> Iterator[Case]:
    """Every value of everything a step is given, though not each beside each.

    In every ballot and territory; all that a plan may hold, and that may be known of the place, where the territory
    is not known.
    """
    for ballot, territories, plans in _ballots(campaign, step):
        tried = [*product(territories, plans[:2], _PLACES[:1], _LINKS[:1])]
        if territory_followed(None, ballot) is not None:
            tried += product([None], plans, _PLACES[:1], _LINKS[:1])
            tried += product([None], plans[:2], _PLACES, _LINKS)
        yield from _told(campaign, ballot, language, tried)


def whole_cases(campaign: Campaign, step: Step, language: str) -> Iterator[Case]:
    """Each ballot and territory, with a whole plan and a place: all that a campaign file writes."""
    for ballot, territories, plans in _ballots(campaign, step):
        unknown = [None] if territory_followed(None, ballot) is not None else []
        yield from _told(
            campaign, ballot, language, product([*territories, *unknown], plans[1:2], _PLACES[:1], _LINKS[:1])
        )


def _ballots(campaign: Campaign, step: Step) -> Iterator[tuple[Ballot, tuple[str, ...], _Plans]]:
    """The ballots a step belongs to, each with its territories and the plans people may have for it."""
    for ballot in campaign.ballots:
        if step.belongs_to(ballot.number):
            yield ballot, tuple(ballot.territories), _plans(campaign, ballot)


def _told(
    campaign: Campaign,
    ballot: Ballot,
    language: str,
    tried: Iterable[tuple[str | None, _Planned, _Placed, str | None]],
) -> Iterator[Case]:
    for territory, (plan, planned), (where, place), link in tried:
        told = f"ballot {ballot.number}, {territory or 'territory unknown'}, {planned}, {place}"
        values = _values(campaign, ballot, territory, language, plan, where)
        yield Case(language=language, told=told, values={**values, "friend_link": link})


def _values(
    campaign: Campaign,
    ballot: Ballot,
    territory: str | None,
    language: str,
    plan: VotePlan | None,
    where: Where,
) -> Mapping[str, Any]:
    zone = ballot.polling(territory).zone.key if territory is not None else None
    return values_for_step(
        person=_SOMEBODY._replace(territory=territory, zone=zone, language=language),
        plan=plan,
        campaign=campaign,
        ballot=ballot.number,
        language=language,
        bot_username=BOT_NAME,
        now=_NOW,
        where=where,
    )


def _plans(campaign: Campaign, ballot: Ballot) -> _Plans:
    """No plan, a whole one, then each answer alone and beside the others."""
    empty = VotePlan(
        person=0,
        ballot=ballot.number,
        intention=None,
        slot=None,
        departure=None,
        company=None,
        vote=None,
        at=_NOW,
    )
    said = {"slot": tuple(slot.name for slot in campaign.slots), **_SAID}
    whole = {name: answers[0] for name, answers in said.items()}
    plans: _Plans = [
        (None, "without a plan"),
        (_with(empty, whole), "with a whole plan"),
    ]
    for name, answers in said.items():
        plans.append((_with(empty, {**whole, name: None}), f"with a plan without {name}"))
        for answer in answers:
            plans.append((_with(empty, {name: answer}), f"with {name} “{answer}” alone"))
            plans.append((_with(empty, {**whole, name: answer}), f"with {name} “{answer}”"))
    return plans


def _with(plan: VotePlan, answers: Mapping[str, str | None]) -> VotePlan:
    return VotePlan(**{**vars(plan), **answers})
