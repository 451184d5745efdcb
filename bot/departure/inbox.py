"""What the team sees of conversations stays true: cards say who has taken one, and the menu how many wait."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import db.conversations
import db.duties
import db.talks
from bot.actions import duties
from bot.actions.duties import TeamMember
from bot.delivery.calls import Call
from bot.delivery.line import Line
from bot.delivery.messages import deletion
from bot.delivery.outcomes import InDoubt, NotSent
from bot.departure.conversing import Talks
from bot.rules.conversations import ConversationState, may_answer
from db.conversations import Conversation
from db.engine import Database
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

    async def refresh(self, line: Line, now: datetime) -> None:
        if line.pacing.blocked_until is not None:
            return  # an edit would wait for its turn, and the tick with it
        async with self._database.read() as tx:
            untrue = await db.conversations.with_untrue_cards(tx)
            strays = await db.talks.strays(tx)
        for found in untrue:
            await self._show(line, found, now)
        for stray in strays:
            await self._take_out(line, stray)
        await self._set_menus(line, now)

    async def _show(self, line: Line, found: Conversation, now: datetime) -> None:
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

    async def _take_out(self, line: Line, stray: Stray) -> None:
        """What arrived in the very moment when its conversation was erased goes as the rest of it did."""
        if stray.telegram_id is not None and stray.message_id is not None:
            await line.call(deletion(stray.telegram_id, stray.message_id))
        async with self._database.write() as tx:
            await db.talks.forget(tx, stray.broadcast)

    async def _set_menus(self, line: Line, now: datetime) -> None:
        async with self._database.read() as tx:
            answering = [member for member in await duties.team(tx) if member.answers is not None]
            open_ones = await db.conversations.open_ones(tx) if answering else []
        waiting = [
            each.conversation
            for each in open_ones
            if each.conversation.standing.state is ConversationState.WAITING
        ]
        for member in answering:
            await self._set_menu(line, member, waiting, now)

    async def _set_menu(
        self, line: Line, member: TeamMember, waiting: Collection[Conversation], now: datetime
    ) -> None:
        answers = member.answers
        assert answers is not None  # the caller looked
        count = 0
        if answers.duty.on_duty:
            count = sum(may_answer(member.roles, each.area) for each in waiting)
        last = self._set_at.get(member.telegram_id)
        if count == answers.shown or (last is not None and abs(now - last) < MENU_AGAIN):
            return
        self._set_at[member.telegram_id] = now
        for call in self._menu(member.telegram_id, {role.role for role in member.roles}, count):
            await line.call(call)
        async with self._database.write() as tx:
            await db.duties.change(tx, answers.person, shown=count)
