"""Who is on duty, saved answers, and what is kept true of conversations that move on."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.exports
import db.inbox_topics
from bot.actions import claims
from bot.delivery.calls import Call
from bot.delivery.outcomes import Done, Outcome, Rejected
from bot.departure.inbox_group import GroupBoard
from bot.rules.conversations import Claims
from db.exports import Selection
from db.schema import broadcasts, deliveries, duties
from handlers.desk import composer
from tests.conversation import Conversation, Talker
from tests.looking import look_at
from tests.talking import QUESTION, Posted, arrive, ask, board, on_duty, refresh, seen, talk_of, talked

# -- on duty --


async def test_off_duty_and_outside_their_hours_nobody_is_told(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await sophie.tap("Hours")
    shown = await sophie.tap("18–21")
    assert "from 18:00 to 21:00" in shown.text
    for typed, told in (("6 pm to 10 pm", "from 18:00 to 22:00"), ("de 22h à 6h", "from 22:00 to 06:00")):
        await sophie.tap("Hours")
        for bad in ("18h30-22h", "ce soir", "18-18", "25h-26h"):
            assert "I didn’t understand these hours" in (await sophie.send(bad)).text
        assert told in (await sophie.send(typed)).text
    await sophie.tap("Hours")
    await sophie.tap("18–21")
    sent = await ask(zoe)
    assert "Nobody is on duty right now" in sent.text
    await arrive(conversation, sophie)
    assert "Take it" not in sophie.last.buttons
    shown = await sophie.send("/inbox")
    assert "1 message" in shown.text
    await sophie.tap("Take no.")
    await arrive(conversation, sophie)
    assert QUESTION in seen(sophie)
    async with conversation.database.read() as tx:
        assert list(await tx.scalars(sa.select(duties.c.from_hour))) == [18]


async def test_who_answers_elsewhere_neither_sees_nor_takes_it(
    conversation: Conversation, zoe: Talker
) -> None:
    marseille = await on_duty(conversation, 52, "Léa", area="13")
    await ask(zoe)
    found = await talk_of(zoe)
    assert found is not None
    await arrive(conversation)
    assert "Nobody is waiting." in (await marseille.send("/inbox")).text
    refused = await marseille.tap_data(f"1:talk_take:{found.id}")
    assert "outside your area" in refused.text
    await marseille.tap_data(f"1:talk_answer:{found.id}")
    assert QUESTION not in seen(marseille)


# -- saved answers --


async def test_a_saved_answer_is_seen_as_it_reads_and_then_sent(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    boss = await on_duty(conversation, 60, "Ali", "coordinator", "R84")
    await boss.send("/inbox")
    await boss.tap("Saved answers")
    await boss.tap("Add one")
    await boss.send("Enfants")
    await boss.tap("English")
    refused = await boss.send("Yes {{ surname }}!")
    assert "surname" in refused.text
    kept = await boss.send("Yes {{ first_name }}, children are welcome in {{ commune }}.")
    assert "“Enfants” is kept." in kept.text
    await talked(conversation, zoe, sophie)
    await sophie.tap("A saved answer")
    shown = await sophie.tap("Enfants")
    assert "Yes {{ first_name }}, children are welcome in {{ commune }}." in shown.text
    assert "filled in for whoever reads it" in shown.text
    await arrive(conversation, zoe)
    assert "welcome" not in seen(zoe)
    send = shown.buttons["Send"]
    await sophie.tap("Send")
    await sophie.tap_data(send, on=shown)  # a second tap, before the first was answered
    await arrive(conversation, zoe)
    assert seen(zoe).count("Yes Zoé, children are welcome in Lyon.") == 1
    assert "Zoé" not in seen(sophie), "who reads it is not told to the team"
    await boss.send("/inbox")
    await boss.tap("Saved answers")
    assert "There are none yet" in (await boss.tap("Delete “Enfants”")).text


# -- what is kept true --


async def test_cards_say_who_has_taken_it_and_menus_how_many_wait(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    karim = await on_duty(conversation, 51, "Karim")
    await ask(zoe)
    await arrive(conversation, sophie, karim)
    line, kept_true = Posted(sophie, karim), board(conversation)
    await refresh(kept_true, conversation, line)
    menus = [call.payload for call in line.calls if call.method == "setMyCommands"]
    assert len(menus) == 6
    (english,) = {
        command["description"]
        for menu in menus
        for command in menu["commands"]
        if menu.get("language_code") == "en" and command["command"] == "inbox"
    }
    assert english == "answer supporters (1 is waiting)"
    assert "Take it" in karim.last.buttons
    await sophie.tap("Take it")
    await refresh(kept_true, conversation, line)
    assert "Sophie has taken it." in karim.last.text
    assert not karim.last.buttons
    before = len(line.calls)
    await refresh(kept_true, conversation, line)
    assert len(line.calls) == before, "nothing changed"
    await sophie.tap_data("1:talk_back:1")
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=2))
    await arrive(conversation, karim)
    await refresh(kept_true, conversation, line)
    assert "Take it" in karim.last.buttons
    # The card of before leads nowhere else: of one conversation one card can be taken.
    before, last = (shown for shown in karim.screen if "No. 1" in shown.text)
    assert "There is a newer card of it below." in before.text
    assert "Take it" not in before.buttons
    assert "newer card" not in last.text
    # Nobody answered whoever left: the card says no more than that it is over.
    await zoe.send("/stop")
    await refresh(kept_true, conversation, line)
    assert "It’s closed." in karim.last.text
    assert not karim.last.buttons


async def test_who_is_answered_at_once_is_told_within_a_minute(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    other = conversation.person(8)
    await other.sign_up()
    await talked(conversation, zoe, sophie)
    await sophie.send("Oui")
    await ask(other)
    assert "Half of them come within 1 min." in other.last.text
    for command in ("/inbox", "/stats"):
        assert "came within 1 min." in (await sophie.send(command)).text


async def test_numbers_tell_who_waits_and_how_long_people_waited(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    other = conversation.person(8)
    await other.sign_up()
    await talked(conversation, zoe, sophie)
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=12))
    await sophie.send("Oui")
    await ask(other)
    conversation.clock.move(conversation.clock.now() + timedelta(hours=3))
    shown = await sophie.send("/stats")
    assert "1 is waiting, for 3 hours" in shown.text
    assert "within 12 min" in shown.text
    shown = await sophie.send("/inbox")
    assert "waiting for 3 hours" in shown.text
    assert "within 12 min" in shown.text


async def test_the_export_tells_how_it_went_and_no_word_of_it(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await talked(conversation, zoe, sophie)
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=12))
    await sophie.send("Oui, avec plaisir")
    async with conversation.database.read() as tx:
        rows = [row async for some in db.exports.chunks(tx, db.exports.talks(Selection())) for row in some]
        area = [
            row
            async for some in db.exports.chunks(tx, db.exports.talks(Selection(area="69", known_in=("69",))))
            for row in some
        ]
    (row,) = rows
    assert (row.state, row.written, row.answered, row.waited) == ("claimed", 1, 1, 720)
    assert "fille" not in str(rows)
    assert "plaisir" not in str(rows)
    assert len(area) == 1


@pytest.mark.parametrize("state", ["in_doubt", "failed", "unreachable"])
async def test_whose_answer_may_not_have_arrived_is_told_once(
    conversation: Conversation, zoe: Talker, sophie: Talker, state: str
) -> None:
    await talked(conversation, zoe, sophie)
    await sophie.send("Oui, avec plaisir")
    answer = sa.select(broadcasts.c.id).where(broadcasts.c.template == "notices/conversation_answer")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).where(deliveries.c.broadcast.in_(answer)).values(state=state))
        assert await claims.tend(tx, Claims(), conversation.clock.now()) == 1
        assert await claims.tend(tx, Claims(), conversation.clock.now()) == 0
    await arrive(conversation, sophie)
    assert "may not have arrived" in sophie.last.text


async def test_who_answers_reads_in_mydata_how(conversation: Conversation, sophie: Talker) -> None:
    await sophie.send("/mydata")
    file = sophie.called("sendDocument")[0].attachment
    assert file is not None
    assert json.loads(file.content)["answers_supporters"]["name"] == "Sophie"


# -- the group of the team --


class Forum(Posted):
    """A forum: topics and messages by number; `deleted` answer as Telegram does."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: set[int] = set()

    async def call(self, call: Call) -> Outcome:
        self.calls.append(call)
        if call.payload.get("message_id") in self.deleted:
            return Rejected(code=400, description="Bad Request: message to edit not found")
        number = len(self.calls)
        key = "message_thread_id" if call.method == "createForumTopic" else "message_id"
        return Done(result={key: number})


async def added(talker: Talker, status: str = "administrator") -> None:
    member = {"user": {"id": 1, "is_bot": True, "first_name": "Bot"}}
    rights = {} if status == "left" else dict.fromkeys(RIGHTS, False)
    await talker._update(
        my_chat_member={
            "chat": {"id": -100, "type": "supergroup", "title": "Équipe", "is_forum": True},
            "from": talker._user,
            "date": 1,
            "old_chat_member": {**member, "status": "left"},
            "new_chat_member": {**member, "status": status, **rights},
        }
    )


RIGHTS = (
    *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats"),
    *("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users"),
    *("can_post_stories", "can_edit_stories", "can_delete_stories"),
)


async def test_the_group_shows_who_waits_and_survives_a_deleted_topic(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    shared, line = conversation.services, Forum()
    kept_true = GroupBoard(database=conversation.database, texts=shared.texts, composer=composer(shared))

    async def refresh() -> list[str]:
        before = len(line.calls)
        await look_at(conversation.database, line, conversation.clock.now(), kept_true.look)
        return [call.method for call in line.calls[before:]]

    await ask(zoe)
    await added(sophie)
    assert await refresh() == [], "an organizer’s group is none of the campaign’s"
    boss = await on_duty(conversation, 60, "Ali", "admin", "FR")
    await added(boss)
    assert await refresh() == ["createForumTopic", "sendMessage"]
    assert line.calls[0].payload["name"] == "Rhône"
    assert "1 message" in line.calls[1].payload["text"]
    assert "fille" not in str(line.calls)
    assert await refresh() == []
    await arrive(conversation, sophie, boss)
    await sophie.tap("Take it")
    assert await refresh() == ["editMessageText"]
    assert "Sophie" in line.calls[-1].payload["text"]
    line.deleted.add(2)
    await sophie.tap("Hand back") if "Hand back" in sophie.last.buttons else await sophie.tap_data(
        "1:talk_back:1"
    )
    assert await refresh() == ["editMessageText"]
    assert await refresh() == ["createForumTopic", "sendMessage"]
    for _ in range(20):
        await zoe.edit(1, "…")
        async with conversation.database.write() as tx:
            await db.inbox_topics.forget(tx, "69")
        await refresh()
    assert len(line.calls) <= 15, "a minute has no more room"
    await added(boss, "left")
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=2))
    assert await refresh() == []
