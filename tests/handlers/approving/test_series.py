"""A date of a series is cancelled: those who come hear of it at once, and its invitation is asked anew. So it is where
nobody has seen the series yet, and what waits for a second person goes on for the dates that are left.
"""

from __future__ import annotations

import pytest

from bot.rules.sending import SERIES
from bot.words.no_break import with_plain_spaces
from db.schema import broadcasts, deliveries, event_texts, events
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


@pytest.mark.parametrize("off", [0, 1, 2])
async def test_of_a_series_that_nobody_has_seen_one_date_goes_and_the_others_stay(
    asking: Conversation, organizer: Talker, nadia: Talker, off: int
) -> None:
    codes = await announced(asking, organizer)
    await let_leave(asking, nadia)
    old = nadia.last
    asked = await cancel(organizer, codes[off], "Cancel it")
    assert "he other 2 dates of its series stay as planned." in asked
    assert ("If you cancel this one alone" in asked) == (off < 2), "else there is none that follows"
    assert "The other 2 dates of its series stay as planned." in organizer.last.text
    states = [str(each.state) for each in await rows(asking, events)]
    assert states == ["dropped" if number == off else "hidden" for number in range(3)]
    await nadia.tap_data(old.buttons["Approve"], on=old)
    assert await invitation(asking) == "unapproved", "she read of three dates"
    await let_leave(asking, nadia)
    assert any("2 dates, " in with_plain_spaces(each.text) for each in nadia.screen[-4:])
    await nadia.tap("Approve")
    assert await invitation(asking) == "active"
    states = [str(each.state) for each in await rows(asking, events)]
    assert states == ["dropped" if number == off else "open" for number in range(3)]
    left = [code for number, code in enumerate(codes) if number != off]
    person = asking.person(100)
    await let_leave(asking, person)
    assert "2 dates, du" in with_plain_spaces(person.last.text)
    shown = " ".join(person.last.buttons.values())
    assert [code for code in codes if code in shown] == left
    await let_leave(asking, organizer)
    await organizer.tap_data(f"1:my_event:{left[0]}")
    assert "has to approve" not in organizer.last.text


async def test_of_a_series_that_nobody_has_seen_all_that_follow_go(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    served_at(asking, ADDRESS)
    codes = await announced(asking, organizer)
    desk = await signed_in(organizer)
    where = f"/console/events/{codes[1]}/cancel"
    await desk.open(where)
    await desk.send(where, **{**desk.filled(where), "following": "all"})
    assert [str(each.state) for each in await rows(asking, events)] == ["hidden", "dropped", "dropped"]
    assert await invitation(asking) == "unapproved"
    asked = await cancel(organizer, codes[0], "Cancel it")
    assert "stay" not in asked
    assert [str(each.state) for each in await rows(asking, events)] == ["dropped"] * 3
    assert await invitation(asking) == "cancelled"


async def reworded(asking: Conversation, organizer: Talker, nadia: Talker) -> tuple[list[str], Talker]:
    """A series that everybody got, somebody who comes to its second date, and other words of all of it that wait."""
    codes = await announced(asking, organizer)
    await let_leave(asking, nadia)
    await nadia.tap("Approve")
    people = [asking.person(number) for number in range(100, 103)]
    await let_leave(asking, *people)
    await people[0].tap_data(f"1:rsvp:{codes[1]}:yes")
    await people[1].tap_data(f"1:rsvp:{codes[0]}:yes")
    await organizer.tap_data(f"1:event_change:{codes[0]}:title:en")
    await organizer.send("Another name")
    await organizer.tap("Change this one and all that follow")
    assert "a second person, who is being asked" in organizer.last.text
    return codes, people[0]


async def titles(asking: Conversation) -> list[str]:
    return [str(each.title) for each in await rows(asking, event_texts) if each.language == "en"]


async def test_words_that_wait_stay_for_the_later_dates_when_the_first_is_cancelled(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    codes, coming = await reworded(asking, organizer, nadia)
    first, *_ = await titles(asking)
    await cancel(organizer, codes[0])
    await let_leave(asking, nadia)
    words = next(each for each in nadia.screen if "puts these words in place" in each.text)
    assert "<b>Recipients:</b> 1\n" in words.text, "who came to the first date alone heard that it is off"
    await nadia.tap_data(words.buttons["Approve"], on=words)
    assert await titles(asking) == [first, "Another name", "Another name"]
    found = [each for each in await rows(asking, broadcasts) if ":reword:" in each.key]
    assert [(each.state, each.event) for each in found] == [("active", (await rows(asking, events))[1].id)], (
        "once, at the date that is the first now"
    )
    (told,) = [each for each in await rows(asking, deliveries) if each.broadcast == found[0].id]
    stored = await coming.stored()
    assert stored is not None
    assert told.person == stored.id


async def test_words_that_wait_are_taken_back_with_the_last_of_their_dates(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    codes, _ = await reworded(asking, organizer, nadia)
    await cancel(organizer, codes[0], "Cancel this one and all that follow")
    found = [each for each in await rows(asking, broadcasts) if ":reword:" in each.key]
    assert [each.state for each in found] == ["cancelled"]


async def test_words_that_wait_stay_for_the_later_dates_when_the_first_is_worded_anew_alone(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    codes, _ = await reworded(asking, organizer, nadia)
    await organizer.tap_data(f"1:event_change:{codes[0]}:title:en")
    await organizer.send("Its own name")
    await organizer.tap("Change it and tell them")
    await let_leave(asking, nadia)
    waiting = [each for each in nadia.screen if "Approve" in each.buttons]
    assert len(waiting) == 2
    for each in waiting:
        await nadia.tap_data(each.buttons["Approve"], on=each)
    assert await titles(asking) == ["Its own name", "Another name", "Another name"]
