"""Several messages at once: all or none, in what order, and which of them cannot be copied, forwarded or deleted."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.acting import say, send_text
from simulator.clock import Clock
from simulator.errors import BotApiError, PersonError
from simulator.gestures import forward
from simulator.groups import Place
from simulator.limits import Limits
from simulator.membership import rename
from simulator.params import Upload
from simulator.topics import create
from tests.simulator.direct import Direct

MANY = "Too Many Requests: retry after"


def document(direct: Direct) -> str:
    """The number of a file that is there already."""
    stored = direct.world.files.add_document(Upload("d.txt", "text/plain", b"d"))
    return str(stored["file_id"])


def texts(direct: Direct, count: int) -> list[int]:
    return [direct.call("sendMessage", text=f"{n}")["message_id"] for n in range(count)]


def limited(direct: Direct, **limits: Any) -> None:
    direct.world.limits = Limits(clock=direct.world.clock, **limits)


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("sendMediaGroup", {}),
    ("copyMessages", {"from_chat_id": 1}),
    ("forwardMessages", {"from_chat_id": 1}),
    ("deleteMessages", {}),
]


@pytest.mark.parametrize(("method", "params"), CALLS)
def test_a_call_that_the_rate_refuses_does_nothing(method: str, params: dict[str, Any]) -> None:
    direct = Direct()
    ids = texts(direct, 4)
    file = document(direct)
    album = [{"type": "document", "media": file}] * 4
    given_params = params | {"message_ids": ids, "media": album}
    limited(direct, per_chat_per_second=1, chat_burst=5)
    for _ in range(2):
        direct.call("sendMessage", text="x")
    before = list(direct.world.chat(direct.ana).messages)
    last = direct.world.journal.last
    assert direct.call(method, **given_params).startswith(MANY)
    assert list(direct.world.chat(direct.ana).messages) == before
    assert direct.world.journal.last == last
    direct.world.clock.move(by_seconds=10)
    assert not str(direct.call(method, **given_params)).startswith(MANY)
    assert len(direct.world.chat(direct.ana).messages) == len(before) + (
        4 if method != "deleteMessages" else -4
    )


def test_more_than_a_burst_is_sent_and_owed() -> None:
    """An album of ten goes into a chat that takes five at once, and makes it wait as ten messages do."""
    direct = Direct()
    album = [{"type": "document", "media": document(direct)}] * 10
    limited(direct, per_chat_per_second=1, chat_burst=5)
    assert len(direct.call("sendMediaGroup", media=album)) == 10
    assert direct.call("sendMessage", text="x") == f"{MANY} 6"
    direct.world.clock.move(by_seconds=6)
    assert direct.call("sendMessage", text="x")["text"] == "x"


@given(st.lists(st.tuples(st.integers(1, 12), st.floats(0, 8)), max_size=40))
def test_no_minute_holds_more_than_its_rate_and_one_call(calls: list[tuple[int, float]]) -> None:
    clock = Clock()
    clock.move(speed=0)
    limits = Limits(clock=clock, per_group_per_minute=20)
    at = 0.0
    sent: list[tuple[float, int]] = []
    for count, gap in calls:
        at += gap
        clock.move(by_seconds=gap)
        with suppress(BotApiError):
            limits.check(-1, count)
            sent.append((at, count))
    for start, _ in sent:
        window = sum(count for when, count in sent if start <= when < start + 60)
        assert window <= 20 + 20 + 12


ORDER = "Bad Request: message identifiers must be in a strictly increasing order"


@pytest.mark.parametrize("method", ["copyMessages", "forwardMessages"])
def test_messages_go_in_their_order(method: str) -> None:
    """MessagesManager.cpp of tdlib, get_forwarded_messages; Client.cpp, get_message_ids."""
    direct = Direct()
    first, second = texts(direct, 2)
    rows: list[tuple[Any, str]] = [
        ([second, first], ORDER),
        ([first, first], ORDER),
        ([], "Bad Request: message identifiers are not specified"),
        (list(range(1, 102)), "Bad Request: too many message identifiers specified"),
        ([900, 901], "Bad Request: there are no messages to forward"),
    ]
    for ids, description in rows:
        assert direct.call(method, from_chat_id=1, message_ids=ids) == description, ids
    assert direct.call(method, message_ids=[first]) == 'Bad Request: parameter "from_chat_id" is required'
    assert len(direct.call(method, from_chat_id=1, message_ids=[first, 900, second])) == 2


def test_an_album_stays_together_and_what_is_left_of_one_stands_alone() -> None:
    direct = Direct()
    album = [{"type": "document", "media": document(direct)}] * 3
    ids = [message["message_id"] for message in direct.call("sendMediaGroup", media=album)]
    old = direct.world.chat(direct.ana).messages[ids[0]].media or {}

    def groups(sent: list[dict[str, int]]) -> list[Any]:
        messages = direct.world.chat(direct.ana).messages
        return [(messages[each["message_id"]].media or {}).get("media_group_id") for each in sent]

    first, second = groups(direct.call("forwardMessages", from_chat_id=1, message_ids=ids[:2]))
    assert first == second not in (None, old["media_group_id"])
    assert groups(direct.call("copyMessages", from_chat_id=1, message_ids=ids[:1])) == [None]
    assert groups([direct.call("copyMessage", from_chat_id=1, message_id=ids[0])]) == [None]


def test_what_only_tells_what_happened_goes_nowhere() -> None:
    """MessageContent.cpp of tdlib, can_forward_message_content; MessagesManager.cpp, forward_message."""
    direct = Direct()
    group = direct.group()
    rename(direct.world.common, group, 1, "New")
    service = next(reversed(group.chat.messages))
    source = {"from_chat_id": group.id, "message_id": service}
    assert direct.call("copyMessage", **source) == "Bad Request: the message can't be copied"
    assert direct.call("forwardMessage", **source) == "Bad Request: the message can't be forwarded"
    several = {"from_chat_id": group.id, "message_ids": [service]}
    for method in ("copyMessages", "forwardMessages"):
        assert direct.call(method, **several) == "Bad Request: messages can't be forwarded"
    pinned = direct.call("sendMessage", chat_id=group.id, text="x")["message_id"]
    assert direct.call("pinChatMessage", chat_id=group.id, message_id=pinned) is True
    own = next(reversed(group.chat.messages))
    edited = direct.call("editMessageText", chat_id=group.id, message_id=own, text="y")
    assert edited == "Bad Request: message can't be edited"
    with pytest.raises(PersonError, match="only tells what happened"):
        forward(direct.world, direct.ana, group.chat.messages[service], None, Place(group))
    assert direct.call("deleteMessage", chat_id=group.id, message_id=own) is True


def test_a_protected_message_is_copied_and_not_forwarded() -> None:
    direct = Direct()
    number = direct.call("sendMessage", text="x", protect_content=True)["message_id"]
    source = {"from_chat_id": 1, "message_id": number}
    assert direct.call("forwardMessage", **source) == "Bad Request: the message can't be forwarded"
    copy = direct.call("copyMessage", **source)["message_id"]
    assert not (direct.world.chat(direct.ana).messages[copy].extra or {}).get("has_protected_content")


NEVER, EVERYONE = (
    "Bad Request: message can't be deleted",
    "Bad Request: message can't be deleted for everyone",
)


def test_what_a_bot_may_delete() -> None:
    """MessagesManager.cpp of tdlib, can_delete_channel_message and can_revoke_message."""
    direct = Direct()
    world, clock = direct.world, direct.world.clock
    die = direct.call("sendDice")["message_id"]
    text, data = texts(direct, 1)[0], say(world, direct.ana, media={"web_app_data": {"data": "x"}}).message_id
    assert direct.call("deleteMessage", message_id=die) == EVERYONE
    assert direct.call("deleteMessages", message_ids=[text, die]) == EVERYONE
    assert text in world.chat(direct.ana).messages  # none of them is deleted
    assert direct.call("deleteMessage", message_id=data) is True
    clock.move(by_seconds=24 * 3600)
    assert direct.call("deleteMessages", message_ids=[900, die]) is True
    clock.move(by_seconds=24 * 3600 + 1)
    assert direct.call("deleteMessage", message_id=text) == EVERYONE


def test_what_a_bot_may_delete_in_a_supergroup() -> None:
    direct = Direct()
    group = direct.group(forum=True)
    begun = create(direct.world.common, group, 12345, "T").thread_id
    hers = send_text(direct.world, direct.ana, "x", at=Place(group, begun))[0].message_id
    own = direct.call("sendMessage", chat_id=group.id, text="x")["message_id"]
    assert direct.call("deleteMessage", chat_id=group.id, message_id=begun) == NEVER
    assert direct.call("deleteMessage", chat_id=group.id, message_id=hers) is True
    direct.world.clock.move(by_seconds=48 * 3600)
    assert direct.call("deleteMessage", chat_id=group.id, message_id=own) == NEVER


def test_a_reply_stays_in_its_topic() -> None:
    """Client.cpp, check_reply_parameters: without a topic of its own a message stands in that of what it answers."""
    direct = Direct()
    world, group = direct.world, direct.group(forum=True)
    one, two = (create(world.common, group, 1, name).thread_id for name in ("One", "Two"))
    hers = send_text(world, direct.ana, "x", at=Place(group, one))[0].message_id
    reply = {"chat_id": group.id, "text": "y", "reply_parameters": {"message_id": hers}}
    answer = direct.call("sendMessage", **reply)
    assert (answer["message_thread_id"], answer["is_topic_message"]) == (one, True)
    assert answer["reply_to_message"]["message_id"] == hers
    old = direct.call("sendMessage", chat_id=group.id, text="y", reply_to_message_id=hers)
    assert old["message_thread_id"] == one
    album = [{"type": "document", "media": document(direct)}] * 2
    sent = direct.call("sendMediaGroup", **{**reply, "media": album})
    assert [message["message_thread_id"] for message in sent] == [one, one]
    elsewhere = direct.call("sendMessage", **reply, message_thread_id=two)
    assert (elsewhere["message_thread_id"], "reply_to_message" in elsewhere) == (two, False)
    assert elsewhere["external_reply"]["message_id"] == hers
    assert "message_thread_id" not in direct.call("sendMessage", chat_id=group.id, text="y")
    # In a topic that is closed an answer is refused as any message is.
    direct.call("promoteChatMember", chat_id=group.id, user_id=1)
    group.members[12345] = group.member(1).__class__(user_id=12345, status="member")
    group.topics[one].closed = True
    assert direct.call("sendMessage", **reply) == "Bad Request: TOPIC_CLOSED"
    # A person who answers in the whole chat answers there too.
    group.topics[one].closed = False
    assert send_text(world, direct.ana, "z", reply_to=hers, at=Place(group))[0].thread == one
