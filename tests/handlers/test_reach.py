"""The summary says who will get it and when; what nobody would get is not sent unknowingly."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from db.schema import broadcast_texts, broadcasts, deliveries, events, surveys
from tests.campaigning import answer, rows, staff, supporter, supporters
from tests.conversation import Conversation
from tests.drafting import (
    begin_broadcast,
    begin_event,
    finish_broadcast,
    finish_event,
    write_broadcast,
    write_event,
)
from tests.reading import ABOUT
from tests.survey_writing import TRAIN, write_question, write_up_to_the_questions

LYON, PARIS = "69123", "75056"


async def wrote(conversation: Conversation, person: int, *sent: datetime) -> None:
    """Messages of the campaign that left for somebody."""
    async with conversation.database.write() as tx:
        for at in sent:
            key = f"old:{person}:{at.isoformat()}"
            row: dict[str, Any] = {"key": key, "kind": "persuasion", "audience": {}, "area": "FR"}
            made = sa.insert(broadcasts).values(
                state="active", starts_at=at, created_at=at, finished_at=at, **row
            )
            number = (await tx.execute(made.returning(broadcasts.c.id))).scalar_one()
            delivery = {"broadcast": number, "person": person, "state": "sent", "sent_at": at}
            await tx.execute(sa.insert(deliveries).values(due_at=at, changed_at=at, **delivery))


async def full_week(conversation: Conversation, person: int) -> None:
    """Three messages, the oldest of which is of four days ago: nothing more for three days."""
    now = conversation.clock.now()
    await wrote(conversation, person, *(now - timedelta(days=days) for days in (4, 3, 2)))


async def test_the_summary_says_who_gets_it_and_when(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    now = conversation.clock.now()
    await supporters(conversation, range(1, 4), LYON)
    await supporter(conversation, 4, LYON, mutes_news=True)
    await supporter(conversation, 5, LYON, unreachable_at=now)
    await wrote(conversation, await supporter(conversation, 6, LYON), now - timedelta(hours=1))
    await full_week(conversation, await supporter(conversation, 8, LYON))
    await write_broadcast(admin)
    await finish_broadcast(admin)
    text = admin.last.text
    assert "<b>Recipients:</b> 5" in text
    assert "✓ At once: 3" in text
    assert (
        "Already had as many messages as we allow: 1. They get it from Thursday 17 November at 09:00" in text
    )
    assert "✗ Expires unsent for 1: they already had as many messages as we allow. They may be" in text
    assert re.search(r"be written to again on Sunday 20 November at [\d:]+ \(Paris time\)\.", text)
    assert "In addition, 1 switched such messages off." in text
    assert "In addition, 1 blocked the bot or closed their account." in text
    assert "Nobody would get it." not in text


async def test_who_may_be_written_to_within_minutes_of_each_other_is_one_line(
    conversation: Conversation,
) -> None:
    """Their weeks are full until the minute at which the oldest of their messages left."""
    admin, now = await staff(conversation, 7, "admin", "FR"), conversation.clock.now()
    for number, minutes in enumerate((0, 7, 41, 200), start=1):
        person = await supporter(conversation, number, LYON)
        oldest = now - timedelta(days=4, hours=22) + timedelta(minutes=minutes)
        await wrote(conversation, person, oldest, now - timedelta(days=3), now - timedelta(days=2))
    await write_broadcast(admin)
    await finish_broadcast(admin)
    lost = re.findall(r"✗ Expires unsent for (\d+).* on (.*)\.", admin.last.text)
    assert [people for people, _ in lost] == ["3", "1"], admin.last.text
    assert lost[0][1].endswith("at 12:42 (Paris time)"), "the last of them"


@pytest.mark.parametrize(("day", "is_over"), [("17/11", True), ("24/11", False)])
async def test_who_is_invited_to_a_series_after_its_first_date_is_said_to_be(
    conversation: Conversation, day: str, is_over: bool
) -> None:
    """Their week is full until the silence of the first round, until the 20th; the later dates are theirs."""
    admin = await staff(conversation, 7, "admin", "FR")
    await full_week(conversation, await supporter(conversation, 1, LYON))
    await begin_event(admin)
    await finish_event(admin, day=day)
    await admin.tap("Repeat it")
    await admin.tap("Every week")
    await admin.send("3")
    assert "They get it from Sunday 20 November at 19:00 on (Paris time)" in admin.last.text, admin.last.text
    told = "The first date may be over by then: it still invites them to the later ones."
    assert (told in admin.last.text) is is_over


async def test_what_nobody_would_get_is_sent_at_a_better_time_in_one_tap(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    for number in range(1, 24):
        await full_week(conversation, await supporter(conversation, 100 + number, LYON))
    await write_broadcast(admin)
    await finish_broadcast(admin)
    assert "<b>Recipients:</b> 23" in admin.last.text
    assert "Nobody would get it." in admin.last.text
    await admin.send("SEND")
    assert "Nobody would get this in time, so nothing was sent." in admin.last.text
    assert not [row for row in await rows(conversation, broadcasts) if row.key.startswith("staff:")]
    button = next(label for label in admin.screen[-2].buttons if label.startswith("Send it on"))
    await admin.tap(button)
    assert "Nobody would get it." not in admin.last.text
    await admin.send("SEND")
    (sent,) = [row for row in await rows(conversation, broadcasts) if row.key.startswith("staff:")]
    assert sent.starts_at >= conversation.clock.now() + timedelta(days=2)


@pytest.mark.parametrize(("day", "has_better"), [("18/11", False), ("24/11", True)])
async def test_who_comes_to_an_event_is_not_offered_an_hour_after_it(
    conversation: Conversation, day: str, has_better: bool
) -> None:
    """Their week is full until the 20th: a message on the 18th about the 18th comes too late then."""
    admin = await staff(conversation, 7, "admin", "FR")
    person = await supporter(conversation, 1, LYON)
    await begin_event(admin)
    await finish_event(admin, day=day)
    await admin.send("SEND")
    (event,) = await rows(conversation, events)
    await answer(conversation, person, event.id, "yes")
    await full_week(conversation, person)
    await admin.tap("Manage the event")
    await admin.tap("Who comes")
    await admin.tap("Write to those who come")
    await admin.tap("News and arguments")
    for words in ("Bonjour", "Hello"):
        await admin.send(words)
    await admin.tap("No photo")
    await finish_broadcast(admin)
    assert "Nobody would get it." in admin.last.text
    assert ("If you send it on" in admin.last.text) is has_better
    assert any(label.startswith("Send it on") for label in admin.last.buttons) is has_better


async def test_what_nobody_would_get_is_sent_knowingly(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await full_week(conversation, await supporter(conversation, 1, LYON))
    await write_broadcast(admin)
    await finish_broadcast(admin)
    await admin.tap("Send it all the same")
    await admin.send("SEND")
    assert [row for row in await rows(conversation, broadcasts) if row.key.startswith("staff:")]


async def test_an_event_nobody_would_be_invited_to_in_time_is_announced_knowingly(
    conversation: Conversation,
) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await full_week(conversation, await supporter(conversation, 1, LYON))
    await begin_event(admin)
    for tap, words in (("Without a pin", "17/11 19h"), ("2 h", None), ("There are enough", None)):
        await admin.tap(tap)
        if words is not None:
            await admin.send(words)
    await admin.tap("That’s it")
    assert admin.last.text.startswith("<b>Not ready yet</b>")
    assert "Nobody would get it." in admin.last.text
    await admin.send("SEND")
    assert "Nobody would get this in time, so nothing was sent." in admin.last.text
    assert not await rows(conversation, events)
    await admin.tap_data("1:event_anyway", on=admin.screen[-2])
    await admin.send("SEND")
    assert await rows(conversation, events)


async def test_a_survey_that_nobody_would_get_goes_out_at_a_better_time_or_knowingly(
    conversation: Conversation,
) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await full_week(conversation, await supporter(conversation, 1, LYON))
    await write_up_to_the_questions(admin)
    await write_question(admin, *TRAIN)
    for tap in ("That’s all", "That’s it"):
        await admin.tap(tap)
    await admin.send("17/11 19h")
    assert "Nobody would get it." in admin.last.text
    await admin.send("SEND")
    assert "Nobody would get this in time, so nothing was sent." in admin.last.text
    assert not await rows(conversation, surveys)
    await admin.tap_data("1:survey_better:anyway", on=admin.screen[-2])
    await admin.send("SEND")
    assert await rows(conversation, surveys)


async def test_staff_of_an_area_are_not_told_of_few(conversation: Conversation) -> None:
    """That the only supporter they have gets nothing would tell of them."""
    organizer = await staff(conversation, 7, "organizer", "69")
    await full_week(conversation, await supporter(conversation, 1, LYON))
    await supporter(conversation, 2, LYON, mutes_news=True)
    await write_broadcast(organizer)
    await finish_broadcast(organizer)
    text = organizer.last.text
    assert re.search(rf"<b>Recipients:</b> {ABOUT}", text)
    assert not any(words in text for words in ("Expires", "Besides", "Nobody"))


async def test_the_word_counts_once_the_previews_are_there(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await supporter(conversation, 1, LYON)
    await write_broadcast(admin)
    await admin.tap("That’s it")
    await admin.send_ahead("SEND", before="Now")
    assert "before the previews were there, so nothing was sent" in admin.last.text
    # Whether it can be sent at all stands in the summary.
    assert "SEND" not in admin.last.text
    await admin.send("SEND")
    assert len(await rows(conversation, broadcasts)) == 1


async def test_a_photo_brings_its_text(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await begin_broadcast(admin)
    photo = {"file_id": "large", "file_unique_id": "u2", "width": 900, "height": 900}
    await admin.send_message(photo=[photo], caption="Bonjour <b>à tous</b>")
    await admin.send("Hello")
    await finish_broadcast(admin)
    await admin.send("SEND")
    (sent,) = await rows(conversation, broadcasts)
    assert sent.photo == "large"
    texts = {row.language: row.text for row in await rows(conversation, broadcast_texts)}
    assert texts == {"fr": "Bonjour <b>à tous</b>", "en": "Hello"}


async def test_a_missing_text_is_told_with_what_comes_instead(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await begin_broadcast(admin)
    await admin.send("Bonjour")
    await admin.tap("No text in this language")
    await admin.tap("No photo")
    await finish_broadcast(admin)
    assert "No text in English: its readers get the other one (Français)." in admin.last.text


async def test_an_event_says_who_can_still_be_invited(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await full_week(conversation, await supporter(conversation, 1, LYON))
    await supporter(conversation, 2, LYON)
    await write_event(admin)
    assert "<b>Recipients:</b> 2" in admin.last.text
    # The event is in eight days: whoever had enough of us this week still hears of it in time.
    assert "Already had as many messages as we allow: 1. They get it from" in admin.last.text


async def test_a_duration_of_a_day_is_questioned(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await begin_event(admin)
    await admin.tap("Without a pin")
    await admin.send("24/11 19h")
    await admin.send("24h")
    assert (
        "That is 24 hours: the event would end on Friday 25 November at 19:00. Is that right?"
        in admin.last.text
    )
    await admin.tap("Yes, that long")
    await admin.tap("There are enough")
    await admin.tap("That’s it")
    assert "from Thursday 24 November at 19:00 to Friday 25 November at 19:00" in admin.last.text
    await admin.tap("Change the duration")
    await admin.send("24h")
    await admin.send("2h")
    assert "Thursday 24 November, from 19:00 to 21:00" in admin.last.text
