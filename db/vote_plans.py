"""What people said of their vote: intention, plan and turnout, one row for each person and ballot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.people import VoteState
from db import people_to_plan
from db.batches import Columns, Statement, given_ids, members
from db.broadcasts import by_the_program, ensure, queue_deliveries
from db.records import records
from db.schema import people, vote_plans
from db.upsert import put

HOURS_CHANGED = "neutral/hours_changed"
"""The template of the message that tells people who planned that the day or the hours are others now."""
AT_ONCE = 500

SAID = sa.func.coalesce(vote_plans.c.vote, vote_plans.c.intention, VoteState.NONE.value)
"""`VotePlan.state` as SQL; `none` also where an outer join found no plan."""


class VotePlan(Frozen):
    """One row of `vote_plans`: see db.schema for the values each field takes."""

    person: int
    ballot: int
    intention: str | None
    slot: str | None
    departure: str | None
    company: str | None
    vote: str | None
    at: datetime

    @property
    def state(self) -> VoteState:
        """The person's last word, as the rules read it: the polling day's answer outweighs the pledge."""
        return VoteState(self.vote or self.intention or VoteState.NONE)


async def get(tx: AsyncConnection, *, person: int, ballot: int) -> VotePlan | None:
    return (await of_person(tx, person)).get(ballot)


_OF_PERSON = (
    sa.select(vote_plans).where(vote_plans.c.person == sa.bindparam("person")).order_by(vote_plans.c.ballot)
)


async def of_person(tx: AsyncConnection, person: int) -> dict[int, VotePlan]:
    """A person's plans by ballot number."""
    return {plan.ballot: plan for plan in records(VotePlan, await tx.execute(_OF_PERSON, {"person": person}))}


_COLUMNS = Columns(vote_plans.c[each.name] for each in fields(VotePlan))
_OF_PEOPLE = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}({_COLUMNS})) AS text) FROM vote_plans
    WHERE ballot = :ballot AND person IN {given_ids(s)}"""
    )
)


async def of_people(tx: AsyncConnection, ids: Iterable[int], ballot: int) -> dict[int, VotePlan]:
    """The plans of many people for one ballot, by person: for messages sent to all of them."""
    rows = await _OF_PEOPLE.rows(tx, rows=members(ids), ballot=ballot)
    names = [each.name for each in fields(VotePlan)]
    return {row[0]: VotePlan(**dict(zip(names, _COLUMNS.read(row), strict=True))) for row in rows}


class PlannedVote(NamedTuple):
    """Somebody who chose a time to vote, and has not voted yet: where they vote and the zone they live by."""

    person: int
    territory: str | None
    commune: str | None
    zone: str | None
    slot: str


async def planned(tx: AsyncConnection, ballot: int) -> list[PlannedVote]:
    """Those who are registered and planned when to vote."""
    mine = sa.and_(
        vote_plans.c.ballot == ballot,
        vote_plans.c.slot.is_not(None),
        SAID.not_in([VoteState.VOTED.value, VoteState.CANNOT.value]),
        people.c.state == "registered",
    )
    columns = (people.c.id, people.c.territory, people.c.commune, people.c.zone, vote_plans.c.slot)
    query = sa.select(*columns).join(vote_plans, vote_plans.c.person == people.c.id).where(mine)
    return [PlannedVote(*row) for row in await tx.execute(query)]


async def tell_of_hours(
    tx: AsyncConnection,
    ids: Sequence[int],
    *,
    ballot: int,
    hours: str,
    due_at: datetime,
    expires_at: datetime,
    now: datetime,
) -> int:
    """Queues word of changed `hours` (their digest) for these people, once for each; for how many."""
    key = f"hours:{ballot}:{hours}"
    values = by_the_program(key, now, kind="service", template=HOURS_CHANGED, ballot=ballot, starts_at=now)
    broadcast, queued = await ensure(tx, values), 0
    for first in range(0, len(ids), AT_ONCE):
        who = sa.select(people.c.id).where(people.c.id.in_(ids[first : first + AT_ONCE]))
        queued += await queue_deliveries(
            tx, broadcast=broadcast, people=who, due_at=due_at, expires_at=expires_at, now=now
        )
    return queued


async def change(
    tx: AsyncConnection, *, person: int, ballot: int, at: datetime, **values: str | None
) -> None:
    """Sets these columns and leaves the others as they are; what is due for the person is looked at again."""
    await put(tx, vote_plans, {"person": person, "ballot": ballot}, {**values, "at": at})
    people_to_plan.mark(tx, person)
