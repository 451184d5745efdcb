"""What waits for a second person, at the desk: who wrote it, who gets it, why it is refused; and what nobody got."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from db.engine import Database
from db.schema import approvals, broadcasts, deliveries, events, people
from tests.campaigning import rows, staff, supporters
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.drafting import announce_event, send_broadcast
from tests.handlers.test_reach import full_week
from tests.web.browsing import ADDRESS, Browser, signed_in
from tests.web.conftest import served_at
from tests.web.test_console_surveys import FIRST, NEW, asker


@pytest.fixture
def conversation(sqlite_database: Database) -> Conversation:
    """A campaign in which what is for more than one person waits for a second one."""
    own = Conversation(
        sqlite_database, paris("2016-11-16T10:00"), campaign=replace(CAMPAIGN, approval_above=1)
    )
    return served_at(own, ADDRESS)


@pytest.fixture
async def olga(conversation: Conversation) -> Talker:
    """An organizer of the Rhône, whose message to twelve supporters waits for approval."""
    await supporters(conversation, range(100, 112), "69123")
    talker = await staff(conversation, 11, "organizer", "69")
    await send_broadcast(talker)
    return talker


@pytest.fixture
async def nadia(conversation: Conversation, olga: Talker) -> Browser:
    return await signed_in(await staff(conversation, 13, "admin", "FR"))


async def fill(conversation: Conversation) -> None:
    """Nobody gets anything for three days."""
    for number in range(12):
        person = await supporter_number(conversation, 100 + number)
        await full_week(conversation, person)


async def supporter_number(conversation: Conversation, telegram_id: int) -> int:
    async with conversation.database.read() as tx:
        found = await tx.execute(
            sa.text("SELECT id FROM people WHERE telegram_id = :one"), {"one": telegram_id}
        )
        return int(found.scalar_one())


async def decide(browser: Browser, said: str, **more: str) -> None:
    shown = re.search(r'name="approval" value="(\d+)"', browser.page.text)
    assert shown is not None
    await browser.send("/console/messages/1/decide", said=said, approval=shown[1], **more)


async def state(conversation: Conversation) -> str:
    (row,) = [row for row in await rows(conversation, broadcasts) if row.id == 1]
    return str(row.state)


async def test_whoever_approves_reads_who_wrote_it_and_who_gets_it(nadia: Browser) -> None:
    await nadia.open("/console/messages/1")
    assert "Written by: 11 (organizer, Rhône)" in nadia.text
    assert "Recipients: 12" in nadia.text
    await decide(nadia, "yes")
    # Back on the first page it is said that it was done.
    assert nadia.page.url.path == "/console/"
    assert "You approved message no. 1." in nadia.text


async def test_whoever_wrote_it_finds_what_waits_for_somebody_else(olga: Talker, nadia: Browser) -> None:
    visitor = await signed_in(olga)
    await visitor.open("/console/")
    waits = visitor.page.text.partition('id="yours"')[2].partition("</section>")[0]
    assert 'href="/console/messages/1"' in waits
    await nadia.open("/console/")
    assert 'id="yours"' not in nadia.page.text, "she decides it"
    await nadia.open("/console/messages/1")
    await decide(nadia, "yes")
    await visitor.open("/console/")
    assert 'id="yours"' not in visitor.page.text


async def test_a_refusal_tells_why(conversation: Conversation, nadia: Browser) -> None:
    await nadia.open("/console/messages/1")
    await decide(nadia, "no", reason=" ")
    assert "Say what is to be changed: whoever wrote it reads it." in nadia.text
    assert 'aria-describedby="reason-fault"' in nadia.page.text
    assert [row.decided_at for row in await rows(conversation, approvals)] == [None]
    await decide(nadia, "no", reason="The hour is wrong")
    assert "You refused message no. 1." in nadia.text
    assert [row.details["reason"] for row in await rows(conversation, approvals)] == ["The hour is wrong"]


async def test_what_nobody_would_get_is_not_approved_by_a_page_of_before(
    conversation: Conversation, nadia: Browser
) -> None:
    await nadia.open("/console/messages/1")
    await fill(conversation)
    await decide(nadia, "yes")
    assert await state(conversation) == "unapproved"
    assert "Nobody would get it any more in time" in nadia.text
    assert "Expires unsent for 12: they already had as many messages as we allow" in nadia.text
    assert "Approve it for" in nadia.text
    await decide(nadia, "later")  # the hour is missing
    assert await state(conversation) == "unapproved"
    shown = re.search(r'name="at" value="([^"]+)"', nadia.page.text)
    assert shown is not None
    await decide(nadia, "later", at=shown[1])
    assert "It waits. Most people get it from" in nadia.text
    assert await state(conversation) == "active"


async def test_what_expired_for_most_is_a_decision_and_says_why(
    conversation: Conversation, olga: Talker, nadia: Browser
) -> None:
    now = conversation.clock.now()
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(approvals).values(decided_at=now, decided_by=13, granted=True))
        mine = sa.update(deliveries).where(deliveries.c.broadcast == 1)
        await tx.execute(mine.values(state="expired", reason="cap_week"))
        await tx.execute(
            sa.update(broadcasts).where(broadcasts.c.id == 1).values(state="active", finished_at=now)
        )
    why = "Expired for 12: had had enough messages for the day or the week"
    await nadia.open("/console/")
    assert "“Hello” expired unsent for 12: had had enough messages for the day or the week" in nadia.text
    assert why not in nadia.text, "once is enough"
    await nadia.open("/console/messages/1")
    assert "Finished, and nobody got it: it expired first." in nadia.text
    assert why in nadia.text
    # Who would get it now is told before it is sent again.
    assert "Send again where it expired" in nadia.text
    assert "Send again where it expired… Recipients: 12" in nadia.text
    # The same in the chat, to whoever may read of so many; two days later nobody is asked any more.
    await olga.tap_data("1:broadcast:1")
    assert "Expired for 10–19: had had enough messages" in olga.last.text
    conversation.clock.move(now + timedelta(hours=49))
    await nadia.open("/console/")
    assert "expired unsent" not in nadia.text


async def test_what_waits_for_the_morning_is_not_under_way_and_what_expired_meanwhile_is_a_decision(
    conversation: Conversation, nadia: Browser
) -> None:
    now, mine = conversation.clock.now(), deliveries.c.broadcast == 1
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(approvals).values(decided_at=now, decided_by=13, granted=True))
        await tx.execute(sa.update(deliveries).where(mine).values(state="expired", reason="cap_week"))
        some = sa.select(deliveries.c.person).where(mine).limit(2)
        held = sa.update(deliveries).where(mine, deliveries.c.person.in_(some))
        until = now + timedelta(hours=8)
        await tx.execute(held.values(state="withheld", reason="courtesy_hours", due_at=until))
        await tx.execute(sa.update(broadcasts).where(broadcasts.c.id == 1).values(state="active"))
    await nadia.open("/console/")
    assert "“Hello” expired unsent for 10" in nadia.text
    assert "Waiting for their hour or their turn" in nadia.text
    assert "Under way" not in nadia.text
    conversation.clock.move(until)
    await nadia.open("/console/")
    assert "Under way" in nadia.text
    assert "Waiting for their hour" not in nadia.text


async def test_an_export_that_waits_is_agreed_to_at_the_desk(
    conversation: Conversation, nadia: Browser
) -> None:
    """Whoever asked reads that it waits; the other admin reads what is asked for, and decides."""
    await nadia.open("/console/exports")
    await nadia.send("/console/exports", table="responses", format="csv", area="FR")
    assert "Waiting" not in nadia.text, "alone an admin exports alone"
    other = await signed_in(await staff(conversation, 14, "admin", "FR"))
    await nadia.open("/console/exports")
    await nadia.send("/console/exports", table="supporters", format="csv", area="FR")
    assert "You asked for it: somebody else has to agree." in nadia.text
    await nadia.open("/console/")
    assert "asks for a file" not in nadia.text
    await other.open("/console/")
    assert "13 asks for a file that a second person has to agree to: Supporters" in other.text
    await other.open("/console/exports")
    assert "Supporters, the whole campaign, as CSV" in other.text
    assert ">The whole campaign</h2>" in other.page.text, "a heading begins with a capital letter"
    shown = re.search(r'name="approval" value="(\d+)"', other.page.text)
    assert shown is not None
    await other.send("/console/exports/decide", approval=shown[1], said="yes")
    assert "Agreed: whoever asked fetches the file in the chat." in other.text
    assert "Waiting for a second person" not in other.text
    export = [row for row in await rows(conversation, approvals) if row.what == "export"]
    assert [row.granted for row in export] == [True]


@pytest.fixture
async def event(conversation: Conversation) -> tuple[Browser, Browser, str]:
    """Whoever announced an event to twelve people, whoever approves its invitation, and the page of it."""
    await supporters(conversation, range(100, 112), "69123")
    talker = await staff(conversation, 11, "coordinator", "69")
    nadia = await signed_in(await staff(conversation, 13, "admin", "FR"))
    await announce_event(talker)
    (found,) = await rows(conversation, events)
    return await signed_in(talker), nadia, f"/console/events/{found.code}"


async def test_seats_that_undo_an_approval_say_so_before_and_after(
    conversation: Conversation, event: tuple[Browser, Browser, str]
) -> None:
    olga, nadia, page = event
    await nadia.open("/console/messages/1")
    await decide(nadia, "yes")
    await olga.open(page)
    seats = olga.text.partition("Seats ")[2].partition("Change the seats")[0]
    assert re.search(
        r"The invitation tells how many seats there are, and 1\d(–1\d)? people have yet to get it", seats
    ), seats
    form = {**olga.filled(f"{page}/seats"), "capacity": "40"}
    del form["form"]
    await olga.send(f"{page}/seats", **form)
    assert await state(conversation) == "unapproved"
    assert re.search(r"waits for a new approval: 1\d(–1\d)? people get it only then", olga.text), olga.text
    assert "tells how many seats" not in olga.text


async def test_an_invitation_that_was_refused_is_said_to_be(
    conversation: Conversation, event: tuple[Browser, Browser, str]
) -> None:
    olga, nadia, page = event
    for address in (page, "/console/events"):
        await olga.open(address)
        assert "waits for approval" in olga.text
    await nadia.open("/console/messages/1")
    await decide(nadia, "no", reason="The hour is wrong")
    for address in (page, "/console/events", "/console/messages"):
        await olga.open(address)
        assert "approval refused" in olga.text, address
        assert "waits for approval" not in olga.text, address
        assert "not approved" not in olga.text, address
    async with conversation.database.write() as tx:
        until = conversation.clock.now() + timedelta(days=1)
        await tx.execute(sa.update(deliveries).values(state="withheld", reason="cap_day", due_at=until))
    await olga.open("/console/messages/1")
    assert "refused it." in olga.text
    assert "Held back" not in olga.text


async def test_a_survey_that_nobody_let_go_says_so(conversation: Conversation) -> None:
    await supporters(conversation, range(100, 112), "69123", language="fr")
    sophie = await asker(conversation, "organizer")
    await sophie.open(NEW)
    await sophie.send(NEW, count="1", do="next", **FIRST)
    await sophie.send(f"{NEW}/whom", do="next", expression="in:69")
    await sophie.send(f"{NEW}/when", opens="", closes="2016-11-18T18:00", kept="30")
    seen = re.search(r'name="seen" value="(\w+)"', sophie.page.text)
    assert seen is not None
    await sophie.send(f"{NEW}/send", seen=seen[1], word="SEND")
    page = sophie.page.url.path
    nadia = await signed_in(await staff(conversation, 13, "admin", "FR"))
    talker = conversation.person(11)
    for said, words in (
        ("", "It waits for approval: until then nobody is asked."),
        ("no", "It was refused: nobody is asked."),
    ):
        if said:
            await nadia.open("/console/messages/1")
            await decide(nadia, said, reason="Too long")
        for address in ("/console/surveys", page):
            await sophie.open(address)
            assert words in sophie.text, address
            assert "Open until" not in sophie.text, address
        await talker.tap_data(f"1:survey_results:{page.rpartition('/')[2]}")
        assert words in talker.last.text
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(broadcasts).values(state="active"))
    await sophie.open(page)
    assert "Open until" in sophie.text


async def test_the_page_of_a_message_names_whoever_agreed_to_be_known(
    conversation: Conversation, nadia: Browser
) -> None:
    """As the card that asks for it does, and nobody else: one rule for the chat and the console."""
    async with conversation.database.write() as tx:
        named = {"state": "registered", "first_name": "Olga", "consent_team": True, "consent_contact": True}
        await tx.execute(sa.update(people).where(people.c.telegram_id == 11).values(**named))
    await nadia.open("/console/messages/1")
    assert "Written by: Olga (organizer, Rhône)" in nadia.text
    await decide(nadia, "yes")
    await nadia.open("/console/messages/1")
    assert "Written by: Olga (organizer, Rhône)" in nadia.text
    assert "Approved by: 13 (" in nadia.text
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == 11).values(consent_team=False))
    await nadia.open("/console/messages/1")
    assert "Written by: 11 (organizer, Rhône)" in nadia.text
