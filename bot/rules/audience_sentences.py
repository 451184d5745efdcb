"""Reading an audience that is typed as a sentence: “within 20 km of Lyon, said yes to the meeting of Thursday, minus
those who have voted”.

Conditions are joined by commas, `and`, `or` and `except`, in the words of every language. `and` binds closer than `or`,
a comma least; places side by side are several places; whatever follows `except` is taken away, from all before it.
Parentheses where a condition could begin hold a sentence together; others belong to a name, `Saint-Denis (93)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NoReturn

from bot.errors import BadAudience
from bot.frozen import Frozen
from bot.rules.audience_building import PLACES, is_about
from bot.rules.audience_words import ABOUT_EVENTS, ABOUT_VOTES, AudienceWords
from bot.rules.entailment import is_within
from bot.rules.expression_text import Spot, Spots, pointing, pointing_in
from bot.rules.expressions import (
    EVERYBODY,
    All,
    AnyOf,
    Expression,
    Not,
    canonical,
    leaves_of,
    require_small,
)
from bot.rules.leaves import MAX_RADIUS_KM, Leaf, read_leaf
from bot.rules.typed import folded

_TOKEN = re.compile(r"[«“\"][^«»“”\"]*[»”\"]|[\w][\w-]*|[,;()]")
_BRACKETS = ("(", ")")
_QUOTES = '«»“”" \u00a0\u202f'

_LEAVES = {"everybody": "in:FR", "abroad": "in:abroad"}


class Known(Frozen):
    """What names mean: each gives an expression, None where there is no such thing, or raises BadAudience.

    `alike`: the communes that are called nearly so. `ballot`: the one that is meant where no other is named, and all
    there are.
    """

    commune: Callable[[str], str | None]
    alike: Callable[[str], Sequence[str]]
    place: Callable[[str], Expression | None]
    event: Callable[[str], str | None]
    saved: Callable[[str], Expression | None]
    ballot: int
    ballots: tuple[int, ...]


class _Token(Frozen):
    text: str
    start: int
    end: int
    closing: int = 0  # of a parenthesis that opens: which token closes it

    @property
    def folded(self) -> str:
        return folded(self.text.strip(_QUOTES))

    @property
    def is_quoted(self) -> bool:
        return self.text[0] in _QUOTES


class _Term(Frozen):
    """A condition, and what joins it to those before it: `and`, `or`, `except` or a comma. It is a sentence
    of its own where it begins with a parenthesis.
    """

    join: str
    tokens: tuple[_Token, ...]


def sentence_in(text: str, words: AudienceWords, known: Known) -> tuple[Expression, Spots]:
    """The canonical expression of a sentence, and where its leaves stand. Raises BadAudience that points at what is not
    understood.
    """
    sentence = _Sentence(text=text, words=words, known=known)
    return sentence.read(), sentence.spots


@dataclass(kw_only=True)
class _Sentence:
    text: str
    words: AudienceWords
    known: Known
    terms_read: int = 0
    spots: dict[Leaf, Spot] = field(default_factory=dict)

    def read(self) -> Expression:
        tokens = self.tokens()
        if all(token.text in "(),;" for token in tokens):
            # signs alone mean nobody in particular, and certainly not everybody
            raise pointing_in(self.text, 0, len(self.text), "not_understood")
        return canonical(self.whole(tokens, 0))

    def tokens(self) -> tuple[_Token, ...]:
        """The words, and the parentheses with where they close."""
        found = [
            _Token(text=each[0], start=each.start(), end=each.end()) for each in _TOKEN.finditer(self.text)
        ]
        open_ones: list[int] = []
        for at, token in enumerate(found):
            if token.text == "(":
                open_ones.append(at)
            elif token.text == ")":
                if not open_ones:
                    self.refuse((token,), "closes_nothing")
                opening = open_ones.pop()
                found[opening] = replace(found[opening], closing=at - opening)
        return tuple(found)

    def group_at(self, tokens: tuple[_Token, ...], at: int) -> tuple[_Token, ...]:
        """What stands in parentheses, with them."""
        closing = tokens[at].closing
        if not closing:
            self.refuse(tokens[at : at + 1], "not_closed")
        return tokens[at : at + closing + 1]

    def whole(self, tokens: tuple[_Token, ...], nested: int) -> Expression:
        kept: list[list[list[Expression]]] = []  # segments between commas, of alternatives, of conditions
        left_out: list[Expression] = []
        excepting = has_place = False  # the last one: people of a place, another of which may follow
        for term in self.terms(tokens):
            excepting = excepting or term.join == "except"
            meant = self.meaning_of(term, nested)
            before = left_out if excepting else kept[-1][-1] if kept else []
            if before and has_place and is_about(meant, PLACES):
                before[-1] = _there_too(before[-1], meant)
                continue
            has_place = isinstance(meant, All) and not term.tokens[0].closing
            if excepting:
                left_out.append(meant)
            elif not kept or (term.join == "comma" and not self.continues(kept, meant)):
                kept.append([[meant]])
            elif term.join == "or" or self.continues(kept, meant):
                kept[-1].append([meant])
            else:
                kept[-1][-1].append(meant)
        segments: list[Expression] = [AnyOf(tuple(All(tuple(each)) for each in segment)) for segment in kept]
        denied: list[Expression] = [Not(AnyOf(tuple(left_out)))] if left_out else []
        parts: list[Expression] = [part for part in (*segments, *denied) if canonical(part) != EVERYBODY]
        return canonical(All(tuple(parts))) if parts else EVERYBODY

    def meaning_of(self, term: _Term, nested: int) -> Expression:
        self.terms_read += 1
        self.require_small(term.tokens[0], leaves=self.terms_read, nested=nested)
        closing = term.tokens[0].closing
        if not closing:
            return self.meaning(term.tokens)
        if following := term.tokens[closing + 1 :]:
            self.refuse(following, "not_joined")
        inside = term.tokens[1:closing]
        if all(token.text in ",;" for token in inside):
            self.refuse(term.tokens, "not_understood")
        return self.whole(inside, nested + 1)

    def require_small(self, token: _Token, *, leaves: int, nested: int) -> None:
        try:
            require_small(leaves=leaves, nested=nested)
        except BadAudience as fault:
            raise pointing((token.start, token.end), token.text, fault, self.text) from None

    def continues(self, kept: list[list[list[Expression]]], meant: Expression) -> bool:
        """Whether a place follows a place, or people of another one do: nobody means who is in both."""
        before = kept[-1][-1]
        follows = len(before) == 1 and is_about(before[0], PLACES)
        return follows and (is_about(meant, PLACES) or _is_elsewhere(before[0], meant))

    def terms(self, tokens: tuple[_Token, ...]) -> Iterator[_Term]:
        join, at = "comma", 0
        held: list[_Token] = []
        last: _Token | None = None
        while at < len(tokens):
            if tokens[at].text in _BRACKETS:
                if tokens[at].text == ")" or self.named(held):
                    at += 1  # it belongs to a name
                    continue
                held = list(self.group_at(tokens, at))
                at += len(held)
                continue
            found, length = self.join_at(tokens, at)
            said = self.said_at(tokens, at)
            if found is None and said > 1 and self.named(held):
                found, length = "and", 0  # “volunteers | without a plan”
            if found is not None:
                if held:
                    yield _Term(join=join, tokens=self.named(held) or tuple(held))
                    join, held = found, []
                join, last = found if found != "comma" else join, tokens[at]
            if not length or found is None:
                held += tokens[at : at + (length or said)]
            at += length or said
        if held:
            yield _Term(join=join, tokens=tuple(held))
        elif last is not None and join != "comma":
            raise pointing_in(self.text, last.start, last.end, "missing_after")

    def named(self, held: Sequence[_Token]) -> tuple[_Token, ...]:
        """Without the words after it that say nothing: “people of Lyon | who”."""
        who = {folded(each) for each in self.words.who}
        kept = tuple(held)
        while kept and kept[-1].folded in who and not self.ends_with_condition(kept):
            kept = kept[:-1]
        return kept

    def ends_with_condition(self, tokens: Sequence[_Token]) -> bool:
        """Whether the last words say a condition, as the last of “have voted”."""
        return any(self.said_at(tokens, at) == len(tokens) - at for at in range(len(tokens)))

    def said_at(self, tokens: Sequence[_Token], at: int) -> int:
        """How many words say a condition here."""
        return max((_longest(tokens, at, phrases) for phrases in self.words.said.values()), default=0)

    def join_at(self, tokens: Sequence[_Token], at: int) -> tuple[str | None, int]:
        """What joins here, and how many words say so; nothing: so many words belong to a condition."""
        if tokens[at].text in ",;":
            return "comma", 1
        within = _longest(tokens, at, self.words.within)
        if within and at + within < len(tokens) and tokens[at + within].text.isdigit():
            return None, within
        said = self.said_at(tokens, at)
        joins = [(_longest(tokens, at, phrases), name) for name, phrases in self.words.joins.items()]
        length, name = max(joins)
        if length and length >= said:
            return name, length
        return None, max(said, 1)

    def meaning(self, tokens: tuple[_Token, ...]) -> Expression:
        found = self.meant(tokens)
        for leaf in leaves_of(found):
            self.spots.setdefault(leaf, (tokens[0].start, tokens[-1].end))
        return found

    def meant(self, tokens: tuple[_Token, ...]) -> Expression:
        around = self.distance(tokens)
        if around is not None:
            return around
        for start in range(len(tokens)):
            rest = tokens[start:]
            found = self.condition(rest) or self.known.saved(self.slice(rest)) or self.place(rest)
            found = found or self.somewhere(rest)
            if found is not None:
                return found
            if not _longest(tokens, start, (*self.words.who, *self.words.around)):
                break
        length = self.said_at(tokens, 0)
        there = self.bare(tokens[length:], self.words.who) if length else ()
        if there and (choices := self.known.alike(self.slice(there))):  # “volunteers of | Lyonn”
            self.refuse(there, "not_understood", choices=choices)
        return self.refuse(tokens, "not_understood", choices=self.known.alike(self.slice(tokens)))

    def somewhere(self, tokens: tuple[_Token, ...]) -> Expression | None:
        """A condition with a place beside it: “volunteers of Lyon”."""
        length = self.said_at(tokens, 0)
        there = self.bare(tokens[length:], self.words.who) if length else ()
        place = self.place(there) if there else None
        told = None if place is None else self.condition(tokens[:length])
        return None if place is None or told is None else All((told, place))

    def distance(self, tokens: tuple[_Token, ...]) -> Expression | None:
        units = {folded(each) for each in self.words.kilometres}
        at = next(
            (
                number
                for number, token in enumerate(tokens[:-1])
                if token.text.isdigit() and tokens[number + 1].folded in units
            ),
            None,
        )
        if at is None:
            return None
        km = tokens[at]
        if len(km.text) > 3 or not 1 <= int(km.text) <= MAX_RADIUS_KM:
            self.refuse((km,), "bad_distance", most=MAX_RADIUS_KM)
        before, after = self.bare(tokens[:at]), self.bare(tokens[at + 2 :])
        named = after or before
        if not named:
            self.refuse(tokens, "no_place")
        commune = self.known.commune(self.slice(named))
        if commune is None:
            self.refuse(named, "no_commune", choices=self.known.alike(self.slice(named)))
        near = read_leaf(f"near:{commune}:{km.text}")
        who = self.bare(before, self.words.who) if after else ()
        # “Volunteers | within 20 km of Lyon”
        return All((self.meaning(who), near)) if who else near

    def condition(self, tokens: tuple[_Token, ...]) -> Expression | None:
        matched = [(_longest(tokens, 0, phrases), name) for name, phrases in self.words.said.items()]
        length, name = max(matched)
        if not length:
            return None
        rest = tokens[length:]
        if name in ABOUT_EVENTS:
            return self.answered(name, rest, tokens)
        if name in ABOUT_VOTES:
            number = next(
                (int(each.text) for each in rest if each.text.isdigit() and len(each.text) < 3), None
            )
            if number is not None and number not in self.known.ballots:
                self.refuse(rest, "no_ballot", choices=self.known.ballots)
            leaf = read_leaf(ABOUT_VOTES[name].format(number or self.known.ballot))
            told = Not(leaf) if name == "not_voted" else leaf
            there = self.bare(rest) if number is None else ()
            place = self.place(there) if there else None
            return told if place is None else All((told, place))
        return read_leaf(_LEAVES.get(name, name)) if not rest else None

    def answered(self, answer: str, rest: tuple[_Token, ...], tokens: tuple[_Token, ...]) -> Expression:
        named = self.bare(rest)
        if not named:
            return read_leaf(f"rsvp:any:{answer}")
        code = self.known.event(self.slice(named))
        if code is None:
            self.refuse(named, "no_such_event")
        return read_leaf(f"rsvp:{code}:{answer}")

    def place(self, tokens: tuple[_Token, ...]) -> Expression | None:
        return self.known.place(self.slice(tokens))

    def bare(self, tokens: tuple[_Token, ...], also: tuple[str, ...] = ()) -> tuple[_Token, ...]:
        """Without the words at either end that say nothing."""
        empty = (*self.words.within, *self.words.around, *also)
        while tokens and not tokens[0].is_quoted and (length := _longest(tokens, 0, empty)):
            tokens = tokens[length:]
        while tokens and not tokens[-1].is_quoted and (length := _last(tokens, empty)):
            tokens = tokens[:-length]
        return tokens

    def slice(self, tokens: tuple[_Token, ...]) -> str:
        return self.text[tokens[0].start : tokens[-1].end].strip(_QUOTES)

    def refuse(self, tokens: tuple[_Token, ...], why: str, **values: object) -> NoReturn:
        raise pointing_in(self.text, tokens[0].start, tokens[-1].end, why, **values)


def _is_elsewhere(place: Expression, meant: Expression) -> bool:
    """Whether people of a place live outside of another one: “Lyon, volunteers of Villeurbanne”. Of a place within it,
    “Rhône, volunteers of Lyon”, only they are meant.
    """
    there = [part for part in meant.parts if is_about(part, PLACES)] if isinstance(meant, All) else []
    areas = [leaf for each in (place, *there) for leaf in leaves_of(each)]
    if not there or any(leaf.name != "in" for leaf in areas):
        return False
    return not any(is_within(each, place) or is_within(place, each) for each in there)


def _there_too(before: Expression, place: Expression) -> Expression:
    """The same people in one more place: “volunteers of Lyon or Villeurbanne”."""
    assert isinstance(before, All)
    *who, there = before.parts
    return All((*who, AnyOf((there, place))))


@cache
def _words(phrase: str) -> list[str]:
    return re.findall(r"\w[\w-]*", folded(phrase))


def _last(tokens: Sequence[_Token], phrases: Sequence[str]) -> int:
    """How many words the longest of the phrases has that stands at the end; 0: none does."""
    most = min(len(tokens), max((len(_words(phrase)) for phrase in phrases), default=0))
    return max((at for at in range(1, most + 1) if _longest(tokens[-at:], 0, phrases) == at), default=0)


def _longest(tokens: Sequence[_Token], at: int, phrases: Sequence[str]) -> int:
    """How many words the longest of the phrases has that stands here; 0: none does."""
    best = 0
    for phrase in phrases:
        parts = _words(phrase)
        if len(parts) > best and [token.folded for token in tokens[at : at + len(parts)]] == parts:
            best = len(parts)
    return best
