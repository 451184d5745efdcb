"""What a person does to a message that is there: answer, react, forward, delete; and what the bot hears of it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import telegram
from telegram import ForceReply, ReactionTypeEmoji, ReplyKeyboardMarkup

from simulator.client import Person, Simulator, SimulatorError
from simulator.server import RunningSimulator

Call = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def ana(simulator: Simulator) -> Person:
    return await simulator.person("Ana", id=1, started=True)


async def test_a_person_answers_a_message(ana: Person, bot: telegram.Bot) -> None:
    asked = await bot.send_message(1, "One?")
    await bot.send_message(1, "Two?")
    await ana.send("Yes", reply_to=asked.message_id)
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.reply_to_message is not None
    assert update.message.reply_to_message.text == "One?"
    assert (await ana.messages())[-1].raw["reply"] == {
        "message_id": asked.message_id,
        "name": "Test bot",
        "text": "One?",
    }
    with pytest.raises(SimulatorError, match="There is no message 99"):
        await ana.send("Yes", reply_to=99)


async def test_the_next_text_answers_what_the_bot_forces_to_be_answered(
    ana: Person, bot: telegram.Bot, simulator: Simulator
) -> None:
    asked = await bot.send_message(1, "Your town?", reply_markup=ForceReply(input_field_placeholder="Lyon"))
    chat = await simulator.call("GET", "/people/1/messages")
    assert (chat["asked"], chat["placeholder"]) == (asked.message_id, "Lyon")
    await ana.send("Lille")
    await ana.send("and that is all")
    first, second = await bot.get_updates()
    assert first.message is not None
    assert first.message.reply_to_message is not None
    assert second.message is not None
    assert second.message.reply_to_message is None
    # Whoever closes the answer writes a text of its own; a keyboard may have a placeholder too.
    await bot.send_message(1, "Again?", reply_markup=ForceReply())
    await ana.send("No", reply_to=0)
    await bot.send_message(
        1, "?", reply_markup=ReplyKeyboardMarkup([["A"]], input_field_placeholder="Choose")
    )
    assert (await simulator.call("GET", "/people/1/messages"))["placeholder"] == "Choose"
    assert (await ana.messages())[-2].raw["reply"] is None


async def test_reactions_of_both(ana: Person, bot: telegram.Bot) -> None:
    sent = await bot.send_message(1, "Thanks!")
    await ana.react(sent.message_id, "❤")
    assert await bot.get_updates() == ()  # a bot hears of it only if it asks
    await bot.get_updates(allowed_updates=["message_reaction"])
    await ana.react(sent.message_id, "👍")
    (update,) = await bot.get_updates()
    assert update.message_reaction is not None
    assert update.message_reaction.old_reaction == (ReactionTypeEmoji("❤"),)
    assert update.message_reaction.new_reaction == (ReactionTypeEmoji("👍"),)
    await bot.set_message_reaction(1, sent.message_id, "🎉")
    (message,) = await ana.messages()
    assert {who: given[0]["emoji"] for who, given in message.raw["reactions"].items()} == {
        "person": "👍",
        "bot": "🎉",
    }
    await ana.react(sent.message_id, "")
    await bot.set_message_reaction(1, sent.message_id)
    assert (await ana.messages())[0].raw["reactions"] == {}
    with pytest.raises(SimulatorError, match="Nobody reacts with “x”"):
        await ana.react(sent.message_id, "x")


async def test_a_message_is_forwarded_to_the_bot_and_to_a_friend(
    ana: Person, bot: telegram.Bot, simulator: Simulator
) -> None:
    ben = await simulator.person("Ben", id=2)
    sent = await bot.send_message(1, "Come along")
    await ana.forward(sent.message_id)
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert isinstance(update.message.forward_origin, telegram.MessageOriginUser)
    assert update.message.forward_origin.sender_user.id == 12345
    await ana.forward(sent.message_id, ben)
    (chat,) = await ben.friends()
    assert (chat["messages"][0]["text"], chat["messages"][0]["forwarded"]) == ("Come along", True)
    secret = await bot.send_message(1, "Ours", protect_content=True)
    with pytest.raises(SimulatorError, match="is protected"):
        await ana.forward(secret.message_id, ben)


async def test_a_person_deletes_for_both_and_the_bot_hears_nothing(ana: Person, bot: telegram.Bot) -> None:
    sent = await bot.send_message(1, "x")
    await ana.delete(sent.message_id)
    assert await ana.messages() == []
    assert await bot.get_updates() == ()
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)message to edit not found"):
        await bot.edit_message_text("y", 1, sent.message_id)


@pytest.mark.parametrize("kind", ["video", "animation", "audio", "voice", "video_note", "sticker"])
async def test_a_person_sends_files(ana: Person, bot: telegram.Bot, kind: str) -> None:
    await ana.send_file(kind, "file.bin", b"x", caption="look")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert getattr(update.message, kind).file_size == 1
    assert update.message.caption == (None if kind in ("video_note", "sticker") else "look")


async def test_a_person_sends_a_contact(ana: Person, bot: telegram.Bot, simulator: Simulator) -> None:
    await simulator.call("POST", "/people/1/contact", json={"first_name": "Ben", "phone_number": "+331"})
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.contact is not None
    assert update.message.contact.first_name == "Ben"


async def test_the_first_answer_to_a_tap_counts_if_it_comes_in_time(
    served: RunningSimulator, simulator: Simulator, call: Call, ana: Person
) -> None:
    keyboard = {"inline_keyboard": [[{"text": "B", "callback_data": "d"}]]}
    await call("sendMessage", chat_id=ana.id, text="?", reply_markup=keyboard)
    await ana.forge("d", wait=0)
    await ana.forge("d", wait=0)
    once, late = (u["callback_query"]["id"] for u in (await call("getUpdates"))["result"])
    for text in ("First", "Second"):  # as in examples/scene.py of aiogram
        assert (await call("answerCallbackQuery", callback_query_id=once, text=text))["ok"]
    assert served.world.taps.find(once).answer["toast"] == "First"  # type: ignore[union-attr,index]
    await simulator.call("POST", "/clock", json={"by_seconds": 151})
    assert (await call("answerCallbackQuery", callback_query_id=late))["description"].startswith(
        "Bad Request: query is too old"
    )
