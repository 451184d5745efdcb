"""What must be known of a batch of messages about to leave, loaded in a few queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.courtesy import NeutralSent
from bot.rules.kinds import PARTISAN, Kind
from bot.rules.sending import ON_THE_WAY
from db.batches import Spelling, Statement, given_ids, read_instant
from db.deliveries import PREPARE_FAILED, Leased
from db.engine import here
from db.records import records
from db.rsvps import Rsvp
from db.schema import broadcasts, rsvps

IN_FLIGHT = ("sent", "sending", "in_doubt")
"""States of a message that counts towards the caps: it left, leaves or may have left."""


def _given_people(s: Spelling) -> str:
    return s.among.format(f"SELECT CAST(each.value ->> 1 AS BIGINT) FROM {s.each}")


LATE = timedelta(days=1)
"""How long after its broadcast was over it may be noted of a message that it left: by a process taken for dead."""


def _sent(kinds: Iterable[str]) -> Statement:
    """The messages of some kinds that left, leave or may have left for people, but for the rows themselves.

    Of broadcasts that were over before it would matter the index is read alone: what somebody got in a whole campaign
    lies far apart. `+`: no look for each person in each broadcast.
    """
    # Literals of our own, so that the parameters stay the same on both engines.
    listed = ", ".join(f"'{kind}'" for kind in sorted(kinds))
    counting = ", ".join(f"'{state}'" for state in (*IN_FLIGHT, "leased"))
    return Statement(
        lambda s: (
            f"""
    SELECT CAST({s.collect}({s.array}(id, person, state, moment, step)) AS text) FROM (
        SELECT deliveries.id, person, deliveries.state, coalesce(sent_at, changed_at) AS moment, step FROM deliveries
        JOIN broadcasts ON broadcasts.id = deliveries.broadcast
        WHERE person {_given_people(s)}
          AND +deliveries.broadcast IN (SELECT id FROM broadcasts WHERE kind IN ({listed})
            AND (finished_at IS NULL OR finished_at >= :until))
          AND deliveries.state IN ({counting})
          AND deliveries.id NOT IN {given_ids(s)}) AS sent
    WHERE moment > :before"""
        )
    )


_PARTISAN_SENT, _NEUTRAL_SENT = _sent(PARTISAN), _sent({Kind.CIVIC_NEUTRAL})
_PARTISAN_GOING = sa.select(broadcasts.c.id).where(
    broadcasts.c.state == "active",
    broadcasts.c.finished_at.is_(None),
    broadcasts.c.mends.is_(None),
    broadcasts.c.kind.in_(sorted(PARTISAN)),
)
_WAITING = ", ".join(f"'{state}'" for state in ON_THE_WAY)
# What their people wait for is found first. By broadcasts or states either engine would read all that wait for every
# batch: PostgreSQL takes those for few until it counts anew, which of a large table it seldom does. Which of it is of
# these broadcasts the index tells by itself: what somebody got in a whole campaign lies far apart.
_DUE = Statement(
    lambda s: (
        f"""
    WITH theirs AS MATERIALIZED (
        SELECT id, broadcast, person, state, reason, due_at, expires_at, attempts FROM deliveries
        WHERE person {_given_people(s)}
          AND +broadcast IN (SELECT CAST(each.value ->> 2 AS BIGINT) FROM {s.each}))
    SELECT CAST({s.collect}({s.array}(id, broadcast, person, expires_at, attempts)) AS text) FROM theirs
    WHERE state IN ({_WAITING}) AND due_at <= :now AND (expires_at IS NULL OR expires_at > :now)
      AND (reason IS NULL OR reason <> '{PREPARE_FAILED}')
      AND id NOT IN {given_ids(s)}"""
    )
)


async def partisan_sent(
    tx: AsyncConnection, rows: Iterable[Leased], *, since: datetime, promised: Collection[int] = ()
) -> dict[int, list[datetime]]:
    """When partisan messages left for each person since then, these deliveries aside.

    One that is leaving or in doubt counts. So do `promised` deliveries: let go already, and still leased.
    """
    found: dict[int, list[datetime]] = {}
    for person, left, _ in await _left(tx, _PARTISAN_SENT, rows, since, promised):
        found.setdefault(person, []).append(left)
    return found


async def partisan_due(
    tx: AsyncConnection, rows: Collection[Leased], *, now: datetime, promised: Collection[int] = ()
) -> list[Leased]:
    """The partisan messages that may leave too for those who are to get these, if these are some; but for `promised`
    ones, which count as left, and those that failed to be worded, which hold nobody up.
    """
    with here(tx):
        going = set(await tx.scalars(_PARTISAN_GOING))
    mine = {row.broadcast for row in rows} & going
    if not mine or len(going) == 1:
        return []
    # Deliveries with their people, and then messages: no row of the database bears the number 0.
    asked = [(row.id, row.person or 0, 0) for row in rows if row.broadcast in mine]
    asked += [(0, 0, number) for number in sorted(going)]
    found = await _DUE.rows(tx, rows=asked, now=now)
    return [
        Leased(number, broadcast, person, read_instant(expires_at), attempts)
        for number, broadcast, person, expires_at, attempts in found
        if number not in promised
    ]


async def neutral_sent(
    tx: AsyncConnection, rows: Iterable[Leased], *, since: datetime, promised: Collection[int] = ()
) -> dict[int, list[NeutralSent]]:
    """The neutral reminders that left for each person since then, counted as `partisan_sent` counts."""
    found: dict[int, list[NeutralSent]] = {}
    for person, left, step in await _left(tx, _NEUTRAL_SENT, rows, since, promised):
        found.setdefault(person, []).append(NeutralSent(at=left, by_a_step=step is not None))
    return found


async def _left(
    tx: AsyncConnection,
    statement: Statement,
    rows: Iterable[Leased],
    since: datetime,
    promised: Collection[int],
) -> list[tuple[int, datetime, str | None]]:
    """The person, when it left, and of which step, for each message."""
    mine = [(row.id, row.person) for row in rows]
    found = []
    for delivery, person, state, moment, step in await statement.rows(
        tx, rows=mine, before=since, until=since - LATE
    ):
        left = read_instant(moment)
        if left is not None and (state != "leased" or delivery in promised):
            found.append((person, left, step))
    return found


_RSVPS = sa.select(rsvps).where(
    rsvps.c.person.in_(sa.bindparam("people", expanding=True)),
    rsvps.c.event.in_(sa.bindparam("events", expanding=True)),
)


async def rsvps_of(
    tx: AsyncConnection, people: Iterable[int], events: Iterable[int]
) -> dict[tuple[int, int], Rsvp]:
    """The answer in force by (event, person)."""
    found = records(Rsvp, await tx.execute(_RSVPS, {"people": list(people), "events": list(events)}))
    return {(each.event, each.person): each for each in found}
