"""Making and following broadcasts, on both engines."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.broadcasts
import db.people
import db.staff
from bot import communes
from bot.actions import broadcast_approvals, broadcast_control, broadcasts
from bot.actions.authority import Author, author_of
from bot.actions.broadcasts import BroadcastRefused, NewBroadcast
from bot.errors import NotAllowed
from bot.rules.expressions import EVERYBODY
from bot.rules.kinds import Kind
from bot.rules.sending import all_at
from bot.rules.small_counts import Headcount
from db.engine import Database
from db.schema import audit, deliveries, people
from tests.conversation import CAMPAIGN, paris

NOW = paris("2016-11-16T10:00")
NEWS = NewBroadcast(
    key="staff:1", kind=Kind.PERSUASION, audience=EVERYBODY, when=all_at(NOW), texts={"fr": "Bonjour"}
)


async def author(
    tx: AsyncConnection, telegram_id: int, role: str, *, approval_above: int | None = None
) -> Author:
    person = await db.people.create(tx, telegram_id=telegram_id, pseudonym=f"s{telegram_id}", now=NOW)
    await db.staff.add(tx, telegram_id=telegram_id, role=role, area="FR", added_by=None, now=NOW)
    campaign = replace(CAMPAIGN, approval_above=approval_above)
    return await author_of(tx, person, campaign=campaign, gazetteer=communes.load(), now=NOW)


async def supporters(tx: AsyncConnection, count: int) -> None:
    base = {"state": "registered", "consent_contact": True, "zone": "Europe/Paris", "territory": "FR"}
    rows = [
        {**base, "telegram_id": n, "pseudonym": f"p{n}", "created_at": NOW, "seen_at": NOW}
        for n in range(1000, 1000 + count)
    ]
    await tx.execute(sa.insert(people), rows)


async def test_one_key_is_sent_once(database: Database) -> None:
    async with database.write() as tx:
        organizer = await author(tx, 7, "organizer")
        await supporters(tx, 3)
        queued = await broadcasts.send(tx, organizer, NEWS)
        assert (queued.people, queued.awaits_approval) == (3, False)
        with pytest.raises(BroadcastRefused) as refusal:
            await broadcasts.send(tx, organizer, NEWS)
        assert refusal.value.message == "errors/broadcast_sent_already"
        assert await tx.scalar(sa.select(sa.func.count()).select_from(deliveries)) == 3


async def test_kinds_that_are_not_for_staff_are_refused(database: Database) -> None:
    async with database.write() as tx:
        organizer = await author(tx, 7, "organizer")
        for kind in (Kind.SERVICE, Kind.EVENT_SERVICE, Kind.EVENT_INVITE):
            with pytest.raises(BroadcastRefused):
                await broadcasts.send(tx, organizer, replace(NEWS, kind=kind))


def totals(*counts: Headcount) -> tuple[int, ...]:
    return tuple(count.total for count in counts)


async def test_the_account_adds_up_and_says_why_some_wait(database: Database) -> None:
    async with database.write() as tx:
        organizer = await author(tx, 7, "organizer")
        await supporters(tx, 8)
        queued = await broadcasts.send(tx, organizer, NEWS)
        numbers = list(await tx.scalars(sa.select(deliveries.c.id).order_by(deliveries.c.id)))
        until = paris("2016-11-20T19:00")
        states = ("sent", "sent", "failed", "unreachable", "in_doubt", "withheld", "expired", "queued")
        for number, state in zip(numbers, states, strict=True):
            values = {"state": state}
            if state == "withheld":
                values |= {"reason": "quiet_period", "due_at": until}
            await tx.execute(sa.update(deliveries).where(deliveries.c.id == number).values(**values))
        await tx.execute(sa.update(deliveries).where(deliveries.c.id == numbers[0]).values(answered_at=NOW))
        progress = await broadcast_control.followed(tx, organizer, queued.broadcast)
        assert progress.account.people.total == 8
        counts = {state: progress.count(state).total for state in set(states)}
        assert counts == {state: states.count(state) for state in set(states)}
        assert totals(progress.waiting, progress.withheld, progress.cancelled) == (1, 1, 0)
        assert progress.account.answered.total == 1
        (waiting,) = progress.account.withheld
        assert (waiting.reason, waiting.people.total, waiting.until) == ("quiet_period", 1, until)
        assert not progress.is_over

        # Cancelled: what had not left counts as cancelled at once.
        await broadcast_control.control(tx, organizer, queued.broadcast, "cancel")
        progress = await broadcast_control.followed(tx, organizer, queued.broadcast)
        assert totals(progress.waiting, progress.withheld, progress.cancelled) == (0, 0, 2)
        assert progress.is_over


async def test_a_broadcast_for_many_waits_for_a_second_person(database: Database) -> None:
    async with database.write() as tx:
        first = await author(tx, 7, "coordinator", approval_above=2)
        colleague = await author(tx, 8, "organizer", approval_above=2)
        second = await author(tx, 9, "coordinator", approval_above=2)
        await supporters(tx, 3)
        queued = await broadcasts.send(tx, first, NEWS)
        assert queued.awaits_approval
        assert await db.broadcasts.state_of(tx, queued.broadcast) == "unapproved"
        for other in (first, colleague, second):
            with pytest.raises(NotAllowed):
                await broadcast_control.control(tx, other, queued.broadcast, "resume")
        request = await db.approvals.of_broadcast(tx, queued.broadcast)
        assert request is not None
        for other in (first, colleague):
            with pytest.raises(NotAllowed):
                await broadcast_approvals.decide(
                    tx, other, request.id, broadcast_approvals.ApprovalDecision.YES
                )
            assert await broadcast_approvals.open_for(tx, other, queued.broadcast) is None
        assert await broadcast_approvals.open_for(tx, second, queued.broadcast) == request.id
        await broadcast_approvals.decide(tx, second, request.id, broadcast_approvals.ApprovalDecision.YES)
        assert await db.broadcasts.state_of(tx, queued.broadcast) == "active"
        # Once approved, its author may pause and resume it.
        await broadcast_control.control(tx, first, queued.broadcast, "pause")
        await broadcast_control.control(tx, first, queued.broadcast, "resume")
        progress = await broadcast_control.followed(tx, first, queued.broadcast)
        assert progress.broadcast.state == "active"
        actions = list(await tx.scalars(sa.select(audit.c.action).order_by(audit.c.id)))
        assert actions[:3] == ["ask_for_broadcast", "broadcast", "approve_broadcast"]
