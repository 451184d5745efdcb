"""Door to door in the chat: offered, taken in pairs, told of and ended."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

import db.broadcasts
import db.canvass_walks
from bot.actions import canvass, canvass_walks
from db.schema import staff as team
from db.schema import visits, walks
from tests.campaigning import staff, supporter
from tests.conversation import Conversation, Shown, Talker, paris
from tests.ground import OTHER, STATION, WALK, plant
from tests.handlers.canvassing.conftest import GROUND
from tests.leaving import let_leave
from tests.reading import ABOUT


def plain(shown: Shown) -> str:
    """What one reads."""
    return re.sub(r"<[^>]+>", "", shown.text)


async def rows(conversation: Conversation, query: sa.Select[Any]) -> list[Any]:
    async with conversation.database.read() as tx:
        return list(await tx.execute(query))


async def noted(conversation: Conversation) -> list[str]:
    found = await rows(
        conversation, sa.select(visits).where(visits.c.replaced.is_(None)).order_by(visits.c.id)
    )
    return [row.outcome for row in found]


async def test_a_coordinator_sees_where_to_go_and_offers(conversation: Conversation, olga: Talker) -> None:
    shown = plain(olga.last)
    assert "1. Lyon, 0101: 1,050 registered, 46% did not vote, 38% for us" in shown
    assert "not a promise" in shown
    assert "Toulon" not in shown
    station = await olga.tap("Lyon 0101")
    assert "number 1 of 1" in plain(station)
    await olga.tap("Offer all free walks")
    assert "1 offered, 0 under way, 0 over" in plain(olga.last)
    walk = await olga.tap("• 1")
    assert "Offered, nobody has taken it" in plain(walk)
    assert f"start=w_{WALK}" in plain(await olga.tap("Link to pass on"))
    await olga.tap_data("1:ground:sheet:1")
    (sheet,) = olga.called("sendDocument")
    assert sheet.payload["caption"].startswith(f"Walk {WALK}, sheet 1.")
    assert sheet.attachment is not None
    assert sheet.attachment.content.startswith(b"%PDF")
    await olga.tap("Take the offer back")
    assert "Not offered" in plain(olga.screen[-2])
    await olga.tap_data("1:ground:sheet:1")
    assert not olga.called("sendDocument"), "Nobody could enter what it says."
    await olga.tap_data(f"{GROUND}{OTHER}")
    assert "outside your area" in plain(olga.last)
    # 0101 is a station of Lyon’s first arrondissement, and of no other one.
    for number, area, sees in ((21, "69381", True), (22, "69382", False)):
        member = await staff(conversation, number, "coordinator", area)
        assert ("Lyon, 0101" in plain(await member.send("/canvass"))) is sees
        shown = plain(await member.tap_data(f"{GROUND}{STATION}"))
        assert ("outside your area" in shown) is not sees


async def test_two_go_and_a_third_is_one_too_many(
    conversation: Conversation, zoe: Talker, olga: Talker
) -> None:
    others = [conversation.person(number) for number in (8, 9)]
    for each in others:
        await each.sign_up()
    shown = await others[0].send(f"/start w_{WALK}")
    # Who it is, and where they are, is told to whoever goes along.
    assert "One person is waiting for a partner" in plain(shown)
    assert "Zoé" not in plain(shown)
    assert "Rue B" not in plain(shown)
    await others[0].tap("I’ll take this walk")
    assert "With Zoé, for whom it is the first time" in plain(others[0].last)
    await others[1].send("/walks")
    assert "No walk is offered near you" in plain(others[1].last)
    await others[1].tap_data("1:walk:take:1")
    assert "Two people have taken this walk already" in others[1].toast
    # Both see what either noted.
    await zoe.tap("Rue A, 1–9 (0/5)")
    await zoe.tap("Opened")
    await others[0].tap("Rue A, 1–9")
    assert "1 of 5 doors done" in plain(others[0].last)
    # What is forged notes nothing: a walk of others, a door of another walk, no such outcome, a number too large.
    for data in ("1:knock:1:1:opened:d", "1:undo_door:1:1:d", "1:walk:end_sure:1", "1:dwellings_are:1:1:5:d"):
        await others[1].tap_data(data)
        assert "You are not on this walk" in others[1].toast, data
    await zoe.tap_data("1:knock:1:20:opened:d")
    assert "You are not on this walk" in zoe.toast
    for data in (
        "1:knock:1:1:sold:d",
        "1:knock:1:1:opened:x",
        "1:knock:1",
        "1:dwellings_are:1:1:9999:d",
        "1:walk:fly:1",
    ):
        await zoe.tap_data(data)
    assert await noted(conversation) == ["opened"]
    await zoe.tap_data("1:walk:leave:1")
    assert "offered to others" in plain(zoe.last)
    await others[1].send("/walks")
    assert "one person is waiting for a partner" in plain(others[1].last)


async def test_a_walk_ends_and_is_told_and_the_next_time_it_shows_what_was(
    conversation: Conversation, zoe: Talker, olga: Talker
) -> None:
    for leg in ("Rue A, 1–9", "Rue A, 10–2", "Rue B"):
        await zoe.tap_data("1:walk:open:1")
        await zoe.tap(leg)
        for _ in range(5):
            conversation.clock.move(conversation.clock.now() + timedelta(seconds=4))
            if "All doors" not in plain(zoe.last):
                await zoe.tap("Opened")
    await zoe.tap_data("1:walk:paper:1")
    await zoe.tap("The walk is over")
    assert "2 doors have nothing noted yet" in plain(zoe.last)
    await zoe.tap("Back to the walk")
    assert "We are at the doors" in zoe.last.buttons, "What is entered is still a sheet."
    await zoe.tap_data("1:walk:end:1")
    await zoe.tap("Yes, it is over")
    assert "You noted 12 doors." in plain(zoe.last)
    await let_leave(conversation, olga)
    assert f"Walk {WALK} is over" in plain(olga.last)
    assert "12 doors noted, 12 opened" in plain(olga.last)
    assert "worth a talk" in plain(olga.last)  # four seconds a door, every one opened
    account = await olga.tap("See the walk")
    assert "Doors that opened: 100%" in plain(account)
    assert "Zoé" not in plain(account)
    await olga.tap("Offer this walk")
    await zoe.tap_data("1:walk:take:1")
    card = await zoe.tap("Rue A, 1–9 (0/5)")
    assert "Last time, Wednesday 16 November: opened" in plain(card)


async def test_walks_are_offered_for_a_meeting_and_one_who_has_walked_is_found_for_one_who_has_not(
    conversation: Conversation, olga: Talker
) -> None:
    await olga.tap_data(f"{GROUND}{STATION}")
    await olga.tap("Offer them with a meeting point")
    for typed, told in (
        ("15/11 14:00", "already passed"),
        ("17/11 21:00", "between 10:00"),
        ("19/11 14:00", "asks for silence"),
        ("whenever", "day"),
    ):
        shown = plain(await olga.send(typed)).replace("\u202f", " ").replace("10 AM", "10:00")
        assert told in shown.replace("10:00 AM", "10:00"), typed
    await olga.send("17/11 14:00")
    assert "And where?" in plain(olga.last)
    await olga.send("In front of <the> town hall")
    assert "1 offered" in plain(olga.last)
    anna, zoe, leo = [conversation.person(number) for number in (6, 7, 8)]
    for each in (anna, zoe, leo):
        await each.sign_up()
    await zoe.send("/walks")
    assert "town hall" in plain(zoe.last)
    await zoe.tap("Rue A")
    await zoe.tap("I’ll take this walk")
    assert "Meeting: Thursday 17 November" in plain(zoe.last)
    await leo.tap_data("1:walk:take:1")
    await let_leave(conversation, zoe)
    assert "it is their first one" in plain(zoe.last)
    await olga.tap_data("1:ground:walk:1")
    assert "first walk for both" in plain(olga.last)
    await leo.tap_data("1:walk:leave:1")
    await let_leave(conversation, zoe)
    assert "Their place is offered again" in plain(zoe.last)
    # Three hours before she is told once more, once.
    for at in ("2016-11-17T10:59", "2016-11-17T11:00", "2016-11-17T11:30"):
        conversation.clock.move(paris(at))
        async with conversation.database.write() as tx:
            assert await canvass_walks.tend(tx, conversation.clock.now()) == (at == "2016-11-17T11:00")
    await let_leave(conversation, zoe)
    assert "Your door-to-door walk is coming up: Thursday 17 November" in plain(zoe.last)
    conversation.clock.move(paris("2016-11-17T14:20"))
    await leo.send("/walks")
    assert "one person is waiting for a partner" in plain(leo.last)
    conversation.clock.move(paris("2016-11-17T14:31"))
    await anna.send("/walks")
    assert "No walk is offered near you" in plain(anna.last)
    await anna.tap_data("1:walk:take:1")
    assert "not free any more" in anna.toast
    # Once she has walked, whoever is new finds her first.
    await zoe.tap_data("1:leg:1:1:d")
    await zoe.tap("Opened")
    await zoe.tap_data("1:walk:end_sure:1")
    await olga.tap_data("1:ground:offer_one:1")
    await zoe.tap_data("1:walk:take:1")
    await anna.send("/walks")
    assert "somebody who has walked before waits" in plain(anna.last)


async def test_people_are_invited_to_walk_by_a_message_that_says_whom_it_reaches(
    conversation: Conversation, olga: Talker
) -> None:
    await supporter(conversation, 60, "69123", volunteer=True)
    await supporter(conversation, 61, "69123")
    await olga.tap_data(f"{GROUND}{STATION}")
    await olga.tap("Offer all free walks")
    await olga.tap("Invite people to walk")
    shown = plain(olga.last)
    assert "within 10 km of Lyon, volunteers" in shown
    assert re.search(rf"Recipients: {ABOUT}", shown)
    await olga.tap("That’s it")
    await olga.tap("Now")
    assert any("Door to door in Lyon" in plain(each) for each in olga.screen)
    leo = conversation.person(61)
    await leo.send("/start walks")
    assert "Rue A" in plain(leo.last)


async def test_help_is_one_word_away(conversation: Conversation, zoe: Talker, olga: Talker) -> None:
    assert "type the word umbrella" in plain(zoe.last)
    assert "The coordinators have been told" in plain(await zoe.send("Umbrella"))
    await let_leave(conversation, olga)
    assert f"Somebody on walk {WALK} needs help" in plain(olga.last)
    await olga.send("umbrella")  # who is on no walk only typed a word
    assert "told" not in plain(olga.last)
    # Whoever taps it in panic is told each time, and the team not a hundred times.
    for _ in range(9):
        assert "The coordinators have been told" in plain(await zoe.tap_data("1:walk:help:1"))
    async with conversation.database.write() as tx:
        assert await db.broadcasts.made_since(tx, f"{canvass_walks.HELP}:", paris("2016-11-01T00:00")) == 5
    # In the middle of something else, and by whoever withdrew meanwhile.
    await zoe.send("/settings")
    await zoe.tap("Change where I vote")
    assert "The coordinators have been told" in plain(await zoe.send("umbrella"))
    await zoe.send("/stop")
    assert "The coordinators have been told" in plain(await zoe.send("umbrella"))
    # Nobody is told that nobody was told.
    async with conversation.database.write() as tx:
        await tx.execute(sa.delete(team))
    assert "Nobody of the team could be told" in plain(await zoe.send("umbrella"))


async def test_walks_that_nobody_goes_on_are_offered_again(
    conversation: Conversation, zoe: Talker, olga: Talker
) -> None:
    async def tend(at: str) -> str:
        conversation.clock.move(paris(at))
        async with conversation.database.write() as tx:
            await canvass_walks.tend(tx, conversation.clock.now())
        return str((await rows(conversation, sa.select(walks.c.state)))[0].state)

    async with conversation.database.write() as tx:
        await db.canvass_walks.offer(tx, OTHER, None, conversation.clock.now())
    await zoe.tap_data("1:walk:take:2")
    assert "on a walk already" in zoe.toast
    await olga.tap_data("1:ground:walk:1")
    await olga.tap("Free this walk")
    await let_leave(conversation, zoe)
    assert "the coordinator has freed it" in plain(zoe.last)
    await zoe.tap_data("1:walk:take:1")
    assert await tend("2016-11-17T09:30") == "under_way"
    assert await tend("2016-11-17T10:30") == "offered"  # a day, and nothing was noted
    await zoe.tap_data("1:walk:take:1")
    await zoe.tap("Rue A, 1–9")
    await zoe.tap("Opened")
    assert await tend("2016-11-18T10:00") == "under_way"
    assert await tend("2016-11-18T11:00") == "done"
    await olga.tap_data("1:ground:offer_one:1")
    await zoe.tap_data("1:walk:take:1")
    await zoe.send("/stop")
    assert await tend("2016-11-18T11:01") == "offered"


async def test_whoever_looks_for_a_walk_sees_all_of_them(conversation: Conversation) -> None:
    """A town has hundreds: page by page, and the list opens again from each walk."""
    await plant(conversation.database, now=conversation.clock.now(), doors=90, cut=False)
    now = conversation.clock.now()
    await canvass.cut_area(conversation.database, "69123", doors=8, actor="test", now=now)
    async with conversation.database.write() as tx:
        offered = await db.canvass_walks.offer(tx, STATION, None, now)
    assert 8 < offered <= 16
    leo = conversation.person(9)
    await leo.sign_up()
    await leo.send("/walks")
    seen = [data for data in leo.last.buttons.values() if data.startswith("1:walk:open:")]
    await leo.tap("Next")
    seen += [data for data in leo.last.buttons.values() if data.startswith("1:walk:open:")]
    assert "Next" not in leo.last.buttons
    await leo.tap_data(seen[-1])
    await leo.tap("All walks")
    assert "Walks that need you" in plain(leo.last)
    for data in ("1:walks", "1:walks:-1", "1:walks:x"):
        await leo.tap_data(data)
    assert "Walks that need you" in plain(leo.last)


async def test_walks_in_french(conversation: Conversation, olga: Talker) -> None:
    leo = conversation.person(9, language="fr")
    await leo.sign_up()
    await olga.tap_data(f"{GROUND}{STATION}")
    await olga.tap("Offer all free walks")
    await leo.send("/walks")
    assert "Rue A, Lyon : 14 portes, 0,3 km" in plain(leo.last).replace("\xa0", " ")
    await leo.tap("Rue A")
    await leo.tap("Je prends cette tournée")
    assert "parapluie" in plain(leo.last)
    await leo.tap("Rue A, 1–9")
    await leo.tap("Personne")
    assert "1 portes faites sur 5" in plain(leo.last)
    assert (await rows(conversation, sa.select(walks.c.state)))[0].state == "under_way"
