"""Supporters who organize: their proposals, their events, whom the team trusts, and links to share an event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.areas import event_in
from db.events import together
from db.schema import events, host_links, hosts, people, proposals, series, series_events, trusted_hosts


class Proposal(Frozen):
    """One row of `proposals`: see db.schema for what each field means."""

    event: int
    person: int
    asked_at: datetime
    decided_at: datetime | None
    reason: str | None


class HostLink(Frozen):
    """An invitation to organize an event together."""

    token_hash: str
    event: int
    created_by: int | None
    expires_at: datetime
    used_at: datetime | None


async def propose(tx: AsyncConnection, *, event: int, person: int, now: datetime) -> None:
    """Keeps that somebody proposed an event, or proposes it anew."""
    await tx.execute(sa.delete(proposals).where(proposals.c.event == event))
    await tx.execute(sa.insert(proposals).values(event=event, person=person, asked_at=now))


async def proposal_of(tx: AsyncConnection, event: int) -> Proposal | None:
    """The proposal of an event; of a series the first date stands for all."""
    query = sa.select(proposals).where(together(proposals.c.event, event))
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else Proposal(**row._mapping)


async def decide(tx: AsyncConnection, event: int, *, now: datetime, reason: str | None = None) -> None:
    """Keeps that the team answered; `reason`: why it was sent back."""
    decided = sa.update(proposals).where(together(proposals.c.event, event))
    await tx.execute(decided.values(decided_at=now, reason=reason))


async def waiting_of(tx: AsyncConnection, person: int) -> int:
    """How many proposals of somebody the team has yet to answer."""
    query = sa.select(sa.func.count()).select_from(proposals).join(events, events.c.id == proposals.c.event)
    found = await tx.scalar(query.where(proposals.c.person == person, events.c.state == "proposed"))
    return int(found or 0)


async def add(tx: AsyncConnection, *, event: int, person: int, part: str, now: datetime) -> None:
    """Gives somebody an event to run, as its `host` or beside them (`co`)."""
    await tx.execute(sa.insert(hosts).values(event=event, person=person, part=part, since=now))


_PARTS = sa.select(hosts.c.event, hosts.c.part).where(hosts.c.person == sa.bindparam("somebody"))


async def parts_of(tx: AsyncConnection, person: int) -> dict[int, str]:
    """The events that somebody runs, by id, and as what."""
    found = await tx.execute(_PARTS, {"somebody": person})
    return {row.event: row.part for row in found}


async def of_event(tx: AsyncConnection, event: int) -> dict[int, str]:
    """Who runs an event beside the team, by person, and as what; the host first."""
    query = sa.select(hosts.c.person, hosts.c.part).where(hosts.c.event == event)
    rows = await tx.execute(query.order_by(hosts.c.part.desc(), hosts.c.since, hosts.c.person))
    return {row.person: row.part for row in rows}


async def remove(tx: AsyncConnection, *, event: int, person: int) -> bool:
    """Takes an event from somebody; False where it was not theirs."""
    theirs = sa.and_(hosts.c.event == event, hosts.c.person == person)
    return (await tx.execute(sa.delete(hosts).where(theirs))).rowcount == 1


_TRUSTED_IN = (
    sa.select(trusted_hosts.c.area)
    .where(trusted_hosts.c.person == sa.bindparam("somebody"))
    .order_by(trusted_hosts.c.area)
)


async def trusted_in(tx: AsyncConnection, person: int) -> list[str]:
    """The areas where somebody's events need nobody's approval."""
    return list(await tx.scalars(_TRUSTED_IN, {"somebody": person}))


async def give_trust(
    tx: AsyncConnection, *, person: int, area: str, within: list[str], now: datetime
) -> None:
    """Trusts somebody in an area, and by that in those `within` it."""
    theirs = sa.and_(trusted_hosts.c.person == person, trusted_hosts.c.area.in_([area, *within]))
    await tx.execute(sa.delete(trusted_hosts).where(theirs))
    await tx.execute(sa.insert(trusted_hosts).values(person=person, area=area, given_at=now))


async def end_trust(tx: AsyncConnection, person: int, areas: list[str]) -> list[int]:
    """Trusts somebody in these areas no longer: the events there are not theirs any more either; which those were."""
    theirs = sa.and_(trusted_hosts.c.person == person, trusted_hosts.c.area.in_(areas))
    await tx.execute(sa.delete(trusted_hosts).where(theirs))
    there = [event_in(area) for area in areas]
    mine = sa.select(hosts.c.event).join(events, events.c.id == hosts.c.event)
    found = list(await tx.scalars(mine.where(hosts.c.person == person, sa.or_(sa.false(), *there))))
    await tx.execute(sa.delete(hosts).where(hosts.c.person == person, hosts.c.event.in_(found)))
    return found


async def add_link(
    tx: AsyncConnection, *, token_hash: str, event: int, by: int | None, now: datetime, until: datetime
) -> None:
    await tx.execute(
        sa.insert(host_links).values(
            token_hash=token_hash, event=event, created_by=by, created_at=now, expires_at=until
        )
    )


async def find_link(tx: AsyncConnection, token_hash: str) -> HostLink | None:
    columns = (host_links.c[name] for name in HostLink.__dataclass_fields__)
    row = (await tx.execute(sa.select(*columns).where(host_links.c.token_hash == token_hash))).one_or_none()
    return None if row is None else HostLink(**row._mapping)


async def use_link(tx: AsyncConnection, token_hash: str, now: datetime) -> bool:
    """Takes a link; False where somebody was faster."""
    unused = sa.and_(host_links.c.token_hash == token_hash, host_links.c.used_at.is_(None))
    return (await tx.execute(sa.update(host_links).where(unused).values(used_at=now))).rowcount == 1


_PROPOSED = (
    sa.select(events.c.code, events.c.state, proposals.c.asked_at, proposals.c.decided_at, proposals.c.reason)
    .join(events, events.c.id == proposals.c.event)
    .where(proposals.c.person == sa.bindparam("somebody"))
    .order_by(events.c.id)
)
_HOSTED = (
    sa.select(events.c.code, hosts.c.part, hosts.c.since)
    .join(events, events.c.id == hosts.c.event)
    .where(hosts.c.person == sa.bindparam("somebody"))
)


async def of_person(tx: AsyncConnection, person: int) -> Mapping[str, Any]:
    """What is kept of somebody as a host: what they proposed, which events are theirs, whether the team trusts them."""
    given = {"somebody": person}
    return {
        "proposed": [dict(row._mapping) for row in await tx.execute(_PROPOSED, given)],
        "hosted": [dict(row._mapping) for row in await tx.execute(_HOSTED, given)],
        "trusted_in": await trusted_in(tx, person),
    }


_IS_PROPOSED = events.c.state.in_(("proposed", "returned"))


async def withdraw(tx: AsyncConnection, event: int) -> bool:
    """Deletes what was proposed, with its words and its place, which may be somebody's home, and all dates of a series;
    False where it is no proposal any more.
    """
    gone = await tx.execute(sa.delete(events).where(together(events.c.id, event), _IS_PROPOSED))
    await _drop_series_without_dates(tx)
    return gone.rowcount > 0


async def _drop_series_without_dates(tx: AsyncConnection) -> None:
    dates = sa.select(series_events.c.series)
    await tx.execute(sa.delete(series).where(series.c.id.not_in(dates)))


async def drop_proposals(tx: AsyncConnection, condition: sa.ColumnElement[bool]) -> None:
    """Deletes what people (a condition on `people`) proposed and the team has not let take place: see `withdraw`."""
    doomed = sa.select(people.c.id).where(condition)
    theirs = sa.select(proposals.c.event).where(proposals.c.person.in_(doomed))
    # Of a series the first date alone bears the proposal; whoever made it hosts all of them.
    dates = sa.select(hosts.c.event).where(hosts.c.person.in_(doomed))
    mine = sa.or_(events.c.id.in_(theirs), events.c.id.in_(dates))
    await tx.execute(sa.delete(events).where(mine, _IS_PROPOSED))
    await _drop_series_without_dates(tx)
