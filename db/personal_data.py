"""What is held about one person beyond their row: for /why and /mydata. Read only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.mends import RECALLED
from db.effects import STATE_TOLD, VARIANT_TOLD
from db.mends import IS_MESSAGE, KIND_OF_MEND
from db.notices import IS_NOTICE, PREFIX
from db.schema import (
    attendee_numbers,
    broadcasts,
    check_ins,
    deliveries,
    events,
    responses,
    rsvps,
    staff,
    vote_plans,
)


class ReceivedMessage(Frozen):
    """A campaign message that reached a person, and whom it was for."""

    kind: str
    template: str | None
    step: str | None
    ballot: int | None
    event: int | None
    audience: Any  # see bot.rules.expressions.stored
    area: str
    sent_at: datetime

    @property
    def is_notice(self) -> bool:
        """Whether it told the team something."""
        return (self.template or "").startswith(PREFIX)


async def received(tx: AsyncConnection, person: int, message_id: int | None) -> ReceivedMessage | None:
    """The campaign message of this id, or the last one; None if there was none."""
    query = (
        sa.select(
            broadcasts.c.kind,
            broadcasts.c.template,
            broadcasts.c.step,
            broadcasts.c.ballot,
            broadcasts.c.event,
            broadcasts.c.audience,
            broadcasts.c.area,
            deliveries.c.sent_at,
        )
        .join(deliveries, deliveries.c.broadcast == broadcasts.c.id)
        .where(deliveries.c.person == person, deliveries.c.sent_at.is_not(None), IS_MESSAGE)
        .order_by(deliveries.c.sent_at.desc(), deliveries.c.id.desc())
        .limit(1)
    )
    if message_id is not None:
        query = query.where(deliveries.c.message_id == message_id)
    else:
        query = query.where(sa.not_(IS_NOTICE))
    row = (await tx.execute(query)).first()
    return None if row is None else ReceivedMessage(**row._mapping)


_NEWEST = (
    sa.select(deliveries.c.message_id)
    .where(deliveries.c.person == sa.bindparam("person"), deliveries.c.message_id.is_not(None))
    .order_by(deliveries.c.sent_at.desc(), deliveries.c.id.desc())
    .limit(1)
)


async def newest_message(tx: AsyncConnection, person: int) -> int | None:
    """The Telegram id of the last message that was sent to them by itself."""
    return await tx.scalar(_NEWEST, {"person": person})


class OpenQuestion(Frozen):
    """A message that asks something: its Telegram id, and the reminder of a ballot that it is, if it is one."""

    message_id: int
    ballot: int | None
    step: str | None


def _is_taken_back(person: int) -> sa.ColumnElement[bool]:
    """Whether a broadcast does not stand in the person's chat any more."""
    recall, gone = broadcasts.alias("recall"), deliveries.alias("gone")
    return sa.exists().where(
        recall.c.mends == broadcasts.c.id,
        recall.c.template == RECALLED,
        gone.c.broadcast == recall.c.id,
        gone.c.person == person,
        gone.c.state == "sent",
    )


async def open_question(tx: AsyncConnection, person: int, *, since: datetime) -> OpenQuestion | None:
    """The last campaign message, where it is a reminder or about an event, and unanswered."""
    columns = (broadcasts.c.step, broadcasts.c.ballot, broadcasts.c.event)
    query = (
        sa.select(deliveries.c.message_id, deliveries.c.answered_at, *columns)
        .join(broadcasts, deliveries.c.broadcast == broadcasts.c.id)
        .where(
            deliveries.c.person == person,
            deliveries.c.sent_at >= since,
            sa.not_(IS_NOTICE),
            IS_MESSAGE,
            sa.not_(_is_taken_back(person)),
        )
        .order_by(deliveries.c.sent_at.desc(), deliveries.c.id.desc())
        .limit(1)
    )
    row = (await tx.execute(query)).first()
    if row is None or row.answered_at is not None or (row.step is None and row.event is None):
        return None
    if row.message_id is None:
        return None
    return OpenQuestion(message_id=row.message_id, ballot=row.ballot, step=row.step)


_SOMEBODY: sa.BindParameter[int] = sa.bindparam("somebody")
_ANSWERS = (
    sa.select(
        *(
            responses.c[name]
            for name in ("at", "question", "subject", "answer", "commune", "department", "region")
        )
    )
    .where(responses.c.person == _SOMEBODY)
    .order_by(responses.c.id)
)


async def answers_of(tx: AsyncConnection, person: int) -> list[dict[str, Any]]:
    """Every answer a person gave, oldest first."""
    return await _rows(tx, _ANSWERS, person)


_MESSAGES = (
    sa.select(
        broadcasts.c.kind,
        KIND_OF_MEND.label("mend"),
        broadcasts.c.step,
        broadcasts.c.ballot,
        VARIANT_TOLD,
        STATE_TOLD,
        deliveries.c.due_at,
        deliveries.c.sent_at,
        deliveries.c.answered_at,
    )
    .join(deliveries, deliveries.c.broadcast == broadcasts.c.id)
    .where(deliveries.c.person == _SOMEBODY)
    .order_by(deliveries.c.id)
)


async def messages_of(tx: AsyncConnection, person: int) -> list[dict[str, Any]]:
    """Every campaign message queued for a person, oldest first, with what became of it; `mend` is what a row tells of
    that is a correction or a recall of one, and `variant` the version that they drew of it (`holdout`: none), once it
    began to leave.
    """
    return await _rows(tx, _MESSAGES, person)


def _same(table: sa.Table) -> sa.ColumnElement[bool]:
    """Whether a row is about the event and the person of an answer."""
    return sa.and_(table.c.event == rsvps.c.event, table.c.person == rsvps.c.person)


_EVENT_ANSWERS = (
    sa.select(
        events.c.code,
        *(column for column in rsvps.c if column.name not in ("event", "person")),
        check_ins.c.at.label("checked_in_at"),
        check_ins.c.how.label("checked_in_by"),
        attendee_numbers.c.number.label("number_on_lists"),
    )
    .join(events, events.c.id == rsvps.c.event)
    .outerjoin(check_ins, _same(check_ins))
    .outerjoin(attendee_numbers, _same(attendee_numbers))
    .where(rsvps.c.person == _SOMEBODY)
    .order_by(rsvps.c.at)
)


async def event_answers_of(tx: AsyncConnection, person: int) -> list[dict[str, Any]]:
    """A person's answers to invitations, with the event's code, when they were checked in, and their number there."""
    return await _rows(tx, _EVENT_ANSWERS, person)


_ROLES = (
    sa.select(staff.c.role, staff.c.area, staff.c.added_at, staff.c.revoked_at)
    .where(staff.c.telegram_id == _SOMEBODY)
    .order_by(staff.c.id)
)


async def roles_of(tx: AsyncConnection, telegram_id: int) -> list[dict[str, Any]]:
    """The roles that somebody holds in the team, and those they held."""
    return await _rows(tx, _ROLES, telegram_id)


_PLANS = (
    sa.select(*(column for column in vote_plans.c if column.name != "person"))
    .where(vote_plans.c.person == _SOMEBODY)
    .order_by(vote_plans.c.ballot)
)


async def plans_of(tx: AsyncConnection, person: int) -> list[dict[str, Any]]:
    """A person's vote plans, by ballot."""
    return await _rows(tx, _PLANS, person)


async def _rows(tx: AsyncConnection, query: sa.Select[Any], somebody: int) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in await tx.execute(query, {"somebody": somebody})]
