"""Who is in doubt, from the progress of a broadcast, and sending again by a typed word."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.people
from db.schema import audit, broadcasts, deliveries, people
from tests.campaigning import recipients, revoke, rows, staff, supporter
from tests.conversation import Conversation, Talker
from tests.drafting import send_broadcast

LYON, PARIS = "69123", "75056"


@pytest.fixture
async def organizer(conversation: Conversation) -> Talker:
    return await staff(conversation, 7, "organizer", "69")


@pytest.fixture
async def doubtful(conversation: Conversation) -> int:
    """The number of a supporter in Lyon."""
    return await supporter(conversation, 1, LYON)


async def sent_in_doubt(conversation: Conversation, author: Talker, *persons: int) -> int:
    """A broadcast to everybody in the author's area, in doubt for these; its number."""
    await send_broadcast(author)
    await doubt(conversation, *persons)
    return int((await rows(conversation, broadcasts))[-1].id)


async def doubt(conversation: Conversation, *persons: int) -> None:
    """The answers to what these were sent did not come."""
    change = sa.update(deliveries).where(deliveries.c.person.in_(persons))
    values = {"state": "in_doubt", "attempts": 1, "changed_at": conversation.clock.now()}
    async with conversation.database.write() as tx:
        await tx.execute(change.values(values))


async def states(conversation: Conversation) -> dict[int, str]:
    return {person: row.state for person, row in (await recipients(conversation, "%")).items()}


async def look(organizer: Talker, broadcast: int) -> None:
    await organizer.send("/broadcasts")
    await organizer.tap(f"{broadcast}. ")
    await organizer.tap("Who may not have got it?")


async def test_names_are_for_the_team_that_they_agreed_to(
    conversation: Conversation, organizer: Talker
) -> None:
    known = await supporter(conversation, 1, LYON, consent_team=True)
    unknown = await supporter(conversation, 2, LYON, first_name="Karim")
    broadcast = await sent_in_doubt(conversation, organizer, known, unknown)
    await look(organizer, broadcast)
    assert "Posted, and no answer came: 1–10" in organizer.last.text
    assert "• Awa, Lyon (" in organizer.last.text
    assert organizer.last.text.count("•") == 1
    assert "Karim" not in organizer.last.text


async def test_who_looks_after_everything_reads_how_many_and_no_pseudonym(
    conversation: Conversation,
) -> None:
    national = await staff(conversation, 7, "organizer", "FR")
    persons = [await supporter(conversation, number, LYON) for number in (1, 2)]
    broadcast = await sent_in_doubt(conversation, national, *persons)
    await look(national, broadcast)
    assert "Posted, and no answer came: 2" in national.last.text
    stored = await rows(conversation, people)
    assert not [row.pseudonym for row in stored if row.pseudonym in national.last.text]
    assert "•" not in national.last.text


async def test_many_are_paged(conversation: Conversation, organizer: Talker) -> None:
    numbers = [
        await supporter(conversation, number, LYON, consent_team=True, first_name=f"N{number}")
        for number in range(101, 113)
    ]
    broadcast = await sent_in_doubt(conversation, organizer, *numbers)
    await look(organizer, broadcast)
    assert "Page 1 of 2" in organizer.last.text
    await organizer.tap("Next")
    assert "N111" in organizer.last.text
    assert "N110" not in organizer.last.text
    await organizer.tap_data(f"1:doubts_page:{broadcast}:99", on=organizer.last)
    assert "Page 2 of 2" in organizer.last.text
    await organizer.tap("Previous")
    assert "N110" in organizer.last.text


async def test_sending_again_says_what_it_risks_and_takes_a_word(
    conversation: Conversation, organizer: Talker
) -> None:
    doubtful, other = [await supporter(conversation, number, LYON) for number in (1, 2)]
    broadcast = await sent_in_doubt(conversation, organizer, doubtful)
    await look(organizer, broadcast)
    await organizer.tap("Send again to these…")
    assert "Whoever already has it would get it twice" in organizer.last.text
    for doubt in ("yes", "send?"):  # whoever asks does not confirm
        await organizer.send(doubt)
        assert "Nothing was sent" in organizer.last.text
    assert (await states(conversation))[doubtful] == "in_doubt"
    await organizer.send("send")
    assert "It goes out once more. Recipients: &lt; 10" in organizer.screen[-2].text
    assert await states(conversation) == {doubtful: "queued", other: "queued"}
    noted = [(row.actor, row.action, row.details) for row in await rows(conversation, audit)][-1]
    assert noted == ("staff:7", "send_again", {"broadcast": broadcast, "people": 1})
    await organizer.send("SEND")  # the dialog is over: the word sends nothing more
    assert [row.action for row in await rows(conversation, audit)] == ["broadcast", "send_again"]


async def test_dropped_with_cancel(conversation: Conversation, organizer: Talker, doubtful: int) -> None:
    broadcast = await sent_in_doubt(conversation, organizer, doubtful)
    await look(organizer, broadcast)
    await organizer.tap("Send again to these…")
    await organizer.send("/cancel")
    await organizer.send("SEND")
    assert await states(conversation) == {doubtful: "in_doubt"}


async def test_two_who_confirm_send_again_once(
    conversation: Conversation, organizer: Talker, doubtful: int
) -> None:
    """Also where what was sent again is in doubt once more before the second one types the word."""
    coordinator = await staff(conversation, 8, "coordinator", "69")
    broadcast = await sent_in_doubt(conversation, organizer, doubtful)
    for each in (organizer, coordinator):
        await look(each, broadcast)
        await each.tap("Send again to these…")
    await organizer.send("SEND")
    conversation.clock.move(conversation.clock.now() + timedelta(seconds=1))
    await doubt(conversation, doubtful)
    await coordinator.send("SEND")
    assert "somebody did it before you" in coordinator.last.text
    assert await states(conversation) == {doubtful: "in_doubt"}
    assert [row.action for row in await rows(conversation, audit)] == ["broadcast", "send_again"]


@pytest.mark.parametrize(
    ("change", "explained"),
    [
        ({"state": "stopped", "consent_contact": False}, "these people left, stopped your messages"),
        ({"department": "75", "region": "11", "commune": PARIS}, "are outside your area"),  # moved
    ],
)
async def test_who_may_not_be_written_to_stays_in_doubt(
    conversation: Conversation, organizer: Talker, doubtful: int, change: dict[str, object], explained: str
) -> None:
    broadcast = await sent_in_doubt(conversation, organizer, doubtful)
    async with conversation.database.write() as tx:
        await db.people.change(tx, doubtful, **change)
    await look(organizer, broadcast)
    assert explained in organizer.last.text
    await organizer.tap_data(
        f"1:doubts_again:{broadcast}", on=organizer.last
    )  # an older message still has it
    assert "Nothing was sent again" in organizer.last.text
    assert await states(conversation) == {doubtful: "in_doubt"}


async def test_a_cancelled_broadcast_is_not_sent_again(
    conversation: Conversation, organizer: Talker, doubtful: int
) -> None:
    broadcast = await sent_in_doubt(conversation, organizer, doubtful)
    await look(organizer, broadcast)
    await organizer.tap("Send again to these…")
    await organizer.tap_data(f"1:broadcast_do:cancel:{broadcast}")
    await organizer.send("SEND")
    assert "Nothing was sent again" in organizer.last.text
    await look(organizer, broadcast)
    assert "The broadcast is cancelled" in organizer.last.text


async def test_others_may_neither_look_nor_send(conversation: Conversation, doubtful: int) -> None:
    author = await staff(conversation, 7, "organizer", "69")
    colleague = await staff(conversation, 8, "organizer", "69")
    broadcast = await sent_in_doubt(conversation, author, doubtful)
    for data in (f"1:doubts:{broadcast}", f"1:doubts_page:{broadcast}:0", f"1:doubts_again:{broadcast}"):
        await colleague.tap_data(data)
        assert "coordinator of the whole area" in colleague.last.text
    await look(author, broadcast)
    await author.tap("Send again to these…")
    await revoke(conversation, 7)
    await author.send("SEND")
    assert "Your role does not allow this" in author.last.text
    assert await states(conversation) == {doubtful: "in_doubt"}


async def test_reminders_in_doubt_are_listed_for_who_supervises_them(
    conversation: Conversation, doubtful: int
) -> None:
    organizer = await staff(conversation, 7, "organizer", "FR")
    admin = await staff(conversation, 9, "admin", "FR")
    broadcast = await sent_in_doubt(conversation, organizer, doubtful)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(broadcasts).values(created_by=None))
    await organizer.send("/broadcasts")
    assert "in doubt" not in organizer.last.text
    await admin.send("/broadcasts")
    assert f"{broadcast}. News and arguments: 1 in doubt" in admin.last.text
    await admin.tap(f"{broadcast}. News")
    await admin.tap("Send again to these…")
    await admin.send("SEND")
    assert await states(conversation) == {doubtful: "queued"}


@pytest.mark.parametrize(
    "data", ["1:doubts", "1:doubts:x", "1:doubts_page:1:x", "1:doubts_page:1", "1:doubts_again"]
)
async def test_forged_buttons_do_nothing(conversation: Conversation, organizer: Talker, data: str) -> None:
    await organizer.send("/broadcasts")
    await organizer.tap_data(data)
    assert organizer.toast
