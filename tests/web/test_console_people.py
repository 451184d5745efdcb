"""Looking somebody up: by name, of those who agreed to it, in one's area; nobody is listed, and it is noted."""

from __future__ import annotations

from db.schema import audit
from tests.campaigning import rows, staff, supporter
from tests.conversation import Conversation
from tests.web.browsing import signed_in

ROOM = "/console/people"


async def test_who_agreed_is_found_by_name_in_the_area_and_it_is_noted(conversation: Conversation) -> None:
    known = {"consent_team": True, "language": "fr"}
    for number, (name, commune, more) in enumerate(
        (
            ("Zoé", "69123", known),
            ("zoé-marie", "69266", known),
            ("Zoé", "69123", {**known, "consent_team": False}),
            ("Zoé", "13055", known),
            ("Zoé", "69123", {**known, "state": "stopped"}),
            ("Zo_", "69123", known),
        )
    ):
        await supporter(conversation, 100 + number, commune, first_name=name, **more)
    sophie = await signed_in(await staff(conversation, 11, "organizer", "69"))
    await sophie.open(ROOM)
    assert "Zoé" not in sophie.text
    await sophie.send(ROOM, name=" zoé ")
    found = sophie.text.partition("Offered to help")[2].partition("Where you look")[0]
    assert found.split() == "Zoé Lyon French".split() + found.split()[3:]
    assert found.count("Zoé Lyon") == 1
    assert "zoé-marie Villeurbanne" in found
    assert "Marseille" not in found
    for typed in ("", "z", "%", "__", "1234"):
        await sophie.open(ROOM)
        assert (await sophie.send(ROOM, name=typed)).status_code == 409, typed
    await sophie.open(ROOM)
    await sophie.send(ROOM, name="Zo_%")
    assert "Nobody of that name" in sophie.text
    log = [(row.action, row.details.get("people")) for row in await rows(conversation, audit)]
    assert log[-2:] == [("find_people", 2), ("find_people", 0)]
    assert "Zo" not in str([row.details for row in await rows(conversation, audit)])


async def test_a_name_that_many_bear_is_no_list(conversation: Conversation) -> None:
    for number in range(25):
        await supporter(conversation, 100 + number, "69123", first_name=f"Léa {number}", consent_team=True)
    karim = await signed_in(await staff(conversation, 12, "admin", "FR"))
    await karim.open(ROOM)
    page = await karim.send(ROOM, name="léa")
    assert page.text.count("<tr>") == 21
    assert "There are more" in karim.text
    assert page.headers["cache-control"] == "no-store"


async def test_the_team_s_page_names_whom_it_may_know_and_no_number_stands_for_a_name(
    conversation: Conversation,
) -> None:
    for number, name, agreed in ((2, "Karim", True), (3, "Léa", False)):
        await staff(conversation, number, "organizer", "69")
        await supporter(conversation, number, "69123", first_name=name, consent_team=agreed)
    sophie = await signed_in(await staff(conversation, 11, "admin", "FR"))
    await sophie.open("/console/team")
    assert "Karim (2)" in sophie.text
    assert "Léa" not in sophie.text
    assert "Sign out" in sophie.text
    assert "Sign out (" not in sophie.text
    await sophie.open("/console/nothing-here")
    assert "There is no such page here" in sophie.text
    assert "could not be done" not in sophie.text
