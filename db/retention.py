"""Erasing what is kept no longer, by sets of rows. Each function tells how many it erased or cut loose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.erasing import cut_loose, erase_people
from db.schema import chosen_places, dialogs, events, people, responses, rsvps, staff, updates, vote_plans


async def erase_unfinished(tx: AsyncConnection, since: datetime) -> int:
    """People who began to sign up at or before `since` and never finished; staff need not sign up."""
    team = sa.select(staff.c.telegram_id).where(staff.c.revoked_at.is_(None))
    never_finished = sa.and_(people.c.state == "new", people.c.created_at <= since)
    return await erase_people(tx, sa.and_(never_finished, people.c.telegram_id.not_in(team)))


async def erase_profiles(tx: AsyncConnection, inactive_since: datetime) -> int:
    """Everybody who did not agree to be kept, and those who did but were not seen after `inactive_since`."""
    unwanted = sa.or_(~people.c.consent_keep, people.c.seen_at <= inactive_since)
    return await erase_people(tx, sa.and_(people.c.state != "new", unwanted))


async def erase_event_answers(tx: AsyncConnection, ended: datetime) -> int:
    """Answers to events that ended at or before `ended`; the log keeps them without the person."""
    over = sa.select(events.c.id).where(events.c.ends_at <= ended)
    codes = sa.select(events.c.code).where(events.c.ends_at <= ended)
    erased = await tx.execute(sa.delete(rsvps).where(rsvps.c.event.in_(over)))
    return erased.rowcount + await cut_loose(tx, responses.c.subject.in_(codes))


async def erase_votes(tx: AsyncConnection, ballots: Sequence[int]) -> int:
    """Vote plans, "voted" and the polling places chosen; the log keeps the answers without the person."""
    await tx.execute(sa.delete(chosen_places))
    erased = await tx.execute(sa.delete(vote_plans).where(vote_plans.c.ballot.in_(ballots)))
    return erased.rowcount + await cut_loose(tx, responses.c.subject.in_([str(ballot) for ballot in ballots]))


async def erase_updates(tx: AsyncConnection, received: datetime) -> int:
    """Updates that were processed, received at or before `received`."""
    done = sa.and_(updates.c.state.in_(("done", "failed")), updates.c.received_at <= received)
    return (await tx.execute(sa.delete(updates).where(done))).rowcount


async def erase_dialogs(tx: AsyncConnection, untouched_since: datetime) -> int:
    """Dialogs left in the middle at or before `untouched_since`."""
    return (await tx.execute(sa.delete(dialogs).where(dialogs.c.updated_at <= untouched_since))).rowcount
