"""The code on a host's phone is of the minute: one message, edited, and closed when there is nobody to let in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.delivery.calls import Call
from bot.delivery.outcomes import Done, InDoubt, Outcome, Rejected
from bot.departure import doors as module
from bot.departure.doors import DoorScreens
from bot.rules.check_ins import door_key, minute_of
from db.engine import Database
from db.schema import check_in_screens
from handlers.desk import composer
from tests.campaigning import revoke, rows
from tests.conversation import BOT, Conversation, Talker, paris, services
from tests.handlers.test_check_ins import announced

KEY = door_key(services().suppression_key)


class Line:
    """The way to Telegram, with what it answers; it remembers what was posted."""

    def __init__(self) -> None:
        self.posted: list[Call] = []
        self.answer: Callable[[], Outcome] = lambda: Done(result={})
        self.blocked_until = None

    @property
    def pacing(self) -> Line:
        return self

    async def call(self, call: Call) -> Outcome:
        self.posted.append(call)
        return self.answer()


@pytest.fixture
def conversation(sqlite_database: Database) -> Conversation:
    return Conversation(sqlite_database, paris("2016-11-16T10:00"))


async def shown(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> tuple[Talker, str, DoorScreens, Line]:
    """A host whose phone shows the code."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    organizer, _, code = await announced(conversation)
    await organizer.tap_data(f"1:door_code:{code}")
    (sent,) = organizer.called("sendPhoto")
    doors = DoorScreens(
        database=conversation.database,
        clock=conversation.clock,
        texts=conversation.services.texts,
        composer=composer(conversation.services),
        key=KEY,
        bot_username=BOT,
    )
    await doors.remember(str(sent.remember), {"chat": {"id": organizer.telegram_id}, "message_id": 77})
    return organizer, code, doors, Line()


async def test_the_code_is_edited_once_a_minute(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, code, doors, line = await shown(conversation, monkeypatch)
    await doors.refresh(line)
    assert line.posted == []
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=3))
    await doors.refresh(line)
    await doors.refresh(line)
    (edit,) = line.posted
    assert (edit.method, edit.payload["message_id"]) == ("editMessageMedia", 77)
    digits = KEY.digits(code, minute_of(conversation.clock.now()))
    caption = json.loads(edit.payload["media"])["caption"]
    assert f"{digits[:3]} {digits[3:]}" in caption.replace("\u202f", " ").replace("\xa0", " ")
    assert edit.attachment is not None
    assert edit.payload["media"].count(f"attach://{edit.attachment.field}") == 1


async def test_what_is_not_known_to_have_arrived_is_edited_again(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, doors, line = await shown(conversation, monkeypatch)
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=1))
    line.answer = lambda: InDoubt(reason="TimeoutError")
    await doors.refresh(line)
    line.answer = lambda: Done(result={})
    await doors.refresh(line)
    await doors.refresh(line)
    assert [call.method for call in line.posted] == ["editMessageMedia"] * 2


@pytest.mark.parametrize("why", ["over", "revoked"])
async def test_it_closes_when_there_is_nobody_to_let_in_or_nobody_who_may(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    organizer, _, doors, line = await shown(conversation, monkeypatch)
    if why == "revoked":
        await revoke(conversation, organizer.telegram_id)
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=1 if why == "revoked" else 999))
    await doors.refresh(line)
    await doors.refresh(line)
    (edit,) = line.posted
    assert edit.method == "editMessageCaption"
    assert await rows(conversation, check_in_screens) == []


async def test_a_message_that_is_gone_is_not_edited_again(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, doors, line = await shown(conversation, monkeypatch)
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=1))
    line.answer = lambda: Rejected(code=400, description="Bad Request: message to edit not found")
    await doors.refresh(line)
    assert await rows(conversation, check_in_screens) == []


async def test_nothing_is_edited_while_telegram_asks_for_silence(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, doors, line = await shown(conversation, monkeypatch)
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=1))
    line.blocked_until = conversation.clock.now()
    await doors.refresh(line)
    assert line.posted == []


async def test_the_picture_before_goes_when_another_is_asked_for(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    organizer, code, _, _ = await shown(conversation, monkeypatch)
    await organizer.tap_data(f"1:door_code:{code}")
    (gone,) = organizer.called("deleteMessage")
    assert gone.payload["message_id"] == 77
    await organizer.tap_data(f"1:door_close:{code}")
    assert await rows(conversation, check_in_screens) == []
