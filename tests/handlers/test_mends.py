"""Second thoughts in the chat: a message is taken back or put right, wherever Telegram allows it and the law does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop
from db.schema import broadcast_texts, broadcasts, deliveries, people
from tests.campaigning import rows, staff, supporter
from tests.conversation import Conversation, Talker, paris
from tests.drafting import announce_event, finish_broadcast, send_broadcast, write_broadcast
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
        await tx.execute(change.values(**{"message_id": chats, **given}))
        is_it = broadcasts.c.id == broadcast
        await tx.execute(sa.update(broadcasts).where(is_it).values(finished_at=conversation.clock.now()))


async def of_chat(conversation: Conversation, chat: int, broadcast: int = 1, **values: Any) -> None:
    """What became of one person's delivery; nothing is finished while one waits."""
    person = sa.select(people.c.id).where(people.c.telegram_id == chat).scalar_subquery()
    mine = sa.and_(deliveries.c.person == person, deliveries.c.broadcast == broadcast)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).where(mine).values(**values))
        is_it = broadcasts.c.id == broadcast
        await tx.execute(sa.update(broadcasts).where(is_it).values(finished_at=None))


async def is_now(conversation: Conversation, chat: int, **values: Any) -> None:
    """Something about somebody changed."""
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == chat).values(**values))


async def called(conversation: Conversation) -> dict[int, Call]:
    """What leaves for supporters now, by chat."""
    found = {each.chat: each for each in await leaving(conversation) if isinstance(each, Call)}
    return {chat: call for chat, call in found.items() if chat is not None and chat >= 100}


async def state_of(conversation: Conversation, number: int) -> str:
    return next(row.state for row in await rows(conversation, broadcasts) if row.id == number)


async def open_card(talker: Talker, number: int = 1) -> None:
    await talker.send("/broadcasts")
    await talker.tap(f"{number}. ")


async def recall(talker: Talker, number: int = 1) -> None:
    """Up to the word."""
    await open_card(talker, number)
    await talker.tap("Take it back")


async def correct(talker: Talker, *texts: str) -> None:
    """Up to the word; the French text first."""
    await open_card(talker)
    await talker.tap("Correct it")
    for text in texts:
        await (talker.send(text) if text else talker.tap("Leave it as it is"))


async def test_a_correction_replaces_the_words(conversation: Conversation, organizer: Talker) -> None:
    """Where they stand, silently and with the button below; who has yet to get the message gets the new ones."""
    await send_broadcast(organizer)
    await sent(conversation)
    await of_chat(conversation, 102, state="queued", message_id=None, sent_at=None)
    await correct(organizer, "Bonsoir {{ first_name }}", "")
    assert "Correct: News and arguments (no. 1)" in organizer.last.text
    assert "They get the new words." in organizer.last.text
    assert any("Bonsoir" in shown.text for shown in organizer.screen)
    await organizer.send("correct")
    assert "Correcting no. 1" in organizer.last.text
    calls = await called(conversation)
    assert {chat: call.method for chat, call in calls.items()} == {
        100: "editMessageText",
        101: "editMessageText",
        102: "sendMessage",
    }
    for call in calls.values():
        assert call.payload["text"].startswith("Bonsoir ")
        assert "Équipe Camille Durand" in call.payload["text"]
        assert call.payload["reply_markup"]["inline_keyboard"]
    texts = {(row.broadcast, row.language): row.text for row in await rows(conversation, broadcast_texts)}
    assert texts[1, "fr"] == "Bonsoir {{ first_name }}"
    assert texts[1, "en"] == "Hello {{ first_name }}"
    (mend,) = [row for row in await rows(conversation, broadcasts) if row.mends == 1]
    assert mend.details["before"]["fr"] == "Bonjour {{ first_name }}"


async def test_a_correction_says_nothing_to_who_left(conversation: Conversation, organizer: Talker) -> None:
    await send_broadcast(organizer)
    await sent(conversation)
    await is_now(conversation, 100, state="stopped")
    await is_now(conversation, 101, consent_contact=False)
    await correct(organizer, "Bonsoir", "")
    await organizer.send("CORRECT")
    assert set(await called(conversation)) == {102}


async def test_in_a_quiet_period_nothing_is_reworded_and_anything_taken_back(
    conversation: Conversation, organizer: Talker
) -> None:
    """The law holds for an edit as for a message: it expires where the silence outlasts its use."""
    await supporter(conversation, 103, FORT_DE_FRANCE, territory="972", zone="America/Martinique")
    await send_broadcast(organizer)
    await sent(conversation)
    # In Martinique, which votes on Saturday, it is Friday: silence until Sunday evening in Paris.
    conversation.clock.move(paris("2016-11-18T12:00"))
    await correct(organizer, "Bonsoir", "")
    await organizer.send("CORRECT")
    decisions = await leaving(conversation)
    assert [each.state for each in decisions if isinstance(each, Stop)] == ["expired"]
    # One that is worded for the mainland does not leave once its eve has begun.
    reworded = [each for each in decisions if isinstance(each, Call)]
    assert {each.leave_before for each in reworded} == {paris("2016-11-19T00:00")}
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).where(deliveries.c.state == "sending").values(state="queued"))
    conversation.clock.move(paris("2016-11-19T12:00"))
    # On their own eve the others are silent too, until Sunday evening: too late for this correction.
    again = [each for each in await leaving(conversation) if isinstance(each, Stop)]
    assert {each.state for each in again} == {"expired"}
    await recall(organizer)
    await organizer.send("TAKE BACK")
    assert len(await called(conversation)) == 4


async def test_one_at_a_time(conversation: Conversation, organizer: Talker) -> None:
    """A second correction waits for the first one; a recall takes its place; nothing is taken back twice."""
    await send_broadcast(organizer)
    await sent(conversation)
    await correct(organizer, "Bonsoir", "")
    await organizer.send("CORRECT")
    await open_card(organizer)
    await organizer.tap("Correct it")
    assert "A correction of this message is under way." in organizer.last.text
    await recall(organizer)
    await organizer.send("TAKE BACK")
    assert [await state_of(conversation, number) for number in (2, 3)] == ["cancelled", "active"]
    await open_card(organizer)
    assert not any("Take it back" in shown.buttons for shown in organizer.screen[-3:])
    assert "being taken back" in (await organizer.send("/broadcasts")).text
    await organizer.tap_data("1:mend:recall:1")
    assert "taken back already" in organizer.last.text


async def test_the_same_words_change_nothing(conversation: Conversation, organizer: Talker) -> None:
    await send_broadcast(organizer)
    await sent(conversation)
    await correct(organizer, "", "")
    await organizer.send("CORRECT")
    assert "These are the words it has already." in organizer.last.text
    assert all(row.mends is None for row in await rows(conversation, broadcasts))


async def test_news_of_an_event_are_owed(conversation: Conversation, organizer: Talker) -> None:
    """Its invitation may be taken back, and is corrected with the event; what is told to who comes may not."""
    await announce_event(organizer)
    await sent(conversation)
    await organizer.tap_data("1:mend:correction:1")
    assert "Nobody wrote these words" in organizer.last.text
    await organizer.tap_data("1:mend:recall:1")
    assert "Take back: Invitation to an event" in organizer.last.text
    await organizer.send("/cancel")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(broadcasts).values(kind="event_service"))
    await organizer.tap_data("1:mend:recall:1")
    assert "News of an event cannot be taken back" in organizer.last.text


async def test_stopping_it_leaves_what_was_done(conversation: Conversation, organizer: Talker) -> None:
    await send_broadcast(organizer)
    await sent(conversation)
    await recall(organizer)
    await organizer.send("TAKE BACK")
    await organizer.tap("Stop it")
    assert "Stop taking back no. 1?" in organizer.last.text
    await organizer.tap("Stop it")
    assert "Stopped: what was done stays done." in organizer.last.text
    assert await called(conversation) == {}


async def test_dropped_with_cancel(conversation: Conversation, organizer: Talker) -> None:
    await send_broadcast(organizer)
    await sent(conversation)
    await recall(organizer)
    await organizer.send("/cancel")
    await organizer.send("TAKE BACK")
    assert all(row.mends is None for row in await rows(conversation, broadcasts))


async def test_a_picture_keeps_its_place_and_loses_its_caption(
    conversation: Conversation, organizer: Talker
) -> None:
    await write_broadcast(organizer)
    await finish_broadcast(organizer)
    await organizer.send("SEND")
    await sent(conversation, sent_at=conversation.clock.now() - timedelta(days=3))
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(broadcasts).values(photo="AgAD"))
    await recall(organizer)
    assert "There, the picture stays" in organizer.last.text
    await organizer.send("TAKE BACK")
    call = (await called(conversation))[100]
    assert (call.method, call.payload["caption"]) == ("editMessageCaption", "Ce message a été retiré.")
