"""An update becomes the calls that answer it, in the transaction it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import Chat, ChatMemberUpdated, Update
from telegram.ext import Application

from bot.actions import conversations, inbox_groups, people
from bot.actions.people import Meetings
from bot.clock import Clock
from bot.delivery.calls import Call
from bot.delivery.hooks import ReadFirst, UpdateRefused
from bot.delivery.messages import message
from bot.errors import PortevoixError
from db.rolls import Rolls
from handlers.context import Context, Services, language_for
from handlers.desk import keep_language
from handlers.event_card import see_whether_turned
from handlers.inline import offer_communes
from handlers.lists import see_whether_overtaken
from handlers.parsing import parsed
from handlers.privacy import ask_again
from handlers.readings import ReadingsOfUpdates
from handlers.tidy import tidy

AnyApplication = Application[Any, Any, Any, Any, Any, Any]


class Dispatcher:
    """Finds the handler of an update and runs it. It lets errors out: intake rolls back and keeps the update."""

    def __init__(self, application: AnyApplication, services: Services, clock: Clock, rolls: Rolls) -> None:
        self._application = application
        self._services = services
        self._clock = clock
        self._readings = ReadingsOfUpdates(rolls)

    async def process(self, tx: AsyncConnection, body: Mapping[str, Any], met: Meetings) -> list[Call]:
        """The calls that answer this raw update; its effects are in `tx`. Raises UpdateRefused for what it must not do,
        and ReadFirst.

        `met`: those who write in the same batch, as they were when it began; what staff may do each action asks anew.
        """
        update = parsed(body, self._application.bot)
        try:
            calls = await self._answered(tx, update, met)
        except ReadFirst:
            raise  # it comes again
        except BaseException:
            self._readings.end(update.update_id)
            raise
        self._readings.end(update.update_id)
        return calls

    async def _answered(self, tx: AsyncConnection, update: Update, met: Meetings) -> list[Call]:
        if update.inline_query is not None:
            return [offer_communes(update.inline_query, self._services)]
        user, chat = update.effective_user, update.effective_chat
        if update.my_chat_member is not None and chat is not None and chat.type == Chat.SUPERGROUP:
            await self._group(tx, update.my_chat_member)
            return []
        if user is None or user.is_bot or (chat is not None and chat.type != Chat.PRIVATE):
            return []  # The assistant talks to one person at a time.
        if update.my_chat_member is not None:
            return await self._membership(tx, update, met)
        context = await self._context(tx, update, met)
        if context.staff:
            await keep_language(context)
        try:
            before = context.dialog
            await see_whether_overtaken(context)
            await self._handle(update, context)
            await tidy(context, before)
            await see_whether_turned(context)
            if not context.is_puzzled:
                await people.was_understood(tx, context.person)
            await ask_again(context)
        except PortevoixError as refusal:
            # The person is told why, in the dialog they were in.
            context.refuse(refusal)
            raise UpdateRefused(with_callback_answered(update, context.replies)) from refusal
        return with_callback_answered(update, context.replies)

    def apologise(self, body: Mapping[str, Any]) -> list[Call]:
        """An apology for when the code failed on what a person sent; nothing is read that may fail again."""
        update = Update.de_json(dict(body), self._application.bot)
        user, chat = update.effective_user, update.effective_chat
        if user is None or chat is None or chat.type != Chat.PRIVATE:
            return []
        language = language_for((user.language_code or "").split("-")[0], self._services.campaign.languages)
        text = self._services.texts.render("general/failed", language)
        return with_callback_answered(update, [message(chat.id, text)])

    async def _context(self, tx: AsyncConnection, update: Update, met: Meetings) -> Context:
        assert update.effective_user is not None  # both callers checked
        readings = self._readings.begin(update.update_id, self._clock.now())
        meeting = await people.meet(tx, update.effective_user.id, readings.now, met)
        return Context.begin(
            self._application,
            update,
            services=self._services,
            tx=tx,
            now=readings.now,
            meeting=meeting,
            readings=readings,
        )

    async def _handle(self, update: Update, context: Context) -> None:
        for handlers in self._application.handlers.values():
            for handler in handlers:
                check = handler.check_update(update)
                if check is not None and check is not False:
                    await handler.handle_update(update, self._application, check, context)
                    return

    async def _group(self, tx: AsyncConnection, change: ChatMemberUpdated) -> None:
        """The bot was added to a group, or taken out: a forum of the team shows who waits for an answer."""
        if change.new_chat_member.status in ("kicked", "left"):
            await inbox_groups.left(tx, change.chat.id)
        elif change.chat.is_forum:
            await inbox_groups.joined(tx, change.from_user.id, change.chat.id, self._clock.now())

    async def _membership(self, tx: AsyncConnection, update: Update, met: Meetings) -> list[Call]:
        change = update.my_chat_member
        assert change is not None  # the caller checked
        if change.new_chat_member.status in ("kicked", "left"):
            await people.lose(tx, change.from_user.id, self._clock.now())
            await conversations.end_of(tx, change.from_user.id, self._clock.now())
        else:
            await people.meet(tx, change.from_user.id, self._clock.now(), met)
        return []


def with_callback_answered(update: Update, replies: list[Call]) -> list[Call]:
    """Answers to a tap come first, so that the button stops waiting; one that nobody answered is answered here."""
    if update.callback_query is None:
        return replies
    answers = [call for call in replies if call.method == "answerCallbackQuery"]
    if not answers:
        answers = [
            Call(method="answerCallbackQuery", payload={"callback_query_id": update.callback_query.id})
        ]
    return answers + [call for call in replies if call.method != "answerCallbackQuery"]
