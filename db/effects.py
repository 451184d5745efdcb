"""How many people of each group did something: counted for everybody who drew, whether or not it reached them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.effects import Count
from bot.rules.experiments import HELD_OUT, Outcome
from bot.rules.mends import REACHED
from bot.rules.steps import StepQuestion
from bot.rules.vote_plans import Turnout
from db.broadcast_accounts import GONE, Broadcast
from db.records import records
from db.restrictions import of_others
from db.schema import broadcasts, deliveries, events, people, responses, rsvps

Condition = sa.ColumnElement[bool]

_other = deliveries.alias("other")


class EffectQuery(Frozen):
    """What is counted: from `since` to `until`, about these events (of none: about any), and about a ballot."""

    broadcast: int
    since: datetime
    until: datetime
    events: tuple[str, ...] = ()
    ballot: int | None = None


async def counts(tx: AsyncConnection, outcome: Outcome, asked: EffectQuery) -> dict[str, Count]:
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


def _said(asked: EffectQuery, *conditions: Condition) -> Condition:
    """Whether the person answered so in that time."""
    in_time = responses.c.at.between(asked.since, asked.until)
    return sa.exists().where(responses.c.person == deliveries.c.person, in_time, *conditions)


def _said_first(asked: EffectQuery, *conditions: Condition, alike: tuple[str, ...]) -> Condition:
    """Whether the person answered so in that time and never before. `alike`: in what both answers are the same.

    The log is asked, not what became of it: a row of RSVPs or plans is written anew whenever anything of it changes.
    """
    earlier = responses.alias("earlier")
    same = (earlier.c[name] == responses.c[name] for name in ("person", *alike))
    said_before = sa.exists().where(*same, earlier.c.at < asked.since)
    return _said(asked, *conditions, sa.not_(said_before))


def _about(asked: EffectQuery) -> list[Condition]:
    """Which events are meant: those that the message names; where it names none, any that begins in that time."""
    if asked.events:
        return [events.c.code.in_(asked.events), events.c.ends_at > asked.since]
    return [events.c.starts_at >= asked.since]


def _opened(asked: EffectQuery) -> Condition:
    codes = [responses.c.subject.in_(asked.events)] if asked.events else []
    return _said(asked, responses.c.question == OPENED, *codes)


def _promised(asked: EffectQuery) -> Condition:
    yes = (responses.c.question == "rsvp", responses.c.answer == "yes")
    meant = (responses.c.subject == events.c.code, *_about(asked))
    return _said_first(asked, *yes, *meant, alike=("question", "answer", "subject"))


def _came(asked: EffectQuery) -> Condition:
    """Who says so, or whom the team saw. An event that has yet to begin then has nobody who came."""
    return sa.exists().where(
        rsvps.c.person == deliveries.c.person,
        rsvps.c.event == events.c.id,
        rsvps.c.attended.is_(True),
        events.c.starts_at <= asked.until,
        *_about(asked),
    )


def _planned(asked: EffectQuery) -> Condition:
    """The first hour that somebody plans: another one afterwards is no other plan."""
    planned = (responses.c.question == "plan.slot", responses.c.subject == str(asked.ballot))
    return _said_first(asked, *planned, alike=("question", "subject"))


def _voted(asked: EffectQuery) -> Condition:
    voted = (responses.c.answer == Turnout.VOTED.value, responses.c.subject == str(asked.ballot))
    return _said_first(
        asked, responses.c.question.in_(TURNOUT_QUESTIONS), *voted, alike=("answer", "subject")
    )


def _stopped(asked: EffectQuery) -> Condition:
    """Who asks for silence, or blocks the bot. That somebody had blocked it is found out of who was to get the message
    alone, and tells nothing of it.
    """
    withdrew = sa.and_(
        responses.c.question == "consent", responses.c.subject == "contact", responses.c.answer == "no"
    )
    muted = sa.and_(responses.c.question == "messages", responses.c.answer == "off")
    blocked = sa.exists().where(
        people.c.id == deliveries.c.person,
        people.c.unreachable_at.between(asked.since, asked.until),
        deliveries.c.state != "unreachable",
    )
    return sa.or_(_said(asked, sa.or_(responses.c.question == "stop", withdrew, muted)), blocked)


COMPLETE = "complete"
"""What is kept beside the numbers once there is nothing left to count."""
OPENED = "opened"
"""The question under which it is noted that somebody who drew opened an event."""
TURNOUT_QUESTIONS = (StepQuestion.TURNOUT.value, StepQuestion.LAST_CALL.value)
_DID: Mapping[Outcome, Callable[[EffectQuery], Condition]] = {
    Outcome.OPENED: _opened,
    Outcome.RSVP: _promised,
    Outcome.CAME: _came,
    Outcome.PLANNED: _planned,
    Outcome.VOTED: _voted,
    Outcome.STOPPED: _stopped,
}


async def first_left(tx: AsyncConnection, broadcast: int) -> datetime | None:
    """When the first of its messages left; of who was erased since only the day is known, and is not asked."""
    mine = sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.person.is_not(None))
    first: datetime | None = await tx.scalar(sa.select(sa.func.min(deliveries.c.sent_at)).where(mine))
    return first


_COMPARES = broadcasts.c.experiment["goal"].as_string().is_not(None)
_OPENS_WAIT = broadcasts.c.measured[(Outcome.OPENED.value, "known_at")].as_string().is_(None)
_IS_COMPLETE = sa.func.coalesce(broadcasts.c.measured[COMPLETE].as_boolean(), sa.false())
_GOT_SOMEBODY = sa.exists().where(_other.c.broadcast == broadcasts.c.id, _other.c.state.in_(REACHED))


_BEGAN = sa.select(broadcasts.c.id).where(_COMPARES, _GOT_SOMEBODY)
_MAY_BE_TOLD = deliveries.c.broadcast.in_(_BEGAN)
VARIANT_TOLD = sa.case((_MAY_BE_TOLD, deliveries.c.variant)).label("variant")
"""Of a row of `deliveries`: what its person drew, once the message began to leave. Nobody can tell before."""
STATE_TOLD = sa.case(
    (sa.or_(deliveries.c.state != HELD_OUT, _MAY_BE_TOLD), deliveries.c.state),
    (
        deliveries.c.broadcast.in_(sa.select(broadcasts.c.id).where(broadcasts.c.state == "cancelled")),
        "cancelled",
    ),
    else_="queued",
).label("state")
"""Of a row of `deliveries`: its state; until then whoever was left out waits like everybody."""


async def unmeasured(tx: AsyncConnection) -> list[Broadcast]:
    """The messages of which versions are compared, that have left, and of which not everything was counted."""
    query = sa.select(broadcasts).where(
        _COMPARES, broadcasts.c.finished_at.is_not(None), sa.not_(_IS_COMPLETE)
    )
    return records(Broadcast, await tx.execute(query.order_by(broadcasts.c.id)))


async def keep(tx: AsyncConnection, broadcast: int, measured: Mapping[str, Any]) -> None:
    """What was counted, for good."""
    await tx.execute(broadcasts.update().where(broadcasts.c.id == broadcast).values(measured=dict(measured)))


async def people_left_out(tx: AsyncConnection, broadcast: int) -> int:
    """How many drew to be left out of a message."""
    mine = sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.state == HELD_OUT)
    return int(await tx.scalar(sa.select(sa.func.count()).select_from(deliveries).where(mine)) or 0)


async def ends_of_events(tx: AsyncConnection, codes: Iterable[str]) -> list[datetime]:
    """When the events of these codes end, the first first."""
    query = sa.select(events.c.ends_at).where(events.c.code.in_(list(codes)))
    return list(await tx.scalars(query.order_by(events.c.ends_at)))


class Watching(Frozen):
    """A message of which it is still to be counted who opened an event, and whether it was noted of somebody since."""

    id: int
    noted: bool


async def watching(tx: AsyncConnection, person: int, code: str) -> list[Watching]:
    """The messages that somebody drew in, that began to leave, and of which it was not counted yet who opened what."""
    noted = sa.exists().where(
        responses.c.person == person,
        responses.c.question == OPENED,
        responses.c.subject == code,
        responses.c.at >= broadcasts.c.starts_at,
    )
    query = (
        sa.select(broadcasts.c.id, noted.label("noted"))
        .join(deliveries, deliveries.c.broadcast == broadcasts.c.id)
        .where(
            deliveries.c.person == person,
            deliveries.c.variant.is_not(None),
            _OPENS_WAIT,
            _GOT_SOMEBODY,
        )
    )
    return [Watching(id=row.id, noted=bool(row.noted)) for row in await tx.execute(query)]


async def opened_before(tx: AsyncConnection, now: datetime) -> Condition:
    """Of rows of `responses`: who opened what until now, up to where a message begins of which that is still to be
    counted. Of messages that begin while they are erased nothing goes.
    """
    waits = sa.and_(
        _COMPARES,
        _OPENS_WAIT,
        sa.or_(broadcasts.c.finished_at.is_(None), _GOT_SOMEBODY),
    )
    first = await tx.scalar(sa.select(sa.func.min(broadcasts.c.starts_at)).where(waits))
    counted = sa.and_(responses.c.question == OPENED, responses.c.at <= now, of_others(responses.c.person))
    return counted if first is None else sa.and_(counted, responses.c.at < first)


async def note_gone(tx: AsyncConnection, person: int) -> None:
    """Keeps, of somebody who is about to be erased, a bare number by version: one more who stopped the messages."""
    query = (
        sa.select(broadcasts.c.id, broadcasts.c.experiment, deliveries.c.variant)
        .join(deliveries, deliveries.c.broadcast == broadcasts.c.id)
        .where(
            deliveries.c.person == person,
            deliveries.c.variant.is_not(None),
            _COMPARES,
            sa.not_(_IS_COMPLETE),
            _GOT_SOMEBODY,
        )
        .order_by(broadcasts.c.id)
        .with_for_update(of=broadcasts)
    )
    for row in (await tx.execute(query)).all():
        gone = dict(row.experiment.get(GONE) or {})
        gone[row.variant] = gone.get(row.variant, 0) + 1
        change = broadcasts.update().where(broadcasts.c.id == row.id)
        await tx.execute(change.values(experiment={**row.experiment, GONE: gone}))
