"""What staff type of whom a message is for, in the chat: an expression, a sentence, or a place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher, get_close_matches
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

import db.areas
import db.broadcast_accounts
import db.events
import db.saved_audiences
import db.surveys
from bot.actions.audiences import TypedArea, as_far_as, places_named
from bot.actions.authority import Author, area_name
from bot.actions.expressions import Asked, ExpressionOccasion, setting_of
from bot.errors import BadAudience
from bot.frozen import Frozen
from bot.rules.areas import CITY_DEPARTMENTS
from bot.rules.audience_limits import outside
from bot.rules.audience_sentences import Known, sentence_in
from bot.rules.audience_words import AudienceWords
from bot.rules.communes.query import POSTAL_WORDS, without_box
from bot.rules.date_words import DateWords
from bot.rules.dates import is_date
from bot.rules.event_names import events_meant
from bot.rules.expression_text import WORDS, Spots, pointing, pointing_in, spotted
from bot.rules.expressions import Expression, leaves_of
from bot.rules.leaves import ANY, LEAVES, read_leaf
from bot.rules.permissions import Action
from bot.rules.saved_audiences import SavedAudience, shared_with
from bot.rules.typed import folded

_WRITTEN = re.compile(r"^\s*[{\[]|(?:^|[\s(])[A-Za-z]{2,12}:\S")
"""The beginning of JSON, or a condition such as `in:69`: what is typed is an expression, not a sentence."""
_PLAIN = {name for name, form in LEAVES.items() if not form.arguments}
_SIGNS = re.compile(r"[()\s]+")

_WORD = re.compile(r"\w+")
ROUGHLY, NEARLY = 0.5, 0.75
"""How much a word that is typed has in common with that of a place found for it; with one that is offered instead."""
MOST_LOOKED_AT, MOST_OFFERED = 10, 3

ELSEWHERE = "elsewhere"
"""Why a place is refused that lies where the author may not write to anybody."""


class Typed(Frozen):
    """What was typed: whom it means; or the places that it may mean (none: no place either), where it is one word or
    name alone.
    """

    expression: Expression | None
    places: tuple[TypedArea, ...] = ()


async def read(
    tx: AsyncConnection, author: Author, typed: str, *, words: AudienceWords, dates: DateWords
) -> Typed:
    """What was typed. Raises BadAudience that points at the word, also where the author may not ask for it."""
    if _is_written(typed):
        expression, spots = _spotted(author, typed)
        asked = Asked(expression=expression, spots=spots, text=typed)
        await require_usable(tx, author, asked)
        return Typed(expression=expression)
    typed = without_box(typed)  # before its comma is one between two conditions
    places = places_named(author.gazetteer, typed)
    if places and folded(places[0].name).startswith(folded(typed)):
        if len(places) > 1 or places[0].kind == "commune":
            return Typed(expression=None, places=tuple(places))
        return await _place_alone(tx, author, typed, places[0])
    if is_date(typed, dates):  # of which something would sound like a commune
        raise pointing_in(typed, 0, len(typed), "date")
    try:
        expression, spots = sentence_in(typed, words, await _known(tx, author, dates))
    except BadAudience as fault:
        if fault.values["why"] == "not_understood" and fault.values["word"] == typed.strip():
            _require_names_alone(typed, places, words)
            return Typed(expression=None, places=tuple(places))
        raise
    await require_usable(tx, author, Asked(expression=expression, spots=spots, text=typed))
    return Typed(expression=expression)


def _spotted(author: Author, typed: str) -> tuple[Expression, Spots]:
    """The expression that is typed; areas that are offered in place of one that does not exist bear their names."""
    try:
        return spotted(typed)
    except BadAudience as fault:
        if fault.values["why"] == "no_area":
            near = fault.values["choices"]
            fault.values["choices"] = [f"{each} ({area_name(author.gazetteer, each)})" for each in near]
        raise


def _require_names_alone(typed: str, places: Sequence[TypedArea], words: AudienceWords) -> None:
    """Raises BadAudience at a word that is in the name of no place found: whoever writes to the young of Lyon must not
    be asked how far around Lyon, as if they had been understood.
    """
    names = {word for each in places for word in _WORD.findall(folded(each.name))}
    silent = {*POSTAL_WORDS, *(folded(word) for word in (*words.around, *words.who))}
    for found in _WORD.finditer(typed) if places else ():
        word = folded(found[0])
        if word in silent or word.isdigit() or get_close_matches(word, names, n=1, cutoff=ROUGHLY):
            continue
        raise pointing_in(typed, *found.span(), "not_understood")


def _is_written(typed: str) -> bool:
    """Whether it is an expression: `volunteer and not staff` is one too, every word of which stands in one."""
    words = set(filter(None, _SIGNS.split(typed.casefold())))
    return _WRITTEN.search(typed) is not None or (bool(words & _PLAIN) and words <= {*_PLAIN, *WORDS})


async def _place_alone(tx: AsyncConnection, author: Author, typed: str, place: TypedArea) -> Typed:
    leaf = read_leaf(f"in:{place.area}")
    await require_usable(tx, author, Asked(expression=leaf, spots={leaf: (0, len(typed))}, text=typed))
    return Typed(expression=leaf)


async def require_usable(tx: AsyncConnection, author: Author, asked: Asked) -> None:
    """Raises BadAudience for what does not exist, or lies where the author may not look."""
    occasion = ExpressionOccasion(campaign=author.campaign, gazetteer=author.gazetteer, now=author.now)
    setting = await setting_of(tx, asked, occasion)
    leaves = tuple(leaves_of(asked.expression))
    codes = {leaf.arguments[0] for leaf in leaves if leaf.name == "rsvp"} - {ANY}
    visible = {each.event.code for each in await events_known(tx, author)} if codes else set()
    saved = await saved_known(tx, author) if any(leaf.name == "audience" for leaf in leaves) else {}
    numbers = {int(leaf.arguments[0]) for leaf in leaves if leaf.name in ("got", "answered")}
    sent = await db.broadcast_accounts.get_many(tx, numbers) if numbers else {}
    asked_in = {leaf.arguments[0] for leaf in leaves if leaf.name == "survey"}
    surveys = await db.surveys.of_codes(tx, asked_in) if asked_in else {}
    areas = author.areas(Action.BROADCAST)
    elsewhere = set(outside(asked.expression, as_far_as(author.campaign, areas), setting.within))
    for leaf in leaves:
        first = leaf.arguments[0] if leaf.arguments else ""
        fault: BadAudience | None = None
        if leaf.name == "rsvp" and first in codes - visible:
            fault = BadAudience(f"The event {first} is not one of yours.", why="not_your_event")
        elif leaf.name == "audience" and first not in saved:
            fault = BadAudience(f"The audience {first} belongs to another area.", why="not_your_saved")
        elif leaf.name in ("got", "answered") and not shared_with(sent[int(first)].area, areas):
            fault = BadAudience(f"Message {first} was for another area.", why="not_your_message")
        elif leaf.name == "survey" and not author.may_control(surveys[first].area, surveys[first].created_by):
            fault = BadAudience(f"The survey {first} is not one of yours.", why="not_your_survey")
        elif leaf in elsewhere:
            names = [area_name(author.gazetteer, area) for area in areas]
            fault = BadAudience(f"{leaf} lies outside of {', '.join(names)}.", why=ELSEWHERE, areas=names)
        if fault is not None:
            raise pointing(asked.spots.get(leaf), str(leaf), fault, asked.text)


async def saved_known(tx: AsyncConnection, author: Author) -> dict[str, SavedAudience]:
    """The saved audiences that staff of the author's areas share, by name."""
    areas = author.areas(Action.BROADCAST)
    every = await db.saved_audiences.all_saved(tx)
    return {name: each for name, each in every.items() if shared_with(each.area, areas)}


async def events_known(
    tx: AsyncConnection, author: Author, *, most: int = db.events.MOST_NAMED
) -> Sequence[db.events.EventInWords]:
    """The events, past and to come, whose answers the author may read: the latest first."""
    if not author.areas(Action.BROADCAST):
        return []
    areas = [db.areas.event_in(area) for area in author.areas(Action.SEE_EVENT_ANSWERS)]
    return await db.events.latest(tx, author=author.id, areas=areas, most=most)


async def _known(tx: AsyncConnection, author: Author, dates: DateWords) -> Known:
    saved, known = await saved_known(tx, author), await events_known(tx, author)
    ballots = tuple(ballot.number for ballot in author.campaign.ballots)
    coming = author.campaign.next_ballot(author.now)

    def commune(name: str) -> str | None:
        found = author.gazetteer.search(name, limit=2)
        return found.results[0].code if found.confident else None

    def alike(name: str) -> list[str]:
        found = author.gazetteer.search(name, limit=MOST_LOOKED_AT).results
        near = [
            f"{each.name} ({each.department})"
            for each in found
            if SequenceMatcher(None, folded(name), folded(each.name)).ratio() >= NEARLY
        ]
        return near[:MOST_OFFERED]

    def place(name: str) -> Expression | None:
        places = places_named(author.gazetteer, name)
        if places and places[0].area in CITY_DEPARTMENTS:
            places = places[:1]  # the city of its name is the same people
        if len(places) != 1 or (places[0].kind == "commune" and commune(name) is None):
            return None  # something that sounds like the only one found is no answer
        return read_leaf(f"in:{places[0].area}")

    def event(name: str) -> str | None:
        named = [
            (
                each.event.code,
                each.event.starts_at.astimezone(ZoneInfo(each.event.zone)).date(),
                _titles(each),
            )
            for each in known
        ]
        today = author.now.astimezone(ZoneInfo(author.person.zone or "Europe/Paris")).date()
        meant = events_meant(name, named, dates, today=today)
        return meant[0] if len(meant) == 1 else None

    return Known(
        commune=commune,
        alike=alike,
        place=place,
        event=event,
        saved=lambda name: read_leaf(f"audience:{folded(name)}") if folded(name) in saved else None,
        ballot=coming.number if coming is not None else ballots[-1],
        ballots=ballots,
    )


def _titles(event: db.events.EventInWords) -> tuple[str, ...]:
    """What an event is called, in every language."""
    return tuple(text.title for text in event.texts.values() if text.title)
