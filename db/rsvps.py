"""Answers to invitations: one row for each person and event, changed at will."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.seats import Rsvp as Rsvp
from db.batches import Columns, DatabaseVisit, Spelling, Statement, instant_text, together
from db.events import COLUMNS, EventInWords, in_words
from db.records import records
from db.responses import AskedElsewhere, Response, log, mark_settled
from db.schema import Instant, rsvps

NAMES = tuple(rsvps.c.keys())
READ = Columns(rsvps.c)


def read(row: list[Any]) -> Rsvp:
    """A row of JSON values, in the order of the table's columns."""
    return Rsvp(**dict(zip(NAMES, READ.read(row), strict=True)))


_GET = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}({READ})) AS text) FROM rsvps WHERE event = :event AND person = :person"""
    )
)


async def get(tx: AsyncConnection, *, event: int, person: int) -> Rsvp | None:
    """A person's answer. Each tap asks for it."""
    found = await _GET.rows(tx, event=event, person=person)
    return read(found[0]) if found else None


_WITH_CODE = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(
        {s.json.format(f"(SELECT {s.array}({READ}) FROM rsvps WHERE event = events.id AND person = :person)")},
        {COLUMNS}, language, title, description)) AS text)
    FROM events JOIN event_texts ON event = events.id WHERE code = :code"""
    )
)


async def find_with_event(
    tx: AsyncConnection, code: str, *, person: int
) -> tuple[EventInWords, Rsvp | None] | None:
    """The event of a public code, and a person's answer. Each tap on an invitation asks for both."""
    rows = await _WITH_CODE.rows(tx, code=code, person=person)
    found = in_words([row[1:] for row in rows])
    if found is None:
        return None
    own = rows[0][0]
    return found, None if own is None else read(own)


async def of_person(tx: AsyncConnection, person: int) -> dict[int, Rsvp]:
    """A person's answers by event id."""
    rows = await tx.execute(sa.select(rsvps).where(rsvps.c.person == person))
    return {each.event: each for each in records(Rsvp, rows)}


_CHANGED = ", ".join(f"{name} = excluded.{name}" for name in NAMES if name not in ("event", "person"))
_SPELLED = {"at": "now", "offer_until": "until"}
_GIVEN = ", ".join(f":{_SPELLED.get(name, name)}" for name in NAMES)
_PUT = Statement(
    lambda _s: (
        f"""
    INSERT INTO rsvps ({", ".join(NAMES)}) VALUES ({_GIVEN})
    ON CONFLICT (event, person) DO UPDATE SET {_CHANGED}"""
    )
)


def _from_row(s: Spelling, place: int, column: sa.Column[Any]) -> str:
    """A column from a member of a row as `row_of` makes it."""
    value = f"each.value ->> {place}"
    if isinstance(column.type, Instant):
        return s.at(value)
    if isinstance(column.type, sa.Boolean):
        return f"CAST({value} AS INTEGER) = 1"
    return value if isinstance(column.type, sa.String) else f"CAST({value} AS BIGINT)"


_PUT_ALL = Statement(
    lambda s: (
        f"""
    INSERT INTO rsvps ({", ".join(NAMES)})
    SELECT {", ".join(_from_row(s, place, column) for place, column in enumerate(rsvps.c))}
    FROM {s.each} WHERE true
    ON CONFLICT (event, person) DO UPDATE SET {_CHANGED}"""
    )
)


_values = attrgetter(*NAMES)
_INSTANTS = [place for place, column in enumerate(rsvps.c) if isinstance(column.type, Instant)]
_FLAGS = [place for place, column in enumerate(rsvps.c) if isinstance(column.type, sa.Boolean)]


def row_of(rsvp: Rsvp) -> list[Any]:
    """A person's row for `write_all`."""
    row = list(_values(rsvp))
    for place in _INSTANTS:
        row[place] = row[place] and instant_text(row[place])
    for place in _FLAGS:
        row[place] = None if row[place] is None else int(row[place])
    return row


def write_all(visit: DatabaseVisit, rows: Sequence[Sequence[Any]]) -> None:
    """Sets the rows of several people, none twice."""
    visit.run(_PUT_ALL, rows=rows)


def write(visit: DatabaseVisit, rsvp: Rsvp) -> None:
    """Sets a person's row, among other statements."""
    values = {**vars(rsvp)}
    values["now"], values["until"] = values.pop("at"), values.pop("offer_until")
    visit.run(_PUT, **values)


async def put(
    tx: AsyncConnection, rsvp: Rsvp, response: Response, asked: AskedElsewhere | None = None
) -> list[int]:
    """Sets a person's answer, in place of an earlier one, and logs it; the messages that ask the same elsewhere."""

    def answer(visit: DatabaseVisit) -> list[int]:
        write(visit, rsvp)
        log(visit, response)
        return mark_settled(visit, asked) if asked is not None else []

    return await together(tx, answer)
