"""Consents that were given on a text which has changed since: found by the ledger, a range of people at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.broadcasts import by_the_program, ensure, queue_deliveries
from db.schema import consents, deliveries, people

TEMPLATE = "privacy/renewal"
ASKED = "asked_in_chat"
"""Why a delivery was cancelled: the person was asked in the chat instead."""

# What is leaving, left or may have left: the person was asked, or is being asked.
_ASKED_STATES = ("sending", "sent", "in_doubt")


async def mark_changed(
    tx: AsyncConnection, purpose: str, *, current: Collection[str], suspends: bool, first: int, last: int
) -> int:
    """People numbered from `first` to `last` whose consent is on none of the `current` texts; how many.

    `current`: `language:hash`. `suspends`: the consent is not in force until it is renewed.
    """
    given, renews = people.c[f"consent_{purpose}"], people.c[f"renew_{purpose}"]
    values = {renews: True, given: False} if suspends else {renews: True}
    outdated = sa.and_(given, ~renews, _agreed(purpose, current, is_current=False))
    return await _change(tx, outdated, values, first, last)


async def count_changed(tx: AsyncConnection, texts: Iterable[tuple[str, Collection[str]]]) -> int:
    """How many supporters `mark_changed` would mark for any of these purposes, whose `current` texts are given."""
    outdated = [
        sa.and_(
            people.c[f"consent_{purpose}"],
            ~people.c[f"renew_{purpose}"],
            _agreed(purpose, current, is_current=False),
        )
        for purpose, current in texts
    ]
    query = sa.select(sa.func.count()).where(people.c.state == "registered", sa.or_(*outdated))
    return int((await tx.execute(query)).scalar_one())


async def mark_current(
    tx: AsyncConnection, purpose: str, *, current: Collection[str], first: int, last: int
) -> int:
    """The way back: whoever was to be asked and agreed on what is the text again; how many."""
    given, renews = people.c[f"consent_{purpose}"], people.c[f"renew_{purpose}"]
    again = sa.and_(renews, _agreed(purpose, current, is_current=True))
    return await _change(tx, again, {renews: False, given: True}, first, last)


def _agreed(purpose: str, current: Collection[str], *, is_current: bool) -> sa.ColumnElement[bool]:
    """Whether the person's last word on a purpose was yes, on a text that is current or is not."""
    last = (
        sa.select(sa.func.max(consents.c.id))
        .where(consents.c.pseudonym == people.c.pseudonym, consents.c.purpose == purpose)
        .correlate(people)
        .scalar_subquery()
    )
    text = consents.c.language + ":" + consents.c.text_hash
    known = text.in_(sorted(current))
    found = sa.select(consents.c.id).where(consents.c.id == last, consents.c.given)
    return found.where(known if is_current else ~known).exists()


async def _change(
    tx: AsyncConnection,
    condition: sa.ColumnElement[bool],
    values: dict[sa.Column[bool], bool],
    first: int,
    last: int,
) -> int:
    some = sa.and_(people.c.id.between(first, last), people.c.state != "stopped", condition)
    changed = await tx.execute(
        sa.update(people).where(some).values({each.name: values[each] for each in values})
    )
    return changed.rowcount


async def last_person(tx: AsyncConnection) -> int:
    """The highest number of a person; 0 where there is none."""
    return int((await tx.execute(sa.select(sa.func.coalesce(sa.func.max(people.c.id), 0)))).scalar_one())


async def broadcast_of(tx: AsyncConnection, digest: str, now: datetime) -> int:
    """The one service message that asks about the texts of this digest, made if it is the first time."""
    key = f"consent:{digest[:32]}"
    return await ensure(tx, by_the_program(key, now, kind="service", template=TEMPLATE, starts_at=now))


async def queue_questions(tx: AsyncConnection, broadcast: int, now: datetime) -> int:
    """One message to every supporter who is to be asked; how many."""
    due = sa.or_(*(people.c[f"renew_{name}"] for name in ("contact", "commune", "team", "keep")))
    who = sa.select(people.c.id).where(due, people.c.state == "registered", people.c.unreachable_at.is_(None))
    return await queue_deliveries(tx, broadcast=broadcast, people=who, due_at=now, now=now)


async def take_question(tx: AsyncConnection, broadcast: int, person: int, now: datetime) -> bool:
    """Takes the message's place in the chat; False where the person was asked already."""
    mine = sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.person == person)
    row = (
        await tx.execute(sa.select(deliveries.c.id, deliveries.c.state, deliveries.c.reason).where(mine))
    ).first()
    taken = {"state": "cancelled", "reason": ASKED, "changed_at": now}
    if row is None:
        await tx.execute(
            sa.insert(deliveries).values(broadcast=broadcast, person=person, due_at=now, **taken)
        )
        return True
    if row.state in _ASKED_STATES or row.reason == ASKED:
        return False
    # One that was leased loses its owner: it is not marked, hence not posted.
    change = sa.update(deliveries).where(deliveries.c.id == row.id)
    await tx.execute(change.values(lease_owner=None, **taken))
    return True
