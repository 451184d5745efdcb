"""An event made at the desk: one form, whom it is for, and the word that announces it; and changed there."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from db.schema import broadcasts, events
from tests.campaigning import staff, supporters
from tests.conversation import Conversation
from tests.web.browsing import signed_in
from tests.web.test_console_writing import seen

ABOUT, WHOM, READY = (f"/console/events/new{step}" for step in ("", "/whom", "/ready"))
MEETING = {
    "title-fr": "Réunion publique",
    "description-fr": "Venez nombreux",
    "title-en": "",
    "description-en": "",
    "place": "lyon",
    "address": "Salle Molière",
    "starts": "2016-11-24T19:00",
    "ends": "2016-11-24T21:30",
    "seats": "120",
    "guests": "2",
    "overbooking": "10",
    "repeat": "once",
    "until": "",
    "times": "",
}


async def test_an_event_is_made_in_one_form_and_announced_by_the_word(conversation: Conversation) -> None:
    await supporters(conversation, range(100, 112), "69123")
    olga = await staff(conversation, 11, "organizer", "69")
    visitor = await signed_in(olga)
    await visitor.open("/console/events")
    assert "New event" in visitor.text
    await visitor.open(ABOUT)
    # What is wrong stands beside its field, in the words of the chat, and is not lost.
    wrong = {
        "title-fr": " ",
        "place": "saint-denis",
        "starts": "2016-11-24T19:00",
        "ends": "2016-11-24T18:00",
        "seats": "2,5",
        "repeat": "week",
        "times": "soon",
        "address": " ",
    }
    await visitor.send(ABOUT, do="next", **{**MEETING, **wrong})
    assert visitor.page.url.path == ABOUT
    # What is wrong is listed, each leading to its field, and the first of them is in focus.
    listed = re.findall(
        r'<a href="#([\w-]+)">', visitor.page.text.partition('id="to-mend"')[2].partition("</ul>")[0]
    )
    assert visitor.page.url.fragment == listed[0]
    assert all(
        f'id="{name}"' in visitor.page.text and f'id="fault-{name}"' in visitor.page.text for name in listed
    )
    assert len(listed) == visitor.page.text.count('aria-invalid="true"') > 2
    for words in ("This is missing", "Which one do you mean", "ends after it begins", "number of seats"):
        assert words in visitor.text, words
    assert 'value="soon"' in visitor.page.text
    assert len(re.findall(r'aria-invalid="true"', visitor.page.text)) == 6
    await visitor.send(ABOUT, do="next", **{**MEETING, "place": "Marseille"})
    assert "only in: Rhône" in visitor.text or "Rhône" in visitor.text
    assert visitor.page.url.path == ABOUT
    await visitor.send(
        ABOUT, do="next", **{**MEETING, "starts": "2016-11-10T19:00", "ends": "2016-11-10T20:00"}
    )
    assert "already passed" in visitor.text
    await visitor.send(ABOUT, do="next", **MEETING)
    assert visitor.page.url.path == WHOM, visitor.text
    assert "within 30 km of Lyon" in visitor.text
    await visitor.send(WHOM, do="next", expression="in:69")
    assert visitor.page.url.path == READY, visitor.text
    assert "from 19:00 to 21:30" in visitor.text
    assert "120, and 10% more are promised" in visitor.text
    assert "Réunion publique" in visitor.text
    shown = seen(visitor)
    assert (await visitor.send(f"{ABOUT}/announce", seen=shown, word="no")).status_code == 409
    await visitor.open(READY)
    answer = await visitor.send(f"{ABOUT}/announce", seen=shown, word="send")
    assert answer.url.path.startswith("/console/events/")
    async with conversation.database.read() as tx:
        event = (await tx.execute(sa.select(events))).one()
        invitation = (await tx.execute(sa.select(broadcasts))).one()
    assert (event.capacity, event.guests, event.overbooking) == (120, 2, 10)
    assert (event.ends_at - event.starts_at).seconds == 9000
    assert (invitation.kind, invitation.event) == ("event_invite", event.id)
    assert (await visitor.open(READY)).url.path == ABOUT  # the draft is gone
    late = await visitor.send(f"{ABOUT}/announce", seen=shown, word="send")  # another tab
    assert late.status_code == 409
    assert "This event was announced already" in visitor.text
    assert "message" not in visitor.text.partition("That could not be done")[2].lower()


async def test_a_draft_of_the_chat_goes_on_here_and_a_series_is_announced(conversation: Conversation) -> None:
    karim = await staff(conversation, 12, "admin", "FR")
    await karim.send("/new_event")
    await karim.send("Café")
    visitor = await signed_in(karim)
    await visitor.open(ABOUT)
    assert 'value="Café"' in visitor.page.text
    weekly = {**MEETING, "title-fr": "Café", "repeat": "week", "times": "3", "seats": ""}
    await visitor.send(ABOUT, do="next", **weekly)
    assert "On 8 December 2016 this campaign is over" in visitor.text
    await visitor.send(ABOUT, do="next", **weekly, sure=visitor.filled(ABOUT, unticked=True)["sure"])
    await visitor.send(WHOM, do="next", expression="")
    assert "3 dates" in visitor.text
    # In the chat it is shown anew before anything typed there counts.
    await karim.send("SEND")
    async with conversation.database.read() as tx:
        assert not (await tx.execute(sa.select(events.c.id))).all()
    assert "Ready to announce" in karim.last.text
    await visitor.open(READY)
    await visitor.send(f"{ABOUT}/announce", seen=seen(visitor), word="SEND")
    async with conversation.database.read() as tx:
        assert len((await tx.execute(sa.select(events.c.id))).all()) == 3


async def test_times_that_are_probably_a_slip_are_asked_about_once(conversation: Conversation) -> None:
    visitor = await signed_in(await staff(conversation, 12, "admin", "FR"))
    await visitor.open(ABOUT)
    slips = (
        ({"ends": "2016-11-25T20:00"}, "It lasts 25 hours: until Friday 25 November at 20:00"),
        ({"starts": "2036-11-18T19:00", "ends": "2036-11-18T21:00"}, "more than a year: on 18 November 2036"),
        ({"repeat": "month_day", "times": "4"}, "On 24 February 2017 this campaign is over"),
    )
    for slip, told in slips:
        await visitor.send(ABOUT, do="next", **{**MEETING, **slip})
        assert visitor.page.url.path == ABOUT, slip
        assert told in visitor.text, visitor.text
        box = visitor.filled(ABOUT, unticked=True)["sure"]
        # Other times than those that were asked about are asked about anew.
        await visitor.send(ABOUT, do="next", sure=box, **{**MEETING, **slip, "ends": "2037-11-26T21:00"})
        assert visitor.page.url.path == ABOUT, slip
        await visitor.send(ABOUT, do="next", sure=box, **{**MEETING, **slip})
        assert visitor.page.url.path == WHOM, visitor.text
    await visitor.send(ABOUT, do="next", **MEETING)
    assert visitor.page.url.path == WHOM, "what is usual is asked by nobody"


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ({}, "A series has to end"),
        ({"times": "1000"}, "more than 60 dates"),
        ({"times": "1"}, "from 2 to 60 dates"),
        ({"times": "demain"}, "from 2 to 60 dates"),
        ({"until": "2016-13-45"}, "not a date"),
        ({"until": "2016-11-25"}, "No other date lies before that end"),
        ({"until": "2016-12-20", "times": "3"}, "Say one of the two"),
    ],
)
async def test_each_wrong_end_of_a_series_is_told_beside_its_field(
    conversation: Conversation, ends: dict[str, str], told: str
) -> None:
    visitor = await signed_in(await staff(conversation, 12, "admin", "FR"))
    await visitor.open(ABOUT)
    await visitor.send(ABOUT, do="next", **{**MEETING, "repeat": "week", **ends})
    assert visitor.page.url.path == ABOUT
    assert told in visitor.text, visitor.text
    field = "times" if list(ends) == ["times"] else "until"
    assert f'id="fault-{field}"' in visitor.page.text
    for typed in ends.values():
        assert f'value="{typed}"' in visitor.page.text
