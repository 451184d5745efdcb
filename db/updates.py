"""The updates that came in: kept before they are acknowledged, answered once, erased when done.

received -> answered (effects committed, replies leaving) -> done, or failed where processing raised
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.batches import DatabaseVisit, Spelling, Statement, given_ids, instant_text, members, together
from db.postponed import Row, postpone, taken_up, write_postponed
from db.schema import updates


class Received(Frozen):
    """An update that waits: its raw JSON, and the chat in whose order it is handled (0: none).

    `asks`: the right that somebody makes use of in it. `known`: they had signed up, or were of the team, when it came.
    `stands_alone`: it means the same whatever is new in its chat.
    """

    update_id: int
    chat: int
    body: bytes
    asks: str | None = None
    known: bool = False
    stands_alone: bool = False


class AnsweredUpdate(Frozen):
    """An update whose effects are committed and whose replies (Bot API calls as JSON) are leaving.

    `begun` is how many of them were begun by whoever held it before. `holds_chat`: the chat's next update waits until
    they have left, unless it stands alone.
    """

    update_id: int
    chat: int
    replies: list[dict[str, Any]]
    begun: int = 0
    error: str | None = None
    known: bool = True
    holds_chat: bool = True


_STORE = Statement(
    lambda s: (
        f"""
    INSERT INTO updates (update_id, state, chat, body, received_at, begun, asks, stands_alone, known)
    SELECT CAST(each.value ->> 0 AS BIGINT), 'received', CAST(each.value ->> 1 AS BIGINT),
           {s.to_bytes.format("each.value ->> 2")}, {s.at("each.value ->> 4")}, 0, each.value ->> 3,
           CAST(each.value ->> 5 AS INTEGER) = 1,
           EXISTS (SELECT 1 FROM people
                   WHERE telegram_id = CAST(each.value ->> 1 AS BIGINT) AND people.state <> 'new')
           OR EXISTS (SELECT 1 FROM staff
                      WHERE telegram_id = CAST(each.value ->> 1 AS BIGINT) AND revoked_at IS NULL)
    FROM {s.each} WHERE true
    ON CONFLICT (update_id) DO NOTHING"""
    )
)


_ALL = "SELECT update_id, chat, stands_alone FROM updates WHERE state = 'received'"
_OLDEST = f"SELECT update_id, chat, stands_alone FROM ({_ALL} ORDER BY update_id LIMIT :most) AS oldest"
_MOST_OVERTAKEN = 3
"""What stands alone is handled while so many updates of its chat have new messages on their way: each may put one more
there, and whoever taps without end would fill the line in which everybody's replies wait."""


def _waiting(s: Spelling, *, of: str, whose: str, order: str) -> str:
    """The first update of each chat that nothing holds back, `of` those that wait, and how many these are, counted as
    far as it matters.

    One whose replies are still leaving is `answered`: it holds its chat back where it says so, but for what stands
    alone (its number is doubled to say which does), or where another process has them. Where another process handles
    an update its row is locked, and skipped.
    """
    return f"""
    SELECT CAST({s.array}(
        {s.collect}({s.array}(update_id, chat, {s.to_text.format("body")}, known)),
        (SELECT count(*) FROM (SELECT 1 FROM updates WHERE state = 'received' LIMIT :most + 1) AS counted)
    ) AS text) FROM (
        SELECT update_id, chat, body, known FROM updates
        WHERE state = 'received' {whose} AND update_id IN (
            SELECT min(number) / 2 FROM (
                SELECT update_id * 2 + CAST(stands_alone AS INTEGER) AS number, chat, 0 AS holds FROM ({of}) AS received
                UNION ALL
                SELECT NULL, chat, CASE WHEN lease_owner = :owner THEN 1 ELSE {_MOST_OVERTAKEN} + 1 END FROM updates
                WHERE state = 'answered' AND (holds_chat OR lease_owner <> :owner)) AS of_chats
            GROUP BY chat
            HAVING sum(holds) = 0 OR (min(number) % 2 = 1 AND sum(holds) <= {_MOST_OVERTAKEN}))
        ORDER BY {order} LIMIT :room {s.lock}) AS waiting"""


class _Waiting(NamedTuple):
    """Among all, and among the oldest alone: of thousands that wait, most need not be looked at."""

    all: Statement
    oldest: Statement


def _waiting_for(*, whose: str, order: str) -> _Waiting:
    return _Waiting(
        all=Statement(lambda s: _waiting(s, of=_ALL, whose=whose, order=order)),
        oldest=Statement(lambda s: _waiting(s, of=_OLDEST, whose=whose, order=order)),
    )


_WAITING = _waiting_for(whose="", order="known DESC, update_id")
_WAITING_OF_KNOWN = _waiting_for(whose="AND known", order="update_id")
# So many for each that is to be found.
_OLDEST_FOR_ONE = 4

# Of each chat all but the last `most` that wait. What somebody asks as their right is dropped only where they ask the
# same again later: the last one counts.
_DROP = Statement(
    lambda s: (
        f"""
    UPDATE updates SET state = 'done', chat = NULL, body = NULL, asks = NULL
    WHERE state = 'received' AND update_id IN (
        SELECT update_id FROM (
            SELECT update_id, asks, row_number() OVER (PARTITION BY chat ORDER BY update_id DESC) AS newer,
                   row_number() OVER (PARTITION BY chat, asks ORDER BY update_id DESC) AS again
            FROM updates WHERE state = 'received' AND chat IN {given_ids(s)}) AS flood
        WHERE newer > :most AND (asks IS NULL OR again > 1))"""
    )
)


# Nobody reads again what was answered as it should be.
_ANSWER = Statement(
    lambda s: (
        f"""
    UPDATE updates SET state = 'answered', lease_owner = given.owner, error = given.error, replies = given.replies,
        holds_chat = given.holds_chat, body = CASE WHEN given.error IS NULL THEN NULL ELSE body END
    FROM (SELECT CAST(each.value ->> 0 AS BIGINT) AS update_id, each.value ->> 2 AS error,
                 CAST(each.value ->> 3 AS INTEGER) = 1 AS holds_chat, each.value ->> 4 AS owner,
                 {s.to_json.format("each.value ->> 1")} AS replies
          FROM {s.each}) AS given
    WHERE updates.update_id = given.update_id"""
    )
)
_ADOPTABLE = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(update_id, chat, {s.json.format("replies")}, begun, error)) AS text)
    FROM (SELECT update_id, chat, replies, begun, error FROM updates
          WHERE state = 'answered'
            AND lease_owner NOT IN (SELECT CAST(each.value ->> 0 AS VARCHAR(32)) FROM {s.each})
          ORDER BY update_id {s.lock}) AS orphans"""
    )
)
_HELD_ANSWERS = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(update_id, chat, {s.json.format("replies")}, begun, error)) AS text)
    FROM updates WHERE state = 'answered' AND lease_owner = :owner AND update_id IN {given_ids(s)}"""
    )
)
_ADOPT = Statement(lambda s: f"UPDATE updates SET lease_owner = :owner WHERE update_id IN {given_ids(s)}")
_HELD = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(update_id)) AS text) FROM updates
    WHERE update_id IN {given_ids(s)} AND lease_owner = :owner"""
    )
)


def _given_to(s: Spelling) -> str:
    """Those of the given updates, each with an owner, which that owner still holds."""
    return f"""(update_id, lease_owner) IN (
        SELECT CAST(each.value ->> 0 AS BIGINT), CAST(each.value ->> 1 AS VARCHAR(32)) FROM {s.each})"""


_FREE = Statement(
    lambda s: (
        f"""
    UPDATE updates SET holds_chat = (1 = 0) WHERE {_given_to(s)}"""
    )
)
_BEGIN = Statement(
    lambda s: (
        f"""
    UPDATE updates SET begun = given.begun
    FROM (SELECT CAST(each.value ->> 0 AS BIGINT) AS update_id, CAST(each.value ->> 1 AS INTEGER) AS begun
          FROM {s.each}) AS given
    WHERE updates.update_id = given.update_id AND lease_owner = :owner"""
    )
)
# A failed update keeps its body, so that what made it fail can be found, and its chat, so that it goes when the
# person asks to be erased.
_FINISH = Statement(
    lambda s: (
        f"""
    UPDATE updates SET state = CASE WHEN error IS NULL THEN 'done' ELSE 'failed' END,
        body = CASE WHEN error IS NULL THEN NULL ELSE body END,
        chat = CASE WHEN error IS NULL THEN NULL ELSE chat END,
        replies = NULL, lease_owner = NULL
    WHERE {_given_to(s)}"""
    )
)


async def store(tx: AsyncConnection, received: Iterable[Received], now: datetime) -> None:
    """Keep updates that are not known yet, by the end of the transaction."""
    at = instant_text(now)
    rows = [
        (one.update_id, one.chat, one.body.decode(), one.asks, at, int(one.stands_alone)) for one in received
    ]
    postpone(tx, _store, rows)


def _store(visit: DatabaseVisit, rows: list[Row]) -> None:
    visit.run(_STORE, rows=rows)


async def drop_floods(tx: AsyncConnection, chats: Iterable[int], *, most: int) -> int:
    """Of each of these chats no more than the last `most` updates wait; how many were dropped."""
    await write_postponed(tx)
    return await _DROP.run(tx, rows=members(chats), most=most)


async def waiting(
    tx: AsyncConnection, room: int, owner: str, *, strangers: bool = True
) -> tuple[list[Received], bool]:
    """The oldest waiting updates, at most one of each chat, of known people first; without `strangers` only theirs.
    And whether others wait, which may be handled later.

    `owner` is going to handle them; chats whose replies another process has on their way are not among them.

    They stay locked for this transaction where several processes run.
    """
    statements = _WAITING if strangers else _WAITING_OF_KNOWN
    write_first = taken_up(tx)
    most = _OLDEST_FOR_ONE * room

    def look(visit: DatabaseVisit) -> list[Any]:
        write_first(visit)
        found, count = visit.rows(statements.oldest, room=room, most=most, owner=owner)
        # Known people go first, and one may stand behind the oldest.
        is_all = count <= most or (len(found or ()) == room and all(known for *_, known in found))
        return [found, count] if is_all else visit.rows(statements.all, room=room, most=most, owner=owner)

    found, count = await together(tx, look)
    received = [
        Received(update_id=number, chat=chat, body=body.encode(), known=bool(known))
        for number, chat, body, known in found or ()
    ]
    return received, count > len(received)


async def answer(tx: AsyncConnection, answered: Sequence[AnsweredUpdate], owner: str) -> None:
    """Save what answers each update, by the end of the transaction of its effects; `owner` is going to post it."""
    rows = [
        (one.update_id, orjson.dumps(one.replies).decode(), one.error, int(one.holds_chat), owner)
        for one in answered
    ]
    postpone(tx, _answer, rows)


def _answer(visit: DatabaseVisit, rows: list[Row]) -> None:
    visit.run(_ANSWER, rows=rows)


async def adopt(tx: AsyncConnection, owner: str, living: Iterable[str]) -> list[AnsweredUpdate]:
    """Take over the replies that dead processes were posting."""
    found = await _ADOPTABLE.rows(tx, rows=[(name,) for name in living])
    if found:
        await _ADOPT.run(tx, rows=[(row[0],) for row in found], owner=owner)
    return [_answered(*row) for row in found]


async def held_answers(tx: AsyncConnection, numbers: Iterable[int], owner: str) -> list[AnsweredUpdate]:
    """Those of these updates that are answered, and whose replies are `owner`'s to post."""
    return [_answered(*row) for row in await _HELD_ANSWERS.rows(tx, rows=members(numbers), owner=owner)]


def _answered(
    number: int, chat: int, replies: list[dict[str, Any]], begun: int, error: str | None
) -> AnsweredUpdate:
    return AnsweredUpdate(update_id=number, chat=chat, replies=replies, begun=begun, error=error)


async def begin(tx: AsyncConnection, begun: Sequence[tuple[int, int]], owner: str) -> set[int]:
    """Record (update, how many of its calls were begun) before they are posted. The transaction ends with it.

    Returns the updates that `owner` still holds; the others must not be posted.
    """
    write_first = taken_up(tx)

    def work(visit: DatabaseVisit) -> set[int]:
        write_first(visit)
        visit.run(_BEGIN, rows=begun, owner=owner)
        return _held(visit, [number for number, _count in begun], owner)

    return await together(tx, work, and_commit=True)


async def held(tx: AsyncConnection, numbers: Iterable[int], owner: str) -> set[int]:
    """Those of these updates whose replies are still `owner`'s to post."""
    return await together(tx, lambda visit: _held(visit, numbers, owner))


def _held(visit: DatabaseVisit, numbers: Iterable[int], owner: str) -> set[int]:
    return {number for (number,) in visit.rows(_HELD, rows=members(numbers), owner=owner)}


async def free_chats(tx: AsyncConnection, numbers: Iterable[int], owner: str) -> None:
    """The new messages of these updates have left: by the end of the transaction the next updates of their chats may be
    handled.
    """
    postpone(tx, _free, [(number, owner) for number in numbers])


async def finish(tx: AsyncConnection, numbers: Iterable[int], owner: str) -> None:
    """Erase what was said in updates whose replies have left, by the end of the transaction.

    Only the number stays, to know a repetition by.
    """
    postpone(tx, _finish, [(number, owner) for number in numbers])


def _free(visit: DatabaseVisit, rows: list[Row]) -> None:
    visit.run(_FREE, rows=rows)


def _finish(visit: DatabaseVisit, rows: list[Row]) -> None:
    visit.run(_FINISH, rows=rows)


async def forget(tx: AsyncConnection, *, done_before: datetime, failed_before: datetime) -> int:
    """Forget updates received long enough ago; how many."""
    old = sa.or_(
        sa.and_(updates.c.state == "done", updates.c.received_at < done_before),
        sa.and_(updates.c.state == "failed", updates.c.received_at < failed_before),
    )
    return (await tx.execute(updates.delete().where(old))).rowcount


async def blank_failed(tx: AsyncConnection, chats: Iterable[int] | sa.Select[tuple[int]]) -> None:
    """What failed is kept to find out why, but not beyond its author: where the apology has not left yet, nothing of it
    is once it has.
    """
    has_left = updates.c.state == "failed"
    is_leaving = sa.and_(updates.c.state == "answered", updates.c.error.is_not(None))
    values: dict[str, Any] = {
        "body": None,
        "chat": sa.case((has_left, None), else_=updates.c.chat),
        "error": sa.case((has_left, updates.c.error), else_=None),
    }
    failed = sa.and_(sa.or_(has_left, is_leaving), updates.c.chat.in_(chats))
    await tx.execute(sa.update(updates).where(failed).values(values))


_UNFINISHED = sa.select(sa.func.count()).where(updates.c.state.in_(("received", "answered")))


_ANY_WAIT = sa.select(sa.exists().where(updates.c.state == "received"))


async def any_wait(tx: AsyncConnection) -> bool:
    """Whether any update is still to be handled."""
    return bool((await tx.execute(_ANY_WAIT)).scalar())


async def count_unfinished(tx: AsyncConnection) -> int:
    """How many updates wait or have replies on their way."""
    return int((await tx.execute(_UNFINISHED)).scalar_one())
