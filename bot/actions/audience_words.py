"""An audience in names: what `audience/_words` needs to say it as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.events
import db.surveys
from bot.actions.authority import Author, area_name
from bot.communes import Gazetteer
from bot.frozen import Frozen
from bot.rules.expressions import EVERYBODY, All, AnyOf, Expression, Not, leaves_of, stored, text_of
from bot.rules.leaves import ANY, Leaf
from bot.rules.surveys import Form, words_in
from db.events import text_in

MOST_SAID = 15
MOST_WRITTEN = 600
"""Characters of its text that are shown of an audience with more conditions than are said."""


class Phrase(Frozen):
    """A part of an audience: one condition (`name`, `arguments`), or `parts` that are joined by `all` or `any`.

    `denied`: except those. `place` and `title` name the place, the event or the survey that a condition is about, and
    `option` the answer; no title where that event is gone.
    """

    denied: bool = False
    joined: str | None = None
    parts: tuple[Phrase, ...] = ()
    name: str = ""
    arguments: tuple[str, ...] = ()
    place: str = ""
    title: str = ""
    option: str = ""


class RoughCircle(Frozen):
    """A radius around `place` that may be off by some kilometres: where its centre lies (`is_centre`), or where
    `rough` of its `communes` lie, is known roughly.
    """

    place: str
    is_centre: bool
    rough: int
    communes: int


class AudienceView(Frozen):
    """An audience in names, and what there is to know of its circles. `written`: its text, where it has so many
    conditions that nobody would read a sentence of them.
    """

    phrase: Phrase
    conditions: int
    written: str = ""
    circles: tuple[RoughCircle, ...] = ()


async def view(
    tx: AsyncConnection, expression: Expression, gazetteer: Gazetteer, *, language: str, fallback: str
) -> AudienceView:
    """The audience in a reader's language, with the titles of events in `fallback` where they have none in it."""
    leaves = tuple(leaves_of(expression))
    codes = {leaf.arguments[0] for leaf in leaves if leaf.name == "rsvp"} - {ANY}
    by_code = await db.events.texts_by_code(tx, codes) if codes else {}
    titles = {code: text_in(texts, language, fallback).title for code, texts in by_code.items()}
    asked = {leaf.arguments[0] for leaf in leaves if leaf.name == "survey"}
    surveys = await db.surveys.of_codes(tx, asked) if asked else {}
    named = _Named(
        events=titles, forms={code: each.form for code, each in surveys.items()}, language=language
    )
    circles = (_rough(leaf, gazetteer) for leaf in dict.fromkeys(leaves[:MOST_SAID]) if leaf.name == "near")
    return AudienceView(
        phrase=_phrase(expression, gazetteer, named, denied=False),
        conditions=len(leaves),
        written=text_of(expression)[:MOST_WRITTEN] if len(leaves) > MOST_SAID else "",
        circles=tuple(circle for circle in circles if circle is not None),
    )


async def view_for(tx: AsyncConnection, author: Author, audience: Any, language: str) -> AudienceView:
    """The audience that a broadcast was kept with, as staff read it."""
    return await view(
        tx, stored(audience), author.gazetteer, language=language, fallback=author.campaign.languages[0]
    )


class _Named(Frozen):
    """The titles of events and the forms of surveys, by their codes."""

    events: Mapping[str, str]
    forms: Mapping[str, Form]
    language: str

    def title(self, leaf: Leaf) -> str:
        first = leaf.arguments[0]
        if leaf.name == "survey":
            return words_in(self.forms[first].title, self.language) if first in self.forms else first
        return self.events.get(first, "") if leaf.name == "rsvp" else ""

    def option(self, leaf: Leaf) -> str:
        """What the option says; its name where the survey is gone."""
        code, wanted = leaf.arguments
        question, _dot, option = wanted.rpartition(".")
        found = self.forms[code].questions if code in self.forms else ()
        offered = (each for of in found if question in ("", of.id) for each in of.options)
        texts = (each.text for each in offered if each.id == option)
        return next((words_in(text, self.language) for text in texts), wanted)


def _phrase(expression: Expression, gazetteer: Gazetteer, named: _Named, *, denied: bool) -> Phrase:
    match expression:
        case Not(part):
            return _phrase(part, gazetteer, named, denied=not denied)
        case AnyOf((Leaf() as yes, Leaf() as maybe)) if _is_coming(yes, maybe):
            code = yes.arguments[0]  # as it was tapped, and as people say it
            return Phrase(denied=denied, name="rsvp", arguments=(code, "coming"), title=named.title(yes))
        case All(parts) | AnyOf(parts):
            joined = "all" if isinstance(expression, All) else "any"
            if joined == "all":  # “except those who voted, Lyon” would leave out Lyon, too
                said = [part for part in parts if part != EVERYBODY] or parts
                parts = tuple(sorted(said, key=lambda part: isinstance(part, Not)))
            within = tuple(_phrase(part, gazetteer, named, denied=False) for part in parts)
            return Phrase(denied=denied, joined=joined, parts=within)
    name, arguments = expression.name, expression.arguments
    return Phrase(
        denied=denied,
        name=name,
        arguments=arguments,
        place=area_name(gazetteer, arguments[0]) if name in ("in", "near") else "",
        title=named.title(expression) if arguments else "",
        option=named.option(expression) if name == "survey" else "",
    )


def _is_coming(one: Leaf, other: Leaf) -> bool:
    """Whether they are yes and maybe to one event."""
    is_of_event = one.name == other.name == "rsvp" and one.arguments[0] == other.arguments[0]
    return is_of_event and (one.arguments[1], other.arguments[1]) == ("yes", "maybe")


def _rough(leaf: Leaf, gazetteer: Gazetteer) -> RoughCircle | None:
    commune, km = leaf.arguments
    within = gazetteer.within(commune, int(km))
    rough = gazetteer.approximate_among(within)
    if not rough:
        return None
    return RoughCircle(
        place=area_name(gazetteer, commune),
        is_centre=commune in rough,
        rough=len(rough),
        communes=len(within),
    )
