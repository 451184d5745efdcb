"""A series in the chat: announced by one invitation, answered date by date, changed with all that follow."""

from __future__ import annotations

from typing import Any

import pytest

from bot.words.no_break import with_plain_spaces
from db.schema import broadcasts, deliveries, events, rsvps, series_events
from tests.campaigning import rows, staff
from tests.conversation import Conversation, Talker, paris
from tests.drafting import write_event
from tests.leaving import let_leave


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7, language="fr")
    await person.sign_up()
    return person


async def announced(conversation: Conversation, ends: str = "3") -> Talker:
    """Three Thursdays in Lyon at 19:00, from 24 November."""
    organizer = await staff(conversation, 20, "organizer", "69")
    await write_event(organizer)
    await organizer.tap("Repeat it")
    await organizer.tap("Every week")
    await organizer.send(ends)
    return organizer


async def test_one_invitation_and_answers_of_each_date(conversation: Conversation, zoe: Talker) -> None:
    organizer = await announced(conversation)
    assert "3 dates, the last on Thursday" in organizer.last.text
    await organizer.send("SEND")
    made = await rows(conversation, events)
    assert [each.starts_at for each in made] == [
        paris(f"{day}T19:00") for day in ("2016-11-24", "2016-12-01", "2016-12-08")
    ]
    assert len(await rows(conversation, series_events)) == 3
    (invitation,) = [each for each in await rows(conversation, broadcasts) if each.event is not None]
    assert invitation.template == "broadcasts/series_invitation"
    assert invitation.expires_at == made[-1].starts_at
    await let_leave(conversation, zoe)
    assert "les jeudis à 19 h" in zoe.last.text
    assert "3 dates, du" in zoe.last.text
    await zoe.tap_data(f"1:series_date:{made[1].code}")
    await zoe.tap("Je viens")
    assert [(each.event, each.answer) for each in await rows(conversation, rsvps)] == [(made[1].id, "yes")]


async def test_an_invitation_that_leaves_later_has_the_dates_of_then(
    conversation: Conversation, zoe: Talker
) -> None:
    organizer = await announced(conversation, "4")
    await organizer.send("SEND")
    first, second, *_ = await rows(conversation, events)
    await organizer.tap_data(f"1:event_change:{first.code}:cancel:-")
    await organizer.tap("Cancel it and tell them")
    await organizer.tap_data(f"1:event_change:{second.code}:date:-")
    await organizer.send("02/12 20:30")
    await organizer.tap("Change it and tell them")
    await let_leave(conversation, zoe)
    assert "les jeudis à 19 h" in zoe.last.text
    assert "3 dates, du vendredi 2 décembre" in zoe.last.text
    assert [each for each in zoe.last.buttons if "décembre" in each] == [
        "vendredi 2 décembre, 20 h 30",
        "jeudi 8 décembre",
        "jeudi 15 décembre",
    ]
    # What was moved alone keeps its own difference from those that follow it.
    await organizer.tap_data(f"1:event_change:{second.code}:date:-")
    await organizer.send("02/12 19:30")
    await organizer.tap("Change this one and all that follow")
    assert [each.starts_at for each in await rows(conversation, events)][1:] == [
        paris(moment) for moment in ("2016-12-02T19:30", "2016-12-08T18:00", "2016-12-15T18:00")
    ]


async def test_an_invitation_ends_with_the_last_date_that_takes_place(
    conversation: Conversation, zoe: Talker
) -> None:
    """Whoever cancels the last date reads it on the card of the invitation, in each language."""
    organizer = await announced(conversation)
    await organizer.send("SEND")
    made = await rows(conversation, events)

    async def invitation() -> Any:
        found = await rows(conversation, broadcasts)
        return next(each for each in found if each.template == "broadcasts/series_invitation")

    async def card() -> str:
        before = len(organizer.screen)
        await organizer.tap_data(f"1:broadcast:{(await invitation()).id}")
        return with_plain_spaces("\n".join(each.text for each in organizer.screen[before:]))

    for said in ("3 dates, from ", "3 dates, du jeudi 24 novembre au jeudi 8 décembre"):
        assert said in await card()
    await organizer.tap_data(f"1:event_change:{made[2].code}:cancel:-")
    await organizer.tap("Cancel it and tell them")
    assert (await invitation()).expires_at == made[1].starts_at
    for said in ("2 dates, from ", "2 dates, du jeudi 24 novembre au jeudi 1"):
        assert said in await card()
    await organizer.tap_data(f"1:event_change:{made[1].code}:cancel:-")
    await organizer.tap("Cancel it and tell them")
    assert (await invitation()).state != "cancelled", "The first date takes place."
    assert (await invitation()).expires_at == made[0].starts_at
    await let_leave(conversation, zoe)
    assert "1 date, jeudi 24 novembre" in zoe.last.text


async def test_an_invitation_leaves_on_for_the_dates_before_those_that_were_cancelled(
    conversation: Conversation, zoe: Talker
) -> None:
    organizer = await announced(conversation)
    await organizer.send("SEND")
    first, second, _ = await rows(conversation, events)
    await organizer.tap_data(f"1:event_change:{second.code}:cancel:-")
    await organizer.tap("Cancel this one and all that follow")
    (invitation,) = [
        each
        for each in await rows(conversation, broadcasts)
        if each.template == "broadcasts/series_invitation"
    ]
    assert invitation.state != "cancelled"
    assert invitation.expires_at == first.starts_at
    await let_leave(conversation, zoe)
    assert "1 date, jeudi 24 novembre" in zoe.last.text


@pytest.mark.parametrize("ends", ["toujours", "1", "61", "24/11", "25/11"])
async def test_a_series_without_end_or_dates_is_refused_in_a_sentence(
    conversation: Conversation, ends: str
) -> None:
    organizer = await announced(conversation, ends)
    assert any(
        said in organizer.last.text
        for said in ("has to end", "more than 60 dates", "from 2 to 60 dates", "No other date")
    )
    await organizer.send("15/12")
    assert "4 dates" in organizer.last.text


async def test_this_one_or_all_that_follow(conversation: Conversation, zoe: Talker) -> None:
    organizer = await announced(conversation)
    await organizer.send("SEND")
    first, second, third = await rows(conversation, events)
    await zoe.tap_data(f"1:rsvp:{third.code}:yes")
    await organizer.tap_data(f"1:event_change:{second.code}:date:-")
    await organizer.send("02/12 20:00")
    await organizer.tap("Change this one and all that follow")
    moved = [each.starts_at for each in await rows(conversation, events)]
    assert moved == [first.starts_at, paris("2016-12-02T20:00"), paris("2016-12-09T20:00")]
    stored = await zoe.stored()
    assert stored is not None
    (told,) = [
        each for each in await rows(conversation, broadcasts) if each.template == "broadcasts/event_changed"
    ]
    assert [each.person for each in await rows(conversation, deliveries) if each.broadcast == told.id] == [
        stored.id
    ]
    # A quiet period over the first of them must not cost the others the word.
    assert told.expires_at == paris("2016-12-09T22:00")
    await let_leave(conversation, zoe)
    assert "toutes les dates suivantes" in zoe.last.text

    await organizer.tap_data(f"1:event_change:{first.code}:cancel:-")
    await organizer.tap("Cancel it and tell them")
    await organizer.tap_data(f"1:event_change:{second.code}:cancel:-")
    await organizer.tap("Cancel this one and all that follow")
    assert [each.state for each in await rows(conversation, events)] == ["cancelled"] * 3
    (invitation,) = [
        each
        for each in await rows(conversation, broadcasts)
        if each.template == "broadcasts/series_invitation"
    ]
    assert invitation.state == "cancelled"


async def test_news_of_all_dates_go_on_for_the_later_ones_when_the_first_is_cancelled(
    conversation: Conversation, zoe: Talker
) -> None:
    organizer = await announced(conversation)
    await organizer.send("SEND")
    first, second, third = await rows(conversation, events)
    await zoe.tap_data(f"1:rsvp:{third.code}:yes")
    await organizer.tap_data(f"1:event_change:{first.code}:date:-")
    await organizer.send("24/11 20:00")
    await organizer.tap("Change this one and all that follow")
    await organizer.tap_data(f"1:event_change:{first.code}:cancel:-")
    await organizer.tap("Cancel it and tell them")
    (news,) = [
        each for each in await rows(conversation, broadcasts) if each.template == "broadcasts/event_changed"
    ]
    assert (news.state, news.event, news.details["following"]) == ("active", second.id, True)
    await let_leave(conversation, zoe)
    assert "toutes les dates suivantes" in zoe.last.text
