"""A message that is taken back, and who has to agree to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop, Wait
from db.engine import Database
from db.schema import audit, deliveries
from tests.campaigning import rows, staff, supporter
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.drafting import send_broadcast
from tests.handlers.test_mends import LYON, called, is_now, of_chat, recall, sent, state_of
from tests.leaving import leaving, let_leave


@pytest.fixture
async def organizer(conversation: Conversation) -> Talker:
    """Of the whole campaign; three people get what they write."""
    for number in (100, 101, 102):
        await supporter(conversation, number, LYON)
    return await staff(conversation, 7, "organizer", "FR")


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
