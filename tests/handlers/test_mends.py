"""Second thoughts in the chat: a message is taken back or put right, wherever Telegram allows it and the law does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop, Wait
from db.engine import Database
from db.schema import audit, broadcast_texts, broadcasts, deliveries, people
from tests.campaigning import rows, staff, supporter
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.drafting import finish_broadcast, send_broadcast, write_broadcast, write_event
from tests.leaving import leaving, let_leave

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


async def test_a_message_is_deleted_from_every_chat(conversation: Conversation, organizer: Talker) -> None:
    await send_broadcast(organizer)
    await sent(conversation)
    await recall(organizer)
    assert "Take back: News and arguments (no. 1)" in organizer.last.text
    assert "<b>Chats it is in:</b> 3" in organizer.last.text
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


async def test_in_french(conversation: Conversation) -> None:
    await supporter(conversation, 100, LYON)
    await staff(conversation, 7, "organizer", "FR")
    organizer = conversation.person(7, language="fr")
    await organizer.send("/broadcast")
    await organizer.tap("Actualités")
    for text in ("Bonjour", "Hello"):
        await organizer.send(text)
    await organizer.tap("Pas de photo")
    await organizer.tap("C’est bon")
    await organizer.tap("Maintenant")
    await organizer.send("ENVOYER")
    await sent(conversation)
    await organizer.send("/broadcasts")
    await organizer.tap("1. Bonjour")
    await organizer.tap("Retirer")
    assert "Retirer : Actualités et arguments (n° 1)" in organizer.last.text
    assert "<b>Conversations où il figure :</b> 1" in organizer.last.text
    await organizer.send("retirer")
    assert "Retrait du n° 1" in organizer.last.text
    assert "Retirés : <b>0</b> sur 1" in organizer.last.text


async def test_after_two_days_a_neutral_line_takes_its_place(
    conversation: Conversation, organizer: Talker
) -> None:
    """In the language of each, without buttons; a picture can only lose its caption."""
    await send_broadcast(organizer)
    await is_now(conversation, 101, language="en")
    await sent(conversation, sent_at=conversation.clock.now() - timedelta(hours=48))
    await of_chat(conversation, 102, sent_at=conversation.clock.now() - timedelta(hours=47))
    await recall(organizer)
    assert "<b>Can still be deleted:</b> 1" in organizer.last.text
    await organizer.send("TAKE BACK")
    calls = await called(conversation)
    assert [calls[chat].method for chat in (100, 101, 102)] == [
        "editMessageText",
        "editMessageText",
        "deleteMessage",
    ]
    assert calls[100].payload["text"] == "Ce message a été retiré."
    assert calls[101].payload["text"] == "This message was taken back."
    assert "reply_markup" not in calls[100].payload


async def test_who_left_is_settled_and_told(conversation: Conversation, organizer: Talker) -> None:
    """Who said stop loses the message all the same; who blocked the bot or restricted their data keeps it."""
    await send_broadcast(organizer)
    await sent(conversation)
    await is_now(conversation, 100, state="stopped")
    await is_now(conversation, 101, unreachable_at=conversation.clock.now())
    await is_now(conversation, 102, state="restricted")
    await recall(organizer)
    await organizer.send("TAKE BACK")
    decisions = await leaving(conversation)
    assert [each.method for each in decisions if isinstance(each, Call)] == ["deleteMessage"]
    assert sorted(each.state for each in decisions if isinstance(each, Stop)) == ["cancelled", "unreachable"]


async def test_what_is_in_doubt_is_counted_apart(conversation: Conversation, organizer: Talker) -> None:
    """Nobody knows which message it would be; it is tried again where the answer comes after all."""
    await send_broadcast(organizer)
    await sent(conversation)
    await of_chat(conversation, 100, state="in_doubt", message_id=None)
    await recall(organizer)
    assert "<b>Chats it is in:</b> 2" in organizer.last.text
    assert "<b>In doubt:</b> 1." in organizer.last.text
    await organizer.send("TAKE BACK")
    decisions = await leaving(conversation)
    assert sum(isinstance(each, Call) for each in decisions) == 2
    assert [each.state for each in decisions if isinstance(each, Stop)] == ["in_doubt"]


async def test_what_has_not_left_never_does(conversation: Conversation, organizer: Talker) -> None:
    """Nor does what was worded and about to leave; what is just leaving is taken back as soon as it is there."""
    await send_broadcast(organizer)
    await sent(conversation)
    await of_chat(conversation, 101, state="sending", message_id=None, sent_at=None, lease_owner="other")
    await of_chat(conversation, 102, state="leased", message_id=None, sent_at=None, lease_owner="other")
    await recall(organizer)
    assert "They never will." in organizer.last.text
    await organizer.send("TAKE BACK")
    assert await state_of(conversation, 1) == "cancelled"
    held = [
        (row.state, row.lease_owner) for row in await rows(conversation, deliveries) if row.broadcast == 1
    ]
    assert held == [("sent", None), ("sending", "other"), ("queued", None)]
    decisions = await leaving(conversation)
    assert {type(each) for each in decisions} == {Call, Wait}
    assert len(decisions) == 2
    await of_chat(conversation, 101, state="sent", message_id=1010, sent_at=conversation.clock.now())
    conversation.clock.move(conversation.clock.now() + timedelta(seconds=3))
    assert {chat: call.method for chat, call in (await called(conversation)).items()} == {
        101: "deleteMessage"
    }


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
    await write_event(organizer)
    await organizer.send("SEND")
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


@pytest.fixture
def asking(sqlite_database: Database) -> Conversation:
    """A campaign in which what is for more than one person waits for a second one."""
    return Conversation(
        sqlite_database, paris("2016-11-16T10:00"), campaign=replace(CAMPAIGN, approval_above=1)
    )


async def waiting_recall(asking: Conversation) -> tuple[Talker, Talker]:
    """An organizer who takes back what has left for two of three, and an admin who is asked."""
    for number in (100, 101, 102):
        await supporter(asking, number, LYON)
    organizer = await staff(asking, 7, "organizer", "FR")
    admin = await staff(asking, 9, "admin", "FR")
    for talker in (organizer, admin):
        await talker.send("/help")
    await send_broadcast(organizer)
    await let_leave(asking, admin)
    await admin.tap("Approve")
    await sent(asking)
    await of_chat(asking, 102, state="queued", message_id=None, sent_at=None)
    await recall(organizer)
    assert "a second person has to approve it" in organizer.last.text
    await organizer.send("TAKE BACK")
    return organizer, admin


async def test_a_second_person_sees_what_is_taken_back(asking: Conversation) -> None:
    """Until they agree nothing is taken back, and nothing more of it leaves."""
    organizer, admin = await waiting_recall(asking)
    assert "The only other person who may approve it was asked." in organizer.last.text
    assert await state_of(asking, 1) == "paused"
    asked = await leaving(asking)
    assert {call.method for call in asked if isinstance(call, Call)} == {"sendMessage"}
    admin.receive(call for call in asked if isinstance(call, Call) and call.chat == 9)
    assert "Taking back message no. 1 is waiting for your approval" in admin.last.text
    assert "What is taken back – Français" in admin.last.text
    assert "<b>Chats it is in:</b> 2" in admin.last.text
    await admin.send("/broadcasts")
    await admin.tap("To approve")
    assert "a correction or a recall is waiting for approval" in admin.last.text
    await admin.tap("1. ")
    await admin.tap("Follow the recall")
    assert "Taking back message no. 1 is waiting for your approval" in admin.last.text
    await admin.tap("Approve")
    assert "Message no. 1 is being taken back." in admin.last.text
    assert await state_of(asking, 1) == "cancelled"
    assert {chat: call.method for chat, call in (await called(asking)).items()} == {
        100: "deleteMessage",
        101: "deleteMessage",
    }


async def test_once_the_candidate_is_out_a_recall_is_still_agreed_to(sqlite_database: Database) -> None:
    """It only takes away; and there may be need of it on that very evening."""
    campaign = replace(CAMPAIGN, approval_above=1, out_after=1)
    asking = Conversation(sqlite_database, paris("2016-11-20T19:00"), campaign=campaign)
    _organizer, admin = await waiting_recall(asking)
    assert campaign.out_from is not None
    asking.clock.move(campaign.out_from)
    await admin.send("/broadcasts")
    await admin.tap("To approve")
    await admin.tap("1. ")
    await admin.tap("Follow the recall")
    await admin.tap("Approve")
    assert "Message no. 1 is being taken back." in admin.last.text


async def test_a_refusal_leaves_everything_as_it_was(asking: Conversation) -> None:
    organizer, admin = await waiting_recall(asking)
    await let_leave(asking, admin)
    await admin.tap("Refuse")
    assert "Message no. 1 is not taken back." in admin.last.text
    await let_leave(asking, organizer)
    assert (
        'user?id=9">9</a> (administrator, the whole campaign) refused to take back message no. 1.'
        in organizer.last.text
    )
    assert await called(asking) == {}
    assert await state_of(asking, 1) == "paused"


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
