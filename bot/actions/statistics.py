"""The numbers of an area, as its staff may see them. Small counts are hidden from those of one area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

import db.events
import db.statistics
from bot.actions.authority import Author, area_name
from bot.actions.canvass_results import DoorTotals, doors_in
from bot.actions.inbox_load import Load, load_in
from bot.frozen import Frozen
from bot.rules.areas import ABROAD_AREA, DEPARTMENTS, EVERYWHERE, department_of
from bot.rules.permissions import Action
from bot.rules.small_counts import Reader
from bot.rules.steps import StepQuestion
from db.events import text_in
from db.statistics import AnswerCount

MOST_PLACES = 9
MOST_EVENTS = 5

LOGGED = ("rsvp", "attendance", "came", *(question.value for question in StepQuestion))
"""The questions whose answers are counted: those that have few possible ones."""


class PlaceCount(Frozen):
    """A region, département or commune with its number of supporters, as shown."""

    area: str
    name: str
    count: str


class EventToCome(Frozen):
    """An event to come, as shown. Who made it, `within` which commune, tells who may open its page."""

    id: int
    code: str
    made_by: int | None
    within: str
    title: str
    starts_at: datetime
    zone: str
    commune: str


EventAnswers: TypeAlias = Mapping[int, Mapping[str, str]]


class AnswersToQuestion(Frozen):
    """The answers to one question, as shown."""

    question: str
    answers: tuple[tuple[str, str], ...]


class AreaStatistics(Frozen):
    """The numbers that /stats shows of an area. `wider`: the area around it, where the person may see that too."""

    area: str
    name: str
    wider: str | None
    level: str | None
    registered: str
    volunteers: str
    offers: tuple[tuple[str, str], ...]
    unreachable: str
    inbox: Load
    doors: DoorTotals | None
    places: tuple[PlaceCount, ...]
    # How many more of them there are than are shown.
    more_places: int
    ballots: Mapping[int, tuple[AnswersToQuestion, ...]]


async def overview(tx: AsyncConnection, author: Author, area: str) -> AreaStatistics:
    """The numbers of an area. Raises NotAllowed."""
    author.require(Action.SEE_STATISTICS, area)
    reader = author.reader
    heads = await db.statistics.heads(tx, area, reader.known_in)
    level = level_within(area)
    votes = await db.statistics.vote_answers(tx, area, reader.known_in)
    places = await _places(tx, author, area, level) if level else ()
    wider = wider_area(area)
    return AreaStatistics(
        area=area,
        name=area_name(author.gazetteer, area),
        wider=wider if wider is not None and author.may(Action.SEE_STATISTICS, wider) else None,
        level=level,
        registered=reader.shown(heads.registered),
        volunteers=reader.shown(heads.volunteers),
        offers=tuple(
            (tally.answer, reader.shown(tally.people))
            for tally in await db.statistics.offers(tx, area, reader.known_in)
            if reader.tells(tally.people)
        ),
        unreachable=reader.shown(heads.unreachable),
        inbox=await load_in(tx, area, author.now),
        doors=await doors_in(tx, area) if area != ABROAD_AREA else None,
        places=places[:MOST_PLACES],
        more_places=len(places[MOST_PLACES:]),
        ballots={
            int(about): questions
            for about, tallies in _by_subject(votes)
            if (questions := _questions(reader, tallies))
        },
    )


async def events_to_come(
    tx: AsyncConnection, author: Author, area: str, language: str
) -> tuple[EventToCome, ...]:
    """The next events in an area. Raises NotAllowed."""
    author.require(Action.SEE_STATISTICS, area)
    found = await db.statistics.events_to_come(tx, area, now=author.now, most=MOST_EVENTS)
    texts = await db.events.texts_of_many(tx, [event.id for event in found])
    fallback = author.campaign.languages[0]
    return tuple(
        EventToCome(
            id=event.id,
            code=event.code,
            made_by=event.created_by,
            within=event.commune,
            title=text_in(texts[event.id], language, fallback).title if event.id in texts else event.code,
            starts_at=event.starts_at,
            zone=event.zone,
            commune=area_name(author.gazetteer, event.commune),
        )
        for event in found
    )


async def event_answers(
    tx: AsyncConnection, author: Author, area: str, events: Sequence[int]
) -> EventAnswers:
    """How many answered what to each of these events of an area, as shown, by their `id`. Raises NotAllowed.

    Apart from the events, which a page reads anew each time: what was counted may be minutes old, a date may not.
    """
    author.require(Action.SEE_STATISTICS, area)
    reader = author.reader
    return {
        event: {answer: reader.shown(people) for answer, people in answers.items()}
        for event, answers in (await db.statistics.event_answers(tx, area, events, reader.known_in)).items()
    }


async def logged(tx: AsyncConnection, author: Author, area: str) -> tuple[AnswersToQuestion, ...]:
    """Every answer from an area, by question. Raises NotAllowed."""
    author.require(Action.SEE_STATISTICS, area)
    reader = author.reader
    found = await db.statistics.logged_answers(tx, area, LOGGED, reader.known_in)
    return _questions(reader, sorted(found, key=lambda each: (each.question, -reader.at_least(each.people))))


def level_within(area: str) -> str | None:
    """The parts that an area is divided into: regions, départements or communes."""
    if area == EVERYWHERE:
        return "region"
    if area in DEPARTMENTS:
        return "commune"
    return "department" if area.startswith("R") else None


def wider_area(area: str) -> str | None:
    """The area around an area; None around everywhere."""
    if area == EVERYWHERE:
        return None
    if area == ABROAD_AREA or area.startswith("R"):
        return EVERYWHERE
    return f"R{DEPARTMENTS[area]}" if area in DEPARTMENTS else department_of(area)


async def _places(tx: AsyncConnection, author: Author, area: str, level: str) -> tuple[PlaceCount, ...]:
    """Those with most supporters, as far as the reader may tell: their order says no more than their counts."""
    reader = author.reader
    found = await db.statistics.by_place(tx, area, level, reader.known_in)
    told = [(code, people) for code, people in found if reader.tells(people)]
    told.sort(key=lambda place: (-reader.at_least(place[1]), place[0]))
    prefix = "R" if level == "region" else ""
    return tuple(
        PlaceCount(
            area=f"{prefix}{code}",
            name=area_name(author.gazetteer, f"{prefix}{code}"),
            count=reader.shown(people),
        )
        for code, people in told
    )


def _by_subject(tallies: Sequence[AnswerCount]) -> Iterable[tuple[str, list[AnswerCount]]]:
    ordered = sorted(tallies, key=lambda tally: tally.about)
    return [(about, list(group)) for about, group in groupby(ordered, key=lambda tally: tally.about)]


def _questions(reader: Reader, tallies: Iterable[AnswerCount]) -> tuple[AnswersToQuestion, ...]:
    """Without the answers of which there is nothing to tell: that one stands there would say that somebody gave it."""
    told = [tally for tally in tallies if reader.tells(tally.people)]
    return tuple(
        AnswersToQuestion(
            question=question,
            answers=tuple((tally.answer, reader.shown(tally.people)) for tally in group),
        )
        for question, group in groupby(told, key=lambda tally: tally.question)
    )
