"""Deleting people, and what may remain of them: counts, a sealed proof of consents, nothing that leads to them."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.experiments import HELD_OUT
from bot.rules.sending import ON_THE_WAY
from bot.rules.suppression import SuppressionKey, proof_of
from db import approvals, changes, hosts, notices, people_to_plan, seats
from db.conversations import erase_all as erase_conversations
from db.conversations import forget_answerers
from db.days import start_of_day
from db.leftovers import count_and_delete
from db.schema import (
    app_sessions,
    broadcasts,
    consents,
    console_sessions,
    conversations,
    deliveries,
    dialogs,
    downloads,
    people,
    responses,
    staff,
)
from db.updates import blank_failed

SEALED = "sealed"
"""Stands in the consent ledger in place of the pseudonyms of people who left."""


class Sealing(Frozen):
    """How what remains of somebody is sealed: by which key, on which day, and whether their consents can be proved."""

    key: SuppressionKey
    today: date
    keeps_proof: bool


async def erase_person(tx: AsyncConnection, person: int, sealing: Sealing) -> None:
    """Deletes one person: see `erase_people`."""
    await erase_people(tx, people.c.id == person, sealing)


async def erase_roles(tx: AsyncConnection, telegram_id: int) -> None:
    """Deletes the roles of somebody who is erased, what the team was told of them, and where they followed their
    broadcasts. The audit log stays.
    """
    await tx.execute(sa.delete(staff).where(staff.c.telegram_id == telegram_id))
    await tx.execute(sa.delete(downloads).where(downloads.c.telegram_id == telegram_id))
    await tx.execute(sa.delete(console_sessions).where(console_sessions.c.telegram_id == telegram_id))
    await erase_mentions(tx, telegram_id)
    followed = sa.update(broadcasts).where(broadcasts.c.progress_chat == telegram_id)
    await tx.execute(followed.values(progress_chat=None, progress_message=None))


async def erase_mentions(tx: AsyncConnection, telegram_id: int) -> None:
    """Deletes what the team was told of somebody, and what they asked of it or waited for."""
    await tx.execute(sa.delete(broadcasts).where(notices.names(telegram_id)))
    await approvals.forget_person(tx, telegram_id)


async def erase_people(tx: AsyncConnection, condition: sa.ColumnElement[bool], sealing: Sealing) -> int:
    """Deletes people; plans and RSVPs go with them, answers become counts, deliveries lose their link. How many.

    Who they are is settled once, and nobody writes of them meanwhile: whoever came back a moment before is spared
    whole, and what somebody just said is seen here, and goes too.
    """
    events = await seats.counted_events_of(tx, condition)
    await seats.hold(tx, events)  # before their rows are held: whoever answers holds the seats first too
    held = sa.select(people.c.id).where(condition).order_by(people.c.id).with_for_update()
    condition = people.c.id.in_(list(await tx.scalars(held)))
    doomed = sa.select(people.c.id).where(condition)
    late = {*await seats.counted_events_of(tx, condition)} - {*events}
    await seats.hold(tx, late)  # answered while their seats were waited for
    await hosts.drop_proposals(tx, condition)
    await count_and_delete(tx, responses.c.person.in_(doomed), sealing.key)
    await erase_conversations(tx, conversations.c.person.in_(doomed))
    await forget_answerers(tx, doomed)
    await _cut_deliveries(tx, deliveries.c.person.in_(doomed))
    await tx.execute(sa.update(people).where(people.c.recruiter.in_(doomed)).values(recruiter=None))
    chats = sa.select(people.c.telegram_id).where(condition)
    await blank_failed(tx, chats)
    await tx.execute(sa.delete(app_sessions).where(app_sessions.c.telegram_id.in_(chats)))
    await _seal_consents(tx, condition, sealing)
    await tx.execute(sa.delete(dialogs).where(dialogs.c.person.in_(doomed)))
    await people_to_plan.forget(tx, doomed)
    erased = (await tx.execute(sa.delete(people).where(condition))).rowcount
    if erased:
        await changes.forget_all(tx)
    await seats.recount(tx, {*events, *late})
    return erased


async def _cut_deliveries(tx: AsyncConnection, condition: sa.ColumnElement[bool]) -> None:
    """Deliveries to nobody any more, of whose instants the day is left: what waited does not leave, and what they drew
    is forgotten.
    """
    instants = ("due_at", "changed_at", "sent_at", "answered_at")
    waiting = deliveries.c.state.in_(ON_THE_WAY)
    await tx.execute(
        sa.update(deliveries)
        .where(condition)
        .values(
            person=None,
            message_id=None,
            reason=sa.case(
                (sa.or_(waiting, deliveries.c.state == HELD_OUT), "erased"), else_=deliveries.c.reason
            ),
            lease_owner=sa.case((waiting, None), else_=deliveries.c.lease_owner),
            state=sa.case(
                (sa.or_(waiting, deliveries.c.state == HELD_OUT), "cancelled"), else_=deliveries.c.state
            ),
            variant=None,
            **{name: start_of_day(deliveries.c[name]) for name in instants},
        )
    )


async def _seal_consents(tx: AsyncConnection, condition: sa.ColumnElement[bool], sealing: Sealing) -> None:
    """The ledger of supporters can still prove what they agreed to, to who knows their number and has the key.

    Of people who never finished signing up nothing is kept: they were never written to.
    """
    if sealing.keeps_proof:
        supporters = sa.select(people.c.pseudonym, people.c.telegram_id)
        supporters = supporters.where(condition, people.c.registered_at.is_not(None))
        marks = [
            {"whose": row.pseudonym, "mark": proof_of(sealing.key, row.telegram_id)}
            for row in await tx.execute(supporters)
        ]
        if marks:
            sealed = sa.update(consents).where(consents.c.pseudonym == sa.bindparam("whose"))
            sealed = sealed.values(
                pseudonym=SEALED,
                sealed=sa.bindparam("mark"),
                sealed_on=sealing.today,
                at=start_of_day(consents.c.at),
                update_id=None,
            )
            await tx.execute(sealed, marks)
    names = sa.select(people.c.pseudonym).where(condition)
    await tx.execute(sa.delete(consents).where(consents.c.pseudonym.in_(names)))
