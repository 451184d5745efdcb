"""When a message leaves, as it is asked for in the chat: local time, an instant, and times that are past or a slip."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db.schema import broadcasts
from tests.campaigning import recipients, rows, staff, supporter
from tests.conversation import Conversation, paris
from tests.drafting import write_broadcast
from tests.handlers.test_broadcasts import NOUMEA, PAPEETE, PARIS


async def test_local_time_is_each_persons_own(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    paris_, noumea, papeete = [
        await supporter(conversation, number, commune)
        for number, commune in enumerate((PARIS, NOUMEA, PAPEETE), 1)
    ]
    await write_broadcast(admin)
    await admin.tap("That’s it")
    await admin.send("17/11 18h")
    await admin.tap("Each person’s own clock")
    assert "Thursday 17 November at 18:00, by each person’s own clock" in admin.last.text
    await admin.send("SEND")
    due = {person: row.due_at for person, row in (await recipients(conversation, "staff:%")).items()}
    assert due == {
        paris_: paris("2016-11-17T18:00"),
        noumea: paris("2016-11-17T08:00"),
        papeete: paris("2016-11-18T05:00"),
    }


async def test_an_instant_is_the_same_for_all(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    for number, commune in enumerate((PARIS, NOUMEA), 1):
        await supporter(conversation, number, commune)
    await write_broadcast(admin)
    await admin.tap("That’s it")
    await admin.send("17/11 18h")
    await admin.tap("My clock")
    # It is already Friday, 4:00, in Nouméa: until 9:00 there.
    assert "Too early or too late in the day for: 1." in admin.last.text
    assert "from Thursday 17 November at 23:00 on (Paris time)" in admin.last.text
    await admin.send("SEND")
    due = {row.due_at for row in (await recipients(conversation, "staff:%")).values()}
    assert due == {paris("2016-11-17T18:00")}


async def test_a_time_that_passed_while_one_hesitated_is_refused(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await write_broadcast(admin)
    await admin.tap("That’s it")
    await admin.send("17/11 18h")
    await admin.tap("My clock")
    conversation.clock.move(paris("2016-11-17T19:00"))
    await admin.send("SEND")
    assert "already passed" in admin.last.text
    await admin.tap("Change the time")
    await admin.tap("Now")
    await admin.send("SEND")
    assert len(await rows(conversation, broadcasts)) == 1


@pytest.mark.parametrize("typed", ["now", "Right away!", "tout de suite", "Maintenant."])
async def test_now_in_words_is_now(conversation: Conversation, typed: str) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await write_broadcast(admin)
    await admin.tap("That’s it")
    await admin.send(typed)
    await admin.send("SEND")
    (sent,) = await rows(conversation, broadcasts)
    assert (sent.starts_at, sent.local_time) == (conversation.clock.now(), False)


async def test_a_time_that_is_probably_a_slip_is_told_above_the_word(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await supporter(conversation, 1, "69123")
    await write_broadcast(admin)
    await admin.tap("That’s it")
    await admin.send("18/11/2025 10h")
    await admin.tap("My clock")
    assert "It goes out in more than a year: on" in admin.last.text
    await admin.tap("Change the time")
    await admin.send("20/06/2017 10h")
    await admin.tap("My clock")
    assert "this campaign is over: its last vote is on" in admin.last.text


async def test_a_time_that_has_passed_meanwhile_is_not_headed_as_ready(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await supporter(conversation, 1, "69123")
    await write_broadcast(admin)
    await admin.tap("That’s it")
    await admin.send("17/11 10h")
    await admin.tap("My clock")
    assert "Ready to send" in admin.last.text
    conversation.clock.move(conversation.clock.now() + timedelta(days=2))
    await admin.tap("Change the audience")
    await admin.tap("That’s it")
    assert "Not ready yet" in admin.last.text
    assert "This time has passed" in admin.last.text
    assert "Ready to send" not in admin.last.text
