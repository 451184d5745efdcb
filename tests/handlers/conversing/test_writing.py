"""A supporter writes to the team: what is asked before, what is handed on, what is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.consents
from bot.actions.renewals import text_hash
from bot.rules.territories import METROPOLE, zone_of
from db.schema import conversations, messages
from tests.conversation import Conversation, Shown, Talker
from tests.talking import QUESTION, arrive, ask, seen, talk_of


async def test_what_nobody_understood_goes_to_the_team_once_its_author_chose_so(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    shown = await zoe.send(QUESTION)
    assert "I didn’t understand" in shown.text
    assert "the Lyon team" in shown.text
    asked = await zoe.tap("Send this to the team")
    assert "Send this to the Lyon team?" in asked.text
    assert await talk_of(zoe) is None
    sent = await zoe.tap("Send")
    assert "It’s with the Lyon team." in sent.text
    stored = await zoe.stored()
    assert stored is not None
    async with conversation.database.read() as tx:
        (choice,) = [
            each
            for each in await db.consents.of_person(tx, stored.pseudonym)
            if each.purpose == "conversation"
        ]
        written = list(await tx.scalars(sa.select(messages.c.text)))
    assert choice.given
    assert written == [QUESTION]
    asked_by = conversation.services.texts.render("conversations/ask", "en", area="69123", team="Lyon")
    assert choice.text_hash == text_hash(asked_by.written)
    await arrive(conversation, sophie)
    assert "1 message" in sophie.last.text
    assert "Lyon" in sophie.last.text
    assert QUESTION not in seen(sophie)


async def test_who_does_not_send_it_leaves_nothing_behind(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send(QUESTION)
    forged = await zoe.tap_data("1:talk_send:yes")  # on a message that did not say yet who reads it
    assert "Send this to the Lyon team?" in forged.text
    assert await talk_of(zoe) is None
    shown = await zoe.tap("Don’t send")
    assert "nothing is kept" in shown.text
    async with conversation.database.read() as tx:
        assert not list(await tx.execute(sa.select(conversations)))
        assert not list(await tx.execute(sa.select(messages)))


async def test_the_button_asks_for_a_message_and_stop_is_still_obeyed(
    conversation: Conversation, zoe: Talker
) -> None:
    await zoe.send("/menu")
    shown = await zoe.tap("Write to the team")
    assert "Write your message to the Lyon team." in shown.text
    stopped = await zoe.send("arrêtez de m’écrire")
    assert "no more messages" in stopped.text.lower() or "stop" in stopped.text.lower()
    stored = await zoe.stored()
    assert stored is not None
    assert stored.state == "stopped"
    assert await talk_of(zoe) is None


async def test_a_photo_is_handed_on_by_telegram_and_not_kept(
    conversation: Conversation, zoe: Talker, sophie: Talker
) -> None:
    await zoe.send("/menu")
    await zoe.tap("Write to the team")
    photo = [{"file_id": "f", "file_unique_id": "f", "width": 1, "height": 1}]
    await zoe.send_message(photo=photo, caption="c’est ici ?")
    await arrive(conversation, sophie)
    await sophie.tap("Take it")
    await arrive(conversation, sophie)
    assert "[a photo] c’est ici ?" in seen(sophie)
    stored = await zoe.stored()
    assert stored is not None
    async with conversation.database.read() as tx:
        (kept,) = list(await tx.execute(sa.select(messages.c.media, messages.c.text)))
    assert kept == ("photo", "c’est ici ?")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"text": "x" * 4096}, "too long"),
        ({"contact": {"phone_number": "1", "first_name": "A"}}, "hand that on"),
    ],
)
async def test_what_cannot_be_handed_on_is_told(
    conversation: Conversation, zoe: Talker, content: dict[str, object], told: str
) -> None:
    await zoe.send("/menu")
    await zoe.tap("Write to the team")
    shown = await zoe.send_message(**content)
    assert told in shown.text
    assert await talk_of(zoe) is None
    assert "It’s with the Lyon team." in (await zoe.send(QUESTION)).text


async def test_sent_twice_by_two_taps_it_is_there_once(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send(QUESTION)
    question = await zoe.tap("Send this to the team")
    send = question.buttons["Send"]
    reply_to = question.reply_to
    await zoe.tap("Send")
    again = Shown(id=question.id, text="…", buttons={"Send": send}, reply_to=reply_to)
    assert "It’s with the Lyon team." in (await zoe.tap_data(send, on=again)).text
    async with conversation.database.read() as tx:
        assert list(await tx.scalars(sa.select(messages.c.text))) == [QUESTION]


async def test_six_digits_at_an_open_door_are_its_code_also_of_who_writes_to_the_team(
    conversation: Conversation, zoe: Talker
) -> None:
    now = conversation.clock.now().astimezone(zone_of(METROPOLE))
    await conversation.add_event("ab12cd34", starts=f"{now:%Y-%m-%dT%H:%M}")
    await ask(zoe)
    shown = await zoe.send("482 913")
    assert "code" in shown.text.lower()
    async with conversation.database.read() as tx:
        assert list(await tx.scalars(sa.select(messages.c.text))) == [QUESTION]


async def test_ten_messages_a_minute_are_enough(conversation: Conversation, zoe: Talker) -> None:
    await ask(zoe)
    for number in range(9):
        await zoe.send(f"et encore ceci {number}")
        assert zoe.called("setMessageReaction")
    shown = await zoe.send("et encore")
    assert "Ten messages a minute are enough." in shown.text
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=1))
    await zoe.send("et encore")
    assert zoe.called("setMessageReaction")
