"""What the team sees of conversations stays true: cards say who has taken one, and the menu how many wait."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

import db.conversations
import db.duties
import db.talks
from bot.actions import duties
from bot.actions.duties import TeamMember
from bot.delivery.calls import Call
from bot.delivery.line import DeliveryLine
from bot.delivery.messages import deletion
from bot.delivery.outcomes import InDoubt, NotSent
from bot.departure.conversing import Talks
from bot.rules.conversations import ConversationState, may_answer
from db.conversations import Conversation
from db.engine import Database
from db.looks import Work
from db.talks import Stray, Talk

MENU_AGAIN = timedelta(minutes=1)
"""A menu is set three times, once for each language and once for all others: no more often than this."""
Menu = Callable[[int, Collection[str], int], list[Call]]
"""(chat, roles, how many wait) -> the calls that set the menu of commands there."""


class InboxBoard:
    """Edits the cards of conversations that moved on, and the menus of those on duty, also after a restart."""

    def __init__(self, *, database: Database, talks: Talks, menu: Menu) -> None:
        self._database, self._talks, self._menu = database, talks, menu
        self._set_at: dict[int, datetime] = {}

    async def look(self, tx: AsyncConnection, line: DeliveryLine, now: datetime) -> Work | None:
        """After cards that are not true any more, and what arrived too late to be one."""
        if line.pacing.blocked_until is not None:
            return None  # an edit would wait for its turn, and the tick with it
        untrue = await db.conversations.with_untrue_cards(tx)
        strays = await db.talks.strays(tx)
        return partial(self._refresh, line, untrue, strays, now) if untrue or strays else None

    async def _refresh(
        self, line: DeliveryLine, untrue: Sequence[Conversation], strays: Sequence[Stray], now: datetime
    ) -> None:
        for found in untrue:
            await self._show(line, found, now)
        for stray in strays:
            await self._take_out(line, stray)

    async def _show(self, line: DeliveryLine, found: Conversation, now: datetime) -> None:
        """Its cards, once none of them is on its way any more."""
        async with self._database.read() as tx:
            cards = await db.talks.stand(tx, found.id, Talk.CARD)
            if any(each.is_on_its_way for each in cards):
                return
            calls = await self._talks.cards(tx, found, cards, now)
        answers = [await line.call(call) for call in calls]
        if any(isinstance(each, NotSent | InDoubt) for each in answers):
            return
        # Only now: after a crash, or without an answer, they are edited again, which changes nothing.
        async with self._database.write() as tx:
            await db.conversations.cards_are_true(tx, found)

    async def _take_out(self, line: DeliveryLine, stray: Stray) -> None:
        """What arrived in the very moment when its conversation was erased goes as the rest of it did."""
        if stray.telegram_id is not None and stray.message_id is not None:
            await line.call(deletion(stray.telegram_id, stray.message_id))
        async with self._database.write() as tx:
            await db.talks.forget(tx, stray.broadcast)

    async def look_at_menus(self, tx: AsyncConnection, line: DeliveryLine, now: datetime) -> Work | None:
        """After menus that count otherwise than so many wait."""
        if line.pacing.blocked_until is not None:
            return None
        answering = [
            (member, member.answers) for member in await duties.team(tx) if member.answers is not None
        ]
        open_ones = await db.conversations.open_ones(tx) if answering else []
        waiting = [
            each.conversation
            for each in open_ones
            if each.conversation.standing.state is ConversationState.WAITING
        ]
        untrue = []
        for member, answers in answering:
            count = 0
            if answers.duty.on_duty:
                count = sum(may_answer(member.roles, each.area) for each in waiting)
            last = self._set_at.get(member.telegram_id)
            if count != answers.shown and (last is None or abs(now - last) >= MENU_AGAIN):
                untrue.append((member, answers.person, count))
        return partial(self._set_menus, line, untrue, now) if untrue else None

    async def _set_menus(
        self, line: DeliveryLine, untrue: Sequence[tuple[TeamMember, int, int]], now: datetime
    ) -> None:
        for member, person, count in untrue:
            self._set_at[member.telegram_id] = now
            for call in self._menu(member.telegram_id, {role.role for role in member.roles}, count):
                await line.call(call)
            async with self._database.write() as tx:
                await db.duties.change(tx, person, shown=count)
