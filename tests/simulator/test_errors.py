"""Every refusal of the Bot API, word for word. Each row: the call, the status, the description, whose words they are.

Sources: Client.cpp and WebhookActor.cpp of tdlib/telegram-bot-api, files of tdlib/td, of 2026, or ourselves.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from simulator.client import Simulator
from simulator.server import RunningSimulator

Call = Callable[..., Awaitable[dict[str, Any]]]

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly "
    "the same as a current content and reply markup of the message"
)
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


def _inline(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


def _button(data: str) -> dict[str, str]:
    return {"text": "B", "callback_data": data}


REFUSED: list[tuple[str, dict[str, Any], int, str, str]] = [
    # Texts
    ("sendMessage", {"text": ""}, 400, "Bad Request: message text is empty", "Client.cpp"),
    (
        "sendMessage",
        {"text": " \n\u00a0\u200b"},
        400,
        "Bad Request: text must be non-empty",
        "MessageEntity.cpp of tdlib",
    ),
    (
        "sendMessage",
        {"text": "<b></b>", "parse_mode": "HTML"},
        400,
        "Bad Request: text must be non-empty",
        "MessageEntity.cpp of tdlib",
    ),
    (
        "sendMessage",
        {"text": "é" * 4097},
        400,
        "Bad Request: message is too long",
        "MessageContent.cpp of tdlib",
    ),
    (
        "sendMessage",
        {"text": "<b>x", "parse_mode": "HTML"},
        400,
        "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        "MessageEntity.cpp of tdlib",
    ),
    (
        "sendMessage",
        {"text": "<foo>x</foo>", "parse_mode": "html"},
        400,
        'Bad Request: can\'t parse entities: Unsupported start tag "foo" at byte offset 0',
        "MessageEntity.cpp of tdlib",
    ),
    (
        "sendMessage",
        {"text": "1.", "parse_mode": "MarkdownV2"},
        400,
        "Bad Request: can't parse entities: "
        "Character '.' is reserved and must be escaped with the preceding '\\'",
        "MessageEntity.cpp of tdlib",
    ),
    (
        "sendMessage",
        {"text": "x", "parse_mode": "Word"},
        400,
        "Bad Request: unsupported parse_mode",
        "Client.cpp",
    ),
    # Recipients
    ("sendMessage", {"chat_id": "", "text": "x"}, 400, "Bad Request: chat_id is empty", "Client.cpp"),
    ("sendMessage", {"chat_id": 404, "text": "x"}, 400, "Bad Request: chat not found", "Client.cpp"),
    ("sendMessage", {"chat_id": "@nobody", "text": "x"}, 400, "Bad Request: chat not found", "Client.cpp"),
    ("getChat", {"chat_id": 404}, 400, "Bad Request: chat not found", "Client.cpp"),
    ("sendMessage", {"chat_id": 2, "text": "x"}, 403, "Forbidden: bot was blocked by the user", "Client.cpp"),
    ("sendMessage", {"chat_id": 3, "text": "x"}, 403, "Forbidden: user is deactivated", "Client.cpp"),
    (
        "sendMessage",
        {"chat_id": 4, "text": "x"},
        403,
        "Forbidden: bot can't initiate conversation with a user",
        "MessagesManager.cpp of tdlib",
    ),
    # Keyboards
    (
        "sendMessage",
        {"text": "x", "reply_markup": "{"},
        400,
        "Bad Request: can't parse reply keyboard markup JSON object",
        "Client.cpp",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": [1]},
        400,
        "Bad Request: object expected as reply markup",
        "Client.cpp",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": _inline([{"text": "B"}])},
        400,
        "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        "Client.cpp",
    ),
    # 33 characters, 66 bytes
    (
        "sendMessage",
        {"text": "x", "reply_markup": _inline([_button("é" * 33)])},
        400,
        "Bad Request: BUTTON_DATA_INVALID",
        "the server’s code; core.telegram.org/api/errors",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": _inline(*[[_button("d")]] * 101)},
        400,
        "Bad Request: reply markup is too long",
        "Client.cpp",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": _inline([_button("d")] * 9)},
        400,
        "Bad Request: reply markup is too long",
        "Client.cpp",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": _inline([{"text": "B", "url": "nowhere"}])},
        400,
        "Bad Request: inline keyboard button URL 'nowhere' is invalid: Wrong HTTP URL",
        "ReplyMarkup.cpp of tdlib",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_parameters": {"message_id": 99}},
        400,
        "Bad Request: message to be replied not found",
        "Client.cpp",
    ),
    # Files and places
    ("sendPhoto", {}, 400, "Bad Request: there is no photo in the request", "Client.cpp"),
    (
        "sendDocument",
        {"document": "no-such-id"},
        400,
        "Bad Request: wrong file identifier/HTTP URL specified",
        "MessagesManager.cpp of tdlib",
    ),
    (
        "sendDocument",
        {"document": "https://example.org/a"},
        400,
        "Bad Request: failed to get HTTP URL content",
        "Client.cpp",
    ),
    (
        "sendDocument",
        {"document": "x", "caption": "c" * 1025},
        400,
        "Bad Request: message caption is too long",
        "MessageContent.cpp of tdlib",
    ),
    ("sendLocation", {"longitude": 1}, 400, "Bad Request: latitude is empty", "Client.cpp"),
    (
        "sendLocation",
        {"latitude": 91, "longitude": 0},
        400,
        "Bad Request: invalid location specified",
        "Location.cpp of tdlib",
    ),
    (
        "sendVenue",
        {"latitude": 1, "longitude": 1, "title": "T"},
        400,
        "Bad Request: venue address must be non-empty",
        "our own wording",
    ),
    (
        "getFile",
        {"file_id": "x"},
        400,
        "Bad Request: wrong file_id or the file is temporarily unavailable",
        "Client.cpp",
    ),
    # Edits; message 2 is the bot's, message 1 the person's
    ("editMessageText", {"message_id": 2, "text": "Hello"}, 400, NOT_MODIFIED, "Client.cpp"),
    ("editMessageReplyMarkup", {"message_id": 2}, 400, NOT_MODIFIED, "Client.cpp"),
    (
        "editMessageText",
        {"message_id": 99, "text": "x"},
        400,
        "Bad Request: message to edit not found",
        "Client.cpp, check_message",
    ),
    ("editMessageText", {"text": "x"}, 400, "Bad Request: message identifier is not specified", "Client.cpp"),
    (
        "editMessageText",
        {"message_id": 1, "text": "x"},
        400,
        "Bad Request: message can't be edited",
        "MessagesManager.cpp of tdlib",
    ),
    (
        "editMessageCaption",
        {"message_id": 2, "caption": "x"},
        400,
        "Bad Request: there is no caption in the message to edit",
        "MessagesManager.cpp of tdlib",
    ),
    (
        "deleteMessage",
        {"message_id": 99},
        400,
        "Bad Request: message to delete not found",
        "Client.cpp, check_message",
    ),
    (
        "copyMessage",
        {"from_chat_id": 1, "message_id": 99},
        400,
        "Bad Request: message to copy not found",
        "Client.cpp, check_message",
    ),
    (
        "forwardMessage",
        {"from_chat_id": 1, "message_id": 99},
        400,
        "Bad Request: message to forward not found",
        "Client.cpp, check_message",
    ),
    (
        "pinChatMessage",
        {"message_id": 99},
        400,
        "Bad Request: message to pin not found",
        "Client.cpp, check_message",
    ),
    # Taps
    ("answerCallbackQuery", {"callback_query_id": "1"}, 400, TOO_OLD, "Client.cpp"),
    ("answerCallbackQuery", {}, 400, TOO_OLD, "Client.cpp"),
    (
        "answerCallbackQuery",
        {"callback_query_id": "1", "text": "t" * 201},
        400,
        "Bad Request: MESSAGE_TOO_LONG",
        "the server’s code; core.telegram.org/api/errors",
    ),
    ("answerInlineQuery", {"inline_query_id": "1", "results": []}, 400, TOO_OLD, "Client.cpp"),
    # Settings
    (
        "setMyCommands",
        {"commands": [{"command": "Éh", "description": "d"}]},
        400,
        "Bad Request: BOT_COMMAND_INVALID",
        "the server’s code; core.telegram.org/api/errors",
    ),
    (
        "setMyCommands",
        {"commands": [{"command": f"c{n}", "description": "d"} for n in range(101)]},
        400,
        "Bad Request: BOT_COMMANDS_TOO_MUCH",
        "the server’s code; core.telegram.org/api/errors",
    ),
    (
        "setMyCommands",
        {"commands": [], "language_code": "fra"},
        400,
        "Bad Request: invalid language code specified",
        "BotInfoManager.cpp of tdlib",
    ),
    (
        "setWebhook",
        {"url": "http://example.org/"},
        400,
        "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
        "WebhookActor.cpp",
    ),
    (
        "setWebhook",
        {"url": "https://example.org:8000/"},
        400,
        "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        "WebhookActor.cpp",
    ),
    (
        "setWebhook",
        {"url": "https://example.org/", "secret_token": "é"},
        400,
        "Bad Request: secret token contains unallowed characters",
        "Client.cpp",
    ),
    (
        "setWebhook",
        {"url": "https://example.org/"},
        400,
        "Bad Request: not simulated: a webhook elsewhere; this local Telegram posts to localhost only",
        "our own wording",
    ),
    ("sendCarrierPigeon", {}, 404, "Not Found: method not found", "Client.cpp"),
]


async def test_refusals(simulator: Simulator, call: Call) -> None:
    await simulator.add_people([{"id": n, "first_name": f"P{n}", "started": n != 4} for n in range(1, 5)])
    first = await simulator.existing_person(1)
    await first.send("hi")
    await (await simulator.existing_person(2)).block()
    await (await simulator.existing_person(3)).deactivate()
    assert (await call("sendMessage", chat_id=1, text="Hello"))["result"]["message_id"] == 2
    for method, params, code, description, source in REFUSED:
        assert source
        answer = await call(method, **{"chat_id": 1, **params})
        assert answer == {"ok": False, "error_code": code, "description": description}, (method, params)


async def test_a_wrong_token_is_unauthorized(served: RunningSimulator) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{served.api_base}999:WRONG/getMe") as response,
    ):
        assert response.status == 401
        assert (await response.json())["description"] == "Unauthorized: invalid token specified"


async def test_a_bot_deletes_within_48_hours(simulator: Simulator, call: Call) -> None:
    person = await simulator.person("Ana", started=True)
    sent = (await call("sendMessage", chat_id=person.id, text="x"))["result"]["message_id"]
    await simulator.call("POST", "/clock", json={"by_seconds": 49 * 3600})
    answer = await call("deleteMessage", chat_id=person.id, message_id=sent)
    assert answer["description"] == "Bad Request: message can't be deleted for everyone"
    await simulator.call("POST", "/clock", json={"by_seconds": -2 * 3600})
    assert (await call("deleteMessage", chat_id=person.id, message_id=sent))["result"] is True
    assert await person.messages() == []
    again = await call("deleteMessage", chat_id=person.id, message_id=sent)
    assert again["description"] == "Bad Request: message to delete not found"
    assert [entry["method"] for entry in await simulator.journal()] == ["sendMessage", "deleteMessage"]


async def test_what_a_chat_no_longer_remembers_can_be_deleted(simulator: Simulator, call: Call) -> None:
    """The local Telegram forgets messages to save memory (`keeps`); on a phone they would still stand."""
    await simulator.add_people([{"id": 77, "first_name": "Ana", "started": True, "keeps": 1}])
    first, last = [
        (await call("sendMessage", chat_id=77, text="x"))["result"]["message_id"] for _ in range(2)
    ]
    for number in (first, last):
        assert (await call("deleteMessage", chat_id=77, message_id=number))["result"] is True
    again = await call("deleteMessage", chat_id=77, message_id=last)
    assert again["description"] == "Bad Request: message to delete not found"
    never = await call("deleteMessage", chat_id=77, message_id=last + 1)
    assert never["description"] == "Bad Request: message to delete not found"


async def test_what_a_chat_no_longer_remembers_can_be_edited(simulator: Simulator, call: Call) -> None:
    await simulator.add_people([{"id": 77, "first_name": "Ana", "started": True, "keeps": 0}])
    sent = (await call("sendMessage", chat_id=77, text="x"))["result"]["message_id"]
    edited = await call("editMessageText", chat_id=77, message_id=sent, text="y")
    assert (edited["result"]["message_id"], edited["result"]["text"]) == (sent, "y")
    assert [entry["method"] for entry in await simulator.journal()] == ["sendMessage", "editMessageText"]
    never = await call("editMessageText", chat_id=77, message_id=sent + 1, text="y")
    assert never["description"] == "Bad Request: message to edit not found"


async def test_a_deletion_counts_for_the_rate(simulator: Simulator, call: Call) -> None:
    person = await simulator.person("Ana", started=True)
    sent = (await call("sendMessage", chat_id=person.id, text="x"))["result"]["message_id"]
    await simulator.limit(per_second=0.001, burst=1)
    await call("sendMessage", chat_id=person.id, text="y")
    answer = await call("deleteMessage", chat_id=person.id, message_id=sent)
    assert answer["error_code"] == 429
    assert len(await person.messages()) == 2
