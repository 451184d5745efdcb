"""/broadcasts: the list in its parts and pages, one message whole, and what can be done with it before it left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.broadcasts
from bot.delivery.calls import Call
from db.engine import Database
from db.schema import approvals, audit, broadcast_texts, broadcasts, deliveries
from tests.campaigning import rows, staff, supporter
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.drafting import announce_event, finish_broadcast, send_broadcast, write_broadcast
from tests.leaving import leaving, let_leave

LYON, MARSEILLE = "69123", "13055"


@pytest.fixture
async def organizer(conversation: Conversation) -> Talker:
    for number in (100, 101):
        await supporter(conversation, number, LYON)
    return await staff(conversation, 7, "organizer", "FR")


async def schedule(talker: Talker, *texts: str, at: str = "18/11 8h") -> None:
    """A message that leaves at a time of the organizer's own clock."""
    await write_broadcast(talker, *texts)
    await talker.tap("That’s it")
    await talker.send(at)
    await talker.tap("My clock")
    await talker.send("SEND")


async def every(conversation: Conversation, **values: object) -> None:
    """Something became of every delivery."""
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).values(**values))


async def open_card(talker: Talker, number: int) -> None:
    await talker.send("/broadcasts")
    await talker.tap(f"{number}. ")


def screen_of(talker: Talker) -> str:
    return "\n".join(shown.text for shown in talker.screen)


async def test_the_list_tells_what_for_whom_and_how_far(
    conversation: Conversation, organizer: Talker
) -> None:
    await send_broadcast(organizer)
    await schedule(organizer, "Bonjour", "Meet us <b>tomorrow</b> at the town hall, with the whole team")
    listed = (await organizer.send("/broadcasts")).text
    assert (
        "<b>1. Hello</b>\n\nNews and arguments · the whole campaign · 16 November 2016 at 10:00 · going out"
        in listed
    )
    assert "<b>2. Meet us tomorrow at the town hall, with…</b>" in listed
    assert "18 November 2016 at 08:00 · scheduled\n\nRecipients: 2" in listed


async def test_parts_of_the_list(conversation: Conversation, organizer: Talker) -> None:
    """Mine, what waits for approval, what is scheduled, and what is over."""
    await send_broadcast(organizer)
    await every(conversation, state="sent")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(broadcasts).values(finished_at=conversation.clock.now()))
    await schedule(organizer, "À venir", "To come")
    coordinator = await staff(conversation, 8, "coordinator", "FR")
    await coordinator.send("/broadcasts")
    for part, found in {"Mine": [], "Scheduled": ["2. "], "Past": ["1. "], "All": ["2. ", "1. "]}.items():
        shown = await coordinator.tap(part)
        assert [label[:3] for label in shown.buttons if label[0].isdigit()] == found
    await coordinator.tap("To approve")
    assert "There is none." in coordinator.last.text


async def test_many_are_paged(conversation: Conversation, organizer: Talker) -> None:
    for number in range(9):
        await write_broadcast(organizer)
        await finish_broadcast(organizer)
        if "Send it all the same" in organizer.last.buttons:  # nobody has room for so many
            await organizer.tap("Send it all the same")
        await organizer.send("SEND")
        assert number + 1 == len(await rows(conversation, broadcasts))
    await organizer.send("/broadcasts")
    assert "Page 1 of 2" in organizer.last.text
    await organizer.tap("Next")
    assert [label for label in organizer.last.buttons if label[0].isdigit()] == ["1. Hello"]
    await organizer.tap("Previous")
    assert "9. Hello" in organizer.last.buttons


async def test_once_everybody_was_erased_it_is_for_nobody_and_counts_nothing(
    conversation: Conversation, organizer: Talker
) -> None:
    await send_broadcast(organizer)
    async with conversation.database.write() as tx:
        await tx.execute(sa.delete(deliveries))
    await organizer.send("/broadcasts")
    assert "· for nobody" in organizer.last.text
    await open_card(organizer, 1)
    (card,) = (each.text for each in organizer.screen if "There is nobody to send it to." in each.text)
    for words in ("Sent", "Recipients", "Answers to this message"):
        assert words not in card


async def test_one_of_them_whole(conversation: Conversation, organizer: Talker) -> None:
    """Its words as they look, whom it is for, who wrote it, and why some did not get it."""
    await send_broadcast(organizer)
    await every(conversation, state="cancelled", reason="muted")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).where(deliveries.c.id == 1).values(state="sent", reason=None))
    await open_card(organizer, 1)
    seen = screen_of(organizer)
    for part in (
        "No. 1, as it looks:",
        "Bonjour ",
        "<i>Équipe Camille Durand</i>",
        "<b>When:</b> Wednesday 16 November",
        "everybody",
        '<b>Written by:</b> <a href="tg://user?id=7">7</a>',
        "• had switched such messages off: 1",
        "Sent: <b>1</b> of 2",
    ):
        assert part in seen, part
    card = organizer.screen[-2]
    assert {"Write one like it", "Correct it", "Take it back"} <= set(card.buttons)
    assert "Change it" not in card.buttons


async def test_who_waited_when_it_was_cancelled_is_told_as_cancelled(
    conversation: Conversation, organizer: Talker
) -> None:
    """Why a row waited when it was cancelled is not why it did not arrive; of each cause there is one line."""
    for number in (102, 103, 104, 105):
        await supporter(conversation, number, LYON)
    await send_broadcast(organizer)
    reasons = ("courtesy_hours", "cap_week", "cap_day", None, "cap_week", "cap_day")
    for at, reason in enumerate(reasons, 1):
        is_over = at > 4
        values = {"reason": reason, "state": "expired" if is_over else "withheld" if reason else "queued"}
        async with conversation.database.write() as tx:
            await tx.execute(sa.update(deliveries).where(deliveries.c.id == at).values(values))
    async with conversation.database.write() as tx:
        assert await db.broadcasts.cancel(tx, 1)
        assert await db.broadcasts.close_some(tx, conversation.clock.now()) == 4
    await open_card(organizer, 1)
    told = [line for line in screen_of(organizer).splitlines() if line.startswith("• ")]
    assert told == ["• it was cancelled: 4", "• had had enough messages for the day or the week: 2"]
    # Rows that were cancelled before still hold why they waited.
    await every(conversation, state="cancelled", reason="cap_week")
    await open_card(organizer, 1)
    assert "• it was cancelled: 6" in screen_of(organizer)


async def test_a_scheduled_one_is_changed_in_its_place(conversation: Conversation, organizer: Talker) -> None:
    """Its words and its hour; everybody it is for gets the new one, and nobody the old."""
    await schedule(organizer)
    await open_card(organizer, 1)
    await organizer.tap("Change it")
    assert "Ready to send, in place of no. 1" in organizer.last.text
    assert "18 November" in organizer.last.text
    await organizer.tap("Change the text")
    await organizer.send("Bonsoir")
    await organizer.send("Good evening")
    await organizer.tap("Change the time")
    await organizer.tap("Now")
    await organizer.send("SEND")
    (only,) = await rows(conversation, broadcasts)
    assert (only.state, only.starts_at) == ("active", conversation.clock.now())
    texts = {row.language: row.text for row in await rows(conversation, broadcast_texts)}
    assert texts == {"fr": "Bonsoir", "en": "Good evening"}
    calls = [each for each in await leaving(conversation) if isinstance(each, Call)]
    assert sorted(call.chat or 0 for call in calls) == [100, 101]
    assert all(call.payload["text"].startswith("Bonsoir") for call in calls)
    assert "change_broadcast" in {row.action for row in await rows(conversation, audit)}


async def test_what_has_left_meanwhile_is_not_changed(conversation: Conversation, organizer: Talker) -> None:
    await schedule(organizer)
    await open_card(organizer, 1)
    await organizer.tap("Change it")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).where(deliveries.c.id == 1).values(state="sending"))
    await organizer.send("SEND")
    assert "Some of it has gone out already" in organizer.last.text
    assert len(await rows(conversation, deliveries)) == 2


async def test_one_like_it(conversation: Conversation, organizer: Talker) -> None:
    """A draft with the same words and people; only the hour is asked. An invitation belongs to its event."""
    await send_broadcast(organizer)
    await open_card(organizer, 1)
    await organizer.tap("Write one like it")
    await organizer.tap("Now")
    await organizer.send("SEND")
    first, second = [
        {
            row.language: row.text
            for row in await rows(conversation, broadcast_texts)
            if row.broadcast == number
        }
        for number in (1, 2)
    ]
    assert first == second
    assert len([row for row in await rows(conversation, deliveries) if row.broadcast == 2]) == 2
    await announce_event(organizer)
    await organizer.tap_data("1:broadcast_copy:3")
    assert len(await rows(conversation, broadcasts)) == 3


async def test_it_is_sent_again_where_it_expired(conversation: Conversation, organizer: Talker) -> None:
    await send_broadcast(organizer)
    await every(conversation, state="expired", reason="quiet_period")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).where(deliveries.c.id == 1).values(state="sent", reason=None))
    await open_card(organizer, 1)
    assert "• a quiet period lasted until it was too late: 1" in screen_of(organizer)
    await organizer.tap("Send again where it expired")
    assert "Send no. 1 again where it expired?" in organizer.last.text
    assert "<b>Recipients:</b> 1" in organizer.last.text
    await organizer.tap("Send again")
    assert "Waiting: 1" in organizer.last.text
    assert [call.chat for call in await leaving(conversation) if isinstance(call, Call)] == [101]
    # What was queued again is expired no more.
    await organizer.tap_data("1:broadcast_renew_now:1")
    assert sorted(row.state for row in await rows(conversation, deliveries)) == ["sending", "sent"]


async def test_others_are_for_coordinators_of_the_area(conversation: Conversation, organizer: Talker) -> None:
    await schedule(organizer)
    for telegram_id, role, area in ((8, "organizer", "FR"), (9, "coordinator", "13")):
        other = await staff(conversation, telegram_id, role, area)
        assert "1." not in (await other.send("/broadcasts")).text
        for action in (
            "broadcast",
            "broadcast_edit",
            "broadcast_copy",
            "broadcast_renew",
            "broadcast_renew_now",
        ):
            await other.tap_data(f"1:{action}:1")
            assert "Hello" not in screen_of(other)
    assert len(await rows(conversation, broadcasts)) == 1


@pytest.fixture
def asking(sqlite_database: Database) -> Conversation:
    """A campaign in which what is for more than one person waits for a second one."""
    return Conversation(
        sqlite_database, paris("2016-11-16T10:00"), campaign=replace(CAMPAIGN, approval_above=1)
    )


async def test_a_change_after_the_approval_asks_again(asking: Conversation) -> None:
    for number in (100, 101):
        await supporter(asking, number, LYON)
    organizer, admin = await staff(asking, 7, "organizer", "FR"), await staff(asking, 9, "admin", "FR")
    for talker in (organizer, admin):
        await talker.send("/help")
    await schedule(organizer)
    await let_leave(asking, admin)
    await admin.tap("Approve")
    await open_card(organizer, 1)
    assert '<b>Approved by:</b> <a href="tg://user?id=9">9</a>' in screen_of(organizer)
    await organizer.tap("Change it")
    await organizer.tap("Change the text")
    await organizer.send("Bonsoir")
    await organizer.send("Good evening")
    await organizer.send("SEND")
    (held,) = [row for row in await rows(asking, broadcasts) if row.created_by is not None]
    assert held.state == "unapproved"
    asking.clock.move(asking.clock.now() + timedelta(hours=1))
    await let_leave(asking, admin)
    assert "<blockquote>Bonsoir" in admin.last.text
    await admin.tap("Approve")
    assert [row.granted for row in await rows(asking, approvals)] == [True, True]


async def test_finishing_a_draft_is_not_needed_to_look(conversation: Conversation, organizer: Talker) -> None:
    """Whoever writes something else finds their draft gone only where they ask for another."""
    await schedule(organizer)
    await write_broadcast(organizer, "Brouillon", "Draft")
    await open_card(organizer, 1)
    await finish_broadcast(organizer)
    assert any("Brouillon" in shown.text for shown in organizer.screen)
