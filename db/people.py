"""The people who wrote to the bot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.consent import Purpose
from bot.rules.restriction import RESTRICTED
from db import people_to_plan
from db.batches import Columns, DatabaseVisit, Statement, given_ids, members
from db.postponed import Row, postpone
from db.schema import people


class Person(NamedTuple):
    """One row of `people`: see db.schema for what each field means.

    A tuple, because one is made for every message that leaves.
    """

    id: int
    telegram_id: int
    pseudonym: str
    friend_code: str
    state: str
    language: str | None
    first_name: str | None
    commune: str | None
    department: str | None
    region: str | None
    territory: str | None
    country: str | None
    zone: str | None
    latitude: float | None
    longitude: float | None
    consent_contact: bool
    consent_commune: bool
    consent_team: bool
    consent_keep: bool
    asked_team: bool
    asked_keep: bool
    renew_contact: bool
    renew_commune: bool
    renew_team: bool
    renew_keep: bool
    mutes_events: bool
    mutes_news: bool
    mutes_reminders: bool
    volunteer: bool
    recruiter: int | None
    unanswered: int
    unreachable_at: datetime | None
    created_at: datetime
    registered_at: datetime | None
    seen_at: datetime
    undisturbed_until: datetime | None
    puzzled_at: datetime | None
    newest_message: int | None

    @property
    def is_registered(self) -> bool:
        return self.state == "registered"

    @property
    def is_restricted(self) -> bool:
        return self.state == RESTRICTED


NOBODY = Person._make(None for _ in Person._fields)._replace(id=0, telegram_id=0)
"""Stands where somebody acts who is no row: whoever has the machine."""

# The planner's own mark is not part of what is known of somebody.
_KNOWN = [people.c[name] for name in Person._fields]
_COLUMNS = Columns(_KNOWN)


def _among(column: str) -> Statement:
    return Statement(
        lambda s: (
            f"""
    SELECT CAST({s.collect}({s.array}({_COLUMNS})) AS text) FROM people WHERE {column} IN {given_ids(s)}"""
        )
    )


_WITH_IDS, _WITH_TELEGRAM_IDS = _among("id"), _among("telegram_id")


NOTHING_TO_RENEW = {f"renew_{purpose}": False for purpose in Purpose}
"""What to set of somebody who is asked nothing anew any more."""


def renewals_due(person: Person) -> list[Purpose]:
    """The choices that somebody made on a text that has changed, and has not made anew."""
    return [purpose for purpose in Purpose if getattr(person, f"renew_{purpose}")]


# Asked at each request: as they stand they are not put together anew.
_OF_TELEGRAM = sa.select(*_KNOWN).where(people.c.telegram_id == sa.bindparam("number"))
_OF_NUMBER = sa.select(*_KNOWN).where(people.c.id == sa.bindparam("number"))
_OF_FRIEND_CODE = sa.select(*_KNOWN).where(
    people.c.friend_code == sa.bindparam("code"), people.c.friend_code != ""
)
_OF_PSEUDONYM = sa.select(*_KNOWN).where(people.c.pseudonym == sa.bindparam("code"))
_CREATE = sa.insert(people).returning(*_KNOWN)
_CHANGE = sa.update(people).where(people.c.id == sa.bindparam("of_person"))


async def find(tx: AsyncConnection, telegram_id: int) -> Person | None:
    """The person with this Telegram id, if they ever wrote."""
    return await _one(tx, _OF_TELEGRAM, number=telegram_id)


async def get(tx: AsyncConnection, person: int) -> Person | None:
    return await _one(tx, _OF_NUMBER, number=person)


async def find_by_friend_code(tx: AsyncConnection, code: str) -> Person | None:
    """The owner of a link for friends. Links sent before people had such codes show the pseudonym, and still work."""
    return await _one(tx, _OF_FRIEND_CODE, code=code) or await _one(tx, _OF_PSEUDONYM, code=code)


async def get_many(tx: AsyncConnection, ids: Iterable[int]) -> dict[int, Person]:
    """The people with these ids, by id."""
    rows = await _WITH_IDS.rows(tx, rows=members(ids))
    return {row[0]: Person._make(_COLUMNS.read(row)) for row in rows}


async def find_many(tx: AsyncConnection, telegram_ids: Iterable[int]) -> list[Person]:
    """Those with these Telegram ids who ever wrote."""
    rows = await _WITH_TELEGRAM_IDS.rows(tx, rows=members(telegram_ids))
    return [Person._make(_COLUMNS.read(row)) for row in rows]


_NAMED = Columns([people.c.telegram_id, people.c.first_name])
_NAMES = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}({_NAMED})) AS text) FROM people
    WHERE telegram_id IN {given_ids(s)} AND state = 'registered' AND consent_team AND first_name <> ''"""
    )
)


async def first_names(tx: AsyncConnection, telegram_ids: Iterable[int]) -> dict[int, str]:
    """What those of them are called who agreed to be known by the team, by Telegram id."""
    return dict(map(_NAMED.read, await _NAMES.rows(tx, rows=members(telegram_ids))))


async def create(tx: AsyncConnection, *, telegram_id: int, pseudonym: str, now: datetime) -> Person:
    """A person of whom nothing is known yet but the chat."""
    values = {"telegram_id": telegram_id, "pseudonym": pseudonym, "created_at": now, "seen_at": now}
    made = Person._make((await tx.execute(_CREATE, values)).one())
    people_to_plan.mark(tx, made.id)
    return made


async def change(tx: AsyncConnection, person: int, **values: Any) -> None:
    """Sets these columns of one person; what is due for them is looked at again."""
    await tx.execute(_CHANGE, {**values, "of_person": person})
    people_to_plan.mark(tx, person)


async def _one(tx: AsyncConnection, query: sa.Select[Any], **asked: Any) -> Person | None:
    row = (await tx.execute(query, asked)).one_or_none()
    return None if row is None else Person._make(row)


def _asking(purpose: str) -> Callable[[DatabaseVisit, list[Row]], None]:
    statement = Statement(
        lambda s: (
            f"""
    UPDATE people SET asked_{purpose} = true WHERE id {s.among.format(given_ids(s))}"""
        )
    )

    def note(visit: DatabaseVisit, rows: list[Row]) -> None:
        visit.run(statement, rows=rows)

    return note


_NOTE_ASKED = {purpose: _asking(purpose) for purpose in ("team", "keep")}


async def note_asked(tx: AsyncConnection, person: int, purpose: str) -> None:
    """A choice is put to somebody, by the end of the transaction, and not again: thousands say yes at once."""
    postpone(tx, _NOTE_ASKED[purpose], [(person,)])


_NOTE_NEWEST = Statement(
    lambda s: (
        f"""
    UPDATE people SET newest_message = given.message
    FROM (SELECT CAST(each.value ->> 0 AS BIGINT) AS chat, CAST(each.value ->> 1 AS BIGINT) AS message
          FROM {s.each}) AS given
    WHERE people.telegram_id = given.chat"""
    )
)


async def note_newest(tx: AsyncConnection, sent: Iterable[tuple[int, int]]) -> None:
    """Which message now stands last in each chat, by the end of the transaction: (chat, message)."""
    postpone(tx, _note_newest, sent)


def _note_newest(visit: DatabaseVisit, rows: list[Row]) -> None:
    visit.run(_NOTE_NEWEST, rows=rows)


async def add_many(tx: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    """Adds people whose columns are all known (a rehearsal's, a demonstration's), before the bot starts.

    Its first look is at everybody: they need no mark.
    """
    for start in range(0, len(rows), 500):
        await tx.execute(sa.insert(people), rows[start : start + 500])
