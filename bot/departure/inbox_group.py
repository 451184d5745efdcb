"""The forum group of the team: a topic for each area, whose one message says who waits, and no word of theirs.

A group takes twenty calls a minute, edits and new topics among them: fifteen at most are made. Of a topic that was
deleted Telegram says so when its message is edited: then another one is made.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

import db.duties
import db.inbox_topics
from bot.actions.authority import area_name
from bot.delivery.calls import Call
from bot.delivery.line import DeliveryLine
from bot.delivery.messages import edited, message
from bot.delivery.outcomes import Done, Outcome, Rejected, as_id
from bot.departure.compose import Composer
from bot.rules.areas import department_of
from bot.words.texts import Text, Texts
from db.conversations import WaitingConversation, open_ones
from db.engine import Database
from db.inbox_topics import Topic
from db.looks import Work

MOST_CALLS = 15
MINUTE = timedelta(minutes=1)
GONE = ("thread not found", "topic_deleted", "topic deleted", "message to edit not found", "topic_id_invalid")
SAME = "not modified"


def area_of_topic(area: str) -> str:
    """The area whose topic shows a conversation: the département of a commune."""
    return department_of(area) if len(area) == 5 else area


def _mark_of(text: Text) -> str:
    """What is kept of a text, to know whether it changes."""
    return hashlib.sha256(text.html.encode()).hexdigest()


class GroupBoard:
    """Keeps the messages of the group true."""

    def __init__(self, *, database: Database, texts: Texts, composer: Composer) -> None:
        self._database, self._texts, self._composer = database, texts, composer
        self._calls: deque[datetime] = deque()

    async def look(self, tx: AsyncConnection, line: DeliveryLine, now: datetime) -> Work | None:
        """Makes and edits what is no longer true, as far as the minute has room."""
        chat = None if line.pacing.blocked_until is not None else await db.inbox_topics.group(tx)
        if chat is None:
            return None
        topics = await db.inbox_topics.topics(tx)
        names = {each.person: each.name for each in await db.duties.all_of_them(tx)}
        areas: dict[str, list[WaitingConversation]] = {area: [] for area in topics}
        for each in await open_ones(tx):
            areas.setdefault(area_of_topic(each.conversation.area), []).append(each)
        untrue = []
        for area, waiting in areas.items():
            text = self._text(area, waiting, names)
            topic = topics.get(area)
            if topic is None or topic.shown != _mark_of(text):
                untrue.append((area, topic, text))
        return partial(self._refresh, line, chat, untrue, now) if untrue else None

    async def _refresh(
        self, line: DeliveryLine, chat: int, untrue: Sequence[tuple[str, Topic | None, Text]], now: datetime
    ) -> None:
        for area, topic, text in untrue:
            await self._show(line, chat, area, topic, text, now)

    def _text(self, area: str, waiting: list[WaitingConversation], names: dict[int, str]) -> Text:
        gazetteer = self._composer.gazetteer
        shown = [
            (
                each,
                area_name(gazetteer, each.conversation.area),
                names.get(each.conversation.standing.claimed_by or 0, ""),
            )
            for each in waiting
        ]
        return self._texts.render(
            "inbox/group",
            self._composer.campaign.languages[0],
            shown=shown,
            area=area,
            place=area_name(gazetteer, area),
            zone="Europe/Paris",
        )

    async def _show(
        self, line: DeliveryLine, chat: int, area: str, topic: Topic | None, text: Text, now: datetime
    ) -> None:
        if topic is None:
            name = area_name(self._composer.gazetteer, area)[:128]
            made = await self._call(
                line, Call(method="createForumTopic", payload={"chat_id": chat, "name": name}), now
            )
            result = made.result if isinstance(made, Done) else None
            number = as_id(result.get("message_thread_id")) if isinstance(result, dict) else None
            if number is None:
                return
            async with self._database.write() as tx:
                await db.inbox_topics.keep(tx, area, topic=number)
            topic = Topic(area=area, topic=number, message_id=None, shown=None)
        call = message(chat, text) if topic.message_id is None else edited(chat, topic.message_id, text)
        if topic.message_id is None:
            call = Call(method=call.method, payload={**call.payload, "message_thread_id": topic.topic})
        outcome = await self._call(line, call, now)
        said = outcome.description.lower() if isinstance(outcome, Rejected) else ""
        if any(words in said for words in GONE):
            async with self._database.write() as tx:
                await db.inbox_topics.forget(tx, area)
        elif isinstance(outcome, Done) or SAME in said:
            result = outcome.result if isinstance(outcome, Done) else None
            put = as_id(result.get("message_id")) if isinstance(result, dict) else None
            values = {"topic": topic.topic, "message_id": topic.message_id or put, "shown": _mark_of(text)}
            async with self._database.write() as tx:
                await db.inbox_topics.keep(tx, area, **values)

    async def _call(self, line: DeliveryLine, call: Call, now: datetime) -> Outcome | None:
        """None: the minute has no room any more."""
        while self._calls and abs(now - self._calls[0]) >= MINUTE:
            self._calls.popleft()
        if len(self._calls) >= MOST_CALLS:
            return None
        self._calls.append(now)
        return await line.call(call)
