"""As strict as the original: what this Telegram refuses, with the words and where these stand.

Sources: files of tdlib/td and of tdlib/telegram-bot-api (Client.cpp) as of 2026; what only Telegram's servers say, as
others met it.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from simulator.client import Simulator

Call = Callable[..., Awaitable[dict[str, Any]]]

TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


def _inline(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


def _text(text: str, *entities: dict[str, Any]) -> dict[str, Any]:
    return {"text": text, "entities": list(entities)}


def _bold(offset: int, length: int) -> dict[str, Any]:
    return {"type": "bold", "offset": offset, "length": length}


def _opening(**button: Any) -> dict[str, Any]:
    return {"text": "x", "reply_markup": _inline([{"text": "B", **button}])}


def _app(url: str) -> dict[str, Any]:
    return {"web_app": {"url": url}}


CANNOT = "Bad Request: can't parse"
URL = "Bad Request: inline keyboard button URL"
# Each with where its words stand: files of tdlib/td and of tdlib/telegram-bot-api (Client.cpp), of 2026.
STRICT: list[tuple[str, dict[str, Any], str, str]] = [
    # MessageEntity.cpp, clean_input_string_with_entities; 😀 is two units and four bytes
    (
        "sendMessage",
        _text("Hello", _bold(1, 10)),
        "Bad Request: entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 11",
        "MessageEntity.cpp",
    ),
    (
        "sendMessage",
        _text("Hello", _bold(9, 1)),
        "Bad Request: entity begins after the end of the text at UTF-16 offset 9",
        "MessageEntity.cpp",
    ),
    (
        "sendMessage",
        _text("é😀", _bold(2, 1)),
        "Bad Request: entity begins in a middle of a UTF-16 symbol at byte offset 6",
        "MessageEntity.cpp",
    ),
    (
        "sendMessage",
        _text("é😀!", _bold(0, 2)),
        "Bad Request: entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 6",
        "MessageEntity.cpp",
    ),
    (
        "sendMessage",
        _text("Hello", _bold(-1, 2)),
        "Bad Request: receive an entity with incorrect offset -1",
        "MessageEntity.cpp, fix_formatted_text",
    ),
    (
        "sendMessage",
        _text("Hello", _bold(0, -2)),
        "Bad Request: receive an entity with incorrect length -2",
        "MessageEntity.cpp, fix_formatted_text",
    ),
    (
        "sendMessage",
        _text("Hello", {"type": "blink", "offset": 0, "length": 1}),
        f"{CANNOT} MessageEntity: Unsupported type specified",
        "Client.cpp, get_text_entity_type",
    ),
    (
        "sendMessage",
        _text("Hello", {"type": "", "offset": 0, "length": 1}),
        f"{CANNOT} MessageEntity: Type is not specified",
        "Client.cpp, get_text_entity_type",
    ),
    (
        "sendMessage",
        {"text": "Hello", "entities": ["bold"]},
        f"{CANNOT} MessageEntity: expected an Object",
        "Client.cpp, get_text_entity",
    ),
    (
        "sendMessage",
        _text("Hello", {"type": "bold", "length": 1}),
        f'{CANNOT} MessageEntity: Can\'t find field "offset"',
        "JsonBuilder.cpp",
    ),
    (
        "sendMessage",
        _text("Hello", {"type": "text_link", "offset": 0, "length": 1}),
        f'{CANNOT} MessageEntity: Can\'t find field "url"',
        "JsonBuilder.cpp",
    ),
    (
        "sendMessage",
        _text("Hello", {"type": "text_link", "offset": 0, "length": 1, "url": "http://localhost"}),
        "Bad Request: entity URL 'http://localhost' is invalid: Wrong HTTP URL",
        "MessageEntity.cpp, get_message_entities",
    ),
    # Links of buttons: LinkManager.cpp, check_link, and HttpUrl.cpp, parse_url
    (
        "sendMessage",
        _opening(url="http://localhost"),
        f"{URL} 'http://localhost' is invalid: Wrong HTTP URL",
        "LinkManager.cpp",
    ),
    (
        "sendMessage",
        _opening(url="nowhere"),
        f"{URL} 'nowhere' is invalid: Wrong HTTP URL",
        "LinkManager.cpp",
    ),
    (
        "sendMessage",
        _opening(url="mailto:team@example.org"),
        f"{URL} 'mailto:team@example.org' is invalid: Wrong HTTP URL",
        "issue 16",
    ),
    (
        "sendMessage",
        _opening(url="ftp://example.org"),
        f"{URL} 'ftp://example.org' is invalid: Unsupported URL protocol",
        "HttpUrl.cpp",
    ),
    (
        "sendMessage",
        _opening(url="https://example.org:0/"),
        f"{URL} 'https://example.org:0/' is invalid: Wrong port number specified in the URL",
        "HttpUrl.cpp",
    ),
    (
        "sendMessage",
        _opening(url="https://"),
        f"{URL} 'https://' is invalid: URL host is empty",
        "HttpUrl.cpp",
    ),
    (
        "sendMessage",
        _opening(url="https://exam ple.org/"),
        f"{URL} 'https://exam ple.org/' is invalid: Disallowed character in URL host",
        "HttpUrl.cpp",
    ),
    (
        "sendMessage",
        _opening(url="tg://a:1/"),
        f"{URL} 'tg://a:1/' is invalid: Wrong tg URL",
        "LinkManager.cpp",
    ),
    (
        "sendMessage",
        _opening(**_app("http://example.org/")),
        "Bad Request: inline keyboard button Web App URL 'http://example.org/' is invalid: "
        "Only HTTPS links are allowed",
        "ReplyMarkup.cpp",
    ),
    (
        "sendMessage",
        _opening(**_app("http://127.0.0.1:8000/")),
        "Bad Request: inline keyboard button Web App URL 'http://127.0.0.1:8000/' is invalid: "
        "Only HTTPS links are allowed",
        "ReplyMarkup.cpp",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": {"keyboard": [[{"text": "B", **_app("http://example.org/")}]]}},
        "Bad Request: keyboard button Web App URL 'http://example.org/' is invalid: Only HTTPS links are allowed",
        "ReplyMarkup.cpp",
    ),
    (
        "sendMessage",
        _opening(copy_text={"text": "x" * 257}),
        "Bad Request: BUTTON_COPY_TEXT_INVALID",
        "core.telegram.org/method/messages.sendMessage",
    ),
    (
        "sendMessage",
        _opening(callback_data="d", style="purple"),
        f"{CANNOT} inline keyboard button: invalid button style specified",
        "Client.cpp, get_button_style",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": _inline([{"callback_data": "d"}])},
        f'{CANNOT} inline keyboard button: Can\'t find field "text"',
        "JsonBuilder.cpp",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": {"keyboard": [[1]]}},
        f"{CANNOT} keyboard button: KeyboardButton must be a String or an Object",
        "Client.cpp, get_keyboard_button",
    ),
    # Message 2 says “Hello”
    (
        "sendMessage",
        {"text": "x", "reply_parameters": {"message_id": 2, "quote": "Hallo"}},
        "Bad Request: QUOTE_TEXT_INVALID",
        "core.telegram.org/method/messages.sendMessage",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_parameters": "{"},
        f"{CANNOT} reply parameters JSON object",
        "Client.cpp, get_reply_parameters",
    ),
    (
        "sendMessage",
        {"text": "x", "link_preview_options": [1]},
        "Bad Request: object expected as link preview options",
        "Client.cpp",
    ),
    ("sendChatAction", {"action": "dancing"}, "Bad Request: wrong parameter action in request", "Client.cpp"),
    (
        "deleteMessages",
        {"message_ids": ["x"]},
        f"{CANNOT} message identifier as a Number",
        "Client.cpp, get_message_ids",
    ),
    (
        "deleteMessages",
        {"message_ids": [[]]},
        "Bad Request: message identifier must be a Number",
        "Client.cpp, get_message_ids",
    ),
    (
        "deleteMessages",
        {"message_ids": [0]},
        "Bad Request: invalid message identifier specified",
        "Client.cpp, get_message_ids",
    ),
    (
        "deleteMessages",
        {"message_ids": 3},
        "Bad Request: expected an Array of message identifiers",
        "Client.cpp, get_message_ids",
    ),
    (
        "deleteMessages",
        {},
        "Bad Request: message identifiers are not specified",
        "Client.cpp, get_message_ids",
    ),
    (
        "deleteMessages",
        {"message_ids": [*range(1, 102)]},
        "Bad Request: too many message identifiers specified",
        "Client.cpp, get_message_ids",
    ),
    # Message 3 came with keys under the text field: MessagesManager.cpp, can_edit_message
    (
        "editMessageText",
        {"message_id": 3, "text": "x"},
        "Bad Request: message can't be edited",
        "MessagesManager.cpp",
    ),
    (
        "setChatMenuButton",
        {"menu_button": {"type": "door"}},
        f"{CANNOT} menu button: MenuButton has unsupported type",
        "Client.cpp, get_bot_menu_button",
    ),
    (
        "setChatMenuButton",
        {"menu_button": "{"},
        f"{CANNOT} menu button JSON object",
        "Client.cpp, get_bot_menu_button",
    ),
    (
        "setChatMenuButton",
        {"menu_button": [1]},
        f"{CANNOT} menu button: MenuButton must be an Object",
        "Client.cpp, get_bot_menu_button",
    ),
    # pyTelegramBotAPI 1732, teloxide 880, Telethon 1452: only a link of the bot's own that starts it
    (
        "answerCallbackQuery",
        {"callback_query_id": "1", "url": "https://t.me/other_bot?start=x"},
        "Bad Request: URL_INVALID",
        "python-telegram-bot 4728",
    ),
    (
        "answerCallbackQuery",
        {"callback_query_id": "1", "url": "t.me/test_bot?start=x"},
        "Bad Request: URL_INVALID",
        "Telethon 1452",
    ),
    (
        "answerCallbackQuery",
        {"callback_query_id": "1", "url": "tg://resolve?domain=test_bot&start=x"},
        "Bad Request: URL_INVALID",
        "teloxide 880",
    ),
    (
        "answerCallbackQuery",
        {"callback_query_id": "1", "url": "https://t.me/test_bot?start=x"},
        TOO_OLD,
        "the link is fine",
    ),
]


@pytest.fixture
async def three_messages(simulator: Simulator, call: Call) -> None:
    """Person 1 has written; message 2 is the bot's, and message 3 came with keys under the text field."""
    await simulator.add_people([{"id": 1, "first_name": "P1"}])
    await (await simulator.existing_person(1)).send("hi")
    await call("sendMessage", chat_id=1, text="Hello")
    await call("sendMessage", chat_id=1, text="Keys", reply_markup={"keyboard": [["A"]]})


@pytest.mark.usefixtures("three_messages")
async def test_refusals_as_strict_as_the_original(call: Call) -> None:
    for method, params, description, source in STRICT:
        answer = await call(method, **{"chat_id": 1, **params})
        assert answer == {"ok": False, "error_code": 400, "description": description}, (
            method,
            params,
            source,
        )


async def test_a_method_that_is_not_simulated_says_so_and_is_counted(
    simulator: Simulator, call: Call
) -> None:
    for called in ("sendInvoice", "SENDINVOICE", "getMyStarBalance"):
        answer = await call(called, chat_id=1)
        assert (answer["ok"], answer["error_code"]) == (False, 501)
        assert answer["description"].startswith("Not simulated: ")
    counted = (await simulator.counters())["not_simulated"]
    assert counted == {"sendInvoice": 2, "getMyStarBalance": 1}
    # What Telegram has not either is not found, as there.
    assert (await call("sendCarrierPigeon"))["error_code"] == 404
