"""A whole conversation through PTB's Bot and through the person's client, as a bot's tests use them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup, Update

from simulator.client import Simulator


async def _greet(bot: telegram.Bot, update: Update) -> None:
    """A small bot: greets, asks, edits in place, shows where."""
    if update.callback_query:
        await update.callback_query.answer("Noted", show_alert=update.callback_query.data == "no")
        await update.callback_query.edit_message_text(
            f"You said <b>{update.callback_query.data}</b>.", "HTML"
        )
        return
    message = update.message
    if message is None:
        return
    if message.location:
        await message.reply_venue(
            message.location.latitude, message.location.longitude, "Agora", "1 rue Haute"
        )
    elif message.text and message.text.startswith("/start"):
        buttons = [
            [InlineKeyboardButton("Yes", callback_data="yes"), InlineKeyboardButton("No", callback_data="no")]
        ]
        await message.reply_html("Hello <b>you</b>", reply_markup=InlineKeyboardMarkup(buttons))
    else:
        keys = ReplyKeyboardMarkup([[KeyboardButton("Share my location", request_location=True), "Later"]])
        await message.reply_text(f"Heard: {message.text}", reply_markup=keys)


@asynccontextmanager
async def _polling(bot: telegram.Bot) -> AsyncIterator[None]:
    async def poll() -> None:
        offset = 0
        while True:
            for update in await bot.get_updates(offset=offset, timeout=5, read_timeout=10):
                offset = update.update_id + 1
                await _greet(bot, update)

    task = asyncio.create_task(poll())
    yield
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_conversation(simulator: Simulator, bot: telegram.Bot) -> None:
    claire = await simulator.person("Claire", language="fr", username="claire")
    async with _polling(bot):
        await claire.start("ev_12")
        hello = await claire.expect("hello you")
        assert hello.labels == ["Yes", "No"]
        assert hello.html == "Hello <b>you</b>"
        tap = await claire.tap("no")
        assert (tap.answered, tap.toast, tap.alert) == (True, None, "Noted")
        said = await claire.expect("You said no.")
        assert (said.message_id, said.edits, said.keyboard) == (hello.message_id, 1, ())
        await claire.send("What now?")
        await claire.expect("Heard: What now?")
        await claire.tap("Later")
        await claire.expect("Heard: Later")
        await claire.share_location(45.76, 4.83)
        venue = (await claire.expect("")).venue
        assert venue is not None
        assert venue["title"] == "Agora"
    transcript = await claire.transcript()
    assert "/start ev_12" in transcript
    assert "[ Share my location ]  [ Later ]" in transcript
    assert "[place: Agora, 1 rue Haute]" in transcript


async def test_an_expectation_in_vain_shows_the_transcript(simulator: Simulator, bot: telegram.Bot) -> None:
    claire = await simulator.person("Claire")
    await claire.send("Is anybody there?")
    await bot.send_message(claire.id, "Yes.")
    with pytest.raises(AssertionError, match=r"(?s)waited 0.05 s for “Nobody”.*Is anybody there\?.*Yes\."):
        await claire.expect("Nobody", timeout=0.05)
