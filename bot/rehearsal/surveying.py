"""A survey in a rehearsal: what the organizers ask, how people answer it, and what must have been kept of their taps,
worked out apart from the bot's own rules.

Three questions: who says yes to the first one is asked the second, of which several answers may be chosen; who says no
is asked the third at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from bot.campaign.campaign import Campaign
from bot.rehearsal.acts import Act, send, tap
from bot.rehearsal.cast import CastMember, paris
from bot.rules.kinds import Kind
from bot.words.texts import Texts

ASKED = (0, 13, time(10, 5))
CLOSED = (0, 9, time(18, 0))
"""(the ballot, days before it, Paris time): when it goes out, and when it closes."""
QUESTIONS, SEVERAL = 3, 1
"""How many there are, and which of them takes several answers (0: the first)."""
YES, NO = 0, 1
LEADS = {(0, NO): 2}
"""(question, option) -> the question that it leads to, where that is not the one below."""
AFTER_THE_END = timedelta(days=5)
SKIPPED = -1
"""Stands in the place of an option where a question was left out."""


# -- asking --


def ask(campaign: Campaign, texts: Texts, at: datetime) -> tuple[Act, ...]:
    """Everything up to the word that sends it."""

    def written(part: str) -> Iterator[Act]:
        for code in campaign.languages:
            yield send(texts.typed("rehearsal/survey", code, part=part).replace(" / ", "\n"))

    acts = [send("/survey"), tap("1:survey_new"), tap(f"1:survey_kind:{Kind.POLL}")]
    acts += [*written("title"), *written("purpose")]
    for number in range(QUESTIONS):
        acts += [tap("1:survey_more:another")] if number else []
        acts += [*written(f"question_{number}"), *written(f"options_{number}")]
        acts.append(tap(f"1:survey_several:{'several' if number == SEVERAL else 'one'}"))
    for (question, option), to in LEADS.items():
        acts += [tap(f"1:survey_leads:{question}"), tap(f"1:survey_lead:{question}:{option}:ask")]
        acts += [tap(f"1:survey_lead:{question}:{option}:{to}"), tap("1:survey_questions")]
    closes = at + timedelta(days=ASKED[1] - CLOSED[1])
    acts += [tap("1:survey_more:done"), tap("1:survey_audience"), send(f"{closes:%d/%m} {CLOSED[2]:%H:%M}")]
    return tuple(acts)


# -- answering --

_WAYS: tuple[tuple[str, ...], ...] = (
    ("0:choose:0", "1:choose:0", "1:choose:1", "1:next:0", "2:choose:0"),  # to its end
    ("0:choose:1", "2:choose:1"),  # by the short way
    ("0:choose:0", "1:choose:0", "1:back:0", "0:choose:1", "2:choose:0"),  # another answer, another way
    ("0:skip:0",),  # in the middle
    ("0:choose:0", "1:choose:0", "1:choose:0"),  # chosen, and not after all
    (),
)
_LATE, _TAKES_BACK = 6, 7


def answers(member: CastMember, code: str) -> tuple[timedelta, tuple[Act, ...]] | None:
    """After how long somebody answers, and by which taps: some after its end, some take it all back."""
    way = member.number % 8
    if way == _LATE:
        return AFTER_THE_END, ({**tap(f"1:survey:{code}:0:choose:0"), "optional": True},)
    taps = [tap(f"1:survey:{code}:{each}") for each in _WAYS[1 if way == _TAKES_BACK else way]]
    if way == _TAKES_BACK:
        taps += [tap(f"1:survey_mine:{code}:{said}") for said in ("ask", "yes")]
    return (timedelta(minutes=10), tuple(taps)) if taps else None


# -- what must have been kept --


class SurveyFault(StrEnum):
    """What may be so of no answer; each is a rule of the checker."""

    TWICE = "answered_twice"
    LATE = "answered_late"
    ASTRAY = "answered_astray"
    OTHERWISE = "answered_otherwise"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptOption:
    """An option that the bot kept of somebody, by their numbers; SKIPPED: the question was left out."""

    question: int
    option: int
    at: datetime


class SurveyAnswers:
    """The answers of one person, tap by tap."""

    def __init__(self) -> None:
        self.chosen: dict[int, set[int]] = {}

    def tap(self, parts: Sequence[str]) -> None:
        """A tap under the survey, that was taken: its question, what it does, its option."""
        question, move, option = int(parts[0]), parts[1], int(parts[2])
        if question not in asked(self.chosen):
            return
        if move == "skip":
            self.chosen[question] = set()
        elif move == "choose" and question == SEVERAL:
            self.chosen[question] = self.chosen.get(question, set()) ^ {option}
        elif move == "choose":
            self.chosen[question] = {option}
        self.chosen = {each: said for each, said in self.chosen.items() if each in asked(self.chosen)}

    def faults(self, kept: Collection[KeptOption], closes: datetime) -> Iterator[SurveyFault]:
        """What is wrong with what was kept of them."""
        found: dict[int, set[int]] = {}
        for each in kept:
            found.setdefault(each.question, set()).add(each.option)
        said = {question: options - {SKIPPED} for question, options in found.items()}
        if any(len(options) > 1 and (SKIPPED in options or at != SEVERAL) for at, options in found.items()):
            yield SurveyFault.TWICE
        if any(each.at >= closes for each in kept):
            yield SurveyFault.LATE
        if not found.keys() <= asked(said):
            yield SurveyFault.ASTRAY
        if said != self.chosen:
            yield SurveyFault.OTHERWISE


def asked(chosen: Mapping[int, Collection[int]]) -> set[int]:
    """The questions that these answers lead through, with the one that is open."""
    found, question = set(), 0
    while question < QUESTIONS:
        found.add(question)
        if question not in chosen:
            break
        only = next(iter(chosen[question])) if len(chosen[question]) == 1 else None
        question = LEADS.get((question, only), question + 1) if only is not None else question + 1
    return found


def closes_at(campaign: Campaign) -> datetime:
    """When no answer is taken any more."""
    return paris(campaign, *CLOSED)
