"""The events whose buttons many tap at once: what each tap depends on is read for all of them before, and what follows
from it is written for all at the end of the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.seats import Rsvp
from db.batches import (
    DatabaseVisit,
    Statement,
    given_ids,
    given_texts,
    instant_text,
    together,
)
from db.events import COLUMNS, EventInWords, in_words
from db.postponed import postpone, taken_up
from db.responses import AskedElsewhere, Response, log_all, mark_answered
from db.rsvps import READ, read, row_of, write_all
from db.seats import hold


class Tap(NamedTuple):
    """What somebody tapped: the code of an event, and the message, if it came by one."""

    code: str
    message: int | None


class SentToMany(NamedTuple):
    """A message in somebody's chat that was not sent to them alone."""

    delivery: int
    person: int
    broadcast: int
    event: int | None
    message: int
    template: str | None
    is_answered: bool


class TappedEvent(Frozen):
    """The event whose button somebody tapped, and their answer so far.

    `message`: the tapped one, where it was sent to many. `unanswered`: the others about the event. `in_one_go`: what
    follows from the tap is written with what follows from others.
    """

    told: EventInWords
    before: Rsvp | None
    message: SentToMany | None
    unanswered: tuple[SentToMany, ...]
    in_one_go: bool


# Where several processes write, nobody begins to count the seats of these events before the transaction ends. Those
# that are counted are held by their seats, in their turn: whoever erases somebody holds the seats first.
_KEEP = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.array}(count(*)) AS text) FROM (
        SELECT id FROM events WHERE code IN {given_texts(s)} AND NOT counted ORDER BY code {s.keep}) AS kept"""
    )
)
_EVENTS = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}({COLUMNS}, language, title, description)) AS text)
    FROM events JOIN event_texts ON event = events.id WHERE code IN {given_texts(s)}"""
    )
)
_ANSWERS = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}({READ})) AS text) FROM rsvps WHERE (event, person) IN (
        SELECT CAST(each.value ->> 1 AS BIGINT), CAST(each.value ->> 0 AS BIGINT) FROM {s.each})"""
    )
)
# `+`: by the person, and not among all to whom the event was told.
_MESSAGES = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(deliveries.id, person, broadcast, event, message_id, template,
        answered_at IS NOT NULL)) AS text)
    FROM deliveries JOIN broadcasts ON broadcasts.id = +deliveries.broadcast
    WHERE person {s.among.format(given_ids(s))} AND message_id IS NOT NULL
        AND (event IN {given_ids(s, 1)} OR message_id IN {given_ids(s, 2)})"""
    )
)


async def find(tx: AsyncConnection, taps: Mapping[int, Tap]) -> dict[int, TappedEvent]:
    """By person, the event that they tapped; of a code that no event has nothing is found."""
    if not taps:
        return {}
    write_first = taken_up(tx)

    def look(visit: DatabaseVisit) -> tuple[dict[str, EventInWords], list[Rsvp], list[SentToMany]]:
        write_first(visit)
        return _look(visit, taps)

    events, answers, messages = await together(tx, look)
    counted = [told.event.id for told in events.values() if told.event.counted]
    if len(counted) > 1 and tx.dialect.name == "postgresql":
        await hold(tx, counted)  # in the one order: each in its turn would be in that of the taps
    own = {(rsvp.event, rsvp.person): rsvp for rsvp in answers}
    of_person: dict[int, list[SentToMany]] = {}
    for each in messages:
        of_person.setdefault(each.person, []).append(each)
    # Whoever counts seats, or gives back a shift, holds each event in its turn: what is written at the end would hold
    # some before it.
    in_one_go = not any(told.event.counted or told.event.has_shifts for told in events.values())
    found = {}
    for person, tap in taps.items():
        if (told := events.get(tap.code)) is None:
            continue
        theirs = of_person.get(person, ())
        about = [each for each in theirs if each.event == told.event.id and not each.is_answered]
        found[person] = TappedEvent(
            told=told,
            before=own.get((told.event.id, person)),
            message=next((each for each in theirs if each.message == tap.message), None),
            unanswered=tuple(each for each in about if each.message != tap.message),
            in_one_go=in_one_go,
        )
    return found


def _look(
    visit: DatabaseVisit, taps: Mapping[int, Tap]
) -> tuple[dict[str, EventInWords], list[Rsvp], list[SentToMany]]:
    by_event: dict[int, list[Any]] = {}
    codes = [(code,) for code in {tap.code for tap in taps.values()}]
    visit.run(_KEEP, rows=codes)
    for row in visit.rows(_EVENTS, rows=codes):
        by_event.setdefault(row[0], []).append(row)
    found = [told for rows in by_event.values() if (told := in_words(rows)) is not None]
    events = {told.event.code: told for told in found}
    asked = [
        (person, events[tap.code].event.id, tap.message) for person, tap in taps.items() if tap.code in events
    ]
    answers = [read(row) for row in visit.rows(_ANSWERS, rows=asked)]
    return events, answers, [SentToMany._make(row) for row in visit.rows(_MESSAGES, rows=asked)]


def answer(
    tx: AsyncConnection, tapped: TappedEvent, rsvp: Rsvp, response: Response, asked: AskedElsewhere
) -> list[int]:
    """Sets a person's answer, and logs it, by the end of the transaction; the messages that ask the same elsewhere."""
    overtaken = [each for each in tapped.unanswered if each.template in asked.asked_by]
    shown = tapped.message
    postpone(tx, write_all, [row_of(rsvp)])
    postpone(tx, log_all, [response.row(None if shown is None else shown.broadcast)])
    answered = [*overtaken, *([] if shown is None else [shown])]
    at = instant_text(response.at)
    postpone(tx, mark_answered, [(each.delivery, at, each.person) for each in answered])
    return sorted(each.message for each in overtaken)
