"""Many who answer at once: each stands as if they had been alone, and statements do not grow with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.actions.people import Meetings
from bot.delivery.intake import received
from bot.rules.faces import SHOWS_OTHERWISE
from bot.rules.sending import CHANGE, INVITATION
from bot.words.texts import Text, Texts
from db import updates
from db.engine import Database
from db.schema import broadcasts, deliveries, people, people_to_plan, responses, rsvps, seats, shown_cards
from db.sqlite_connection import connection_of
from handlers import gathering
from tests.campaigning import supporter
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.handlers.test_batches import Kept, processing_by

CODES = ("lyon1", "lyon2")
EVE = "broadcasts/event_eve"
TEMPLATES = (INVITATION, EVE, CHANGE)
"""What everybody got of each event, in this order."""
NEWS = 9
"""A message about nothing that was sent to many."""


def message_of(chat: int, event: int, template: int) -> int:
    return chat * 10 + event * len(TEMPLATES) + template


async def told(conversation: Conversation, chats: range) -> None:
    """Everybody was told of two events, thrice each, and of something else; some opened the first event's card."""
    now = conversation.clock.now()
    numbers = [await supporter(conversation, chat, "69123", unanswered=2) for chat in chats]
    known = [await conversation.add_event(code) for code in CODES]
    sent = [(event, template) for event in known for template in TEMPLATES] + [(None, "broadcasts/news")]
    async with conversation.database.write() as tx:
        for place, (event, template) in enumerate(sent):
            row = {
                "key": f"k{place}",
                "kind": "event_invite",
                "audience": {},
                "area": "FR",
                "state": "active",
            }
            row |= {"template": template, "event": event, "starts_at": now, "created_at": now}
            made = sa.insert(broadcasts).values(row).returning(broadcasts.c.id)
            number = (await tx.execute(made)).scalar_one()
            rows = [
                {
                    **{"broadcast": number, "person": person, "state": "sent", "attempts": 1},
                    **{"due_at": now, "changed_at": now, "sent_at": now},
                    "message_id": chat * 10 + (NEWS if event is None else place),
                    "answered_at": now - timedelta(days=1) if (chat + place) % 5 == 0 else None,
                    "face": SHOWS_OTHERWISE if (chat + place) % 7 == 0 else None,
                }
                for chat, person in zip(chats, numbers, strict=True)
            ]
            await tx.execute(sa.insert(deliveries), rows)
        opened = [
            {"person": person, "message": 77, "event": known[0], "face": 0}
            for person in numbers
            if person % 3
        ]
        await tx.execute(sa.insert(shown_cards), opened)


def tap(number: int, chat: int, code: str, answer: str, message: int) -> dict[str, Any]:
    user = {"id": chat, "is_bot": False, "first_name": "Zoé", "language_code": "fr"}
    tapped = {"message_id": message, "date": 1479286800, "chat": {"id": chat, "type": "private"}, "text": "…"}
    query = {"id": str(number), "from": user, "chat_instance": "c", "data": f"1:rsvp:{code}:{answer}"}
    return {"update_id": number, "callback_query": {**query, "message": tapped}}


def rounds(chats: range) -> list[list[dict[str, Any]]]:
    """Everybody answers one of the events, otherwise each time, on each kind of message, and on one that is unknown."""
    number, found = 100, []
    for count, answer in enumerate(("yes", "maybe", "maybe", "no", "yes")):
        taps = []
        for place, chat in enumerate(chats):
            event = (place + count // 2) % 2
            messages = (message_of(chat, event, count % 3), 77, chat * 10 + NEWS, 5)
            tapped = messages[0] if place % 3 else messages[(place // 3 + count) % 4]
            number += 1
            taps.append(tap(number, chat, CODES[event], answer, tapped))
        found.append(taps)
    # Telegram begins anew with its numbers.
    found.append([{**one, "update_id": 101 + place} for place, one in enumerate(found[1])])
    return found


async def play(database: Database, *, together: bool) -> tuple[dict[str, list[str]], dict[int, list[Any]]]:
    conversation, chats = Conversation(database, paris("2016-11-16T10:00")), range(401, 413)
    await told(conversation, chats)
    kept = Kept()
    processing = processing_by(conversation, kept, together=together, in_turn=gathering.locked)
    for sent in rounds(chats):
        async with database.write() as tx:
            await tx.execute(sa.delete(updates.updates))
            await updates.store(tx, map(received, sent), conversation.clock.now())
        while await processing.handle_batch():
            async with database.write() as tx:
                await updates.finish(tx, kept.answered, "me")
        conversation.clock.move(conversation.clock.now() + timedelta(minutes=1))
    return await contents(database), dict(kept.by_chat)


async def contents(database: Database) -> dict[str, list[str]]:
    """Everything that an answer changes, but for the numbers of rows, which depend on the order."""
    found = {}
    async with database.read() as tx:
        for table in (people, people_to_plan, responses, rsvps, deliveries, shown_cards, seats):
            columns = [c for c in table.c if c.name not in ("pseudonym", "friend_code")]
            columns = [c for c in columns if c.name != "id" or table is not responses]
            found[table.name] = sorted(repr(tuple(row)) for row in await tx.execute(sa.select(*columns)))
    return found


async def test_everybody_stands_as_if_they_had_answered_alone(
    database: Database, alone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other, with nothing found or written together; whatever they tapped, and had answered before."""
    stored, replies = await play(database, together=True)
    assert sum("'rsvp'" in row for row in stored["responses"]) == 6 * 12

    async def nothing(_tx: AsyncConnection, _taps: object) -> dict[int, Any]:
        return {}

    monkeypatch.setattr("bot.actions.event_cards.find_tapped", nothing)
    stored_alone, replies_alone = await play(alone, together=False)
    assert stored == stored_alone
    assert replies == replies_alone


def note_what_is_asked(tx: AsyncConnection, into: list[str]) -> None:
    """Every statement of a transaction, from now to its end."""
    assert tx.sync_connection is not None

    def note(statement: str) -> None:
        if into[-1:] != [statement]:  # SQLite tells of each part of one that it executes row by row
            into.append(statement)

    if tx.dialect.name == "sqlite":
        connection_of(tx)._conn.set_trace_callback(note)
    else:
        sa.event.listen(tx.sync_connection, "before_cursor_execute", lambda *given: note(given[2]))


async def test_fewer_statements_are_executed_than_there_are_taps(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a way to the server and back, and each tap had eleven. Everybody says yes, is asked whether they may be
    introduced, in words that are made once, and then changes their answer.
    """
    conversation, chats = Conversation(database, paris("2016-11-16T10:00")), range(401, 433)
    await told(conversation, chats)
    asked, texts = list[str](), Texts({"campaign": CAMPAIGN})
    worded, render = list[str](), texts.render

    def noting(name: str, language: str, **values: Any) -> Text:
        worded.append(name)
        return render(name, language, **values)

    monkeypatch.setattr(texts, "render", noting)
    monkeypatch.setattr(texts, "render_once", lru_cache(noting))
    conversation.serve(replace(conversation.services, texts=texts))
    processing = processing_by(conversation, Kept(), together=True)
    for first, answer in ((1, "yes"), (101, "no")):
        taps = [
            tap(first + place, chat, "lyon1", answer, message_of(chat, 0, 0))
            for place, chat in enumerate(chats)
        ]
        asked.clear()
        async with database.write() as tx:
            await updates.finish(tx, range(1, 101), "me")
            await updates.store(tx, map(received, taps), conversation.clock.now())

        async def meet(tx: AsyncConnection, bodies: Mapping[int, bytes]) -> Meetings:
            note_what_is_asked(tx, asked)
            return await gathering.meet(tx, bodies)

        monkeypatch.setattr(processing, "_meet", meet)
        assert await processing.handle_batch() == len(chats)
        assert 10 < len(asked) < len(chats), asked
    assert worded.count("consents/ask") == 1


async def test_what_only_reads_as_a_tap_stops_no_other(database: Database) -> None:
    """Any client may send a bot what a Mini App would, with words of its own: all who came with it waited, and were
    then handled one by one.
    """
    conversation, chats = Conversation(database, paris("2016-11-16T10:00")), range(401, 405)
    await told(conversation, chats)
    taps = [tap(chat, chat, "lyon1", "yes", message_of(chat, 0, 0)) for chat in chats]
    forged, *others = taps
    message = forged.pop("callback_query")["message"]
    from_app = {"data": "1:rsvp:lyon1:yes", "button_text": "…"}
    user = {"id": chats[0], "is_bot": False, "first_name": "Zoé"}
    del message["text"]
    forged["message"] = {**message, "from": user, "web_app_data": from_app}
    async with database.write() as tx:
        await updates.store(tx, map(received, taps), conversation.clock.now())
    assert await processing_by(conversation, Kept(), together=True).handle_batch() == len(chats)
    async with database.read() as tx:
        said = await tx.execute(sa.select(people.c.telegram_id).join(rsvps, rsvps.c.person == people.c.id))
        assert sorted(said.scalars()) == [one["callback_query"]["from"]["id"] for one in others]
