"""How many of a group that its reader chose: blurred, so that no skill in choosing groups tells of one person.

Any exact border, of tens too, can be moved to where a single person crosses it: a group is grown person by person until
its ten is full, and then somebody is added who is in it only if they voted. Nor does it help to refuse a group too near
to another one, for the refusal tells, nor to give equal groups equal noise, for then what is equal shows. So the noise
belongs to the question: normal, `SPREAD` people wide, drawn by the campaign's own key, and the same within an hour
whoever asks, as is the number itself: what changes meanwhile shows in the next hour, in another noise.

Whoever asks of one group in many words would average the noise away. Each different question of a day is therefore
one of `FINE`, and those beyond are blurred ten times as much: nobody is ever kept from working, and what can be learnt
of one person is bounded. `tests/rules/test_blurring.py` plays who tries.

Noise alone would contradict itself: fewer people, and a larger number. So nobody reads more of a group than they were
just told of one that holds it, nor less than of one that it holds, whichever they asked of first. That takes nothing
but the blurred numbers that the same reader was told, and the words of the questions: whoever is given those numbers
could do it themselves, and learns nothing by it. What colleagues were told plays no part.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import Protocol, TypeVar

from bot.frozen import Frozen
from bot.rules.entailment import is_within, subjects_of
from bot.rules.expressions import All, AnyOf, Expression, Not, text_of
from bot.rules.sampling import Sampling
from bot.rules.small_counts import LEAST, NOBODY, Headcount, Reader, in_tens

SPREAD = 12
"""The standard deviation of the noise, in people: 19 numbers of 20 are less than 25 away from the truth."""
FINE = 60
"""Different questions that somebody is answered in tens on one day; later ones are answered in hundreds."""
COARSER = 10
MOST_COARSE = 20_000
"""Numbers in hundreds that are kept: one that is asked again after as many others is counted anew, which tells nothing.
Those in tens are kept for the day, a few for each member of the team."""
MOST_TOLD = 100
"""Numbers of each reader to which others are held: a path of steps is shorter."""
_NORMAL = NormalDist()

Part = TypeVar("Part")


class CountQuestion(Frozen):
    """Of how many somebody is told: the others of a `group`, as far as it is `about` this; `at` this instant."""

    reader: Reader
    group: Expression
    key: Sampling
    at: datetime
    about: str = ""

    @property
    def hour(self) -> str:
        return self.at.isoformat()[:13]

    @property
    def words(self) -> str:
        """The canonical words for it."""
        return f"{self.about} {words_of(self.group)}"


class Tells(Protocol):
    """Makes of a true number, of the whole (``) or a `part` of what is asked, the one that the reader may have."""

    def __call__(
        self, people: Headcount, part: str = "", *, between: tuple[int, int] | None = None
    ) -> Headcount: ...


def exactly(people: Headcount, part: str = "", *, between: tuple[int, int] | None = None) -> Headcount:
    """As it is: for whoever reads every number, and for what is worked with and not told."""
    return people


def words_of(expression: Expression) -> str:
    """An expression in words that are the same for those that differ in their order alone."""
    match expression:
        case Not(part):
            return f"not ({words_of(part)})"
        case All(parts) | AnyOf(parts):
            name = "all" if isinstance(expression, All) else "any"
            return f"{name}({', '.join(sorted({words_of(part) for part in parts}))})"
    return text_of(expression)


class ToldNumber(Frozen):
    """What somebody was told of a group: so many, in whole tens or hundreds. `subjects`: what chooses the group."""

    question: CountQuestion
    subjects: frozenset[str]
    about: int
    total: int


@dataclass(kw_only=True)
class Ledger:
    """What was asked and told this day: in memory, of one process. A question is its hour and its words."""

    _day: str = ""
    _asked: dict[int | None, set[tuple[str, str]]] = field(default_factory=dict)
    _fine: dict[tuple[str, str], int] = field(default_factory=dict)
    _coarse: OrderedDict[tuple[str, str], int] = field(default_factory=OrderedDict)
    _told: dict[Reader, OrderedDict[tuple[str, str], ToldNumber]] = field(default_factory=dict)

    def tell(
        self,
        question: CountQuestion,
        people: Headcount,
        part: str = "",
        *,
        between: tuple[int, int] | None = None,
    ) -> Headcount:
        """The number as the reader may have it, in whole tens or hundreds. Asked again within the hour it is the same,
        unless `MOST_TOLD` others were asked in between. `between`: the least and the most that the numbers leave for it
        beside which it stands, as this reader was told them.
        """
        if question.reader.is_exact:
            return people
        self._begin(question.at)
        words = question.words
        told = self._told.setdefault(question.reader, OrderedDict())
        before = told.get((part, words))
        if before is None or before.question.hour != question.hour:
            about, number = self._blurred(question, people, f"{part}|{words}")
            subjects = subjects_of(question.group)
            related = list(_related(told, part, question, subjects))
            total = _in_whole(people.known, number, about)
            if between is not None:
                total = min(max(total, between[0]), between[1])
            total = _between(related, total)
            before = ToldNumber(question=question, subjects=subjects, about=about, total=total)
        told[part, words] = before
        told.move_to_end((part, words))
        while len(told) > MOST_TOLD:
            told.popitem(last=False)
        return _as(people.known, before.total, before.about)

    def _blurred(self, question: CountQuestion, people: Headcount, words: str) -> tuple[int, int]:
        """To what the number of the others is rounded, and that number with its noise."""
        asked = (question.hour, words)
        is_fine = self._is_fine(question.reader.person, asked)
        about, told = (LEAST, self._fine) if is_fine else (LEAST * COARSER, self._coarse)
        if asked not in told:
            told[asked] = max(0, people.others + _noise(question, words, about))
        number = told[asked]
        while len(self._coarse) > MOST_COARSE:
            self._coarse.popitem(last=False)
        return about, number

    def _begin(self, now: datetime) -> None:
        day = now.isoformat()[:10]
        if day != self._day:
            self._day, self._asked, self._fine, self._coarse = day, {}, {}, OrderedDict()
            self._told = {}

    def _is_fine(self, person: int | None, asked: tuple[str, str]) -> bool:
        """Whether it is among the first questions of somebody's day: that it stays."""
        first = self._asked.setdefault(person, set())
        if len(first) < FINE:
            first.add(asked)
        return asked in first


def _in_whole(known: int, others: int, about: int) -> int:
    """In whole tens or hundreds: at least one of them, and no fewer than are known."""
    nearest = max(1, round((known + others) / about)) * about
    return max(nearest, in_tens(known + LEAST - 1))


def _as(known: int, total: int, about: int) -> Headcount:
    """So many in all, of whom so many are known."""
    known = min(known, total)
    return Headcount(known=known, others=total - known, about=about)


def _related(
    told: Mapping[tuple[str, str], ToldNumber], part: str, question: CountQuestion, subjects: frozenset[str]
) -> Iterator[tuple[bool, ToldNumber]]:
    """What the reader was told within an hour of groups in which this one lies (True), and of those that lie in it."""
    asked = question.words
    for (of_part, words), each in told.items():
        if of_part != part or each.question.about != question.about or words == asked:
            continue
        is_apart = subjects and each.subjects and subjects.isdisjoint(each.subjects)
        if is_apart or question.at - each.question.at >= timedelta(hours=1):
            continue
        if is_within(question.group, each.question.group):
            yield True, each
        if is_within(each.question.group, question.group):
            yield False, each


def _between(related: Sequence[tuple[bool, ToldNumber]], total: int) -> int:
    """The number, no more than of any wider group and no less than of any narrower one, as they were told."""
    narrower = [each.total for is_wider, each in related if not is_wider]
    wider = [each.total for is_wider, each in related if is_wider]
    return min([max([total, *narrower]), *wider])


def _noise(question: CountQuestion, words: str, about: int) -> int:
    key = question.key
    secret = f"{key.factor}:{key.shift}:{key.mixer}".encode()
    digest = hmac.new(secret, f"{question.hour}|{about}|{words}".encode(), hashlib.sha256).digest()
    uniform = (int.from_bytes(digest[:8]) + 0.5) / 2**64
    return round(_NORMAL.inv_cdf(uniform) * SPREAD * about / LEAST)


def joined(before: Headcount, more: Headcount, *, is_apart: bool) -> tuple[int, int] | None:
    """Between which numbers those are who are in one of two groups, of whose people this was told; None: nothing of
    them was blurred. `is_apart`: nobody is in both.
    """
    if not (before.about and more.about):
        return None
    both = before.total + more.total
    return (both if is_apart else max(before.total, more.total)), both


def shared_out(parts: Mapping[Part, Headcount], tells: Tells, *, home: Part) -> dict[Part, Headcount]:
    """What a whole is made of, as it is told: parts that add up to it. Each is told, as far as the whole goes, and the
    one where people are `home`, as far as nothing is known of them, is what the others leave. An empty whole looks like
    one of a few: all of it seems to be at home.
    """
    whole = tells(sum(parts.values(), start=NOBODY))
    if not whole.about:
        return dict(parts)
    others = {name: people for name, people in parts.items() if people.total and name != home}
    told = {name: tells(people, str(name)) for name, people in others.items()}
    rest = home
    if others and not parts[home].total:  # nobody is at home: the largest of the others is what is left
        rest = max(told, key=lambda name: told[name].total)
        del told[rest]
    left = whole.total - sum(in_tens(parts[name].known) for name in (rest, *told))
    shares: dict[Part, int] = {}
    for name, people in told.items():
        least = in_tens(parts[name].known)
        shares[name] = least + min(max(0, people.total - least), max(0, left))
        left -= shares[name] - least
    shares[rest] = in_tens(parts[rest].known) + max(0, left)
    shown = {name: _somebody(_as(parts[name].known, share, whole.about)) for name, share in shares.items()}
    return {**parts, **shown}


def _somebody(people: Headcount) -> Headcount:
    return people if people.total else replace(people, others=1)
