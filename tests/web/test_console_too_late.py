"""An event moves to an hour before which its invitation cannot reach everybody: that is told, and what can be done."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from db.schema import broadcasts, deliveries, people
from tests.campaigning import rows, staff, supporter
from tests.conversation import Conversation, Talker, paris
from tests.drafting import write_event
from tests.reading import Reader
from tests.web.browsing import signed_in

LYON = "69123"
NOW, TOMORROW = "2016-11-16T10:00", "2016-11-17T09:00"


async def held_until_tomorrow(conversation: Conversation, language: str) -> Talker:
    """Whose invitation to a meeting on 24 November has reached one person; a cap holds it for twelve."""
    for number in range(13):
        await supporter(conversation, 100 + number, LYON)
    talker = await staff(conversation, 7, "admin", "FR")
    await write_event(talker)
    await talker.send("SEND")
    async with conversation.database.write() as tx:
        held = {"state": "withheld", "reason": "cap_day", "due_at": paris(TOMORROW)}
        await tx.execute(sa.update(deliveries).values(**held))
        one = sa.select(sa.func.min(deliveries.c.id)).scalar_subquery()
        sent = {"state": "sent", "reason": None, "sent_at": paris(NOW)}
        await tx.execute(sa.update(deliveries).where(deliveries.c.id == one).values(**sent))
        await tx.execute(sa.update(people).where(people.c.telegram_id == 7).values(language=language))
    return talker


async def moved(conversation: Conversation, talker: Talker, language: str, to: str) -> None:
    """Up to the question whether to move it."""
    read, code = Reader(language), await code_of(conversation)
    await talker.tap_data(f"1:my_event:{code}")
    await talker.tap(read.label("Change the date"))
    await talker.send(to)


async def code_of(conversation: Conversation) -> str:
    async with conversation.database.read() as tx:
        return str((await tx.execute(sa.text("SELECT code FROM events"))).scalar_one())


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_whoever_moves_an_event_hears_whom_its_invitation_does_not_reach_any_more(
    conversation: Conversation, language: str
) -> None:
    talker, read = await held_until_tomorrow(conversation, language), Reader(language)
    left_out = re.compile(r"(?:Left out|Personnes non jointes)\s?: 12\b")
    await moved(conversation, talker, language, "16/11 20h")
    would = read.says("Its invitation could not reach everybody in time")
    assert would.search(talker.last.text), talker.last.text
    assert left_out.search(talker.last.text), talker.last.text
    link = f"https://t.me/portevoix_bot?start=ev_{await code_of(conversation)}"
    assert link in talker.last.text
    await talker.tap(read.label("Change it and tell them"))
    does = read.says("Its invitation cannot reach everybody in time")
    for each in (does, left_out, re.compile(re.escape(link))):
        assert each.search(talker.last.text), talker.last.text

    page = await signed_in(talker)
    await page.open("/console/")
    assert len(left_out.findall(page.text)) == 1, page.text
    await page.open(f"/console/events/{await code_of(conversation)}")
    for each in (does, left_out, re.compile(re.escape(link))):
        assert each.search(page.text), page.text

    # Later than they may be written to, and nobody is left out.
    await moved(conversation, talker, language, "17/11 20h")
    assert not would.search(talker.last.text), talker.last.text
    await talker.tap(read.label("Change it and tell them"))
    assert not does.search(talker.last.text), talker.last.text
    await page.open("/console/")
    assert not left_out.search(page.text), page.text


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_nothing_offers_to_invite_again_to_what_has_begun_and_what_moved_later_does(
    conversation: Conversation, language: str
) -> None:
    talker, read = await held_until_tomorrow(conversation, language), Reader(language)
    await moved(conversation, talker, language, "16/11 20h")
    await talker.tap(read.label("Change it and tell them"))
    async with conversation.database.write() as tx:
        held = sa.update(deliveries).where(deliveries.c.state == "withheld")
        await tx.execute(held.values(state="expired"))
        over = sa.update(broadcasts).where(broadcasts.c.id == 1)
        await tx.execute(over.values(finished_at=paris("2016-11-16T20:00")))
    again = read.label("Send again where it expired")
    page = await signed_in(talker)

    async def is_offered() -> set[bool]:
        before = len(talker.screen)
        await talker.tap_data("1:broadcast:1")
        await page.open("/console/messages/1")
        return {any(again in shown.buttons for shown in talker.screen[before:]), again in page.text}

    conversation.clock.move(paris("2016-11-16T19:00"))
    assert await is_offered() == {True}
    await moved(conversation, talker, language, "17/11 20h")
    await talker.tap(read.label("Change it and tell them"))
    conversation.clock.move(paris("2016-11-17T10:00"))
    page = await signed_in(talker)
    assert await is_offered() == {True}, "it has not begun at its new hour"
    (invitation, *_) = await rows(conversation, broadcasts)
    assert invitation.expires_at == paris("2016-11-17T20:00")
    conversation.clock.move(paris("2016-11-17T20:30"))
    page = await signed_in(talker)
    assert await is_offered() == {False}
