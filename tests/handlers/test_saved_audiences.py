"""Audiences with a name: saved by words and by taps, offered in their area, frozen when a message leaves."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.rules.expression_text import expression_in
from bot.rules.expressions import as_json
from db.schema import broadcasts, saved_audiences
from tests.campaigning import rows, staff, supporter
from tests.choosing import LYON, crowd, writing
from tests.conversation import Conversation
from tests.drafting import finish_broadcast, write_broadcast


async def save(conversation: Conversation, name: str, expression: str, area: str = "FR") -> None:
    async with conversation.database.write() as tx:
        row: dict[str, Any] = {"name": name, "area": area, "saved_at": conversation.clock.now()}
        await tx.execute(
            sa.insert(saved_audiences).values(expression=as_json(expression_in(expression)), **row)
        )


async def test_saved_audiences_of_the_area_are_offered_and_frozen_when_it_leaves(
    conversation: Conversation,
) -> None:
    await crowd(conversation)
    await save(conversation, "ground", "rsvp:aa11:yes", "69")
    await save(conversation, "capital", "rsvp:any:yes", "75")
    await save(conversation, "all", "not audience:ground")
    talker = await writing(conversation, role="organizer", area="69")
    await talker.tap("Saved audiences")
    assert {"ground", "all"} <= set(talker.last.buttons)
    assert "capital" not in talker.last.buttons
    await talker.tap("ground")
    assert "the audience “ground”" in talker.last.text
    await talker.send("audience:capital")
    assert "I can’t find that saved audience in your area" in talker.last.text
    await finish_broadcast(talker)
    await talker.send("SEND")
    (broadcast,) = await rows(conversation, broadcasts)
    assert broadcast.audience == as_json(expression_in("rsvp:aa11:yes and in:69"))


async def test_staff_of_two_areas_replace_nothing_of_a_wider_one(conversation: Conversation) -> None:
    await save(conversation, "relance", "volunteer", "FR")
    organizer = await staff(conversation, 7, "organizer", "69")
    await staff(conversation, 7, "organizer", "13")
    for name, said in (("relance", "Another area has an audience of this name"), ("sud", "is saved")):
        await write_broadcast(organizer)
        await organizer.send("Marseille, volunteers")
        await organizer.tap("Save it")
        await organizer.send(name)
        assert any(said in shown.text for shown in organizer.screen[-2:])
        await organizer.send("/cancel")
    kept = {each.name: each.area for each in await rows(conversation, saved_audiences)}
    assert kept == {"relance": "FR", "sud": "13"}


async def test_an_audience_is_saved_by_taps_and_chosen_again(conversation: Conversation) -> None:
    organizer = await staff(conversation, 7, "organizer", "69")
    await supporter(conversation, 1, LYON, volunteer=True)
    await write_broadcast(organizer)
    assert "Save it" not in organizer.last.buttons, "There is nothing to save yet."
    await organizer.send("volunteers, except those who have voted")
    asked = await organizer.tap("Save it")
    assert "Under which name?" in asked.text
    await organizer.send("two words")
    assert "A name is a letter, then letters" in organizer.last.text
    await organizer.send("Nos-Amis")
    assert any("“nos-amis” is saved" in shown.text for shown in organizer.screen)
    assert "Who is it for?" in organizer.last.text
    (kept,) = await rows(conversation, saved_audiences)
    assert (kept.name, kept.area) == ("nos-amis", "69")
    assert kept.expression == {"all": ["volunteer", {"not": "vote:1:voted"}]}
    await organizer.tap("Saved audiences")
    await organizer.tap("nos-amis")
    await organizer.tap("Save it")
    await organizer.tap("Don’t save it")
    assert "Who is it for?" in organizer.last.text
    assert len(await rows(conversation, saved_audiences)) == 1


async def test_a_name_of_another_area_is_not_taken(conversation: Conversation) -> None:
    for number, area in ((7, "75"), (8, "69")):
        organizer = await staff(conversation, number, "organizer", area)
        await write_broadcast(organizer)
        await organizer.send("volunteers, except those who have voted")
        await organizer.tap("Save it")
        await organizer.send("amis")
    assert "Another area has an audience of this name" in organizer.last.text
    (kept,) = await rows(conversation, saved_audiences)
    assert kept.area == "75"
