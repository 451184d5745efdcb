"""An event waits for a second person: nothing of it is public before, and what changes is asked anew."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from db.schema import approvals, events
from tests.approving import leave_for_supporters, member, states
from tests.campaigning import rows, written
from tests.conversation import Conversation, Talker, paris
from tests.drafting import announce_event
from tests.leaving import let_leave


async def see(conversation: Conversation, code: str) -> str:
    """Everything that a supporter, and a colleague, can be told of an event."""
    told = []
    for number in (100, 12):
        talker = conversation.person(number)
        for words in ("/events", f"/start ev_{code}"):
            await talker.send(words)
            told.append(talker.last.text)
        for data in ("event", "venue", "ics"):
            await talker.tap_data(f"1:{data}:{code}")
            told += [talker.last.text, talker.toast]
        for said in ("yes", "maybe"):
            await talker.tap_data(f"1:rsvp:{code}:{said}")
            told += [talker.last.text, talker.toast]
        told += [str(call.payload) for call in talker.calls]
    return "\n".join(told)


async def announced(asking: Conversation, organizer: Talker) -> str:
    await announce_event(organizer)
    (event,) = await rows(asking, events)
    return str(event.code)


async def test_nothing_of_an_event_is_public_before_it_is_approved(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    await member(asking, 12, "coordinator", "13")
    code = await announced(asking, organizer)
    assert any("is waiting for a second person" in shown.text for shown in organizer.screen[-2:])
    seen = await see(asking, code)
    assert "Réunion" not in seen
    assert "Meeting" not in seen
    assert "Salle" not in seen
    await let_leave(asking, nadia)
    assert "Salle Molière" in nadia.last.text
    assert "Nobody sees the event before it is agreed to" in nadia.last.text
    await nadia.tap("Approve")
    assert "Réunion" in await see(asking, code)
    await let_leave(asking, organizer)
    assert "in everybody’s list from now on" in organizer.last.text


async def test_a_change_asks_anew_and_the_old_button_approves_nothing(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    code = await announced(asking, organizer)
    await let_leave(asking, nadia)
    old = nadia.last
    await organizer.tap_data(f"1:my_event:{code}")
    assert "Only you see this event" in organizer.last.text
    await organizer.tap("Change the date")
    await organizer.send("25/11 20h")
    await organizer.tap("Change it")
    assert "Only you see it" in organizer.last.text
    await nadia.tap_data(old.buttons["Approve"], on=old)
    assert "was changed" in old.text
    assert await states(asking) == ["unapproved"]
    await let_leave(asking, nadia)
    assert "25 November" in nadia.last.text
    await nadia.tap("Approve")
    (event,) = await rows(asking, events)
    (invitation,) = await written(asking)
    assert (event.state, invitation.state) == ("open", "active")
    assert invitation.expires_at == event.starts_at == paris("2016-11-25T20:00")


async def test_a_refused_event_stays_its_authors_who_changes_it_and_asks_again(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    code = await announced(asking, organizer)
    await let_leave(asking, nadia)
    await organizer.send("/calendar")
    await organizer.tap("Next")
    assert "is waiting for approval" in organizer.last.text
    await nadia.tap("Refuse")
    await let_leave(asking, organizer)
    assert "Only you see the event" in organizer.last.text
    assert "Réunion" not in await see(asking, code)
    await nadia.send("/my_events")
    assert "Réunion" not in nadia.last.text
    await nadia.tap_data(f"1:my_event:{code}")
    assert "Réunion" not in nadia.last.text
    await organizer.tap("Manage the event")
    assert "a second person refused its invitation" in organizer.last.text
    await organizer.send("/calendar")
    await organizer.tap("Next")
    assert "approval refused" in organizer.last.text
    assert "is waiting for approval" not in organizer.last.text
    await organizer.tap_data(f"1:my_event:{code}")
    await organizer.tap("Change the place")
    await organizer.send("Salle Rameau")
    await organizer.tap("Change it")
    await organizer.tap("Its invitation")
    await organizer.tap("Ask again")
    await let_leave(asking, nadia)
    assert "Salle Rameau" in nadia.last.text
    await nadia.tap("Approve")
    assert (await rows(asking, events))[0].state == "open"


@pytest.mark.parametrize("by", ["event", "invitation"])
async def test_an_event_that_nobody_saw_is_dropped_without_a_word(
    asking: Conversation, organizer: Talker, nadia: Talker, by: str
) -> None:
    code = await announced(asking, organizer)
    await let_leave(asking, nadia)
    if by == "event":
        await organizer.tap_data(f"1:my_event:{code}")
        await organizer.tap("Cancel the event")
        await organizer.tap("Cancel it")
        assert "Nobody had seen it" in organizer.last.text
    else:
        await organizer.tap("Cancel")
        assert "dropped with its invitation" in organizer.last.text
        await organizer.tap("Cancel for good")
    assert (await rows(asking, events))[0].state == "dropped"
    assert await states(asking) == ["cancelled"]
    assert "Réunion" not in await see(asking, code)
    await nadia.tap("Approve")
    assert "was taken back" in nadia.last.text
    assert await leave_for_supporters(asking) == []


async def test_what_changes_after_it_was_approved_waits_again(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    """Else an event would be approved, and its invitation leave with another text."""
    code = await announced(asking, organizer)
    await let_leave(asking, nadia)
    await nadia.tap("Approve")
    await organizer.tap_data(f"1:my_event:{code}")
    await organizer.tap("Change the place")
    await organizer.send("Salle Rameau")
    await organizer.tap("Change it and tell them")
    (event,) = await rows(asking, events)
    assert event.state == "open"  # people know of it
    assert (await written(asking))[0].state == "unapproved"
    await let_leave(asking, nadia, organizer)
    assert await leave_for_supporters(asking) == []
    async with asking.database.read() as tx:
        asked = await tx.scalar(sa.select(sa.func.count()).select_from(approvals))
    assert asked == 2
    # Its author hears that what was approved waits again.
    told = [each.text.splitlines()[0] for each in organizer.screen if "waits again" in each.text]
    assert told == ["<b>The invitation to “Meeting” (no. 1) waits again</b>"]


async def test_another_number_of_seats_waits_again_and_it_is_said_before_and_after(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    """The invitation says it; how many guests somebody may bring it does not say."""
    code = await announced(asking, organizer)
    await let_leave(asking, nadia)
    await nadia.tap("Approve")
    await organizer.tap_data(f"1:seats:{code}")
    assert "< 10 people have yet to get it: where that changes, a second person is asked again" in (
        organizer.last.text.replace("&lt;", "<")
    )
    await organizer.tap_data(f"1:seats_guests:{code}:2")
    assert await states(asking) == ["active"]
    assert "waits for a new approval" not in organizer.last.text
    await organizer.tap("Change the number")
    await organizer.send("40")
    assert await states(asking) == ["unapproved"]
    said = organizer.last.text.replace("&lt;", "<")
    assert "The invitation waits for a new approval: < 10 people get it only then." in said
    assert "where that changes" not in said
    await let_leave(asking, organizer, nadia)
    assert any("waits again" in each.text for each in organizer.screen)
    await nadia.tap("Approve")
    assert await states(asking) == ["active"]


async def test_a_change_of_the_place_says_what_it_does_to_the_invitation(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    code = await announced(asking, organizer)
    await let_leave(asking, nadia)
    await nadia.tap("Approve")
    await organizer.tap_data(f"1:my_event:{code}")
    await organizer.tap("Change the place")
    await organizer.send("Salle Rameau")
    assert "they are asked again after a change" in organizer.last.text
    await organizer.tap("Change it and tell them")
    assert "The invitation waits for a new approval" in organizer.last.text
