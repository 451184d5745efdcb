"""The Bot API methods: one table, one function each. A method that exists and is not in the table answers 501."""

from collections.abc import Awaitable, Callable
from typing import Any

from simulator.methods import (
    answering,
    editing,
    media,
    other_content,
    prepared,
    profile,
    reacting,
    sending,
    webhooks,
)
from simulator.methods.known import KNOWN
from simulator.params import Params
from simulator.world import World

Method = Callable[[World, Params], Any | Awaitable[Any]]

_NAMED: dict[str, Method] = {
    "getMe": profile.get_me,
    "logOut": profile.log_out,
    "close": profile.close,
    "getUpdates": webhooks.get_updates,
    "setWebhook": webhooks.set_webhook,
    "deleteWebhook": webhooks.delete_webhook,
    "getWebhookInfo": webhooks.get_webhook_info,
    "sendMessage": sending.send_message,
    "sendPhoto": media.sender_of("photo", "sendPhoto"),
    "sendDocument": media.sender_of("document", "sendDocument"),
    "sendVideo": media.sender_of("video", "sendVideo"),
    "sendAnimation": media.sender_of("animation", "sendAnimation"),
    "sendAudio": media.sender_of("audio", "sendAudio"),
    "sendVoice": media.sender_of("voice", "sendVoice"),
    "sendVideoNote": media.sender_of("video_note", "sendVideoNote"),
    "sendSticker": media.sender_of("sticker", "sendSticker"),
    "sendMediaGroup": media.send_media_group,
    "sendContact": other_content.send_contact,
    "sendDice": other_content.send_dice,
    "sendPoll": other_content.send_poll,
    "stopPoll": other_content.stop_poll,
    "sendVenue": sending.send_venue,
    "sendLocation": sending.send_location,
    "sendChatAction": sending.send_chat_action,
    "copyMessage": sending.copy_message,
    "copyMessages": sending.copy_messages,
    "forwardMessage": sending.forward_message,
    "forwardMessages": sending.forward_messages,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageMedia": editing.edit_message_media,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "pinChatMessage": editing.pin_chat_message,
    "unpinChatMessage": editing.unpin_chat_message,
    "unpinAllChatMessages": editing.unpin_all_chat_messages,
    "answerCallbackQuery": answering.answer_callback_query,
    "answerInlineQuery": answering.answer_inline_query,
    "answerWebAppQuery": prepared.answer_web_app_query,
    "savePreparedInlineMessage": prepared.save_prepared_inline_message,
    "getFile": answering.get_file,
    "getChat": answering.get_chat,
    "getChatMember": answering.get_chat_member,
    "getUserProfilePhotos": answering.get_user_profile_photos,
    "setMessageReaction": reacting.set_message_reaction,
    "setMyCommands": profile.set_my_commands,
    "getMyCommands": profile.get_my_commands,
    "deleteMyCommands": profile.delete_my_commands,
    "setMyName": profile.set_my_name,
    "getMyName": profile.get_my_name,
    "setMyDescription": profile.set_my_description,
    "getMyDescription": profile.get_my_description,
    "setMyShortDescription": profile.set_my_short_description,
    "getMyShortDescription": profile.get_my_short_description,
    "setChatMenuButton": profile.set_chat_menu_button,
    "getChatMenuButton": profile.get_chat_menu_button,
}

# Telegram does not look at the case of a method's name.
METHODS: dict[str, tuple[str, Method]] = {name.lower(): (name, function) for name, function in _NAMED.items()}
NOT_SIMULATED = {name.lower(): name for name in KNOWN - _NAMED.keys()}
