"""Many people in one batch: each gets what they would have got alone, whatever happens to the others."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from telegram import Update

import db.people
from bot.delivery.calls import Call
from bot.delivery.hooks import nothing
from bot.delivery.intake import received
from bot.delivery.processing import Processing
from bot.errors import PortevoixError
from db import updates
from db.engine import Database
from db.schema import consents, people, responses, rsvps, vote_plans
from db.updates import AnsweredUpdate
from handlers.context import Context
from handlers.gathering import meet
from tests.conversation import Conversation, mark_today, paris

CHATS = range(201, 213)
SIGN_UP = (
    "/start",
    *(f"1:consent:contact:yes:{mark_today('contact')}", "Lyon 3"),
    f"1:consent:commune:yes:{mark_today('commune')}",
    *(f"1:agree:{purpose}:yes:{mark_today(purpose)}" for purpose in ("team", "keep")),
)
TAPS = (
    *("1:rsvp:lyon1:yes", "1:rsvp:lyon1:no", "1:rsvp:nowhere:yes", "1:step:1:plan:morning"),
    *("1:choice:team:no", "1:messages:events:off", "1:settings_language:fr", "1:settings_place"),
)
# At the end everybody answers one invitation, twice: what each tap asks of it is found for all of them together.
AT_LAST = ("1:rsvp:lyon1:maybe", "1:rsvp:lyon1:yes")
WORDS = ("FAIL", "REFUSE", "/stop", "/settings", "Nouméa", "/vote")


def what_they_send(chat: int) -> list[str]:
    chosen = random.Random(chat)
    sent = [*SIGN_UP, *chosen.choices([*TAPS, *TAPS, *WORDS], k=10)]
    if chosen.random() < 0.5:
        sent[chosen.randrange(10, 15) : 0] = ["/delete", "1:delete:yes", *SIGN_UP]
    return [*sent, *AT_LAST]


def update_of(number: int, chat: int, sent: str) -> dict[str, Any]:
    user = {
        "id": chat,
        "is_bot": False,
        "first_name": f"<Zoé {chat}>",
        "language_code": ("fr", "en")[chat % 2],
    }
    message = {
        "message_id": number,
        "date": 1479286800,
        "chat": {"id": chat, "type": "private"},
        "from": user,
    }
    if sent.startswith("1:"):
        tap = {"id": str(number), "from": user, "chat_instance": "c", "data": sent}
        return {"update_id": number, "callback_query": {**tap, "message": {**message, "text": "…"}}}
    command = {"type": "bot_command", "offset": 0, "length": len(sent)}
    entities = {"entities": [command]} if sent.startswith("/") else {}
    return {"update_id": number, "message": {**message, "text": sent, **entities}}


class Kept:
    """Stands for the replies: keeps them, and the next update of the chat may come."""

    def __init__(self) -> None:
        self.by_chat: dict[int, list[Any]] = defaultdict(list)
        self.answered: list[int] = []
        self.has_room_for_strangers = True

    def add(self, one: AnsweredUpdate, _calls: Sequence[Call]) -> None:
        self.answered.append(one.update_id)
        by_chance = re.compile(
            rb"[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}|_[0-9a-f]{16}(?!\w)"
        )  # receipts, friends
        self.by_chat[one.chat].append((bool(one.error), by_chance.sub(b"", orjson.dumps(one.replies))))


def processing_by(
    conversation: Conversation, kept: Kept, *, together: bool, in_turn: Callable[[bytes], str] = lambda _: ""
) -> Processing:
    """What handles the updates of a conversation's database, in batches or one by one."""
    dispatcher = conversation._dispatcher
    processing = Processing(
        database=conversation.database,
        owner="me",
        meet=meet,
        process=dispatcher.process,
        apologise=dispatcher.apologise,
        handled=nothing,
        replies=kept,  # type: ignore[arg-type]  # the one method that is called
        in_turn=in_turn,
    )
    processing._apart = 0 if together else 10_000
    return processing


async def play(database: Database, monkeypatch: pytest.MonkeyPatch, *, together: bool) -> tuple[Any, ...]:
    """Everything is sent at once and handled in batches, or one by one; what is stored then, and the replies."""
    conversation = Conversation(database, paris("2016-11-16T10:00"))
    await conversation.add_event("lyon1")
    dispatcher = conversation._dispatcher
    handle = dispatcher._handle

    async def stumbling(update: Update, context: Context) -> None:
        word = context.message.text if context.message and update.callback_query is None else None
        if word not in ("FAIL", "REFUSE"):
            return await handle(update, context)
        await db.people.change(context.tx, context.person.id, first_name="undone")
        raise RuntimeError if word == "FAIL" else PortevoixError("no")

    monkeypatch.setattr(dispatcher, "_handle", stumbling)
    kept = Kept()
    processing = processing_by(conversation, kept, together=together)
    scripts = {chat: what_they_send(chat) for chat in CHATS}
    order = [chat for chat in CHATS for _ in scripts[chat][len(AT_LAST) :]]
    random.Random(1).shuffle(order)
    order += [chat for _ in AT_LAST for chat in CHATS]
    sent = [update_of(number, chat, scripts[chat].pop(0)) for number, chat in enumerate(order, 1)]
    async with database.write() as tx:
        await updates.store(tx, map(received, sent), conversation.clock.now())
    while await processing.handle_batch():
        async with database.write() as tx:
            await updates.finish(tx, kept.answered, "me")
    assert sorted(kept.answered) == [update["update_id"] for update in sent]
    return await contents(database), dict(kept.by_chat)


async def contents(database: Database) -> dict[str, list[str]]:
    """What is known of people, but for the numbers of rows, which depend on the order."""
    found = {}
    async with database.read() as tx:
        for table in (people, consents, responses, rsvps, vote_plans):
            kept = [
                c for c in table.c if c.name not in ("id", "person", "pseudonym", "friend_code", "text_hash")
            ]
            found[table.name] = sorted(repr(tuple(row)) for row in await tx.execute(sa.select(*kept)))
    return found


async def test_a_batch_does_what_one_after_the_other_does(
    sqlite_database: Database,
    postgresql_database: Database,
    alone: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On both engines: what one after the other does is found out once."""
    stored_alone, replies_alone = await play(alone, monkeypatch, together=False)
    for database in (sqlite_database, postgresql_database):
        stored, replies = await play(database, monkeypatch, together=True)
        assert stored == stored_alone
        assert replies == replies_alone
    assert not any("undone" in row for row in stored_alone["people"])
    assert any(failed for each in replies_alone.values() for failed, _calls in each)
