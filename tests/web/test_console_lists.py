"""A list too long to be read for each page: its order is a moment old, whoever it shows is as they are now."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.actions import attendees
from bot.web import remembered
from db.events import Event
from db.schema import attendee_numbers, events, people, rsvps, shift_places, shifts
from tests.campaigning import answer, rows, staff, supporter
from tests.conversation import Conversation, Talker, paris
from tests.drafting import announce_event
from tests.web.browsing import Browser, signed_in

BEGINS = paris("2016-11-24T19:00")


@pytest.fixture
async def olga(conversation: Conversation) -> Talker:
    return await staff(conversation, 11, "coordinator", "69")


@pytest.fixture
async def event(conversation: Conversation, olga: Talker, monkeypatch: pytest.MonkeyPatch) -> Event:
    """To which six come, which is many here; its door is open."""
    monkeypatch.setattr(attendees, "MANY", 4)
    await announce_event(olga)
    (found,) = await rows(conversation, events)
    async with conversation.database.write() as tx:
        moved = {"starts_at": BEGINS, "ends_at": BEGINS + timedelta(hours=2)}
        await tx.execute(sa.update(events).values(moved))
    for number, name in enumerate(("Zoé", "Éric", "Awa", "Marie", "Émile", "Bob")):
        await comes(conversation, found.id, number, name)
    conversation.clock.move(BEGINS - timedelta(minutes=30))
    return Event(**found._mapping)


async def comes(conversation: Conversation, event: int, number: int, name: str) -> int:
    one = await supporter(conversation, 100 + number, "69123", first_name=name, consent_team=True)
    await answer(conversation, one, event, "yes")
    return one


def names(visitor: Browser) -> list[str]:
    """In the order of the buttons of the door, or of the lines of the list."""
    return list(re.findall(r"Zoé|Éric|Awa|Marie|Émile|Bob|Léa", visitor.text))


async def test_an_order_is_a_moment_old_and_who_it_shows_is_not(
    conversation: Conversation, olga: Talker, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is, the list is not shown for longer than it is kept.
    monkeypatch.setattr(remembered, "LONG", 3600.0)
    monkeypatch.setattr(remembered, "NOTICED", 3600.0)
    address = f"/console/events/{event.code}"
    visitor = await signed_in(olga)
    for path in (f"{address}/door", f"{address}/people"):
        await visitor.open(path)
        assert names(visitor) == ["Awa", "Bob", "Émile", "Éric", "Marie", "Zoé"], path
        assert visitor.page.url.path == path
    assert len(await rows(conversation, attendee_numbers)) == 6
    # Who is ticked, renamed or gone is so at once; who came to the list since, in a moment.
    async with conversation.database.write() as tx:
        gone = sa.select(people.c.id).where(people.c.first_name == "Bob").scalar_subquery()
        await tx.execute(sa.update(rsvps).where(rsvps.c.person == gone).values(answer="no"))
        silent = people.c.first_name == "Marie"
        await tx.execute(sa.update(people).where(silent).values(consent_team=False))
    await comes(conversation, event.id, 10, "Léa")
    conversation.clock.move(conversation.clock.now() + timedelta(seconds=3))
    await visitor.open(f"{address}/door")
    assert names(visitor) == ["Awa", "Émile", "Éric", "Zoé"]
    assert "no. " in visitor.text
    await visitor.open(f"{address}/door?name=mar")
    assert names(visitor) == []
    assert "no. " not in visitor.text, "her name would tell whose number that is"
    assert len(await rows(conversation, attendee_numbers)) == 7, "she has her number already"
    conversation.clock.move(conversation.clock.now() + timedelta(seconds=8))
    await visitor.open(f"{address}/door")
    assert names(visitor) == ["Awa", "Émile", "Éric", "Léa", "Zoé"]
    await visitor.open(f"{address}/door?name=emi")
    assert names(visitor) == ["Émile"]
    (number,) = re.findall(r'name="number" value="(\d+)"', visitor.page.text)
    await visitor.send(f"{address}/door", number=number, there="yes", page="1", name="emi")
    assert 'aria-pressed="true"' in visitor.page.text


async def test_whoever_has_just_answered_keeps_nobody_waiting(
    conversation: Conversation, olga: Talker, event: Event
) -> None:
    visitor = await signed_in(olga)
    await visitor.open(f"/console/events/{event.code}/door")
    await comes(conversation, event.id, 10, "Léa")
    page = await visitor.client.get(f"/console/events/{event.code}/door")
    assert page.status_code == 200, "no number is given first"
    assert len(await rows(conversation, attendee_numbers)) == 6
    conversation.clock.move(conversation.clock.now() + timedelta(seconds=3))
    page = await visitor.client.get(f"/console/events/{event.code}/door?page=1")
    assert (page.status_code, page.headers["location"]) == (303, f"/console/events/{event.code}/door?page=1")
    assert len(await rows(conversation, attendee_numbers)) == 7


async def test_the_page_of_a_shift_waits_for_the_numbers_of_its_helpers_alone(
    conversation: Conversation, olga: Talker, event: Event
) -> None:
    visitor = await signed_in(olga)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(events).values(has_shifts=True))
        hours = {"starts_at": BEGINS, "ends_at": BEGINS + timedelta(hours=1)}
        shift = {"event": event.id, "role": "welcome", "capacity": 2, "state": "open", **hours}
        number = await tx.scalar(sa.insert(shifts).values(shift).returning(shifts.c.id))
    address = f"/console/events/{event.code}/shifts/{number}"
    await visitor.open(f"/console/events/{event.code}/people")
    lea = await comes(conversation, event.id, 10, "Léa")
    page = await visitor.client.get(address)
    assert page.status_code == 200, "she does not help"
    async with conversation.database.write() as tx:
        place = {"shift": number, "person": lea, "answer": "yes", "at": conversation.clock.now()}
        await tx.execute(sa.insert(shift_places).values(place))
    page = await visitor.client.get(address)
    assert (page.status_code, page.headers["location"]) == (303, address)
    await visitor.open(address)
    assert names(visitor) == ["Léa"]
    assert len(await rows(conversation, attendee_numbers)) == 7
