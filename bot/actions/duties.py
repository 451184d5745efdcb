"""Who of the team answers supporters at present: on and off duty, their hours, and the name they sign with."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.duties
import db.staff
from bot.actions import audit
from bot.actions.authority import Author, in_turn
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.conversations import coordinates, may_answer
from bot.rules.permissions import Action, Role, Staff
from bot.rules.territories import METROPOLE, TERRITORIES
from bot.rules.territories import zone as zone_named
from db.duties import Answerer

LONGEST_NAME = 64


class NameMissing(PortevoixError):
    """Whoever answers signs with a first name of their choice."""

    default_message = "inbox/name"


class TeamMember(Frozen):
    """Somebody of the team with their roles; `answers`: None where they never answered anybody."""

    telegram_id: int
    roles: tuple[Staff, ...]
    answers: Answerer | None

    def is_on_duty(self, now: datetime) -> bool:
        """Whether they are told at this moment of what comes in."""
        if self.answers is None:
            return False
        zone = zone_named(self.answers.zone or TERRITORIES[METROPOLE].zone)
        return self.answers.duty.is_at(now.astimezone(zone).hour)


async def sign_as(tx: AsyncConnection, author: Author, name: str) -> None:
    """The first name that stands under what they answer from now on. Raises NotAllowed, NameMissing."""
    author = await in_turn(tx, author)
    author.require(Action.ANSWER_CONVERSATION)
    words = " ".join(name.split())
    if not words or len(words) > LONGEST_NAME:
        raise NameMissing("A first name of at most 64 characters is needed.")
    await db.duties.change(tx, author.person.id, name=words)


async def go_on_duty(
    tx: AsyncConnection, author: Author, *, hours: tuple[int, int] | None = None
) -> Answerer:
    """They are told of what comes in, at these hours of their day or all day. Raises NotAllowed, NameMissing."""
    author = await in_turn(tx, author)
    await require_name(tx, author)
    first, last = hours or (None, None)
    await db.duties.change(tx, author.person.id, on_duty=True, from_hour=first, to_hour=last)
    details = {"hours": list(hours) if hours else None}
    await audit.note(tx, actor=author.name, action="go_on_duty", details=details, now=author.now)
    return await require_name(tx, author)


async def go_off_duty(tx: AsyncConnection, author: Author) -> None:
    """They are told of nothing more; what they have taken stays theirs. Raises NotAllowed."""
    author = await in_turn(tx, author)
    author.require(Action.ANSWER_CONVERSATION)
    if await db.duties.of_person(tx, author.person.id) is not None:
        await db.duties.change(tx, author.person.id, on_duty=False)
        await audit.note(tx, actor=author.name, action="go_off_duty", details={}, now=author.now)


async def require_name(tx: AsyncConnection, author: Author) -> Answerer:
    """How they answer. Raises NotAllowed, and NameMissing where they have not said how they sign."""
    author.require(Action.ANSWER_CONVERSATION)
    found = await db.duties.of_person(tx, author.person.id)
    if found is None or not found.name:
        raise NameMissing("Say first which name stands under your answers.")
    return found


async def team(tx: AsyncConnection) -> list[TeamMember]:
    """Everybody who holds a role."""
    answering = {each.telegram_id: each for each in await db.duties.all_of_them(tx)}
    roles: dict[int, list[Staff]] = {}
    for held in await db.staff.all_current(tx):
        role = Staff(id=held.telegram_id, role=Role(held.role), area=held.area)
        roles.setdefault(held.telegram_id, []).append(role)
    return [
        TeamMember(telegram_id=number, roles=tuple(held), answers=answering.get(number))
        for number, held in roles.items()
    ]


async def on_duty(
    tx: AsyncConnection, area: str, now: datetime, *, but: Collection[int] = ()
) -> list[TeamMember]:
    """Who is told at this moment of what comes in from an area, `but` these Telegram users."""
    return [
        member
        for member in await team(tx)
        if member.telegram_id not in but and member.is_on_duty(now) and may_answer(member.roles, area)
    ]


async def coordinators(tx: AsyncConnection, area: str, *, but: Collection[int] = ()) -> list[int]:
    """The Telegram numbers of those who hear of what nobody in an area answered, on duty or not."""
    return [
        member.telegram_id
        for member in await team(tx)
        if member.telegram_id not in but and coordinates(member.roles, area)
    ]
