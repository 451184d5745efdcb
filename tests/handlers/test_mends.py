"""Second thoughts in the chat: a message is taken back or put right, wherever Telegram allows it and the law does."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery.calls import Call
from db.schema import audit, broadcasts, deliveries, people
from tests.campaigning import rows, staff, supporter
from tests.conversation import Conversation, Talker
from tests.drafting import send_broadcast
from tests.leaving import leaving

LYON, FORT_DE_FRANCE = "69123", "97209"


@pytest.fixture
async def organizer(conversation: Conversation) -> Talker:
    """Of the whole campaign; three people get what they write."""
    for number in (100, 101, 102):
        await supporter(conversation, number, LYON)
    return await staff(conversation, 7, "organizer", "FR")


async def sent(conversation: Conversation, broadcast: int = 1, **values: Any) -> None:
    """It has left for everybody: the message ids are their Telegram numbers in tens."""
    given = {"state": "sent", "sent_at": conversation.clock.now(), **values}
    chats = sa.select(people.c.telegram_id * 10).where(people.c.id == deliveries.c.person).scalar_subquery()
    change = sa.update(deliveries).where(deliveries.c.broadcast == broadcast)
    async with conversation.database.write() as tx:
        await tx.execute(change.values(message_id=chats, **given))
        await tx.execute(sa.update(broadcasts).values(finished_at=conversation.clock.now()))


async def of_chat(conversation: Conversation, chat: int, **values: Any) -> None:
    """What became of the first message of one person."""
    person = sa.select(people.c.id).where(people.c.telegram_id == chat).scalar_subquery()
    mine = sa.and_(deliveries.c.person == person, deliveries.c.broadcast == 1)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).where(mine).values(**values))


async def called(conversation: Conversation) -> dict[int, Call]:
    found = {each.chat: each for each in await leaving(conversation) if isinstance(each, Call)}
    return {chat: call for chat, call in found.items() if chat is not None and chat >= 100}


async def recall(talker: Talker, number: int = 1) -> None:
    await talker.send("/broadcasts")
    await talker.tap(f"{number}.")
    await talker.tap("Take it back")


async def test_a_message_is_deleted_from_every_chat(conversation: Conversation, organizer: Talker) -> None:
    await send_broadcast(organizer)
    await sent(conversation)
    await recall(organizer)
    assert "Take back: News and arguments (no. 1)" in organizer.last.text
    assert "<b>Chats where it stands:</b> 3" in organizer.last.text
    assert "About one minute" in organizer.last.text
    await organizer.send("yes")
    assert "Nothing was changed." in organizer.last.text
    await organizer.send("take back")
    assert "Taking back no. 1" in organizer.last.text
    assert "Taken back: <b>0</b> of 3" in organizer.last.text
    calls = await called(conversation)
    assert {chat: (call.method, call.payload["message_id"]) for chat, call in calls.items()} == {
        100: ("deleteMessage", 1000),
        101: ("deleteMessage", 1010),
        102: ("deleteMessage", 1020),
    }
    # Where Telegram refuses to delete it after all, a neutral line takes its place.
    instead = calls[100].instead
    assert instead is not None
    assert instead.method == "editMessageText"
    assert instead.payload["text"] == "Ce message a été retiré."
    noted = [row.details for row in await rows(conversation, audit) if row.action == "recall_broadcast"]
    assert noted == [{"broadcast": 1, "mend": 2, "people": 3}]
