"""Who comes, as the event's organizer sees it: exact counts, the list, a search, a file, a message to them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest

from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop
from bot.rules.attendees import PAGE, Attendee, AttendeePart, in_order, roll_of, sheet
from db.schema import audit, dialogs, events, rsvps
from tests.campaigning import answer, rows, staff, supporter
from tests.conversation import Conversation, Talker
from tests.drafting import announce_event
from tests.leaving import leaving

LYON, PARIS = "69123", "75056"


async def announced(conversation: Conversation) -> tuple[Talker, int, str]:
    organizer = await staff(conversation, 7, "organizer", "69")
    await announce_event(organizer)
    (event,) = await rows(conversation, events)
    return organizer, event.id, event.code


async def test_names_are_of_those_who_agreed_and_the_others_have_a_number(conversation: Conversation) -> None:
    organizer, event, _ = await announced(conversation)
    known = await supporter(conversation, 1, LYON, first_name="Zoé", consent_team=True)
    other = await supporter(conversation, 2, LYON, first_name="Karim")
    # Known to her own team, which is another.
    far = await supporter(conversation, 3, PARIS, first_name="Anne", consent_team=True)
    restricted = await supporter(
        conversation, 4, LYON, first_name="Paul", consent_team=True, state="restricted"
    )
    for person in (known, other, far, restricted):
        await answer(conversation, person, event, "yes")
    await answer(conversation, await supporter(conversation, 5, LYON), event, "no")
    await organizer.tap("Manage the event")
    assert "Coming: <b>3</b>, maybe: 0, can’t: 1" in organizer.last.text
    await organizer.tap("Who comes")
    shown = organizer.last.text
    assert "People: 3" in shown
    assert "Zoé" in shown
    assert shown.count("no. ") == 2
    for hidden in ("Karim", "Anne", "Paul"):
        assert hidden not in shown


async def test_a_name_is_searched_whatever_its_accents(conversation: Conversation) -> None:
    organizer, event, _ = await announced(conversation)
    for number, name in enumerate(("Zoé", "Élodie", "Éloïse"), start=1):
        person = await supporter(conversation, number, LYON, first_name=name, consent_team=True)
        await answer(conversation, person, event, "yes")
    await organizer.tap("Manage the event")
    await organizer.tap("Who comes")
    await organizer.tap("Search for a name")
    await organizer.send("elo")
    assert "“elo”: 2 found" in organizer.last.text
    assert organizer.last.text.index("Élodie") < organizer.last.text.index("Éloïse")
    assert "Zoé" not in organizer.last.text


async def test_the_file_is_harmless_and_noted(conversation: Conversation) -> None:
    organizer, event, code = await announced(conversation)
    person = await supporter(conversation, 1, LYON, first_name="=1+1", consent_team=True)
    await answer(conversation, person, event, "yes")
    await answer(conversation, await supporter(conversation, 2, LYON), event, "maybe")
    await organizer.tap("Manage the event")
    await organizer.tap("Who comes")
    await organizer.tap("As a file")
    (sent,) = organizer.called("sendDocument")
    assert sent.attachment is not None
    assert sent.attachment.name == f"{code}.csv"
    first, second = csv.DictReader(io.StringIO(sent.attachment.content.decode()))
    assert (first["part"], first["first_name"]) == ("coming", "'=1+1")
    assert (second["part"], second["first_name"]) == ("maybe", "")
    assert {first["number"], second["number"]} == {"1", "2"}
    assert first["checked_in"] == "false"
    noted = [row for row in await rows(conversation, audit) if row.action == "see_event_answers"]
    assert [row.details for row in noted] == [{"event": code, "file": "attendees", "people": 2}]


async def test_a_message_to_those_who_come_has_its_audience_already(conversation: Conversation) -> None:
    organizer, event, code = await announced(conversation)
    await answer(conversation, await supporter(conversation, 1, LYON), event, "yes")
    await organizer.tap("Manage the event")
    await organizer.tap("Who comes")
    await organizer.tap("Write to those who come")
    assert "kind" in {row.step for row in await rows(conversation, dialogs)}
    (dialog,) = await rows(conversation, dialogs)
    assert dialog.data["audience"] == f"rsvp:{code}:yes"
    await organizer.tap("News and arguments")
    await organizer.send("Bonjour")
    await organizer.send("Hello")
    await organizer.tap("No photo")
    assert "said yes to" in organizer.last.text


async def test_nobody_else_sees_who_comes(conversation: Conversation) -> None:
    _, _, code = await announced(conversation)
    other = await staff(conversation, 8, "organizer", "69")
    await supporter(conversation, 9, LYON)
    for talker in (other, conversation.person(9)):
        for data in (f"1:attendees:{code}:coming:0", f"1:attendees_file:{code}", f"1:attendees_write:{code}"):
            await talker.tap_data(data)
            assert "Coming" not in talker.last.text
            assert not talker.called("sendDocument")
    for forged in (f"1:attendees:{code}:nobody:0", f"1:attendees:{code}:coming:x"):
        await other.tap_data(forged)
    assert await rows(conversation, rsvps) == []


def attendee(number: int, name: str | None = None, answer: str = "yes", **values: int) -> Attendee:
    return Attendee(
        **{
            "number": number,
            "name": name,
            "answer": answer,
            "guests": 0,
            "confirmed": False,
            "attended": None,
            "ticket": None,
            **values,
        }  # type: ignore[arg-type]  # of each its own
    )


def numbers_of(people: Sequence[Attendee]) -> dict[str, list[int]]:
    roll = roll_of(people)
    return {part: [each.number for each in roll[part].rows] for part in AttendeePart}


def test_the_list_is_sorted_by_name_then_by_number_and_the_waitlist_by_turn() -> None:
    people = [
        attendee(3),
        attendee(1, "zoé"),
        attendee(2, "Élodie"),
        attendee(4, "Abel", "waiting", ticket=9),
    ]
    people += [attendee(5, None, "offered", ticket=2), attendee(6, "Max", "maybe")]
    assert numbers_of(people) == {"coming": [2, 1, 3], "maybe": [6], "offered": [5], "waiting": [4]}
    people.append(attendee(7, "Zac", "waiting", ticket=3))
    assert numbers_of(people)["waiting"] == [7, 4]
    assert [each.number for each in in_order(people)] == [2, 1, 3, 6, 5, 7, 4]


@pytest.mark.parametrize(("asked", "shown"), [(0, 0), (2, 2), (9, 2), (-1, 0)])
def test_a_page_beyond_the_last_is_the_last(asked: int, shown: int) -> None:
    people = [attendee(number, guests=1) for number in range(2 * PAGE + 1)]
    page = sheet(people, AttendeePart.COMING, number=asked)
    assert (page.number, page.pages, page.people, page.guests) == (shown, 3, 2 * PAGE + 1, 2 * PAGE + 1)
    assert sheet(people, AttendeePart.COMING, search="7").rows == [attendee(7, guests=1)]


@pytest.mark.parametrize("said", ["yes", "maybe", "no"])
async def test_who_has_answered_is_not_invited(conversation: Conversation, said: str) -> None:
    """They found the event before the invitation came to them; whoever did not is invited."""
    answered = await supporter(conversation, 1, LYON)
    await supporter(conversation, 2, LYON)
    _, event, _ = await announced(conversation)
    await answer(conversation, answered, event, said)
    decided = await leaving(conversation)
    assert {each.chat for each in decided if isinstance(each, Call)} >= {2}
    assert [each.reason for each in decided if isinstance(each, Stop)] == ["answered"]
