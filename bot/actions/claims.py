"""What becomes of claims by themselves: what rests too long goes back, and what waits too long goes up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.conversations
import db.duties
import db.people
import db.talks
from bot.actions import audit, conversations, duties
from bot.actions.authority import roles_of
from bot.rules import conversations as rules
from bot.rules.conversations import Claims, ConversationStanding, ConversationState, may_answer
from db.conversations import Conversation
from db.talks import LostMessage, Talk

BY_ITSELF = "inbox"
"""The actor in the audit log where a claim went back, or a question up, by itself."""
LOST_FOR = timedelta(days=1)
"""An answer that has not arrived after so long is told of no more."""


async def tend(tx: AsyncConnection, claims: Claims, now: datetime) -> int:
    """What rested too long goes back, what waited too long goes up to the coordinators, and who should know what may
    not have arrived does; how many of all.
    """
    moved = await _tell_of_lost(tx, now)
    for seen in await db.conversations.due(tx, claims, now):
        found = await db.conversations.get(tx, seen.id, to_move=True)  # as it is once nobody else moves it
        if found is not None:
            moved += await _tend_one(tx, found, claims, now)
    return moved


async def _tend_one(tx: AsyncConnection, found: Conversation, claims: Claims, now: datetime) -> int:
    person = await db.people.get(tx, found.person)
    if person is None:
        return 0
    if not person.is_registered or person.unreachable_at is not None:
        # A message was refused, or they left while somebody took it.
        await conversations.end(tx, person, "stopped" if person.state == "stopped" else "blocked", now)
        return 1
    moved, standing = 0, found.standing
    claimer = await db.people.get(tx, standing.claimed_by or 0)
    is_left = claimer is None or claimer.unreachable_at is not None  # they blocked the bot, or were erased
    if rules.is_idle(standing, claims, now) or (standing.state is ConversationState.CLAIMED and is_left):
        moved += 1
        standing = await _end_claim(tx, found, now)
    if rules.is_overdue(standing, claims, now):
        moved += await _escalate(tx, replace(found, standing=standing), now)
    return moved


async def _end_claim(tx: AsyncConnection, found: Conversation, now: datetime) -> ConversationStanding:
    after = rules.left_idle(found.standing, now)
    await db.conversations.move(tx, found, after)
    details = {"conversation": found.id, "area": found.area}
    await audit.note(tx, actor=BY_ITSELF, action="claim_ended", details=details, now=now)
    await _tell_claimer(tx, found, "idle", now)
    await let_go(tx, found, now, waits=after.state is ConversationState.WAITING)
    return after


async def _tell_of_lost(tx: AsyncConnection, now: datetime) -> int:
    """No answer is sent twice by itself: whoever wrote it decides."""
    lost = await db.talks.lost(tx, now - LOST_FOR)
    for each in lost:
        if each.what is not Talk.ANSWER:
            await _tell_reader(tx, each, now)
        elif each.message is not None:
            await _tell_author(tx, each, each.message, now)
        await db.talks.forget(tx, each.broadcast)
    return len(lost)


async def _tell_author(tx: AsyncConnection, lost: LostMessage, number: int, now: datetime) -> None:
    message = await db.conversations.message(tx, number)
    author = None
    if message is not None and message.author is not None:
        author = await db.people.get(tx, message.author)
    if author is not None:
        told = [author.telegram_id]
        await db.talks.queue(tx, lost.conversation, Talk.TOLD, told, now=now, why="lost")


async def _tell_reader(tx: AsyncConnection, lost: LostMessage, now: datetime) -> None:
    """Whoever has taken it may sit before an empty chat: they can have it shown again."""
    found = await db.conversations.get(tx, lost.conversation)
    claimer = await db.people.get(tx, found.standing.claimed_by or 0) if found is not None else None
    if claimer is not None and claimer.telegram_id == lost.reader:
        told = [claimer.telegram_id]
        await db.talks.queue(tx, lost.conversation, Talk.TOLD, told, now=now, why="unread")


async def end_unfounded(tx: AsyncConnection, telegram_id: int, now: datetime) -> None:
    """Somebody lost a role: what they have taken, and may not answer any more, waits for others."""
    person = await db.people.find(tx, telegram_id)
    if person is None:
        return
    roles = await roles_of(tx, person)
    if not roles:
        await db.duties.leave(tx, person.id)
    found = await db.conversations.claimed_by(tx, person.id)
    if found is not None and not may_answer(roles, found.area):
        await db.conversations.move(tx, found, rules.left_idle(found.standing, now))
        await let_go(tx, found, now, waits=found.standing.waiting_since is not None)


async def _escalate(tx: AsyncConnection, found: Conversation, now: datetime) -> int:
    author = await db.people.get(tx, found.person)
    but = [] if author is None else [author.telegram_id]
    told = await duties.coordinators(tx, found.area, but=but)
    await db.conversations.move(tx, found, rules.escalated(found.standing, now))
    await db.talks.queue(tx, found.id, Talk.CARD, told, now=now, escalated=True)
    details = {"conversation": found.id, "area": found.area, "told": len(told)}
    await audit.note(tx, actor=BY_ITSELF, action="conversation_went_up", details=details, now=now)
    return 1


async def let_go(tx: AsyncConnection, found: Conversation, now: datetime, *, waits: bool = True) -> None:
    """Whoever had it writes nothing there any more; the others on duty are told that it waits."""
    claimer = found.standing.claimed_by  # None where they were erased
    if claimer is not None:
        await conversations.leave_answering(tx, claimer, found.id)
    if waits:
        both = await db.people.get_many(tx, [claimer or 0, found.person])
        but = [person.telegram_id for person in both.values()]
        team = [each.telegram_id for each in await duties.on_duty(tx, found.area, now, but=but)]
        await db.talks.queue(tx, found.id, Talk.CARD, team, now=now)


async def _tell_claimer(tx: AsyncConnection, found: Conversation, why: str, now: datetime) -> None:
    claimer = await db.people.get(tx, found.standing.claimed_by or 0)
    if claimer is not None:
        await db.talks.queue(tx, found.id, Talk.TOLD, [claimer.telegram_id], now=now, why=why)
