"""An event at the desk: two who change it at once, what is told before and after, and where it is found again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest

import db.people
from db.events import Event
from db.schema import audit, events
from tests.campaigning import answer, rows, staff, supporter
from tests.conversation import Conversation, Talker
from tests.drafting import announce_event
from tests.hall import Hall
from tests.talking import ask
from tests.web.browsing import Browser, signed_in
from tests.web.test_console_new_event import ABOUT, MEETING, WHOM, seen

OLGA, KARIM = 11, 12


@pytest.fixture
async def olga(conversation: Conversation) -> Talker:
    return await staff(conversation, OLGA, "coordinator", "69")


@pytest.fixture
async def event(conversation: Conversation, olga: Talker) -> Event:
    """To which three come or may, and which one declined."""
    await announce_event(olga)
    (found,) = await rows(conversation, events)
    for number, said in enumerate(("yes", "yes", "maybe", "no")):
        one = await supporter(conversation, 100 + number, "69123")
        await answer(conversation, one, found.id, said)
    return Event(**found._mapping)


async def stored(conversation: Conversation, event: Event) -> Event:
    (found,) = [row for row in await rows(conversation, events) if row.id == event.id]
    return Event(**found._mapping)


def typed(page: Browser, event: Event, form: str, **more: str) -> Mapping[str, str]:
    """The form of the page, filled in as it stands but for what somebody types."""
    fields = page.filled(f"/console/events/{event.code}/{form}")
    assert set(more) <= {*fields, "sure"}, set(more) - set(fields)
    return {**{name: text for name, text in fields.items() if name != "form"}, **more}


async def test_whoever_comes_second_takes_nothing_back_of_what_the_first_changed(
    conversation: Conversation, olga: Talker, event: Event
) -> None:
    page = f"/console/events/{event.code}"
    first = await signed_in(olga)
    second = await signed_in(await staff(conversation, KARIM, "admin", "FR"))
    await first.open(page)
    await second.open(page)
    at = "2016-11-24T18:30"
    await first.send(f"{page}/change", **typed(first, event, "change", starts=at, address="Salle Rameau"))
    assert first.page.status_code == 200
    moved = await stored(conversation, event)
    assert moved.starts_at != event.starts_at
    title = typed(second, event, "change", **{"title-fr": "Titre à moi", "address": "Quai Perrache"})
    refused = await second.send(f"{page}/change", **title)
    assert refused.status_code == 409
    assert refused.url.path == f"{page}/change"
    assert re.search(r"\d+ \(coordinator, Rhône\) changed this event on .* at \d\d:\d\d\.", second.text), (
        second.text
    )
    # What this tab never touched is as the other left it; what both did is shown twice.
    again = typed(second, moved, "change")
    assert again["starts"] == at
    assert again["title-fr"] == "Titre à moi"
    assert again["address"] == "Quai Perrache"
    assert "In the meantime somebody changed it to: Salle Rameau" in second.text
    assert "it stands as they left it" in second.text
    assert f'action="{page}/change#change"' in refused.text, "the page opens where that is told"
    # The same button again keeps what the other one changed.
    assert (await second.send(f"{page}/change", **again)).status_code == 200
    kept = await stored(conversation, event)
    assert (kept.starts_at, kept.ends_at) == (moved.starts_at, moved.ends_at)
    assert kept.address == "Quai Perrache"


async def test_an_event_of_no_series_changes_alone_whatever_the_form_says(
    conversation: Conversation, olga: Talker, event: Event
) -> None:
    page = f"/console/events/{event.code}"
    visitor = await signed_in(olga)
    await visitor.open(page)
    await visitor.send(
        f"{page}/change", **typed(visitor, event, "change", address="Salle Rameau"), following="all"
    )
    assert (await stored(conversation, event)).address == "Salle Rameau"


async def test_a_reason_without_a_change_is_not_lost_in_silence(olga: Talker, event: Event) -> None:
    page = f"/console/events/{event.code}"
    visitor = await signed_in(olga)
    await visitor.open(page)
    answer = await visitor.send(
        f"{page}/change", **typed(visitor, event, "change", reason="The hall is shut")
    )
    assert answer.status_code == 409
    assert "Nothing was changed: the reason goes with a change." in visitor.text
    assert typed(visitor, event, "change")["reason"] == "The hall is shut"


async def test_two_who_change_the_seats_are_told_of_each_other(
    conversation: Conversation, olga: Talker, event: Event
) -> None:
    page = f"/console/events/{event.code}"
    first, second = await signed_in(olga), await signed_in(olga)
    await first.open(page)
    await second.open(page)
    await first.send(f"{page}/seats", **typed(first, event, "seats", capacity="40"))
    refused = await second.send(f"{page}/seats", **typed(second, event, "seats", guests="2"))
    assert refused.status_code == 409
    assert re.search(r"You changed this event yourself on .*, in another tab or in the chat\.", second.text)
    again = typed(second, event, "seats")
    assert (again["capacity"], again["guests"]) == ("40", "2")
    await second.send(f"{page}/seats", **again)
    kept = await stored(conversation, event)
    assert (kept.capacity, kept.guests) == (40, 2)


async def test_what_is_wrong_stands_at_its_field_and_what_was_done_is_told(
    conversation: Conversation, olga: Talker, event: Event
) -> None:
    page = f"/console/events/{event.code}"
    visitor = await signed_in(olga)
    for field, wrong, told in (
        ("title-fr", "x" * 500, "500 characters; at most 120 fit"),
        ("address", " ", "This is missing"),
        ("place", "nowhere at all", "I don’t know any commune"),
        ("starts", "31/12/2016", "not a date"),
        ("ends", "2016-11-01T10:00", "ends after it begins"),
    ):
        await visitor.open(page)
        refused = await visitor.send(f"{page}/change", **typed(visitor, event, "change", **{field: wrong}))
        assert refused.status_code == 409, field
        assert told in visitor.text, (field, visitor.text)
        assert re.search(
            rf'id="{field}"[^>]*aria-invalid="true" aria-describedby="fault-{field}"', refused.text
        )
        assert typed(visitor, event, "change")[field] == wrong
    assert await stored(conversation, event) == event
    # A day too many is asked about, and taken where it is meant.
    await visitor.open(page)
    long = f"{event.ends_at + timedelta(days=1):%Y-%m-%dT%H:%M}"
    refused = await visitor.send(f"{page}/change", **typed(visitor, event, "change", ends=long))
    assert "Is that right?" in visitor.text
    box = visitor.filled(f"{page}/change", unticked=True)["sure"]
    await visitor.send(f"{page}/change", **typed(visitor, event, "change", sure=box))
    assert (await stored(conversation, event)).ends_at > event.ends_at + timedelta(hours=20)
    assert "The event is changed." in visitor.text
    assert re.search(r"Last changed on .* People being told: < 10", visitor.text), visitor.text
    assert "Its invitation" in visitor.text


async def test_what_is_over_says_so_and_speaks_of_the_past(
    conversation: Conversation, olga: Talker, event: Event
) -> None:
    page = f"/console/events/{event.code}"
    visitor = await signed_in(olga)
    await visitor.open(page)
    assert "Who comes Coming" in " ".join(visitor.text.split())
    assert "There are enough for everybody." in visitor.text
    conversation.clock.move(event.ends_at)
    visitor = await signed_in(olga)
    await visitor.open(page)
    assert "This event is over: it ended on" in visitor.text
    assert "Who had answered Said yes" in " ".join(visitor.text.split())
    assert "There were enough for everybody." in visitor.text
    for present in ("Coming", "Not coming", "Who comes Coming", "There are enough"):
        assert present not in visitor.text


async def test_an_event_is_cancelled_in_two_steps_and_found_again(
    conversation: Conversation, olga: Talker, event: Event
) -> None:
    page = f"/console/events/{event.code}"
    visitor = await signed_in(olga)
    await visitor.open(page)
    assert not visitor.filled(f"{page}/cancel"), "nothing is cancelled in one click"
    assert "Make the list to print" in visitor.text
    await visitor.open(f"{page}/cancel")
    assert "Cancel this event for good?" in visitor.text
    assert "Recipients: < 10" in visitor.text, visitor.text
    asked = typed(visitor, event, "cancel", reason="The hall is shut")
    stale = await visitor.send(f"{page}/cancel", **{**asked, "sequence": "99"})
    assert stale.status_code == 409
    assert typed(visitor, event, "cancel")["reason"] == "The hall is shut"
    assert not (await stored(conversation, event)).is_cancelled
    await visitor.send(f"{page}/cancel", **typed(visitor, event, "cancel"))
    assert visitor.page.url.path == page
    assert "The event is cancelled." in visitor.text
    assert re.search(r"Cancelled on .* People being told: < 10", visitor.text), visitor.text
    await visitor.open("/console/events")
    assert "None is planned." in visitor.text
    assert page in visitor.page.text.partition("Cancelled events")[2]
    assert "Make the list to print" not in visitor.text
    assert "Taken: " not in visitor.text, "nobody sits there"
    assert "cancelled" in (await visitor.open(page)).text
    # What the chat says by a command leads to a room here.
    await visitor.open(f"{page}/cancel")
    assert '<a href="/console/events/new">New event</a>' in visitor.page.text
    assert "/new_event" not in visitor.text
    assert (await rows(conversation, audit))[-1].details["told"] == 3


async def test_at_night_the_page_says_when_a_change_is_told_and_why_a_cancellation_does_not_wait(
    conversation: Conversation, olga: Talker, event: Event
) -> None:
    async def read(before: timedelta, page: str = "") -> str:
        conversation.clock.move(event.starts_at - before)
        browser = await signed_in(olga)
        await browser.open(f"/console/events/{event.code}{page}")
        return browser.text

    for hours in (12, 11):  # 7:00 and 8:00, as it begins at 19:00
        page = await read(timedelta(hours=hours))
        assert "09:00 on (Paris time), as hours and caps allow" in page
        assert "It is night where it takes place" not in page
    cancelling = await read(timedelta(hours=11), "/cancel")
    assert "08:00 on (Paris time)" in cancelling
    assert "That it is cancelled does not wait for the morning" in cancelling


async def test_at_night_the_page_of_an_event_of_the_early_morning_says_that_a_change_does_not_wait(
    conversation: Conversation, olga: Talker, event: Event
) -> None:
    await olga.tap_data(f"1:event_change:{event.code}:date:-")
    await olga.send("24/11 5h")
    await olga.tap("Change it and tell them")
    conversation.clock.move(event.starts_at - timedelta(hours=17, minutes=17))  # 1:43
    browser = await signed_in(olga)
    await browser.open(f"/console/events/{event.code}")
    assert "01:43 on (Paris time), as hours and caps allow" in browser.text
    assert "It is night where it takes place" in browser.text


async def test_a_date_of_a_series_leads_to_the_others(conversation: Conversation, olga: Talker) -> None:
    visitor = await signed_in(olga)
    await visitor.open(ABOUT)
    weekly = {**MEETING, "repeat": "week", "times": "3"}
    await visitor.send(ABOUT, do="next", **weekly)
    await visitor.send(ABOUT, do="next", **weekly, sure=visitor.filled(ABOUT, unticked=True)["sure"])
    await visitor.send(WHOM, do="next", expression="")
    await visitor.send(f"{ABOUT}/announce", seen=seen(visitor), word="SEND")
    first, second, third = await rows(conversation, events)
    await visitor.open(f"/console/events/{second.code}")
    assert "Date 2 of 3 of a series" in visitor.text
    for other in (first, third):
        assert f'href="/console/events/{other.code}"' in visitor.page.text
    await visitor.open(f"/console/events/{third.code}/cancel")
    await visitor.send(
        f"/console/events/{third.code}/cancel", **typed(visitor, Event(**third._mapping), "cancel")
    )
    await visitor.open(f"/console/events/{second.code}")
    assert "cancelled" in visitor.text.partition("Date 2 of 3")[2].partition("Who comes")[0]


async def test_who_has_a_seat_who_holds_an_offer_and_who_waits_are_told_apart(
    conversation: Conversation,
) -> None:
    olga = await staff(conversation, OLGA, "coordinator", "69")
    hall = await Hall.open(conversation, capacity=1, guests=0, code="a1b2c3d4")
    first = 0
    for number, name in enumerate(("Adèle", "Zoé", "Isabelle", "Bao"), start=1):
        person = await supporter(conversation, 1000 + number, "69123")
        async with conversation.database.write() as tx:
            await db.people.change(tx, person, first_name=name, consent_team=True)
        await hall.say(person, "yes")
        first = first or person
    await hall.say(first, "no")
    await hall.tend()
    page = "/console/events/a1b2c3d4"
    visitor = await signed_in(olga)
    await visitor.open(f"{page}/people")
    await visitor.open(f"{page}/people")
    found = visitor.text
    assert "Zoé" in found.partition("Were offered a seat")[2].partition("Waiting list")[0], found
    waiting = found.partition("Waiting list")[2]
    assert re.search(r"Place on the list Guests Isabelle 1 Bao 2", waiting), waiting
    await visitor.send(f"{page}/sheet")
    paper = visitor.text
    assert re.search(
        r"Were offered a seat \(1\) .*Zoé .*Waiting list \(2\) .*Isabelle .* 1 .*Bao .* 2", paper
    ), paper
    assert "QR code that leads back to this list" in visitor.page.text
    assert "says nothing of when they answered" not in paper  # everybody has a name on it
    async with conversation.database.write() as tx:
        await db.people.change(tx, person, consent_team=False)
    await visitor.send(f"{page}/sheet")
    assert "says nothing of when they answered" in visitor.text
    async with conversation.database.write() as tx:
        await db.people.change(tx, person, consent_team=True)
    conversation.clock.move((await hall.found()).starts_at - timedelta(minutes=30))
    visitor = await signed_in(olga)
    await visitor.open(f"{page}/door")
    assert re.search(
        r"Zoé was offered a seat .*Isabelle waiting list, no. 1 .*Bao waiting list, no. 2", visitor.text
    )
    await olga.tap_data("1:door:a1b2c3d4:0")
    assert "☐ Isabelle (waiting list, no. 1)" in olga.last.buttons


async def test_what_does_not_exist_is_not_found(conversation: Conversation, olga: Talker) -> None:
    visitor = await signed_in(olga)
    for path in ("/console/messages/999", "/console/events/zzzzzz", "/console/events/zzzzzz/people"):
        assert (await visitor.open(path)).status_code == 404, path


async def test_somebody_elses_conversation_says_whose_it_is(conversation: Conversation, olga: Talker) -> None:
    one = conversation.person(100)
    await supporter(conversation, 100, "69123", language="en")
    await ask(one)
    visitor = await signed_in(olga)
    await visitor.open("/console/conversations/1")
    assert "Only whoever has taken this conversation reads it" in visitor.text
    assert "what you wrote" not in visitor.text
