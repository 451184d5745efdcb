"""At the door on the console: large buttons, a code of the minute that renews itself, and who may not."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.rules.check_ins import door_key, minute_of
from db.schema import check_ins, events, people
from tests.campaigning import answer, rows, staff, supporter
from tests.conversation import Conversation, paris, services
from tests.drafting import announce_event
from tests.reading import Reader
from tests.web.browsing import signed_in

BEGINS = paris("2016-11-24T19:00")


async def test_whoever_stands_at_the_door_taps_names_and_shows_the_code(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await announce_event(organizer)
    (event,) = await rows(conversation, events)
    async with conversation.database.write() as tx:
        moved = {"starts_at": BEGINS, "ends_at": BEGINS + timedelta(hours=2)}
        await tx.execute(sa.update(events).values(moved))
    for number, name in ((20, "Awa"), (21, "Marie")):
        one = await supporter(conversation, number, "69123", first_name=name, consent_team=number == 21)
        await answer(conversation, one, event.id, "yes")
    address = f"/console/events/{event.code}/door"
    visitor = await signed_in(organizer)
    await visitor.open(address)
    assert "People are let in from" in visitor.text
    assert (await visitor.open(f"{address}/code")).status_code == 409
    conversation.clock.move(BEGINS - timedelta(minutes=30))
    visitor = await signed_in(organizer)
    assert (await visitor.open(f"/console/events/{event.code}/people")).status_code == 200
    await visitor.open(address)
    assert "Marie" in visitor.text
    assert "Awa" not in visitor.text  # a number: she did not agree to be known
    await visitor.open(f"{address}?name=mar")
    (number,) = re.findall(r'name="number" value="(\d+)"', visitor.page.text)
    await visitor.send(address, number=number, there="yes", page="1", name="mar")
    assert visitor.page.url.query == b"page=1&name=mar"
    assert 'aria-pressed="true"' in visitor.page.text
    assert "Checked in: 1" in visitor.text
    await visitor.send(address, number=number, there="no", page="1")
    assert "Checked in: 0" in visitor.text
    for fields in ({"number": "x", "there": "yes"}, {"number": number, "there": "perhaps"}):
        await visitor.open(address)
        assert (await visitor.send(address, **fields)).status_code == 403, fields
    page = await visitor.open(f"{address}/code")
    assert page.headers["refresh"] == "15"
    key = door_key(services().suppression_key)
    digits = key.digits(event.code, minute_of(conversation.clock.now()))
    assert f"{digits[:3]} {digits[3:]}" in visitor.text
    # What it shows checks somebody in.
    await conversation.person(20).send(digits)
    assert [row.how for row in await rows(conversation, check_ins)] == ["code"]
    elsewhere = await signed_in(await staff(conversation, 8, "organizer", "13"))
    for path in (address, f"{address}/code"):
        assert (await elsewhere.open(path)).status_code in (403, 404, 409), path


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_nobody_is_let_in_to_what_is_off(conversation: Conversation, language: str) -> None:
    """Nor is its list printed: in the chat as on the page, before its hour and in it."""
    organizer, read = await staff(conversation, 7, "organizer", "69"), Reader(language)
    await announce_event(organizer)
    (event,) = await rows(conversation, events)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(events).values(state="cancelled"))
        await tx.execute(sa.update(people).where(people.c.telegram_id == 7).values(language=language))
    off, page = read.says("The event is cancelled."), f"/console/events/{event.code}"
    for instant in (BEGINS - timedelta(hours=3), BEGINS + timedelta(minutes=5)):
        conversation.clock.move(instant)
        visitor = await signed_in(organizer)
        await visitor.open(f"{page}/door")
        await organizer.tap_data(f"1:door:{event.code}:0")
        for shown in (visitor.text, organizer.last.text):
            assert off.search(shown), shown
            assert not read.says("People are let in from").search(shown), shown
        assert list(organizer.last.buttons) == [read.label("Back")]
        assert f"{page}/door/code" not in visitor.page.text
        await visitor.open(f"{page}/people")
        assert read.label("cancelled") in visitor.text
        assert (await visitor.send(f"{page}/sheet")).status_code == 409
