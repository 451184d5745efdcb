"""Somebody decides on a broadcast while its author, or another one who decides, acts on it: who was first decides."""

from __future__ import annotations

import asyncio
import signal
import socket
from dataclasses import replace

import pytest
import sqlalchemy as sa

import db.approvals
import db.people
import db.staff
from bot.actions import (
    announcing,
    broadcast_approvals,
    broadcast_control,
    broadcasts,
    events,
    staff,
    staff_links,
)
from bot.actions.approvals import LIFE, ApprovalGone
from bot.actions.events import EventChange
from bot.errors import NotAllowed
from bot.rules.leaves import read_leaf
from bot.rules.permissions import Role
from db.engine import Database
from db.events import Event
from db.schema import approvals, audit, people
from db.schema import broadcasts as sent
from db.schema import events as announced
from db.schema import staff as held_roles
from tests.acting import LYON, NEWS, NOW, new_event
from tests.actions.deciding import NADIA, author
from tests.actions.test_staff_races import meanwhile
from tests.conftest import KEY
from tests.conversation import CAMPAIGN
from tests.forking import begin, child_environment
from tests.places import place_of

SOPHIE, OLGA = 1, 3
"""An organizer of Lyon, who writes; an admin, who decides, as NADIA does."""
OVER = NOW + LIFE


@pytest.fixture
async def team(database: Database) -> Database:
    roles = {SOPHIE: (Role.ORGANIZER, LYON), NADIA: (Role.ADMIN, "FR"), OLGA: (Role.ADMIN, "FR")}
    async with database.write() as tx:
        for telegram_id, (role, area) in roles.items():
            await db.people.create(tx, telegram_id=telegram_id, pseudonym=str(telegram_id), now=NOW)
            await staff.add(tx, telegram_id=telegram_id, role=role, area=area, actor="test", now=NOW)
        for number in range(100, 103):
            row = {"telegram_id": number, "pseudonym": str(number), "created_at": NOW, "seen_at": NOW}
            row |= {"state": "registered", "consent_contact": True, "consent_commune": True}
            await tx.execute(sa.insert(people).values(territory="FR", **place_of(LYON), **row))
    return database


@pytest.fixture
async def message(team: Database) -> int:
    """A message that waits for a second person."""
    sophie = await author(team, SOPHIE)
    async with team.write() as tx:
        queued = await broadcasts.send(tx, sophie, replace(NEWS, audience=read_leaf(f"in:{LYON}")))
    assert queued.awaits_approval
    return queued.broadcast


@pytest.fixture
async def event(team: Database) -> Event:
    """An event whose invitation waits for a second person."""
    sophie = await author(team, SOPHIE)
    async with team.write() as tx:
        made = await announcing.announce(
            tx, sophie, replace(new_event(sophie), audience=read_leaf(f"in:{LYON}"))
        )
    assert made.invitation.awaits_approval
    return made.event


async def states(database: Database) -> tuple[list[str], list[str]]:
    """Of the events, and of what staff wrote."""
    async with database.read() as tx:
        written = sa.select(sent.c.state).where(sent.c.created_by.is_not(None)).order_by(sent.c.id)
        return list(await tx.scalars(sa.select(announced.c.state))), list(await tx.scalars(written))


async def asked(database: Database) -> list[tuple[bool | None, str | None]]:
    """What became of each approval, and why it ended where nobody decided."""
    async with database.read() as tx:
        rows = await tx.execute(sa.select(approvals).order_by(approvals.c.id))
        found = [db.approvals.Approval(**row._mapping) for row in rows]
    return [(each.granted, each.ended) for each in found]


async def noted(database: Database) -> list[str]:
    async with database.read() as tx:
        return list(await tx.scalars(sa.select(audit.c.action).order_by(audit.c.id)))


async def test_of_two_who_decide_at_once_the_first_does(team: Database, message: int) -> None:
    nadia, olga = await author(team, NADIA), await author(team, OLGA)
    with pytest.raises(ApprovalGone):
        await meanwhile(
            team,
            lambda tx: broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.NO),
            lambda tx: broadcast_approvals.decide(tx, olga, 1, broadcast_approvals.ApprovalDecision.YES),
        )
    assert await states(team) == ([], ["unapproved"])
    assert await asked(team) == [(False, None)]


async def test_what_is_decided_at_the_last_moment_is_not_too_late(team: Database, message: int) -> None:
    nadia = await author(team, NADIA)
    await meanwhile(
        team,
        lambda tx: broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES),
        lambda tx: broadcast_approvals.end_overdue(tx, CAMPAIGN, OVER),
    )
    assert await states(team) == ([], ["active"])
    assert await asked(team) == [(True, None)]
    assert "approval_too_late" not in await noted(team)


async def test_what_ended_at_the_last_moment_is_not_let_go(team: Database, message: int) -> None:
    nadia = await author(team, NADIA)
    with pytest.raises(ApprovalGone):
        await meanwhile(
            team,
            lambda tx: broadcast_approvals.end_overdue(tx, CAMPAIGN, OVER),
            lambda tx: broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES),
        )
    assert await asked(team) == [(False, "late")]


async def test_two_processes_end_it_once(team: Database, message: int) -> None:
    await meanwhile(
        team,
        lambda tx: broadcast_approvals.end_overdue(tx, CAMPAIGN, OVER),
        lambda tx: broadcast_approvals.end_overdue(tx, CAMPAIGN, OVER),
    )
    assert (await noted(team)).count("approval_too_late") == 1


async def test_an_event_that_was_let_go_while_it_was_cancelled_is_cancelled(
    team: Database, event: Event
) -> None:
    """Not only its invitation: people may have it."""
    nadia, sophie = await author(team, NADIA), await author(team, SOPHIE)
    await meanwhile(
        team,
        lambda tx: broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES),
        lambda tx: events.cancel_event(tx, sophie, event.code),
    )
    shown, (invitation, *_) = await states(team)
    assert (shown, invitation) == (["cancelled"], "cancelled")


async def test_an_event_that_was_cancelled_is_not_let_go(team: Database, event: Event) -> None:
    nadia, sophie = await author(team, NADIA), await author(team, SOPHIE)
    with pytest.raises(ApprovalGone):
        await meanwhile(
            team,
            lambda tx: events.cancel_event(tx, sophie, event.code),
            lambda tx: broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES),
        )
    assert await states(team) == (["dropped"], ["cancelled"])


async def test_what_is_changed_while_it_is_let_go_waits_again(team: Database, event: Event) -> None:
    nadia, sophie = await author(team, NADIA), await author(team, SOPHIE)
    change = EventChange(address="Salle Rameau")
    await meanwhile(
        team,
        lambda tx: broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES),
        lambda tx: events.change_event(tx, sophie, event.code, change, sequence=0),
    )
    shown, (invitation, *_) = await states(team)
    assert (shown, invitation) == (["open"], "unapproved")
    assert await asked(team) == [(True, None), (None, None)]


async def test_what_was_changed_is_not_let_go_by_the_old_card(team: Database, event: Event) -> None:
    nadia, sophie = await author(team, NADIA), await author(team, SOPHIE)
    change = EventChange(address="Salle Rameau")
    with pytest.raises(ApprovalGone):
        await meanwhile(
            team,
            lambda tx: events.change_event(tx, sophie, event.code, change, sequence=0),
            lambda tx: broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES),
        )
    assert await states(team) == (["hidden"], ["unapproved"])
    assert await asked(team) == [(False, "changed"), (None, None)]


async def test_a_message_that_was_let_go_while_it_was_cancelled_is_cancelled(
    team: Database, message: int
) -> None:
    nadia, sophie = await author(team, NADIA), await author(team, SOPHIE)
    await meanwhile(
        team,
        lambda tx: broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES),
        lambda tx: broadcast_control.control(tx, sophie, message, "cancel"),
    )
    assert await states(team) == ([], ["cancelled"])
    assert await asked(team) == [(True, None)]


async def test_of_two_who_ask_again_at_once_one_does(team: Database, message: int) -> None:
    nadia, sophie = await author(team, NADIA), await author(team, SOPHIE)
    async with team.write() as tx:
        await broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.NO)
    await meanwhile(
        team,
        lambda tx: broadcast_control.ask_again(tx, sophie, message),
        lambda tx: broadcast_control.ask_again(tx, sophie, message),
    )
    assert await asked(team) == [(False, None), (None, None)]


async def test_whoever_is_revoked_while_they_decide_decides_nothing(team: Database, message: int) -> None:
    nadia, olga = await author(team, NADIA), await author(team, OLGA)
    async with team.read() as tx:
        (held,) = await db.staff.roles_of(tx, NADIA)
    with pytest.raises(NotAllowed):
        await meanwhile(
            team,
            lambda tx: staff.revoke(tx, olga, held.id),
            lambda tx: broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES),
        )
    assert await states(team) == ([], ["unapproved"])


async def test_with_the_role_of_its_author_it_is_not_let_go(team: Database, message: int) -> None:
    nadia, olga = await author(team, NADIA), await author(team, OLGA)
    async with team.read() as tx:
        (held,) = await db.staff.roles_of(tx, SOPHIE)
    with pytest.raises(ApprovalGone):
        await meanwhile(
            team,
            lambda tx: staff.revoke(tx, olga, held.id),
            lambda tx: broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES),
        )
    assert await states(team) == ([], ["cancelled"])


async def test_one_who_was_given_their_role_by_its_author_is_second_where_there_is_nobody_else(
    team: Database,
) -> None:
    """They may be the same person with another number."""
    nadia, newcomer = await author(team, NADIA), 70
    async with team.write() as tx:
        await db.people.create(tx, telegram_id=newcomer, pseudonym="newcomer", now=NOW)
        token = await staff_links.invite(tx, nadia, role=Role.COORDINATOR, area="FR")
        await staff_links.join(tx, telegram_id=newcomer, token=token, now=NOW)
        queued = await broadcasts.send(tx, nadia, replace(NEWS, audience=read_leaf(f"in:{LYON}")))
        approval = await db.approvals.of_broadcast(tx, queued.broadcast)
        assert approval is not None
    other = await author(team, newcomer)
    async with team.write() as tx:
        assert await broadcast_approvals.open_for(tx, other, queued.broadcast) is None
        with pytest.raises(NotAllowed):
            await broadcast_approvals.decide(tx, other, approval.id, broadcast_approvals.ApprovalDecision.YES)
    async with team.write() as tx:
        for telegram_id in (SOPHIE, OLGA):
            for held in await db.staff.roles_of(tx, telegram_id):
                await db.staff.revoke(tx, held.id, NOW)
        await broadcast_approvals.decide(tx, other, approval.id, broadcast_approvals.ApprovalDecision.YES)
    assert await states(team) == ([], ["active"])


async def test_whoever_was_asked_decides_though_an_admin_joined_since(team: Database) -> None:
    """Olga may be Nadia with another number, and was asked as there was nobody else: nobody is asked in her place."""
    async with team.write() as tx:
        (sophies,) = await db.staff.roles_of(tx, SOPHIE)
        await db.staff.revoke(tx, sophies.id, NOW)
        giver = (await author(team, NADIA)).id
        theirs = sa.update(held_roles).where(held_roles.c.telegram_id == OLGA)
        await tx.execute(theirs.values(added_by=giver))
    nadia, newcomer = await author(team, NADIA), 70
    async with team.write() as tx:
        queued = await broadcasts.send(tx, nadia, replace(NEWS, audience=read_leaf(f"in:{LYON}")))
        await db.people.create(tx, telegram_id=newcomer, pseudonym="newcomer", now=NOW)
        await staff.add(tx, telegram_id=newcomer, role=Role.ADMIN, area="FR", actor="test", now=NOW)
    olga, nadia, camille = [await author(team, each) for each in (OLGA, NADIA, newcomer)]
    async with team.read() as tx:
        may = [await broadcast_approvals.open_for(tx, each, queued.broadcast) for each in (olga, camille)]
        assert may == [1, 1]
        assert await broadcast_approvals.open_for(tx, nadia, queued.broadcast) is None
    async with team.write() as tx:
        await broadcast_approvals.decide(tx, olga, 1, broadcast_approvals.ApprovalDecision.NO)
        # What is asked from now on is asked of the one who cannot be its author.
        news = replace(NEWS, key="staff:2", audience=read_leaf(f"in:{LYON}"))
        again = await broadcasts.send(tx, nadia, news)
        assert await broadcast_approvals.open_for(tx, olga, again.broadcast) is None
        assert await broadcast_approvals.open_for(tx, camille, again.broadcast) == 2


async def test_whoever_was_asked_and_holds_the_role_no_more_decides_nothing(
    team: Database, message: int
) -> None:
    nadia = await author(team, NADIA)
    async with team.write() as tx:
        (held,) = await db.staff.roles_of(tx, NADIA)
        await db.staff.revoke(tx, held.id, NOW)
    async with team.write() as tx:
        with pytest.raises(NotAllowed):
            await broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES)


def url_of(database: Database) -> str:
    if database.file is not None:
        return f"sqlite+aiosqlite:///{database.file}"
    return database._writer.url.render_as_string(hide_password=False)


async def test_killed_between_the_decision_and_the_release_nothing_was_decided(
    team: Database, event: Event
) -> None:
    """And somebody decides afterwards: both, with the event that everybody then sees, are one transaction."""
    ours, its = socket.socketpair()
    with its, open(2, "wb", closefd=False) as err:  # noqa: ASYNC230 - it is open already
        given = {"environment": child_environment({}), "out": its, "err": err, "read": its}
        process = begin("tests.actions.deciding", url_of(team), KEY.hex, **given)
    heard, ends = await asyncio.open_unix_connection(sock=ours)
    assert await heard.readline() == b"decided\n"
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    ends.close()
    await ends.wait_closed()
    assert await states(team) == (["hidden"], ["unapproved"])
    assert await asked(team) == [(None, None)]
    nadia = await author(team, NADIA)
    async with team.write() as tx:
        await broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES)
    assert await states(team) == (["open"], ["active"])
