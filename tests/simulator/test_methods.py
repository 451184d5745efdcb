"""The Bot API methods through python-telegram-bot's own Bot."""

import pytest
import telegram
from telegram import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputFile,
    InputTextMessageContent,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)

from simulator.client import Simulator
from simulator.pictures import striped_png

ICS = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


async def test_get_me(bot: telegram.Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.is_bot, me.supports_inline_queries) == (12345, "test_bot", True, True)


async def test_a_message_carries_everything_it_was_given(simulator: Simulator, bot: telegram.Bot) -> None:
    ana = await simulator.person("Ana", started=True)
    first = await bot.send_message(ana.id, "One")
    sent = await bot.send_message(
        ana.id,
        '<a href="https://example.org/">Two</a> <tg-time unix="1479625200" format="wDt">then</tg-time> /help',
        parse_mode="HTML",
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        protect_content=True,
        disable_notification=True,
        reply_parameters=ReplyParameters(first.message_id),
    )
    assert sent.text == "Two then /help"
    assert [entity.type for entity in sent.entities] == ["text_link", "date_time", "bot_command"]
    assert sent.has_protected_content
    assert sent.link_preview_options == LinkPreviewOptions(is_disabled=True)
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "One"
    assert (await ana.last()).html.endswith('<tg-time unix="1479625200" format="wDt">then</tg-time> /help')
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)can.t be forwarded"):
        await bot.forward_message(ana.id, ana.id, sent.message_id)


async def test_a_document_is_downloaded_and_sent_again(simulator: Simulator, bot: telegram.Bot) -> None:
    ana = await simulator.person("Ana", started=True)
    sent = await bot.send_document(
        ana.id, InputFile(ICS, "réunion.ics"), caption="<b>Come</b>", parse_mode="HTML"
    )
    assert sent.document is not None
    assert sent.document.file_name == "réunion.ics"
    file = await bot.get_file(sent.document.file_id)
    assert bytes(await file.download_as_bytearray()) == ICS
    again = await bot.send_document(ana.id, sent.document.file_id)
    assert again.document == sent.document
    seen = (await ana.messages())[0]
    assert seen.document is not None
    assert await simulator.file(seen.document["file_id"]) == ICS
    edited = await bot.edit_message_caption(ana.id, sent.message_id, caption="Changed")
    assert isinstance(edited, telegram.Message)
    assert edited.caption == "Changed"


async def test_a_photo_has_several_sizes(simulator: Simulator, bot: telegram.Bot) -> None:
    ana = await simulator.person("Ana", started=True)
    sent = await bot.send_photo(ana.id, striped_png(1), caption="c")
    assert [size.width for size in sent.photo] == [90, 320, 640]
    again = await bot.send_photo(ana.id, sent.photo[-1].file_id)
    assert again.photo[-1].file_id == sent.photo[-1].file_id
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)can.t use file of type photo as document"):
        await bot.send_document(ana.id, sent.photo[0].file_id)
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)image_process_failed"):
        await bot.send_photo(ana.id, b"no picture")


async def test_places(simulator: Simulator, bot: telegram.Bot) -> None:
    ana = await simulator.person("Ana", started=True)
    venue = await bot.send_venue(ana.id, 45.76, 4.83, "Agora", "1 rue Haute")
    location = await bot.send_location(ana.id, -20.9, 55.45)
    assert venue.venue is not None
    assert (venue.venue.title, venue.venue.location.latitude) == ("Agora", 45.76)
    assert location.location is not None
    assert location.location.longitude == 55.45
    assert await bot.send_chat_action(ana.id, "typing")


async def test_edit_copy_forward_pin_delete(simulator: Simulator, bot: telegram.Bot) -> None:
    ana, ben = await simulator.person("Ana", started=True), await simulator.person("Ben", started=True)
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("A", callback_data="a")]])
    sent = await bot.send_message(ana.id, "One", reply_markup=keyboard)
    await bot.edit_message_reply_markup(ana.id, sent.message_id)
    await bot.edit_message_text("Two", ana.id, sent.message_id, reply_markup=keyboard)
    seen = await ana.last()
    assert (seen.text, seen.edits, seen.labels) == ("Two", 2, ["A"])
    copy = await bot.copy_message(ben.id, ana.id, sent.message_id)
    forwarded = await bot.forward_message(ben.id, ana.id, sent.message_id)
    assert isinstance(forwarded.forward_origin, telegram.MessageOriginUser)
    assert [message.text for message in await ben.messages()] == ["Two", "Two"]
    await bot.pin_chat_message(ben.id, copy.message_id)
    pinned = (await bot.get_chat(ben.id)).pinned_message
    assert pinned is not None
    assert pinned.message_id == copy.message_id
    await bot.unpin_chat_message(ben.id)
    assert (await bot.get_chat(ben.id)).pinned_message is None
    await bot.delete_messages(ben.id, [copy.message_id, forwarded.message_id, 999])
    assert await ben.messages() == []


async def test_reply_keyboards_stay_until_they_are_removed(simulator: Simulator, bot: telegram.Bot) -> None:
    ana = await simulator.person("Ana", started=True)
    await bot.send_message(ana.id, "?", reply_markup=ReplyKeyboardMarkup([["A"]]))
    await bot.send_message(ana.id, "And?")
    await ana.tap("A")
    assert ana.reply_keyboard == [[{"label": "A", "asks": ""}]]
    await bot.send_message(ana.id, "!", reply_markup=ReplyKeyboardRemove())
    await ana.refresh()
    assert ana.reply_keyboard == []
    await bot.send_message(ana.id, "?", reply_markup=ReplyKeyboardMarkup([["B"]], one_time_keyboard=True))
    await ana.tap("B")
    await ana.refresh()
    assert ana.reply_keyboard == []


async def test_commands_by_scope_and_language(simulator: Simulator, bot: telegram.Bot) -> None:
    ana, ben = await simulator.person("Ana", language="fr"), await simulator.person("Ben", language="de")
    await bot.set_my_commands([BotCommand("help", "Help")])
    await bot.set_my_commands([BotCommand("help", "Aide")], language_code="fr")
    assert [c["description"] for c in await ana.commands()] == ["Aide"]
    assert [c["description"] for c in await ben.commands()] == ["Help"]
    await bot.set_my_commands([BotCommand("a", "All")], scope=BotCommandScopeAllPrivateChats())
    await bot.set_my_commands([BotCommand("b", "Ben's")], scope=BotCommandScopeChat(ben.id))
    assert [c["command"] for c in await ana.commands()] == ["a"]  # a narrower scope wins over the language
    assert [c["command"] for c in await ben.commands()] == ["b"]
    await bot.delete_my_commands(scope=BotCommandScopeChat(ben.id))
    assert await bot.get_my_commands(scope=BotCommandScopeChat(ben.id)) == ()
    assert await bot.get_my_commands(language_code="fr") == (BotCommand("help", "Aide"),)


async def test_names_and_descriptions(bot: telegram.Bot) -> None:
    await bot.set_my_description("Bonjour", language_code="fr")
    await bot.set_my_short_description("Hi")
    await bot.set_my_name("Megaphone")
    await bot.set_chat_menu_button(menu_button=telegram.MenuButtonCommands())
    assert (await bot.get_my_description("fr")).description == "Bonjour"
    assert (await bot.get_my_description("en")).description == ""
    assert (await bot.get_my_short_description("fr")).short_description == "Hi"
    assert (await bot.get_my_name()).name == "Megaphone"
    assert await bot.get_chat_menu_button() == telegram.MenuButtonCommands()


async def test_inline_mode(simulator: Simulator, bot: telegram.Bot) -> None:
    ana = await simulator.person("Ana", started=True)
    await ana.inline("lyon", wait=0)
    (update,) = await bot.get_updates()
    assert update.inline_query is not None
    assert update.inline_query.query == "lyon"
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Join", callback_data="j")]])
    content = InputTextMessageContent("<b>Lyon</b>", parse_mode="HTML")
    await update.inline_query.answer([InlineQueryResultArticle("r1", "Lyon", content, reply_markup=keyboard)])
    await ana.choose(update.inline_query.id, "r1")
    *_, chosen, message = await bot.get_updates(offset=update.update_id + 1)
    assert chosen.chosen_inline_result is not None
    assert message.message is not None
    assert message.message.via_bot is not None
    inline_id = chosen.chosen_inline_result.inline_message_id
    assert inline_id is not None
    assert await bot.edit_message_text("Edited", inline_message_id=inline_id) is True
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)message_id_invalid"):
        await bot.edit_message_text("Edited", inline_message_id="inline-0")
    assert (await ana.messages())[-1].text == "Edited"


async def test_the_journal_has_every_accepted_message_and_edit(
    simulator: Simulator, bot: telegram.Bot
) -> None:
    ana = await simulator.person("Ana", started=True)
    sent = await bot.send_message(ana.id, "<i>One</i>", "HTML")
    await bot.edit_message_text("Two", ana.id, sent.message_id)
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)chat not found"):
        await bot.send_message(1, "x")
    journal = await simulator.journal()
    assert [(e["method"], e["html"]) for e in journal] == [
        ("sendMessage", "<i>One</i>"),
        ("editMessageText", "Two"),
    ]
    assert (await simulator.journal(after=1))[0]["number"] == 2
    counters = await simulator.counters()
    assert counters["calls"] == {"getMe": 1, "sendMessage": 2, "editMessageText": 1}
    assert counters["errors"] == {"Bad Request: chat not found": 1}
