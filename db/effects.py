"""How many people of each group did something: counted for everybody who drew, whether or not it reached them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.effects import Count
from bot.rules.experiments import Outcome
from db.broadcast_accounts import Broadcast
from db.restrictions import of_others
from db.schema import broadcasts, deliveries, events, responses, rsvps, vote_plans

Condition = sa.ColumnElement[bool]

NO_ANSWERS = ("messages", "consent", "stop", "delete", "restriction")
"""What is said below a message and is no answer to it: that one wants no more of them."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is counted: from `since` to `until`, about these events (of none: about any), and about a ballot."""

    broadcast: int
    since: datetime
    until: datetime
    events: tuple[str, ...] = ()
    ballot: int | None = None


async def group_sizes(tx: AsyncConnection, broadcast: int) -> dict[str, int]:
    """How many people drew what, of those who are there and did not restrict their data."""
    query = (
        sa.select(deliveries.c.variant, sa.func.count().label("drawn"))
        .where(_drew(broadcast))
        .group_by(deliveries.c.variant)
    )
    return {row.variant: row.drawn for row in await tx.execute(query)}


async def counts(tx: AsyncConnection, outcome: Outcome, asked: Asked) -> dict[str, Count]:
    """How many people drew what, and how many of them did it."""
    did = _DID[outcome](asked)
    query = (
        sa.select(
            deliveries.c.variant,
            sa.func.count().label("drawn"),
            sa.func.count().filter(did).label("did"),
        )
        .where(_drew(asked.broadcast))
        .group_by(deliveries.c.variant)
    )
    return {row.variant: Count(drawn=row.drawn, did=row.did) for row in await tx.execute(query)}


def _drew(broadcast: int) -> Condition:
    return sa.and_(
        deliveries.c.broadcast == broadcast,
        deliveries.c.variant.is_not(None),
        deliveries.c.person.is_not(None),
        of_others(deliveries.c.person),
    )


def _said(asked: Asked, *conditions: Condition) -> Condition:
    """Whether the person answered so in that time."""
    in_time = responses.c.at.between(asked.since, asked.until)
    return sa.exists().where(responses.c.person == deliveries.c.person, in_time, *conditions)


def _about(asked: Asked) -> list[Condition]:
    """Which events are meant: those that the message names; where it names none, any that begins later."""
    if asked.events:
        return [events.c.code.in_(asked.events)]
    return [events.c.starts_at >= asked.since]


def _opened(asked: Asked) -> Condition:
    codes = [responses.c.subject.in_(asked.events)] if asked.events else []
    return _said(asked, responses.c.question == OPENED, *codes)


def _at_event(asked: Asked, *conditions: Condition) -> Condition:
    return sa.exists().where(
        rsvps.c.person == deliveries.c.person, rsvps.c.event == events.c.id, *_about(asked), *conditions
    )


def _of_vote(asked: Asked, *conditions: Condition) -> Condition:
    return sa.exists().where(
        vote_plans.c.person == deliveries.c.person,
        vote_plans.c.ballot == (asked.ballot or 0),
        vote_plans.c.at >= asked.since,
        *conditions,
    )


def _stopped(asked: Asked) -> Condition:
    withdrew = sa.and_(
        responses.c.question == "consent", responses.c.subject == "contact", responses.c.answer == "no"
    )
    muted = sa.and_(responses.c.question == "messages", responses.c.answer == "off")
    return _said(asked, sa.or_(responses.c.question == "stop", withdrew, muted))


OPENED = "opened"
"""The question under which it is noted that somebody who drew opened an event."""
_DID = {
    Outcome.OPENED: _opened,
    Outcome.RSVP: lambda asked: _at_event(asked, rsvps.c.answer == "yes", rsvps.c.at >= asked.since),
    Outcome.CAME: lambda asked: _at_event(asked, rsvps.c.attended.is_(True)),
    Outcome.ANSWERED: lambda asked: _said(
        asked, responses.c.broadcast == asked.broadcast, responses.c.question.not_in(NO_ANSWERS)
    ),
    Outcome.PLANNED: lambda asked: _of_vote(asked, vote_plans.c.slot.is_not(None)),
    Outcome.VOTED: lambda asked: _of_vote(asked, vote_plans.c.vote == "voted"),
    Outcome.STOPPED: _stopped,
}


async def unmeasured(tx: AsyncConnection) -> list[Broadcast]:
    """The messages of which versions are compared, that have left, and of which not everything was counted."""
    query = sa.select(broadcasts).where(
        broadcasts.c.experiment["goal"].as_string().is_not(None), broadcasts.c.finished_at.is_not(None)
    )
    return [Broadcast(**row._mapping) for row in await tx.execute(query.order_by(broadcasts.c.id))]


async def keep(tx: AsyncConnection, broadcast: int, measured: Mapping[str, Any]) -> None:
    """What was counted, for good."""
    await tx.execute(broadcasts.update().where(broadcasts.c.id == broadcast).values(measured=dict(measured)))


async def ends_of_events(tx: AsyncConnection, codes: Iterable[str]) -> list[datetime]:
    """When the events of these codes end."""
    return list(await tx.scalars(sa.select(events.c.ends_at).where(events.c.code.in_(list(codes)))))


async def is_watched(tx: AsyncConnection, person: int, code: str, *, since: datetime) -> bool:
    """Whether it has to be noted that somebody opened an event: they drew lately, and it was not noted yet."""
    drew = sa.exists().where(
        deliveries.c.person == person,
        deliveries.c.variant.is_not(None),
        deliveries.c.broadcast == broadcasts.c.id,
        broadcasts.c.created_at >= since,
    )
    noted = sa.exists().where(
        responses.c.person == person, responses.c.question == OPENED, responses.c.subject == code
    )
    return bool(await tx.scalar(sa.select(sa.and_(drew, sa.not_(noted)))))
