"""An event moves to an hour before which its invitation cannot reach everybody: that is told, and what can be done."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from db.schema import broadcasts, deliveries, events, people
from tests.campaigning import rows, staff, supporters
from tests.conversation import Conversation, Talker, paris
from tests.drafting import announce_event, write_event
from tests.reading import Reader
from tests.web.browsing import signed_in

LYON = "69123"
NOW, TOMORROW = "2016-11-16T10:00", "2016-11-17T09:00"


async def held_until_tomorrow(conversation: Conversation, language: str) -> Talker:
    """Whose invitation to a meeting on 24 November has reached one person; a cap holds it for twelve."""
    await supporters(conversation, range(100, 113), LYON)
    talker = await staff(conversation, 7, "admin", "FR")
    await announce_event(talker)
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


async def series_held_until_tomorrow(conversation: Conversation, language: str) -> Talker:
    """Whose invitation to two Thursdays, 24 November and 1 December, is held for thirteen."""
    await supporters(conversation, range(100, 113), LYON)
    talker = await staff(conversation, 7, "admin", "FR")
    await write_event(talker)
    await talker.tap("Repeat it")
    await talker.tap("Every week")
    await talker.send("2")
    await talker.send("SEND")
    async with conversation.database.write() as tx:
        held = {"state": "withheld", "reason": "cap_day", "due_at": paris(TOMORROW)}
        await tx.execute(sa.update(deliveries).values(**held))
        await tx.execute(sa.update(people).where(people.c.telegram_id == 7).values(language=language))
    return talker


def left_out_of(words: str, number: int, text: str) -> bool:
    return re.search(rf"{words}\s?: {number}\b", text) is not None


THIS = {"en": "Left out of it", "fr": "Personnes non jointes"}


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_whoever_moves_a_series_hears_which_of_its_dates_the_invitation_misses(
    conversation: Conversation, language: str
) -> None:
    talker, read = await series_held_until_tomorrow(conversation, language), Reader(language)
    first, second = await rows(conversation, events)
    await talker.tap_data(f"1:event_change:{first.code}:date:-")
    await talker.send("16/11 20h")
    told = talker.last.text
    assert read.says("Its invitation could not reach everybody before this date").search(told), told
    assert left_out_of(THIS[language], 13, told), told
    assert read.says("They are invited to the later dates.").search(told), told
    await talker.tap(read.label("Change this one and all that follow"))
    told = talker.last.text
    assert read.says("Its invitation cannot reach everybody before this date").search(told), told
    moved = await rows(conversation, events)
    (invitation,) = [
        each
        for each in await rows(conversation, broadcasts)
        if each.template == "broadcasts/series_invitation"
    ]
    assert [each.starts_at for each in moved] == [paris("2016-11-16T20:00"), paris("2016-11-23T20:00")]
    assert invitation.expires_at == moved[-1].starts_at, (
        "It is of use until its last date, where that is now."
    )
    page = await signed_in(talker)
    await page.open(f"/console/events/{first.code}")
    assert left_out_of(THIS[language], 13, page.text), page.text
    await page.open("/console/")
    assert "#too-late" not in page.page.text, "one of the dates is still told to everybody in time"

    # Held until both have begun, they are left out of both: that is for somebody to decide.
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).values(due_at=paris("2016-11-24T09:00")))
    await talker.tap_data(f"1:event_change:{first.code}:date:-")
    await talker.send("16/11 21h")
    assert read.says("Left out of all its later dates too").search(talker.last.text), talker.last.text
    await page.open("/console/")
    assert f'href="/console/events/{second.code}#too-late"' in page.page.text
    await page.open(f"/console/events/{second.code}")
    assert read.says("Its invitation cannot reach everybody in time").search(page.text), page.text


async def test_whoever_moves_all_dates_hears_beforehand_that_none_is_left(conversation: Conversation) -> None:
    talker = await series_held_until_tomorrow(conversation, "en")
    (first, _) = await rows(conversation, events)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).values(due_at=paris("2016-11-25T09:00")))
    await talker.tap_data(f"1:event_change:{first.code}:date:-")
    await talker.send("16/11 20h")
    # The second would be on the 23rd; alone it stays on 1 December.
    assert "Were all that follow moved with it, left out of every date: 13" in talker.last.text
    assert "later dates" not in talker.last.text


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_console_asks_before_it_moves_what_leaves_somebody_out(
    conversation: Conversation, language: str
) -> None:
    talker, read = await held_until_tomorrow(conversation, language), Reader(language)
    code, page = await code_of(conversation), await signed_in(talker)
    address = f"/console/events/{code}"

    async def move(to: str, **said: str) -> None:
        await page.open(address)
        fields = {"sequence": "0", "starts": to, "sure": f"{to}////", **said}
        await page.send(f"{address}/change", **fields)

    before = (await rows(conversation, events))[0].starts_at
    await move("2016-11-16T20:00")
    assert page.page.status_code == 409
    assert read.says("Its invitation could not reach everybody in time").search(page.text), page.text
    assert left_out_of("(?:Left out|Personnes non jointes)", 12, page.text), page.text
    assert (await rows(conversation, events))[0].starts_at == before
    (box,) = re.findall(r'name="left_out" value="([^"]*)"', page.page.text)
    # What was meant of one hour is asked about anew of another.
    await move("2016-11-16T21:00", left_out=box)
    assert page.page.status_code == 409
    await move("2016-11-16T20:00", left_out=box)
    assert (await rows(conversation, events))[0].starts_at == paris("2016-11-16T20:00")
    # Later than they may be written to, nobody is left out, and nobody is asked.
    await page.open(address)
    await page.send(f"{address}/change", sequence="1", starts="2016-11-17T20:00")
    assert (await rows(conversation, events))[0].starts_at == paris("2016-11-17T20:00")


async def test_the_console_asks_before_it_moves_all_dates_of_a_series(conversation: Conversation) -> None:
    talker = await series_held_until_tomorrow(conversation, "en")
    (first, _) = await rows(conversation, events)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).values(due_at=paris("2016-11-25T09:00")))
    page, address = await signed_in(talker), f"/console/events/{first.code}"
    told = {}
    for following in ("one", "all"):
        await page.open(address)
        fields = {"sequence": "0", "starts": "2016-11-16T20:00", "following": following}
        await page.send(f"{address}/change", **fields)
        told[following] = page.text
    assert "They are invited to the later dates." in told["one"]
    assert "Left out of all its later dates too: 13" in told["all"]
    await page.send(f"{address}/change", **fields, left_out="2016-11-16T20:00/all")
    assert [each.starts_at for each in await rows(conversation, events)] == [
        paris("2016-11-16T20:00"),
        paris("2016-11-23T20:00"),
    ]


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
