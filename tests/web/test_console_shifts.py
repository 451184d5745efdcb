"""Shifts of an event and who runs it beside the team, at the desk: as in the chat, two tabs, and who may not."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from db.events import Event
from db.schema import audit, broadcasts, events, hosts, people, shift_places, shifts, trusted_hosts
from tests.campaigning import answer, rows, staff, supporter
from tests.conversation import Conversation, Talker
from tests.drafting import announce_event
from tests.web.browsing import Browser, signed_in

SHIFT = {
    "role": "welcome",
    "words": "",
    "starts": "2016-11-24T18:00",
    "ends": "2016-11-24T20:00",
    "places": "2",
}


@pytest.fixture
async def olga(conversation: Conversation) -> Talker:
    return await staff(conversation, 11, "coordinator", "69")


@pytest.fixture
async def event(conversation: Conversation, olga: Talker) -> Event:
    await announce_event(olga)
    (found,) = await rows(conversation, events)
    return Event(**found._mapping)


@pytest.fixture
async def page(event: Event) -> str:
    return f"/console/events/{event.code}"


async def add(visitor: Browser, page: str, **fields: str) -> None:
    await visitor.open(f"{page}/shifts")
    shown = visitor.filled(f"{page}/shifts")
    assert set(SHIFT) <= set(shown)
    await visitor.send(f"{page}/shifts", **{"newest": shown["newest"], **SHIFT, **fields})


async def test_a_shift_is_added_changed_and_called_off(
    conversation: Conversation, olga: Talker, event: Event, page: str
) -> None:
    visitor = await signed_in(olga)
    await visitor.open(page)
    for way in ("shifts", "team"):
        assert f'href="{page}/{way}"' in visitor.page.text
    await add(visitor, page)
    assert "The shift is added" in visitor.text
    assert "18:00 – 20:00, welcoming people" in visitor.text
    assert "0 of 2 places taken" in visitor.text
    (shift,) = await rows(conversation, shifts)
    one = f"{page}/shifts/{shift.id}"
    marie = await supporter(conversation, 20, "69123", first_name="Marie", consent_team=True)
    awa = await supporter(conversation, 21, "69123", first_name="Awa", consent_team=False)
    for person in (marie, awa):
        await answer(conversation, person, event.id, "yes")
        async with conversation.database.write() as tx:
            taken = {"shift": shift.id, "person": person, "answer": "yes", "at": conversation.clock.now()}
            await tx.execute(sa.insert(shift_places).values(taken))
    await visitor.open(one)
    assert "2 of 2 places taken" in visitor.text
    assert "Marie" in visitor.text
    assert "Awa" not in visitor.text, "she did not agree to be known"
    assert "no. " in visitor.text
    seen = visitor.filled(f"{one}/hours")["seen"]
    # Other hours are told to both; the same ones to nobody.
    await visitor.send(f"{one}/hours", seen=seen, starts=SHIFT["starts"], ends=SHIFT["ends"])
    assert [
        each for each in await rows(conversation, broadcasts) if (each.key or "").startswith("shift:")
    ] == []
    await visitor.send(f"{one}/hours", seen=seen, starts="2016-11-24T17:30", ends=SHIFT["ends"])
    assert "Done. 2 people are being told." in visitor.text
    assert "17:30 – 20:00" in visitor.text
    seen = visitor.filled(f"{one}/places")["seen"]
    await visitor.send(f"{one}/places", seen=seen, places="")
    assert "The shift is changed" in visitor.text
    assert "2 so far, no limit" in visitor.text
    await visitor.send(f"{one}/off", seen=visitor.filled(f"{one}/off")["seen"])
    assert str(visitor.page.url.path) == f"{page}/shifts"
    assert "Done. 2 people are being told." in visitor.text
    assert "No shifts yet" in visitor.text
    changes = [row.details["changed"] for row in await rows(conversation, audit) if "shift" in row.details]
    assert changes == ["added", "hours", "places", "off"]
    assert (await visitor.open(one)).status_code == 409, "it is off"


REFUSED = (
    ({"ends": "2016-11-24T18:05"}, "A shift lasts from 15 minutes to 12 hours", ["ends"]),
    ({"ends": "2016-11-24T17:00"}, "A shift ends after it begins", ["ends"]),
    (
        {"starts": "2016-11-28T18:00", "ends": "2016-11-28T19:00"},
        "at most a day before or after its event",
        ["starts"],
    ),
    ({"places": "501"}, "A shift has from 1 to 500 places", ["places"]),
    ({"places": "<b>many"}, "number", ["places"]),
    ({"places": "2,5"}, "A shift has from 1 to 500 places", ["places"]),
    ({"places": "2.5"}, "A shift has from 1 to 500 places", ["places"]),
    ({"starts": "soon"}, "date", ["starts"]),
    ({"words": "x" * 41}, "41", ["words"]),
    ({"role": ""}, "There is no text in it", ["words"]),
    ({"words": "x" * 41, "ends": "", "places": "0"}, "41", ["words", "ends", "places"]),
)
"""What is filled in, what is said of it, and the fields that are at fault."""


async def test_what_is_no_shift_is_refused_and_stays_typed(
    conversation: Conversation, olga: Talker, page: str
) -> None:
    """Each fault stands at its field, and the first of them is in focus."""
    visitor = await signed_in(olga)
    for fields, words, faulty in REFUSED:
        await add(visitor, page, **fields)
        assert visitor.page.status_code == 409, fields
        assert words in visitor.text
        html = visitor.page.text
        assert re.findall(r'id="fault-(\w+)"', html) == faulty, fields
        assert re.findall(r'aria-invalid="true" aria-describedby="fault-(\w+)"', html) == faulty
        assert re.findall(r'aria-describedby="fault-(\w+)" autofocus', html) == faulty[:1]
        filled = visitor.filled(f"{page}/shifts")
        for name, typed in {**SHIFT, **fields}.items():
            # A choice that was not offered stands in no list.
            assert filled[name] == typed or name == "role", (fields, name)
    assert await rows(conversation, shifts) == []


async def test_the_same_shift_twice_is_one_too_many_and_what_there_is_to_do_may_change(
    conversation: Conversation, olga: Talker, event: Event, page: str
) -> None:
    visitor = await signed_in(olga)
    await add(visitor, page)
    await add(visitor, page)
    assert visitor.page.status_code == 409
    assert "The event has this shift already" in visitor.text
    await add(visitor, page, role="set_up")
    first, second = await rows(conversation, shifts)
    marie = await supporter(conversation, 20, "69123")
    await answer(conversation, marie, event.id, "yes")
    async with conversation.database.write() as tx:
        taken = {"shift": second.id, "person": marie, "answer": "yes", "at": conversation.clock.now()}
        await tx.execute(sa.insert(shift_places).values(taken))
    one = f"{page}/shifts/{second.id}"
    await visitor.open(one)
    seen = visitor.filled(f"{one}/role")["seen"]
    await visitor.send(f"{one}/role", seen=seen, role="welcome", words="")
    assert "The event has this shift already" in visitor.text
    await visitor.send(f"{one}/role", seen=seen, role="welcome", words="Porter les tables")
    assert "Done. 1 person is being told." in visitor.text
    assert "Porter les tables" in visitor.text
    await visitor.send(f"{one}/role", seen=seen, role="clear_up", words="")
    assert visitor.page.status_code == 409
    assert "You changed this shift yourself" in visitor.text
    # The same in the chat.
    await olga.tap_data(f"1:plan_shift:{first.id}")
    await olga.tap("Change what there is to do")
    await olga.tap("stewarding")
    assert "There was nobody to tell" in olga.last.text
    assert [row.role for row in await rows(conversation, shifts)] == ["stewarding", "Porter les tables"]
    told = [row for row in await rows(conversation, broadcasts) if (row.key or "").startswith("shift:")]
    assert [row.template for row in told] == ["broadcasts/shift_changed"] * 2


async def test_of_two_tabs_the_second_is_told(conversation: Conversation, olga: Talker, page: str) -> None:
    first, second = await signed_in(olga), await signed_in(await staff(conversation, 12, "admin", "FR"))
    await second.open(f"{page}/shifts")
    none_yet = second.filled(f"{page}/shifts")["newest"]
    await add(first, page, words="Porter les <i>tables</i>")
    assert "Porter les <i>tables</i>" in first.text, "what was typed is text, and no tag"
    await second.send(f"{page}/shifts", newest=none_yet, **SHIFT)
    assert second.page.status_code == 409
    assert "(coordinator, Rhône) changed this shift on" in second.text
    (shift,) = await rows(conversation, shifts)
    one = f"{page}/shifts/{shift.id}"
    await first.open(one)
    await second.open(one)
    stale = second.filled(f"{one}/places")["seen"]
    await first.send(f"{one}/places", seen=stale, places="9")
    for form, said in (
        ("places", {"places": "3"}),
        ("hours", {"starts": SHIFT["starts"], "ends": "2016-11-24T19:00"}),
        ("off", {}),
    ):
        await second.send(f"{one}/{form}", seen=stale, **said)
        assert second.page.status_code == 409, form
        assert "(coordinator, Rhône) changed this shift on" in second.text
    (kept,) = await rows(conversation, shifts)
    assert (kept.capacity, kept.state) == (9, "open")
    # Having seen it, the second may.
    await second.send(f"{one}/places", seen=second.filled(f"{one}/places")["seen"], places="3")
    assert "0 of 3 places taken" in second.text


async def test_a_shift_stands_under_its_own_event(
    conversation: Conversation, olga: Talker, page: str
) -> None:
    visitor = await signed_in(olga)
    await add(visitor, page)
    await announce_event(olga)
    (shift,) = await rows(conversation, shifts)
    other = next(row.code for row in await rows(conversation, events) if f"/{row.code}" not in page)
    assert (await visitor.open(f"/console/events/{other}/shifts/{shift.id}")).status_code == 404
    for number in ("999999999999999999999999", "x", "0"):
        assert (await visitor.open(f"{page}/shifts/{number}")).status_code in (404, 409), number
    elsewhere = await signed_in(await staff(conversation, 13, "coordinator", "13"))
    for path in (f"{page}/shifts", f"{page}/shifts/{shift.id}", f"{page}/team"):
        assert (await elsewhere.open(path)).status_code == 404, path


async def test_who_helps_comes_by_a_link_is_trusted_and_removed(
    conversation: Conversation, olga: Talker, event: Event, page: str
) -> None:
    visitor = await signed_in(olga)
    await visitor.open(f"{page}/team")
    assert "Only the team." in visitor.text
    await visitor.send(f"{page}/team/link")
    link = re.search(r"start=(h_[\w-]+)", visitor.page.text)
    assert link is not None
    await supporter(conversation, 30, "69123", first_name="Zoé")
    zoe = conversation.person(30)
    await zoe.send(f"/start {link[1]}")
    (row,) = await rows(conversation, hosts)
    assert (row.event, row.part) == (event.id, "co")
    await visitor.open(f"{page}/team")
    assert "Zoé" in visitor.text
    assert "helps to organize" in visitor.text
    assert f"{page}/team/trust" not in visitor.page.text, "who helps is not trusted with events of their own"
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(hosts).values(part="host"))
        number = (await tx.execute(sa.select(people.c.id).where(people.c.telegram_id == 30))).scalar_one()
    await visitor.open(f"{page}/team")
    await visitor.send(f"{page}/team/trust", person=str(number), said="yes")
    assert [each.area for each in await rows(conversation, trusted_hosts)] == ["69"]
    assert "Trust Zoé no longer" in visitor.text
    for fields in ({"person": "x", "said": "yes"}, {"person": str(number), "said": "perhaps"}):
        assert (await visitor.send(f"{page}/team/trust", **fields)).status_code == 403
        await visitor.open(f"{page}/team")
    await visitor.send(f"{page}/team/remove", person=str(number))
    assert "Only the team." in visitor.text
    assert await rows(conversation, hosts) == []
    done = [each.action for each in await rows(conversation, audit)]
    assert [each for each in done if "host" in each] == ["invite_host", "trust_host", "remove_host"]
