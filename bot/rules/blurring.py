"""How many of a group that its reader chose: blurred, so that no skill in choosing groups tells of one person.

Any exact border, of tens too, can be moved to where a single person crosses it: a group is grown person by person until
its ten is full, and then somebody is added who is in it only if they voted. Nor does it help to refuse a group too near
to another one, for the refusal tells, nor to give equal groups equal noise, for then what is equal shows. So the noise
belongs to the question: normal, `SPREAD` people wide, drawn by the campaign's own key, and the same within an hour
whoever asks, as is the number itself: what changes meanwhile shows in the next hour, in another noise.

Whoever asks of one group in many words would average the noise away. Each different question of a day is therefore
one of `FINE`, and those beyond are blurred ten times as much: nobody is ever kept from working, and what can be learnt
of one person is bounded. `tests/rules/test_blurring.py` plays who tries.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import NormalDist
from typing import Protocol, TypeVar

from bot.frozen import Frozen
from bot.rules.expressions import All, AnyOf, Expression, Not, text_of
from bot.rules.sampling import Sampling
from bot.rules.small_counts import LEAST, NOBODY, Headcount, Reader

SPREAD = 12
"""The standard deviation of the noise, in people: 19 numbers of 20 are less than 25 away from the truth."""
FINE = 60
"""Different questions that somebody is answered in tens on one day; later ones are answered in hundreds."""
COARSER = 10
MOST_COARSE = 20_000
"""Numbers in hundreds that are kept: one that is asked again after as many others is counted anew, which tells nothing.
Those in tens are kept for the day, a few for each member of the team."""
_NORMAL = NormalDist()

Part = TypeVar("Part")


class Question(Frozen):
    """Of how many somebody is told: the others of a group, by the canonical words for it; `at` this instant."""

    reader: Reader
    words: str
    key: Sampling
    at: datetime

    @property
    def hour(self) -> str:
        return self.at.isoformat()[:13]


class Tells(Protocol):
    """Makes of a true number, of the whole (``) or a `part` of what is asked, the one that the reader may have."""

    def __call__(self, people: Headcount, part: str = "") -> Headcount: ...


def exactly(people: Headcount, part: str = "") -> Headcount:
    """As it is: for whoever reads every number, and for what is worked with and not told."""
    return people


def words_of(expression: Expression) -> str:
    """The same for expressions that differ in their order alone."""
    match expression:
        case Not(part):
            return f"not ({words_of(part)})"
        case All(parts) | AnyOf(parts):
            name = "all" if isinstance(expression, All) else "any"
            return f"{name}({', '.join(sorted({words_of(part) for part in parts}))})"
    return text_of(expression)


@dataclass(kw_only=True)
class Ledger:
    """What was asked and told this day: in memory, of one process. A question is its hour and its words."""

    _day: str = ""
    _asked: dict[int | None, set[tuple[str, str]]] = field(default_factory=dict)
    _fine: dict[tuple[str, str], int] = field(default_factory=dict)
    _coarse: OrderedDict[tuple[str, str], int] = field(default_factory=OrderedDict)

    def tell(self, question: Question, people: Headcount, part: str = "") -> Headcount:
        """The number as the reader may have it. Asked again within the hour it is the same."""
        if question.reader.is_exact:
            return people
        self._begin(question.at)
        words = f"{part}|{question.words}"
        asked = (question.hour, words)
        is_fine = self._is_fine(question.reader.person, asked)
        about, told = (LEAST, self._fine) if is_fine else (LEAST * COARSER, self._coarse)
        if asked not in told:
            told[asked] = max(0, people.others + _noise(question, words, about))
        number = told[asked]
        while len(self._coarse) > MOST_COARSE:
            self._coarse.popitem(last=False)
        return Headcount(known=people.known, others=number, about=about)

    def _begin(self, now: datetime) -> None:
        day = now.isoformat()[:10]
        if day != self._day:
            self._day, self._asked, self._fine, self._coarse = day, {}, {}, OrderedDict()

    def _is_fine(self, person: int | None, asked: tuple[str, str]) -> bool:
        """Whether it is among the first questions of somebody's day: that it stays."""
        first = self._asked.setdefault(person, set())
        if len(first) < FINE:
            first.add(asked)
        return asked in first


def _noise(question: Question, words: str, about: int) -> int:
    key = question.key
    secret = f"{key.factor}:{key.shift}:{key.mixer}".encode()
    digest = hmac.new(secret, f"{question.hour}|{about}|{words}".encode(), hashlib.sha256).digest()
    uniform = (int.from_bytes(digest[:8]) + 0.5) / 2**64
    return round(_NORMAL.inv_cdf(uniform) * SPREAD * about / LEAST)


def shared_out(parts: Mapping[Part, Headcount], tells: Tells, *, home: Part) -> dict[Part, Headcount]:
    """What a whole is made of: each part is told, and the one where people are `home`, as far as nothing is known of
    them, is what the others leave. An empty whole looks like one of a few: all of it seems to be at home.
    """
    others = {name: people for name, people in parts.items() if people.total and name != home}
    told = {name: _somebody(tells(people, str(name))) for name, people in others.items()}
    if others and not parts[home].total:
        return {**parts, **told}
    whole = tells(sum(parts.values(), start=NOBODY))
    left = whole.others - sum(people.others for people in told.values())
    here = replace(whole, known=parts[home].known, others=max(0, left))
    return {**parts, **told, home: _somebody(here)}


def _somebody(people: Headcount) -> Headcount:
    return people if people.total or not people.about else replace(people, others=1)
