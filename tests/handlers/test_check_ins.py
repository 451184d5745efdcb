"""At the door: the host's phone, the list that is ticked, the list on paper, and whoever comes in."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.actions import attendees
from bot.rules.check_ins import DoorKey, door_key, minute_of
from db.schema import (
    attendee_numbers,
    audit,
    check_in_screens,
    check_ins,
    doors,
    events,
    people,
    rsvps,
    walk_in_marks,
)
from tests.campaigning import answer, rows, staff, supporter
from tests.conversation import Conversation, Talker, paris, services
from tests.drafting import announce_event

LYON = "69123"
KEY: DoorKey = door_key(services().suppression_key)
BEGINS = paris("2016-11-24T19:00")


async def announced(conversation: Conversation) -> tuple[Talker, int, str]:
    """An organizer whose event begins on 24 November at 19:00; the clock stands at its door, half an hour before."""
    organizer = await staff(conversation, 7, "organizer", "69")
    await announce_event(organizer)
    (event,) = await rows(conversation, events)
    async with conversation.database.write() as tx:
        moved = {"starts_at": BEGINS, "ends_at": BEGINS + timedelta(hours=2)}
        await tx.execute(sa.update(events).values(moved))
    conversation.clock.move(BEGINS - timedelta(minutes=30))
    return organizer, event.id, event.code


def token(conversation: Conversation, code: str, minutes_ago: int = 0) -> str:
    return KEY.token(code, minute_of(conversation.clock.now()) - minutes_ago)


async def test_a_supporter_scans_the_code_and_is_there(conversation: Conversation) -> None:
    _, event, code = await announced(conversation)
    zoe = conversation.person(1)
    await zoe.sign_up()
    await zoe.send(f"/start ci_{token(conversation, code)}")
    assert "You’re checked in at “" in zoe.last.text
    await zoe.send(f"/start ci_{token(conversation, code)}")
    assert "already" in zoe.last.text
    (row,) = await rows(conversation, rsvps)
    assert (row.event, row.answer, row.attended) == (event, "yes", True)
    (noted,) = await rows(conversation, check_ins)
    assert noted.how == "link"
    assert [each for each in await conversation.answers() if each[0] == "check_in"] == [
        ("check_in", code, "link")
    ]


@pytest.mark.parametrize(
    ("language", "old", "forged", "early", "over"),
    [
        ("en", "no longer counts", "isn’t a code of ours", "It’s too early", "This event is over"),
        ("fr", "ne compte plus", "n’est pas des nôtres", "C’est trop tôt", "Cet événement est terminé"),
    ],
)
async def test_codes_that_do_not_count_are_told_apart_in_a_sentence(
    conversation: Conversation, language: str, old: str, forged: str, early: str, over: str
) -> None:
    _, _, code = await announced(conversation)
    zoe = conversation.person(1, language=language)
    await zoe.sign_up()
    await zoe.send(f"/start ci_{token(conversation, code, minutes_ago=2)}")
    assert old in zoe.last.text
    await zoe.send(f"/start ci_{token(conversation, code)[:-1]}0x")
    assert forged in zoe.last.text
    conversation.clock.move(BEGINS - timedelta(hours=3))
    await zoe.send(f"/start ci_{token(conversation, code)}")
    assert early in zoe.last.text
    conversation.clock.move(BEGINS + timedelta(hours=3))
    await zoe.send(f"/start ci_{token(conversation, code)}")
    assert over in zoe.last.text
    assert await rows(conversation, check_ins) == []


async def test_six_digits_do_as_well_and_are_not_guessed(conversation: Conversation) -> None:
    _, _, code = await announced(conversation)
    zoe, mia = conversation.person(1), conversation.person(2)
    await zoe.sign_up()
    await mia.sign_up()
    digits = KEY.digits(code, minute_of(conversation.clock.now()))
    wrong = f"{(int(digits) + 1) % 10**6:06}"
    for _ in range(5):
        await mia.send(wrong)
        assert "No event has this code now" in mia.last.text
    await mia.send(digits)
    assert "too many wrong codes" in mia.last.text
    await zoe.send(f"{digits[:3]} {digits[3:]}")
    assert "You’re checked in" in zoe.last.text
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=11))
    await mia.send(KEY.digits(code, minute_of(conversation.clock.now())))
    assert "You’re checked in" in mia.last.text
    assert {row.how for row in await rows(conversation, check_ins)} == {"code"}


async def test_digits_mean_nothing_where_no_door_is_open(conversation: Conversation) -> None:
    await announced(conversation)
    conversation.clock.move(BEGINS - timedelta(days=2))
    zoe = conversation.person(1)
    await zoe.sign_up()
    await zoe.send("482913")
    assert "code" not in zoe.last.text


async def test_a_walk_in_is_counted_without_a_name_and_by_name_once_they_joined(
    conversation: Conversation,
) -> None:
    organizer, event, code = await announced(conversation)
    walk_in = conversation.person(1)
    await walk_in.send(f"/start ci_{token(conversation, code)}")
    await walk_in.tap_data("1:consent:contact:no")
    await walk_in.send(f"/start ci_{token(conversation, code)}")
    await walk_in.send(f"/start ci_{token(conversation, code)}")
    assert any("Welcome to “" in shown.text for shown in walk_in.screen)
    assert await rows(conversation, check_ins) == []
    assert await rows(conversation, rsvps) == []
    (door,) = await rows(conversation, doors)
    assert door.walk_ins == 1
    await organizer.tap_data(f"1:door:{code}:0")
    assert "Checked in: <b>0</b>, not signed up: 1" in organizer.last.text
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=9))
    await walk_in.tap_data("1:consent:contact:yes")
    await walk_in.send("Lyon")
    await walk_in.tap_data("1:consent:commune:yes")
    assert any("You’re checked in at “" in shown.text for shown in walk_in.screen)
    (noted,) = await rows(conversation, check_ins)
    assert noted.how == "walk_in"
    (door,) = await rows(conversation, doors)
    assert door.walk_ins == 0
    assert await rows(conversation, walk_in_marks) == []
    (row,) = await rows(conversation, rsvps)
    assert (row.event, row.attended) == (event, True)


async def test_nobody_is_checked_in_by_a_link_that_they_made_up(conversation: Conversation) -> None:
    _, _, code = await announced(conversation)
    walk_in = conversation.person(1)
    for payload in (f"ci_{code}", f"hi_{code}", "ci_", f"ci_{token(conversation, code, minutes_ago=3)}"):
        await walk_in.send(f"/start {payload}")
    assert await rows(conversation, doors) == []
    await walk_in.sign_up()
    assert await rows(conversation, check_ins) == []


async def test_the_host_ticks_the_list_and_takes_a_tick_back(conversation: Conversation) -> None:
    organizer, event, code = await announced(conversation)
    known = await supporter(conversation, 1, LYON, first_name="Zoé", consent_team=True)
    other = await supporter(conversation, 2, LYON, first_name="Karim")
    for person in (known, other):
        await answer(conversation, person, event, "yes")
    await organizer.tap_data(f"1:my_event:{code}")
    await organizer.tap("Check-in")
    assert next(each for each in organizer.last.buttons if each.startswith("☐")) == "☐ Zoé"
    await organizer.tap("☐ Zoé")
    assert "Checked in: <b>1</b>" in organizer.last.text
    assert "☑ Zoé" in organizer.last.buttons
    assert "Karim" not in str(organizer.last.buttons)
    (row,) = [row for row in await rows(conversation, rsvps) if row.person == known]
    assert row.attended is True
    await organizer.tap("☑ Zoé")
    assert "Checked in: <b>0</b>" in organizer.last.text
    (row,) = [row for row in await rows(conversation, rsvps) if row.person == known]
    assert (row.answer, row.attended) == ("yes", None)
    # A mistaken tick gives nobody a seat: what they answered stays, there and back.
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(rsvps).where(rsvps.c.person == known).values(answer="maybe"))
    number = organizer.last.buttons["☐ Zoé"].split(":")[3]
    for said, came in (("yes", True), ("no", None)):
        await organizer.tap_data(f"1:tick:{code}:{number}:{said}:0")
        (row,) = [row for row in await rows(conversation, rsvps) if row.person == known]
        assert (row.answer, row.attended) == ("maybe", came)
    noted = [row.details for row in await rows(conversation, audit) if row.action == "check_in"]
    assert [each["there"] for each in noted] == [True, False] * 2
    assert "Zoé" not in str(noted)


async def test_ticks_are_the_organizer_s_and_from_an_hour_before(conversation: Conversation) -> None:
    organizer, event, code = await announced(conversation)
    await answer(conversation, await supporter(conversation, 1, LYON), event, "yes")
    await organizer.tap_data(f"1:door:{code}:0")
    outsider = await staff(conversation, 8, "organizer", "69")
    await outsider.tap_data(f"1:tick:{code}:1:yes:0")
    await outsider.tap_data(f"1:door_code:{code}")
    await conversation.person(1).tap_data(f"1:tick:{code}:1:yes:0")
    await organizer.tap_data(f"1:tick:{code}:99:yes:0")
    await organizer.tap_data(f"1:tick:{code}:1:perhaps:0")
    conversation.clock.move(BEGINS - timedelta(hours=2))
    await organizer.tap_data(f"1:tick:{code}:1:yes:0")
    assert "too early" in organizer.last.text
    assert await rows(conversation, check_ins) == []
    assert await rows(conversation, check_in_screens) == []
    # From a list on paper it is ticked the day after.
    conversation.clock.move(BEGINS + timedelta(days=1))
    await organizer.tap_data(f"1:tick:{code}:1:yes:0")
    assert len(await rows(conversation, check_ins)) == 1


async def test_a_number_stays_the_same_person_s(conversation: Conversation) -> None:
    organizer, event, code = await announced(conversation)
    for number in range(11, 16):
        await answer(conversation, await supporter(conversation, number, LYON), event, "yes")
    await organizer.tap_data(f"1:attendees:{code}:coming:0")
    before = {row.person: row.number for row in await rows(conversation, attendee_numbers)}
    assert sorted(before.values()) == [1, 2, 3, 4, 5]
    async with conversation.database.write() as tx:
        gone = max(before, key=lambda person: before[person])
        await tx.execute(sa.delete(people).where(people.c.id == gone))
    for number in range(16, 19):
        await answer(conversation, await supporter(conversation, number, LYON), event, "yes")
    await organizer.tap_data(f"1:attendees:{code}:coming:0")
    after = {row.person: row.number for row in await rows(conversation, attendee_numbers)}
    assert {person: number for person, number in after.items() if person in before} == {
        person: number for person, number in before.items() if person != gone
    }
    # Nobody gets the number of who left.
    assert sorted(after.values()) == [1, 2, 3, 4, 6, 7, 8]


async def test_the_host_s_phone_shows_a_code_in_a_message_of_its_own(conversation: Conversation) -> None:
    organizer, _, code = await announced(conversation)
    await organizer.tap_data(f"1:door:{code}:0")
    await organizer.tap("Show the QR code")
    (sent,) = organizer.called("sendPhoto")
    assert sent.attachment is not None
    assert sent.attachment.content.startswith(b"\x89PNG")
    digits = re.search(r"<b>(\d{3}) (\d{3})</b>", sent.payload["caption"].replace("\u202f", " "))
    assert digits is not None
    assert digits[1] + digits[2] == KEY.digits(code, minute_of(conversation.clock.now()))
    assert sent.remember == f"door:{code}"
    (screen,) = await rows(conversation, check_in_screens)
    assert screen.message is None


async def test_the_list_on_paper_is_numbered_and_says_when_it_is_destroyed(
    conversation: Conversation,
) -> None:
    organizer, event, code = await announced(conversation)
    await answer(
        conversation,
        await supporter(conversation, 1, LYON, first_name="محمد", consent_team=True),
        event,
        "yes",
    )
    for number in (1, 2):
        await organizer.tap_data(f"1:door_paper:{code}")
        (sent,) = organizer.called("sendDocument")
        assert sent.attachment is not None
        assert sent.attachment.name == f"{code}-{number}.pdf"
        assert sent.attachment.content.startswith(b"%PDF-")
        assert f"List no.\xa0{number}, to be printed." in sent.payload["caption"]
        assert "24 December 2016" in sent.payload["caption"].replace("\xa0", " ").replace("\u202f", " ")
    noted = [row.details for row in await rows(conversation, audit) if row.action == "see_event_answers"]
    assert noted[-1] == {
        "event": code,
        "file": "paper_list",
        "number": 2,
        "people": 1,
        "destroy_on": "2016-12-24",
    }
    await organizer.send(f"/start li_{code}")
    assert "check-in" in organizer.last.text
    zoe = conversation.person(1)
    await zoe.send(f"/start li_{code}")
    assert "check-in" not in zoe.last.text


async def test_a_list_too_long_for_each_tap_is_leafed_by_number_and_searched_by_name(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a tap costs does not grow with the list: it shows who stands by the next few numbers."""
    monkeypatch.setattr(attendees, "MANY", 4)
    monkeypatch.setattr(attendees, "AT_THE_DOOR", 3)
    organizer, event, code = await announced(conversation)
    for number, name in enumerate(("Zoé", "Éric", "Awa", "Marie", "Émile", "Bob")):
        one = await supporter(conversation, 100 + number, LYON, first_name=name, consent_team=True)
        await answer(conversation, one, event, "yes")
    conversation.clock.move(conversation.clock.now() + timedelta(seconds=3))
    await organizer.tap_data(f"1:my_event:{code}")
    await organizer.tap("Check-in")
    first = shown(organizer)
    assert len(first) == 3
    await organizer.tap("Next")
    second = shown(organizer)
    assert "Page 2 of 2" in organizer.last.text
    assert sorted(first + second) == sorted(("Zoé", "Éric", "Awa", "Marie", "Émile", "Bob"))
    await organizer.tap(f"☐ {second[0]}")
    assert "Page 2 of 2" in organizer.last.text, "it stays where it was tapped"
    assert f"☑ {second[0]}" in organizer.last.buttons
    assert "Checked in: <b>1</b>" in organizer.last.text
    # Whoever restricted the use of their data counts no more, and stands by no number.
    async with conversation.database.write() as tx:
        theirs = people.c.first_name == second[0]
        await tx.execute(sa.update(people).where(theirs).values(state="restricted"))
    await organizer.tap("Previous")
    assert "Checked in: <b>0</b>" in organizer.last.text
    await organizer.tap("Search for a name")
    await organizer.send("é")
    assert sorted(shown(organizer)) == [name for name in ("Émile", "Éric") if name != second[0]]
    for number, found in (("4", []), ("5", [second[1]])):
        await organizer.tap("Search for a name")
        await organizer.send(number)
        assert shown(organizer) == found, "no number tells who restricted the use of their data"
    # Who came since is on it once it is opened anew.
    late = await supporter(conversation, 110, LYON, first_name="Léa", consent_team=True)
    await answer(conversation, late, event, "yes")
    conversation.clock.move(conversation.clock.now() + timedelta(seconds=3))
    await organizer.tap_data(f"1:door:{code}:2")
    assert shown(organizer) == ["Léa"]


def shown(organizer: Talker) -> list[str]:
    """Whom the buttons of the door name."""
    return [each[2:] for each in organizer.last.buttons if each[:2] in ("☐ ", "☑ ")]
