"""A date of a series is cancelled: those who come hear of it at once, and its invitation is asked anew."""

from __future__ import annotations

import pytest

from bot.rules.sending import SERIES
from bot.words.no_break import with_plain_spaces
from db.schema import broadcasts, events
from tests.campaigning import rows
from tests.conversation import Conversation, Talker, paris
from tests.drafting import write_event
from tests.leaving import let_leave
from tests.web.browsing import ADDRESS, signed_in
from tests.web.conftest import served_at


async def announced(asking: Conversation, organizer: Talker) -> list[str]:
    """Three Thursdays in Lyon from 24 November; the codes of their events."""
    await write_event(organizer)
    await organizer.tap("Repeat it")
    await organizer.tap("Every week")
    await organizer.send("3")
    await organizer.send("SEND")
    return [str(each.code) for each in await rows(asking, events)]


async def invitation(asking: Conversation) -> str:
    """Where the invitation to the series stands."""
    found = await rows(asking, broadcasts)
    return next(str(each.state) for each in found if each.template == SERIES)


async def cancel(organizer: Talker, code: str, said: str = "Cancel it and tell them") -> str:
    """Cancels a date; what was asked before it was."""
    await organizer.tap_data(f"1:event_change:{code}:cancel:-")
    asked = organizer.last.text
    await organizer.tap(said)
    return asked


@pytest.mark.parametrize("said", ["Cancel it and tell them", "Cancel this one and all that follow"])
async def test_what_was_approved_waits_again_and_those_who_come_hear_at_once(
    asking: Conversation, organizer: Talker, nadia: Talker, said: str
) -> None:
    served_at(asking, ADDRESS)
    codes = await announced(asking, organizer)
    await let_leave(asking, nadia)
    await nadia.tap("Approve")
    coming = asking.person(100)
    await coming.tap_data(f"1:rsvp:{codes[1]}:yes")
    desk = await signed_in(organizer)
    await desk.open(f"/console/events/{codes[1]}/cancel")
    assert "will name fewer dates" in desk.text
    asked = await cancel(organizer, codes[1], said)
    assert "will name fewer dates" in asked
    assert "The invitation waits for a new approval" in organizer.last.text
    assert await invitation(asking) == "unapproved"
    await desk.open(f"/console/events/{codes[0]}")
    assert "The invitation waits for a new approval" in desk.text
    await let_leave(asking, nadia, organizer, coming)
    assert "est annulé" in coming.last.text, "that it is off waits for nobody"
    assert any("waits again" in each.text for each in organizer.screen)
    left = "1 date, " if "all" in said else "2 dates, "
    assert any(left in with_plain_spaces(each.text) for each in nadia.screen[-4:])
    await nadia.tap("Approve")
    assert await invitation(asking) == "active"


async def test_what_was_not_decided_yet_is_asked_anew_with_the_dates_that_are_left(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    """A series that nobody has seen is dropped whole; one that people know of waits again after a change."""
    codes = await announced(asking, organizer)
    await let_leave(asking, nadia)
    await nadia.tap("Approve")
    await cancel(organizer, codes[0])
    await let_leave(asking, nadia)
    old = nadia.last
    asked = await cancel(organizer, codes[2])
    assert "will name fewer dates" not in asked, "nobody has let it go"
    await nadia.tap_data(old.buttons["Approve"], on=old)
    assert await invitation(asking) == "unapproved"
    assert "was changed" in old.text
    await let_leave(asking, nadia)
    await nadia.tap("Approve")
    found = await rows(asking, broadcasts)
    (leaving,) = [each for each in found if each.template == SERIES]
    assert (leaving.state, leaving.expires_at) == ("active", paris("2016-12-01T19:00"))


async def test_where_no_date_is_left_nobody_is_asked_and_nobody_invited(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    codes = await announced(asking, organizer)
    await let_leave(asking, nadia)
    await nadia.tap("Approve")
    for code in codes[:2]:
        await cancel(organizer, code)
    await let_leave(asking, nadia)
    old = nadia.last
    await cancel(organizer, codes[2])
    assert await invitation(asking) == "cancelled"
    await nadia.tap_data(old.buttons["Approve"], on=old)
    assert "was taken back" in old.text
