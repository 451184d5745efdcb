"""Polls: what is refused, how they end, and that forwards show the same poll while copies ask anew."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from simulator.client import Simulator
from simulator.errors import PersonError
from simulator.gestures import forward, vote
from tests.simulator.direct import Direct

Call = Callable[..., Awaitable[dict[str, Any]]]
QUIZ = {"type": "quiz"}
EMPTY = "Bad Request: text must be non-empty"
CONTENT, MANAGER, OPTION = (
    f"{name}.cpp of tdlib" for name in ("MessageContent", "PollManager", "PollOption")
)
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"question": ""}, EMPTY, "MessageEntity.cpp of tdlib"),
    ({"question": "é" * 301}, "Bad Request: poll question length must not exceed 300", CONTENT),
    ({"options": "["}, "Bad Request: can't parse options JSON object", "Client.cpp"),
    ({"options": {}}, "Bad Request: expected an Array of String as options", "Client.cpp"),
    ({"options": [1]}, "Bad Request: expected an option to be of type String", "Client.cpp"),
    ({"options": [{}]}, 'Bad Request: can\'t find field "text"', "JsonBuilder.cpp of tdlib"),
    ({"options": []}, "Bad Request: poll must have at least one answer option", OPTION),
    ({"options": ["x"] * 13}, "Bad Request: poll can't have more than 12 options", OPTION),
    ({"options": ["A", " "]}, EMPTY, "MessageEntity.cpp of tdlib"),
    ({"options": ["x" * 101]}, "Bad Request: poll options length must not exceed 100", OPTION),
    ({"type": "exam"}, "Bad Request: unsupported poll type specified", "Client.cpp"),
    (QUIZ, "Bad Request: correct quiz option list must be non-empty", MANAGER),
    (QUIZ | {"correct_option_id": 2}, "Bad Request: wrong quiz correct_option_id", MANAGER),
    (QUIZ | {"correct_option_id": -1}, "Bad Request: wrong quiz correct_option_id", MANAGER),
    (
        QUIZ | {"correct_option_ids": [1, 0]},
        "Bad Request: correct quiz option list must be increasing",
        MANAGER,
    ),
    (
        QUIZ | {"correct_option_ids": ["x"]},
        "Bad Request: correct option identifier must be of type Number",
        "Client.cpp",
    ),
    (
        QUIZ | {"correct_option_ids": 1},
        "Bad Request: expected an Array of correct option identifiers",
        "Client.cpp",
    ),
    ({"open_period": 4}, "Bad Request: poll open period must be at least 5 seconds", "our own wording"),
    (
        {"close_date": 9},
        "Bad Request: poll close date must be 5 to 2628000 seconds in the future",
        "our own wording",
    ),
]


def test_wrong_polls_are_refused() -> None:
    direct = Direct()
    for params, description, source in REFUSED:
        answer = direct.call("sendPoll", **{"question": "Q?", "options": ["A", "B"], **params})
        assert answer == description, (params, source)


def asked(direct: Direct, **params: Any) -> dict[str, Any]:
    """The message of a poll of two answers."""
    message: dict[str, Any] = direct.call("sendPoll", **{"question": "Q?", "options": ["A", "B"], **params})
    return message


def test_a_poll_says_what_it_was_given() -> None:
    direct = Direct()
    given = QUIZ | {"correct_option_id": 1, "explanation": "<b>E</b>", "explanation_parse_mode": "HTML"}
    options = [{"text": "*A*", "text_parse_mode": "MarkdownV2"}, "B"]
    poll = asked(direct, options=options, description="D", open_period=9_999_999, **given)["poll"]
    assert poll["correct_option_ids"] == [1]
    assert poll["options"][0]["text_entities"] == [{"type": "bold", "offset": 0, "length": 1}]
    assert (poll["explanation"], poll["description"]) == ("E", "D")
    assert poll["explanation_entities"] == [{"type": "bold", "offset": 0, "length": 1}]
    assert poll["open_period"] == 2_628_000
    assert poll["close_date"] - direct.world.clock.timestamp() == 2_628_000
    assert "correct_option_ids" not in asked(direct, correct_option_id=1)["poll"]


def test_a_poll_ends_with_its_period_as_the_clock_leaps() -> None:
    direct = Direct()
    clock = direct.world.clock
    message = asked(direct, open_period=60)
    shown = direct.world.chat(direct.ana).messages[message["message_id"]]
    dated = asked(direct, close_date=clock.timestamp() + 600)["poll"]
    clock.move(by_seconds=59)
    vote(direct.world, direct.ana, shown, [0])
    clock.move(by_seconds=2)
    with pytest.raises(PersonError, match="closed"):
        vote(direct.world, direct.ana, shown, [1])
    told = direct.updates("poll")
    assert [(poll["id"], poll["is_closed"]) for poll in told] == [
        (message["poll"]["id"], False),
        (message["poll"]["id"], True),
    ]
    clock.move(by_seconds=600)
    assert (direct.updates("poll")[-1]["id"], direct.updates("poll")[-1]["is_closed"]) == (dated["id"], True)
    stopped = direct.call("stopPoll", message_id=message["message_id"])
    assert stopped == "Bad Request: poll has already been closed"


async def test_a_poll_ends_by_itself_at_the_speed_of_the_clock(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana", started=True)
    await call("sendPoll", chat_id=ana.id, question="Q?", options=["A"], open_period=60)
    await simulator.call("POST", "/clock", json={"speed": 6_000})
    async with asyncio.timeout(5):
        told = (await call("getUpdates", timeout=5))["result"]
    assert told[0]["poll"]["is_closed"]


def test_a_copy_asks_anew_and_a_forward_shows_the_same_poll() -> None:
    direct = Direct()
    world, ben = direct.world, direct.person(2, "Ben")
    first = asked(direct)
    shown = world.chat(direct.ana).messages[first["message_id"]]
    vote(world, direct.ana, shown, [0])
    source = {"from_chat_id": 1, "message_id": first["message_id"], "chat_id": 2}
    copied = direct.call("copyMessage", **source)["message_id"]
    forwarded = direct.call("forwardMessage", **source)
    copy, again = (world.chat(ben).messages[number] for number in (copied, forwarded["message_id"]))
    assert copy.media is not None
    assert copy.media["poll"]["id"] != first["poll"]["id"]
    assert copy.media["poll"]["total_voter_count"] == 0
    assert forwarded["poll"]["id"] == first["poll"]["id"]
    vote(world, ben, again, [0])
    assert [(m.media or {})["poll"]["options"][0]["voter_count"] for m in (shown, again, copy)] == [2, 2, 0]
    # Ben passes it on to Ana, who sees how both voted.
    passed = forward(world, ben, again, direct.ana)
    assert (passed.media or {})["poll"]["total_voter_count"] == 2
    vote(world, direct.ana, passed, [])
    assert (passed.media or {})["poll"]["total_voter_count"] == 1
    vote(world, direct.ana, passed, [0])
    asked_again = direct.call("stopPoll", chat_id=2, message_id=forwarded["message_id"])
    assert asked_again == "Bad Request: poll can't be stopped"
    closed = direct.call("stopPoll", message_id=first["message_id"])
    assert (closed["is_closed"], closed["total_voter_count"]) == (True, 2)
    assert [(m.media or {})["poll"]["is_closed"] for m in (shown, again, passed, copy)] == [True] * 3 + [
        False
    ]


def test_a_quiz_of_another_is_not_copied() -> None:
    direct = Direct()
    quiz = asked(direct, **QUIZ, correct_option_id=0)
    message = direct.world.chat(direct.ana).messages[quiz["message_id"]]
    hidden = {"correct_option_ids", "correct_option_id"}
    assert message.media is not None
    message.media = {"poll": {n: v for n, v in message.media["poll"].items() if n not in hidden}}
    source = {"from_chat_id": 1, "message_id": quiz["message_id"]}
    assert direct.call("copyMessage", **source) == "Bad Request: the message can't be copied"
    assert direct.call("forwardMessage", **source)["poll"]["type"] == "quiz"


def test_a_poll_is_stopped() -> None:
    direct = Direct()
    text = direct.call("sendMessage", text="x")["message_id"]
    assert direct.call("stopPoll", message_id=text) == "Bad Request: message is not a poll"
    assert direct.call("stopPoll", message_id=99) == "Bad Request: message with poll to stop not found"
    button = {"inline_keyboard": [[{"text": "B", "callback_data": "d"}]]}
    poll = asked(direct)["message_id"]
    keys = {"keyboard": [["A"]]}
    assert (
        direct.call("stopPoll", message_id=poll, reply_markup=keys) == "Bad Request: inline keyboard expected"
    )
    assert direct.call("stopPoll", message_id=poll, reply_markup=button)["is_closed"]
    assert b'"d"' in direct.world.chat(direct.ana).messages[poll].markup
