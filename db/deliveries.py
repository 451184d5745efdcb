"""Messages on their way: taken in batches, marked durably before they are posted, settled after.

    queued -> leased -> sending -> sent | failed | unreachable | in_doubt
    queued -> withheld (queued again when it is due) | expired | cancelled

A row is held by the process that leased it until it settles it or is dead.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.courtesy import UNDISTURBED
from bot.rules.sending import ON_THE_WAY
from db.batches import DatabaseVisit, Statement, given_ids, instant_text, members, read_instant, together
from db.days import midnight
from db.engine import here
from db.schema import broadcasts, deliveries, people

PREPARE_FAILED = "prepare_failed"
"""Why a message is tried again later that could not be decided or worded."""


class Leased(NamedTuple):
    """A delivery taken to be sent. `person` is empty where they were erased meanwhile.

    This and `Settled` are tuples, because one of each is made for every message that leaves.
    """

    id: int
    broadcast: int
    person: int | None
    expires_at: datetime | None
    attempts: int


class Settled(NamedTuple):
    """The state that a delivery came to. `due_at` is when a queued or withheld one comes back."""

    id: int
    state: str
    reason: str | None = None
    message_id: int | None = None
    due_at: datetime | None = None


class Turn(Frozen):
    """One turn of a sender: what its posts became, who cannot be reached, what it posts next, what it gives back."""

    settled: Sequence[Settled] = ()
    unreachable: Sequence[int] = ()
    # Deliveries that were sent and ask something: who answers none of them is asked less.
    asked: Sequence[int] = ()
    # Groups that became supergroups: (the chat, its new id).
    moved: Sequence[tuple[int, int]] = ()
    next: Sequence[int] = ()
    returned: Sequence[int] = ()


# Two processes that held messages to one person could each let one leave, and break a cap together. Only while one
# leases at a time (`db.processes.Lock.LEASING`) does this hold.
_NOT_ELSEWHERE = """
          AND NOT EXISTS (SELECT 1 FROM deliveries AS other WHERE other.person = deliveries.person
            AND other.state IN ('leased', 'sending') AND other.lease_owner <> :owner)"""
_TAKE = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(id, broadcast, person, expires_at, attempts)) AS text) FROM (
        SELECT id, broadcast, person, expires_at, attempts FROM deliveries
        WHERE broadcast = :broadcast AND state = 'queued' AND due_at <= :now {_NOT_ELSEWHERE if s.lock else ""}
        ORDER BY due_at LIMIT :room {s.lock}) AS due"""
    )
)
_LEASE = Statement(
    lambda s: (
        f"""
    UPDATE deliveries SET state = 'leased', lease_owner = :owner, changed_at = :now WHERE id IN {given_ids(s)}"""
    )
)
# A correction says something new: not to who said stop, as a recall may be, which only takes away.
_CORRECTION = "(broadcasts.mends IS NOT NULL AND broadcasts.template IS NULL)"
# Between the recheck and the post somebody may have said stop, restricted their data, blocked the bot or been erased.
# Who takes a row back meanwhile (a text was corrected) holds its lock: it is passed over, and what was worded dropped.
_SENDABLE = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(id)) AS text) FROM (
        SELECT deliveries.id FROM deliveries
        JOIN broadcasts ON broadcasts.id = deliveries.broadcast AND broadcasts.state = 'active'
        JOIN people ON people.id = deliveries.person AND people.unreachable_at IS NULL
         AND people.state <> 'restricted'
         AND (people.state <> 'stopped' OR (broadcasts.kind = 'service' AND NOT {_CORRECTION}))
        WHERE deliveries.id IN {given_ids(s)} AND deliveries.state = 'leased' AND deliveries.lease_owner = :owner
        {s.lock and "FOR UPDATE OF deliveries SKIP LOCKED"}) AS fit"""
    )
)
_MARK = Statement(
    lambda s: (
        f"""
    UPDATE deliveries SET state = 'sending', attempts = attempts + 1, changed_at = :now
    WHERE id IN {given_ids(s)} AND state = 'leased' AND lease_owner = :owner"""
    )
)
_GIVE_BACK = Statement(
    lambda s: (
        f"""
    UPDATE deliveries SET state = 'queued', lease_owner = NULL, changed_at = :now
    WHERE id IN {given_ids(s)} AND state IN ('leased', 'sending') AND lease_owner = :owner"""
    )
)
# Not what is `sending`: it is posted, or given back by the turn that did not come to an end.
_GIVE_BACK_FORGOTTEN = Statement(
    lambda s: (
        f"""
    UPDATE deliveries SET state = 'queued', lease_owner = NULL, changed_at = :now
    WHERE broadcast IN (SELECT id FROM broadcasts WHERE finished_at IS NULL) AND state = 'leased'
    AND lease_owner = :owner AND id NOT IN {given_ids(s)}"""
    )
)
# A process that was taken for dead may still bring the truth about what was in doubt.
# Whoever answered while a message to them was being put off gets it now: see `look_again`.


def _when(person: str) -> str:
    """This instant; of whoever was erased meanwhile the day alone."""
    return f"CASE WHEN {person} IS NULL THEN :day ELSE :now END"


_SETTLE = Statement(
    lambda s: (
        f"""
    UPDATE deliveries SET state = given.state, reason = given.reason,
        message_id = CASE WHEN deliveries.person IS NOT NULL THEN given.message_id END,
        due_at = CASE WHEN given.reason = '{UNDISTURBED}' AND NOT EXISTS (SELECT 1 FROM people
            WHERE people.id = deliveries.person AND people.undisturbed_until IS NOT NULL)
            THEN :now ELSE coalesce(given.due_at, deliveries.due_at) END, lease_owner = NULL,
        changed_at = {_when("deliveries.person")},
        sent_at = CASE WHEN given.state = 'sent' THEN {_when("deliveries.person")} ELSE deliveries.sent_at END
    FROM (SELECT CAST(each.value ->> 0 AS BIGINT) AS id, each.value ->> 1 AS state,
                 each.value ->> 2 AS reason,
                 CAST(each.value ->> 3 AS BIGINT) AS message_id, {s.at("each.value ->> 4")} AS due_at
          FROM {s.each}) AS given
    WHERE deliveries.id = given.id AND (
        deliveries.lease_owner = :owner OR (deliveries.state = 'in_doubt' AND given.state = 'sent'))"""
    )
)
_UNREACHABLE = Statement(
    lambda s: (
        f"""
    UPDATE people SET unreachable_at = :now WHERE unreachable_at IS NULL AND id IN {given_ids(s)}"""
    )
)

_ASKED = Statement(
    lambda s: (
        f"""
    UPDATE people SET unanswered = unanswered + 1
    WHERE id IN (SELECT person FROM deliveries WHERE id IN {given_ids(s)} AND lease_owner = :owner)"""
    )
)
# Nothing changes where the new id is known already.
_FOLLOW = Statement(
    lambda _s: (
        """
    UPDATE people SET telegram_id = :moved_to WHERE telegram_id = :chat
    AND NOT EXISTS (SELECT 1 FROM people AS other WHERE other.telegram_id = :moved_to)"""
    )
)


# What is held or withheld belongs to a broadcast that is not finished: the index on (broadcast, state) finds it.
_UNFINISHED = deliveries.c.broadcast.in_(sa.select(broadcasts.c.id).where(broadcasts.c.finished_at.is_(None)))


async def lease(
    tx: AsyncConnection, shares: Sequence[tuple[int, int]], *, owner: str, now: datetime
) -> list[Leased]:
    """Take due deliveries of active broadcasts: of each (broadcast, room) at most `room`.

    None is to somebody whom another process is writing to.
    """
    return (await together(tx, _taking(tx, shares, owner, now, ()))).rows


async def lease_at_last(
    tx: AsyncConnection,
    shares: Sequence[tuple[int, int]],
    *,
    owner: str,
    now: datetime,
    held: Collection[int],
) -> Taken:
    """Take due deliveries as `lease` does, and end the transaction with it. What is `held` is left in the queue."""
    return await together(tx, _taking(tx, shares, owner, now, held), and_commit=True)


class Taken(NamedTuple):
    """Deliveries that were leased, and those that were due and passed over."""

    rows: list[Leased]
    passed_over: set[int]


def _taking(
    tx: AsyncConnection, shares: Sequence[tuple[int, int]], owner: str, now: datetime, held: Collection[int]
) -> Callable[[DatabaseVisit], Taken]:
    given = {"owner": owner} if tx.dialect.name == "postgresql" else {}

    def take(visit: DatabaseVisit) -> Taken:
        due = []
        for broadcast, room in shares:
            due += visit.rows(_TAKE, broadcast=broadcast, room=room, now=now, **given)
        found = [row for row in due if row[0] not in held]
        if found:
            visit.run(_LEASE, rows=[(row[0],) for row in found], owner=owner, now=now)
        return Taken([_leased(*row) for row in found], {row[0] for row in due if row[0] in held})

    return take


def _leased(number: int, broadcast: int, person: int | None, expires_at: str | None, attempts: int) -> Leased:
    return Leased(number, broadcast, person, read_instant(expires_at), attempts)


async def take_turn(tx: AsyncConnection, turn: Turn, *, owner: str, now: datetime) -> set[int]:
    """Record what became of deliveries held by `owner`, then mark the next ones; those that may be posted.

    The others must not be posted, and are queued again: their broadcast was paused or cancelled, the person said
    stop, blocked the bot or was erased, or they are no longer held. The transaction ends with it.
    """

    def work(visit: DatabaseVisit) -> set[int]:
        if turn.asked:  # as long as they are held: what was settled before is not counted twice
            visit.run(_ASKED, rows=members(turn.asked), owner=owner)
        if turn.settled:
            visit.run(
                _SETTLE, rows=[_settled(one) for one in turn.settled], owner=owner, now=now, day=midnight(now)
            )
        if turn.unreachable:
            visit.run(_UNREACHABLE, rows=[(person,) for person in turn.unreachable], now=now)
        for chat, moved_to in turn.moved:
            visit.run(_FOLLOW, chat=chat, moved_to=moved_to)
        marked = visit.rows(_SENDABLE, rows=members(turn.next), owner=owner) if turn.next else []
        if marked:
            visit.run(_MARK, rows=marked, owner=owner, now=now)
        sending = {number for (number,) in marked}
        back = [*turn.returned, *(number for number in turn.next if number not in sending)]
        if back:
            visit.run(_GIVE_BACK, rows=members(back), owner=owner, now=now)
        return sending

    return await together(tx, work, and_commit=True)


async def give_back_forgotten(tx: AsyncConnection, held: Iterable[int], *, owner: str, now: datetime) -> int:
    """Queue again what `owner` leased and does not hold; how many. A commit may succeed and seem to fail."""
    return await _GIVE_BACK_FORGOTTEN.run(tx, rows=members(held), owner=owner, now=now)


def _settled(one: Settled) -> tuple[Any, ...]:
    return one.id, one.state, one.reason, one.message_id, one.due_at and instant_text(one.due_at)


async def mark_chat_unreachable(tx: AsyncConnection, chat: int, now: datetime) -> None:
    """The person of this private chat blocked the bot; cleared when they write."""
    change = people.update().where(people.c.telegram_id == chat, people.c.unreachable_at.is_(None))
    await tx.execute(change.values(unreachable_at=now))


async def follow_chat(tx: AsyncConnection, chat: int, moved_to: int) -> None:
    """A group became a supergroup, which has another id."""
    await _FOLLOW.run(tx, chat=chat, moved_to=moved_to)


async def recover(tx: AsyncConnection, living: Iterable[str], now: datetime) -> tuple[int, int]:
    """Take from the dead: what they leased is queued again, what they were sending is in doubt.

    An edit or a deletion may be repeated: it is queued again too. Returns how many of each.
    """
    orphans = sa.and_(_UNFINISHED, deliveries.c.lease_owner.not_in(list(living)))
    repeatable = deliveries.c.broadcast.in_(sa.select(broadcasts.c.id).where(broadcasts.c.mends.is_not(None)))
    again = sa.or_(deliveries.c.state == "leased", sa.and_(deliveries.c.state == "sending", repeatable))
    queued = await tx.execute(
        deliveries.update().where(again, orphans).values(state="queued", lease_owner=None, changed_at=now)
    )
    in_doubt = await tx.execute(
        deliveries.update()
        .where(deliveries.c.state == "sending", orphans)
        .values(
            state="in_doubt",
            lease_owner=None,
            reason="process_ended",
            changed_at=sa.case((deliveries.c.person.is_(None), midnight(now)), else_=now),
        )
    )
    return queued.rowcount, in_doubt.rowcount


_RIPE = sa.and_(_UNFINISHED, deliveries.c.state == "withheld", deliveries.c.due_at <= sa.bindparam("now"))
_RELEASE = deliveries.update().where(_RIPE).values(state="queued")
_IS_ANY_RIPE = sa.select(sa.exists().where(_RIPE))
_HELD = sa.select(sa.func.count()).where(
    _UNFINISHED,
    deliveries.c.state.in_(("leased", "sending")),
    deliveries.c.lease_owner == sa.bindparam("owner"),
)


async def release_withheld(tx: AsyncConnection, now: datetime) -> int:
    """Queue withheld deliveries whose quiet period has ended; how many."""
    with here(tx):
        ripe = await ripe_withheld(tx, now)
    return (await tx.execute(_RELEASE, {"now": now})).rowcount if ripe else 0


async def ripe_withheld(tx: AsyncConnection, now: datetime) -> bool:
    """Whether a quiet period has ended for somebody who is not queued again yet."""
    return bool((await tx.execute(_IS_ANY_RIPE, {"now": now})).scalar())


async def cancel_waiting(tx: AsyncConnection, numbers: Iterable[int], *, reason: str) -> None:
    """Cancel deliveries that have not left, also those that were leased: without an owner they are not posted."""
    waiting = deliveries.c.state.in_(ON_THE_WAY)
    change = deliveries.update().where(deliveries.c.id.in_(list(numbers)), waiting)
    await tx.execute(change.values(state="cancelled", reason=reason, lease_owner=None))


async def give_back(tx: AsyncConnection, numbers: Iterable[int]) -> None:
    """Deliveries that were leased wait again: they are looked at once more, and not posted as they were decided."""
    change = deliveries.update().where(deliveries.c.id.in_(list(numbers)), deliveries.c.state == "leased")
    await tx.execute(change.values(state="queued", lease_owner=None))


async def look_again(tx: AsyncConnection, person: int, now: datetime) -> None:
    """What was put off while the person had an event before their eyes may leave now."""
    change = deliveries.update().where(
        deliveries.c.person == person, deliveries.c.state == "queued", deliveries.c.reason == UNDISTURBED
    )
    await tx.execute(change.values(reason=None, due_at=now, changed_at=now))


async def unsettled(tx: AsyncConnection, owner: str) -> int:
    """How many deliveries `owner` holds."""
    return int((await tx.execute(_HELD, {"owner": owner})).scalar_one())
