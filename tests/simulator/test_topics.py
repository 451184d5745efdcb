"""Topics of a forum: made, edited, closed, deleted; messages in them; and what is said of those that are gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import telegram

from simulator.client import Group, Person, Simulator, SimulatorError
from simulator.groups import GENERAL

Call = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def ana(simulator: Simulator) -> Person:
    return await simulator.person("Ana", id=1)


@pytest.fixture
async def ben(simulator: Simulator) -> Person:
    return await simulator.person("Ben", id=2)


@pytest.fixture
async def forum(simulator: Simulator, bot: telegram.Bot, ana: Person, ben: Person) -> Group:
    forum = await simulator.group("Team", owner=ana, members=[ben], bots=["test_bot"], forum=True)
    await forum.promote("test_bot", by=ana)
    updates = await bot.get_updates()
    await bot.get_updates(offset=updates[-1].update_id + 1)
    return forum


async def test_a_topic_is_made_and_written_in(bot: telegram.Bot, ben: Person, forum: Group) -> None:
    assert (await bot.get_chat(forum.id)).is_forum
    topic = await bot.create_forum_topic(forum.id, "Ana’s question", icon_color=0xFFD67E)
    assert (topic.name, topic.icon_color) == ("Ana’s question", 0xFFD67E)
    number = topic.message_thread_id
    sent = await bot.send_message(forum.id, "She asks:", message_thread_id=number)
    assert (sent.message_thread_id, sent.is_topic_message) == (number, True)
    there = ben.within(forum, topic=number)
    await there.send("I take it")
    await ben.within(forum).send("Elsewhere")
    made, answered, elsewhere = await bot.get_updates()
    assert made.message is not None
    assert made.message.forum_topic_created is not None
    assert answered.message is not None
    assert (answered.message.message_thread_id, answered.message.is_topic_message) == (number, True)
    # What answers nothing else answers the message that began the topic.
    assert answered.message.reply_to_message is not None
    assert answered.message.reply_to_message.message_id == number
    assert elsewhere.message is not None
    assert elsewhere.message.message_thread_id is None
    assert [message.text for message in await there.messages()] == ["", "She asks:", "I take it"]
    assert (await there.messages())[-1].raw["reply"] is None


async def test_a_topic_is_edited_closed_and_reopened(
    bot: telegram.Bot, ana: Person, ben: Person, forum: Group
) -> None:
    topic = (await bot.create_forum_topic(forum.id, "Open")).message_thread_id
    await bot.edit_forum_topic(forum.id, topic, name="Taken by Ben")
    await bot.close_forum_topic(forum.id, topic)
    with pytest.raises(SimulatorError, match="This topic is closed"):
        await ben.within(forum, topic=topic).send("But")
    await ana.within(forum, topic=topic).send("The owner may")
    await bot.send_message(forum.id, "Its administrators too", message_thread_id=topic)
    await bot.reopen_forum_topic(forum.id, topic)
    await ben.within(forum, topic=topic).send("Thanks")
    kinds = ("created", "edited", "closed", "reopened")
    messages = [update.message for update in await bot.get_updates() if update.message]
    found = [kind for m in messages for kind in kinds if getattr(m, f"forum_topic_{kind}") is not None]
    assert found == ["created", "edited", "closed", "reopened"]


async def test_the_general_topic_is_renamed_and_hidden(bot: telegram.Bot, ana: Person, forum: Group) -> None:
    await bot.edit_general_forum_topic(forum.id, "Lobby")
    await bot.hide_general_forum_topic(forum.id)
    await bot.unhide_general_forum_topic(forum.id)
    await bot.reopen_general_forum_topic(forum.id)
    await bot.close_general_forum_topic(forum.id)
    messages = [update.message for update in await bot.get_updates() if update.message]
    assert messages[0].forum_topic_edited is not None
    assert messages[1].general_forum_topic_hidden is not None
    assert messages[2].general_forum_topic_unhidden is not None
    assert all(message.message_thread_id is None for message in messages)


async def test_a_bot_without_rights_writes_in_no_closed_topic(
    bot: telegram.Bot, ana: Person, forum: Group
) -> None:
    topic = await forum.create_topic("Ours", by=ana)
    await forum.change_topic(topic, by=ana, closed=True)
    await forum.promote("test_bot", by=ana, rights=[])
    for refused in (
        bot.send_message(forum.id, "x", message_thread_id=topic),
        bot.create_forum_topic(forum.id, "x"),
        bot.close_forum_topic(forum.id, topic),
        bot.edit_forum_topic(forum.id, topic, name="x"),
        bot.delete_forum_topic(forum.id, topic),
    ):
        with pytest.raises(telegram.error.BadRequest, match=r"(?i)topic_closed|not enough rights to"):
            await refused


async def test_a_deleted_topic_is_gone_with_its_messages(
    bot: telegram.Bot, ana: Person, ben: Person, forum: Group
) -> None:
    topic = (await bot.create_forum_topic(forum.id, "Short")).message_thread_id
    written = await ben.within(forum, topic=topic).send("Soon gone")
    await forum.delete_topic(topic, by=ana)
    assert written not in [message.message_id for message in await ben.within(forum).messages()]
    with pytest.raises(telegram.error.BadRequest, match="essage thread not found"):
        await bot.send_message(forum.id, "Still there?", message_thread_id=topic)
    with pytest.raises(SimulatorError, match="has no topic"):
        await ben.within(forum, topic=topic).send("x")


async def test_a_new_topic_counts_as_a_message(simulator: Simulator, call: Call, forum: Group) -> None:
    await simulator.call("POST", "/limits", json={"per_group_per_minute": 2})
    codes = [
        (await call(method, chat_id=forum.id, name="x", text="x")).get("error_code")
        for method in ("createForumTopic", "sendMessage", "createForumTopic")
    ]
    assert codes == [None, None, 429]


CLIENT, MANAGER = "Client.cpp of telegram-bot-api", "ForumTopicManager.cpp of tdlib"
SERVER = "told by the server itself; core.telegram.org/method/messages.editForumTopic"

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("sendMessage", {"text": "x", "message_thread_id": 99}, "message thread not found", CLIENT),
    ("sendMessage", {"text": "x", "message_thread_id": GENERAL}, "message thread not found", CLIENT),
    ("sendMessage", {"chat_id": 1, "text": "x", "message_thread_id": 99}, "message thread not found", CLIENT),
    ("createForumTopic", {"name": " "}, "name must be non-empty", MANAGER),
    ("createForumTopic", {"name": "x", "icon_color": 3}, "invalid icon color specified", MANAGER),
    ("createForumTopic", {"chat_id": 1, "name": "x"}, "the chat is not a forum", MANAGER),
    ("editForumTopic", {"message_thread_id": 99, "name": "x"}, "TOPIC_ID_INVALID", SERVER),
    ("editForumTopic", {"name": "x"}, "invalid forum topic identifier specified", MANAGER),
    ("closeForumTopic", {"message_thread_id": 99}, "TOPIC_ID_INVALID", SERVER),
    ("deleteForumTopic", {"message_thread_id": 99}, "TOPIC_ID_INVALID", SERVER),
    ("reopenGeneralForumTopic", {}, "TOPIC_NOT_MODIFIED", SERVER),
    ("unhideGeneralForumTopic", {}, "TOPIC_NOT_MODIFIED", SERVER),
]


@pytest.mark.parametrize(("method", "params", "words", "source"), REFUSED)
async def test_refusals(
    call: Call, ana: Person, forum: Group, method: str, params: dict[str, Any], words: str, source: str
) -> None:
    assert source
    await ana.send("/start")
    answer = await call(method, **{"chat_id": forum.id, **params})
    assert answer["description"] == f"Bad Request: {words}"
