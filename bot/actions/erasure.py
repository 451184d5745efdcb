"""Forgetting a person: at their request, because they may not take part, or because the law says so."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

import db.dialogs
import db.erasing
import db.people
import db.staff
import db.suppressions
import db.unread
from bot.actions import audit, claims, notices, staff_links
from bot.actions.broadcast_control import pause_orphans
from bot.rules.retention import Retention
from bot.rules.suppression import SuppressionKey, suppression_of
from db.days import day_of
from db.erasing import Sealing
from db.people import NOTHING_TO_RENEW, Person
from db.suppression_key import begin_anew

__all__ = ["Sealing", "begin_suppressions_anew", "erase", "forget", "sealing"]

ERASED = "erased"
"""The actor in the audit log where a member of the team is erased: who that was is not known any more."""


def sealing(key: SuppressionKey, retention: Retention, now: datetime) -> Sealing:
    """How what remains of people who leave now is sealed, by the periods of the campaign file."""
    return Sealing(key=key, today=day_of(now), keeps_proof=retention.proof_days > 0)


async def erase(tx: AsyncConnection, person: Person, sealing: Sealing, now: datetime) -> None:
    """Erases the person, their roles and whatever leads to them; counts of answers and deliveries stay."""
    await _leave_the_team(tx, person, now)
    await db.erasing.erase_person(tx, person.id, sealing)
    await db.unread.erase_of(tx, [person.telegram_id])
    await db.suppressions.add(tx, suppression_of(sealing.key, person.telegram_id), sealing.today)


async def begin_suppressions_anew(tx: AsyncConnection, file: Path, now: datetime) -> int:
    """A new suppression key in `file`, where the old one is lost; how many marks were given up with it. It is noted."""
    marks = await begin_anew(tx, file)
    details = {"marks": marks}
    await audit.note(tx, actor=audit.COMMAND_LINE, action="lose_suppression_key", details=details, now=now)
    return marks


async def _leave_the_team(tx: AsyncConnection, person: Person, now: datetime) -> None:
    """Their roles end with what rested on them; the log and the admins hear which, and not whose any more."""
    held = await db.staff.roles_of(tx, person.telegram_id)
    if held:
        await audit.take_turn(tx)
    await db.erasing.erase_roles(tx, person.telegram_id)
    await staff_links.end_unfounded(tx, person.telegram_id, now)
    await pause_orphans(tx, person.telegram_id, now)
    await claims.end_unfounded(tx, person.telegram_id, now)
    for role in held:
        details = {"role": role.role, "area": role.area}
        await audit.note(tx, actor=ERASED, action="leave_staff", details=details, now=now)
        news = {**details, "telegram_id": None, "by": None}
        await notices.tell_admins(tx, "staff_left", news, now=now)


async def fall_silent(tx: AsyncConnection, person: Person) -> None:
    """They hear nothing any more; whoever restricted the use of their data does already, and will afterwards."""
    state = person.state if person.is_restricted else "stopped"
    await db.people.change(tx, person.id, state=state, **NOTHING_TO_RENEW)
    await db.dialogs.end(tx, person.id)


async def forget(tx: AsyncConnection, person: Person, sealing: Sealing) -> None:
    """Erases someone who takes no part, unless they are of the team: they hear nothing any more, and their roles, with
    what rests on them, go on.

    Whoever was a supporter once leaves a mark, as those who ask for it do: an older backup still has their consent.
    Of the others nobody needs to be kept from being invited again.
    """
    if await db.staff.roles_of(tx, person.telegram_id):
        await fall_silent(tx, person)
        return
    await db.erasing.erase_mentions(tx, person.telegram_id)
    await db.erasing.erase_person(tx, person.id, sealing)
    await db.unread.erase_of(tx, [person.telegram_id])
    if person.registered_at is not None:
        await db.suppressions.add(tx, suppression_of(sealing.key, person.telegram_id), sealing.today)
