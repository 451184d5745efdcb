"""Versions of a message, and people left out of it, in the chat: written, approved, changed, corrected."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.delivery.calls import Call
from db.engine import Database
from db.schema import audit, broadcast_texts, broadcasts, deliveries
from tests.campaigning import rows, staff, supporter, written
from tests.comparing import LYON, MANY, NOW, organizer_of, send_two, variants, write_two
from tests.conversation import CAMPAIGN, Conversation
from tests.drafting import begin_broadcast, finish_broadcast, write_broadcast
from tests.leaving import leaving


async def test_two_versions_are_written_by_taps_and_each_gets_one(conversation: Conversation) -> None:
    organizer = await organizer_of(conversation)
    await begin_broadcast(organizer)
    await organizer.send("Bonjour")
    asked = await organizer.send("Hello")
    assert {"No photo", "Try another version?"} <= set(asked.buttons)
    explained = await organizer.tap("Try another version?")
    assert "some the other, at random" in explained.text
    assert "whether the people who came would have come anyway" in explained.text
    asked = await organizer.tap("Write version B")
    assert "Write version B – Français" in asked.text
    assert not asked.buttons, "Each version is written in the languages of the first."
    assert "Write version B – English" in (await organizer.send("Salut")).text
    shown = await organizer.send("Hi")
    assert "<b>Versions:</b> A and B" in shown.text
    shown = await organizer.tap("Leave out 10%")
    assert "<b>Left out:</b> 10% of the people" in shown.text
    assert "✓ Leave out 10%" in shown.buttons
    goals = await organizer.tap("That’s it")
    assert "Choose before you send" in goals.text
    assert set(goals.buttons) == {
        *("Open an event", "Say yes to an event", "Come to an event"),
        *("Plan when to vote", "Say they voted"),
    }
    await organizer.tap("Come to an event")
    await organizer.tap("No photo")
    await finish_broadcast(organizer)
    *_, label_a, _, english_a, label_b, french_b, english_b, summary = [
        each.text for each in organizer.screen
    ]
    assert (label_a, label_b) == ("<b>Version A:</b>", "<b>Version B:</b>")
    assert [text.split("\n")[0] for text in (english_a, french_b, english_b)] == ["Hello", "Salut", "Hi"]
    assert "<b>Versions:</b> A and B, at random, for the same number of people each" in summary
    assert "<b>Left out at random:</b> 10% of the people" in summary
    assert "<b>Aim:</b> more people coming to an event" in summary
    assert "With so few people it will probably tell you nothing." in summary
    assert f"<b>Recipients:</b> about {MANY * 9 // 10} ({MANY}, less 10% picked at random)" in summary
    await organizer.send("SEND")
    drawn = await variants(conversation)
    assert set(drawn.values()) == {"A", "B", "holdout"}
    left_out = sum(variant == "holdout" for variant in drawn.values())
    assert f"Sent: <b>0</b> of {MANY - left_out}" in organizer.last.text
    assert f"Left out at random: {left_out}" in organizer.last.text
    (noted,) = [row for row in await rows(conversation, audit) if row.action == "broadcast"]
    assert noted.details["people"] == MANY - left_out, "The log counts those who get it."


async def test_everybody_gets_what_they_drew_and_nobody_who_was_left_out(conversation: Conversation) -> None:
    organizer = await organizer_of(conversation, people=9)
    await send_two(organizer, share="")
    async with conversation.database.write() as tx:
        out = sa.update(deliveries).where(deliveries.c.id == 1).values(variant="holdout", state="held_out")
        await tx.execute(out)
    async with conversation.database.read() as tx:
        found = (await tx.execute(sa.select(deliveries).order_by(deliveries.c.id))).all()
    drawn = {99 + row.person - found[0].person + 1: row.variant for row in found}
    said = {"A": "Bonjour", "B": "Salut"}
    calls = [each for each in await leaving(conversation) if isinstance(each, Call)]
    told = {call.chat: call.payload["text"].split("\n")[0] for call in calls}
    assert told == {chat: said[variant] for chat, variant in drawn.items() if variant in said}


async def test_a_third_version_and_second_thoughts_while_writing(conversation: Conversation) -> None:
    organizer = await organizer_of(conversation, people=12)
    await write_two(organizer)
    await finish_broadcast(organizer)
    await organizer.tap("Change the versions")
    await organizer.tap("Write version C")
    for text in ("Ohé", "Hey"):
        await organizer.send(text)
    assert "Write version D" not in organizer.last.buttons
    await organizer.tap("Rewrite version B")
    for text in ("Coucou", "Hiya"):
        await organizer.send(text)
    await organizer.tap("✓ Leave out 20%")
    assert "<b>Left out:</b> nobody" in organizer.last.text
    await organizer.tap("That’s it")
    assert "<b>Versions:</b> A, B and C" in organizer.last.text
    await organizer.tap("Change the versions")
    await organizer.tap("Drop version C")
    await organizer.tap("That’s it")
    await organizer.tap("Change its aim")
    await organizer.tap("Open an event")
    await organizer.tap("Change the versions")
    await organizer.tap("Drop version B")
    await organizer.tap("Leave out 5%")
    await organizer.tap("That’s it")
    await organizer.send("SEND")
    (sent,) = await rows(conversation, broadcasts)
    assert sent.experiment == {"versions": 1, "holdout": 5, "goal": "opened"}
    assert {row.variant for row in await rows(conversation, broadcast_texts)} == {"A"}


async def test_who_wants_one_version_taps_once_more_at_most(conversation: Conversation) -> None:
    organizer = await organizer_of(conversation, people=2)
    await begin_broadcast(organizer)
    await organizer.send("Bonjour")
    await organizer.send("Hello")
    await organizer.tap("Try another version?")
    await organizer.tap("No, go on")
    await organizer.tap("No photo")
    await finish_broadcast(organizer)
    await organizer.send("SEND")
    (sent,) = await rows(conversation, broadcasts)
    assert sent.experiment is None
    assert set((await variants(conversation)).values()) == {None}


@pytest.mark.parametrize(
    "data",
    [
        *(
            "1:trial_version:write:D",
            "1:trial_version:write:C",
            "1:trial_version:drop:A",
            "1:trial_version:x:B",
        ),
        *("1:trial_holdout:90", "1:trial_holdout:x", "1:trial_goal:stopped", "1:trial_goal:x", "1:trial:1"),
    ],
)
async def test_forged_buttons_change_nothing(conversation: Conversation, data: str) -> None:
    organizer = await organizer_of(conversation, people=2)
    await begin_broadcast(organizer)
    await organizer.send("Bonjour")
    await organizer.send("Hello")
    await organizer.tap("Try another version?")
    before = organizer.last.text
    await organizer.tap_data(data)
    assert organizer.last.text == before
    await organizer.tap("No, go on")


async def test_a_neutral_reminder_has_no_versions(conversation: Conversation) -> None:
    organizer = await organizer_of(conversation, people=2)
    await begin_broadcast(organizer, kind="Neutral reminder to vote")
    await organizer.tap("That’s it")
    await finish_broadcast(organizer)
    assert "Try another version?" not in organizer.last.buttons
    await organizer.tap_data("1:broadcast_back:trial")
    await organizer.tap_data("1:trial_version:write:B")
    await organizer.send("SEND")
    (sent,) = await rows(conversation, broadcasts)
    assert sent.experiment is None


async def test_all_versions_are_approved_together_and_a_change_asks_again(sqlite_database: Database) -> None:
    campaign = replace(CAMPAIGN, approval_above=1)
    conversation = Conversation(sqlite_database, NOW, campaign=campaign)
    organizer = await organizer_of(conversation, people=9)
    second = await staff(conversation, 8, "admin", "FR")
    await second.send("/help")
    await send_two(organizer)
    await second.send("/broadcasts")
    await second.tap("1. ")
    seen = "\n".join(each.text for each in second.screen)
    for part in ("Version A:", "Version B:", "Salut", "Hi", "Left out at random:", "more people saying yes"):
        assert part in seen, part
    waits = second.last
    await organizer.send("/broadcasts")
    await organizer.tap("1. ")
    await organizer.tap("Change it")
    await organizer.tap("Change the versions")
    await organizer.tap("Rewrite version B")
    for text in ("Coucou", "Hiya"):
        await organizer.send(text)
    await organizer.tap("That’s it")
    await organizer.send("SEND")
    await second.tap_data(waits.buttons["Approve"], on=waits)
    (sent,) = await written(conversation)
    assert sent.state == "unapproved", "What was shown is another one."
    await second.send("/broadcasts")
    await second.tap("1. ")
    assert any("Coucou" in each.text for each in second.screen)
    await second.tap("Approve")
    (sent,) = await written(conversation)
    assert sent.state == "active"
    assert {row.variant for row in await rows(conversation, broadcast_texts)} == {"A", "B"}


async def test_one_like_it_has_the_same_versions_and_draws_anew(conversation: Conversation) -> None:
    organizer = await organizer_of(conversation)
    await send_two(organizer)
    first = await variants(conversation)
    await organizer.send("/broadcasts")
    await organizer.tap("1. ")
    await organizer.tap("Write one like it")
    await organizer.tap("Now")
    assert "<b>Versions:</b> A and B" in organizer.last.text
    await organizer.send("SEND")
    two = await rows(conversation, broadcasts)
    assert two[0].experiment == two[1].experiment
    async with conversation.database.read() as tx:
        again = sa.select(deliveries.c.person, deliveries.c.variant).where(
            deliveries.c.broadcast == two[1].id
        )
        assert {row.person: row.variant for row in await tx.execute(again)} != first


async def test_a_correction_has_words_for_each_version(conversation: Conversation) -> None:
    """Who drew B reads the corrected B; whoever was left out reads nothing."""
    organizer = await organizer_of(conversation, people=9)
    await send_two(organizer, share="")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).values(state="sent", sent_at=NOW, message_id=deliveries.c.id))
        out = sa.update(deliveries).where(deliveries.c.id == 1)
        await tx.execute(out.values(variant="holdout", state="held_out", message_id=None, sent_at=None))
        await tx.execute(sa.update(broadcasts).values(finished_at=NOW))
    await organizer.send("/broadcasts")
    await organizer.tap("1. ")
    await organizer.tap("Correct it")
    await organizer.tap("Leave it as it is")
    await organizer.tap("Leave it as it is")
    assert any("Version B as it reads now – Français" in each.text for each in organizer.screen)
    assert "Correct no. 1, version B – Français" in organizer.last.text
    await organizer.send("Salut à tous")
    await organizer.tap("Leave it as it is")
    await organizer.send("CORRECT")
    async with conversation.database.read() as tx:
        chosen = sa.select(deliveries.c.variant, deliveries.c.message_id).where(deliveries.c.broadcast == 1)
        drawn = {row.message_id: row.variant for row in await tx.execute(chosen) if row.message_id}
    said = {"A": "Bonjour", "B": "Salut à tous"}
    calls = [each for each in await leaving(conversation) if isinstance(each, Call)]
    told = {call.payload["message_id"]: call.payload["text"].split("\n")[0] for call in calls}
    assert told == {message: said[variant] for message, variant in drawn.items()}


async def test_in_french(conversation: Conversation) -> None:
    for number in (100, 101):
        await supporter(conversation, number, LYON)
    await staff(conversation, 7, "coordinator", "FR")
    organizer = conversation.person(7, language="fr")
    await organizer.send("/broadcast")
    await organizer.tap("Actualité")
    await organizer.send("Bonjour")
    await organizer.tap("Pas de texte dans cette langue")
    await organizer.tap("Essayer une autre version ?")
    assert "Le sort décide qui reçoit quel texte." in organizer.last.text
    await organizer.tap("Écrire la version B")
    assert "Écrivez la version B – Français" in organizer.last.text
    await organizer.send("Salut")
    await organizer.tap("Mettre 10 % de côté")
    await organizer.tap("C’est bon")
    await organizer.tap("Dire oui à un événement")
    await organizer.tap("Pas de photo")
    await organizer.tap("C’est bon")
    await organizer.tap("Maintenant")
    assert "<b>But :</b> que davantage de gens disent oui à un événement" in organizer.last.text.replace(
        "\u202f", " "
    )


async def test_a_photo_with_its_caption_is_the_text_of_a_version(conversation: Conversation) -> None:
    organizer = await organizer_of(conversation, people=2)
    await begin_broadcast(organizer)
    await organizer.send("Bonjour")
    await organizer.tap("No text in this language")
    await organizer.tap("Try another version?")
    await organizer.tap("Write version B")
    photo = [{"file_id": "large", "file_unique_id": "l", "width": 9, "height": 9}]
    await organizer.send_message(photo=photo, caption="Salut")
    await organizer.tap("That’s it")
    await organizer.tap("Open an event")
    await finish_broadcast(organizer)
    assert {call.payload["caption"].split("\n")[0] for call in organizer.called("sendPhoto")} == {
        "Bonjour",
        "Salut",
    }


async def test_a_draft_that_is_taken_up_again_asks_for_what_is_missing(conversation: Conversation) -> None:
    organizer = await organizer_of(conversation, people=2)
    await write_broadcast(organizer, "Bonjour", "Hello")
    await finish_broadcast(organizer)
    await organizer.tap("Try another version?")
    await organizer.tap("Write version B")
    await organizer.send("/broadcast")
    assert "Write version B – Français" in organizer.last.text


async def test_an_aim_that_is_none_at_the_hour_that_was_chosen_is_asked_anew(
    conversation: Conversation,
) -> None:
    """After the last round nobody votes any more: said when the hour is chosen, not once SEND was typed."""
    organizer = await organizer_of(conversation, people=2)
    await begin_broadcast(organizer)
    for text in ("Bonjour", "Hello"):
        await organizer.send(text)
    await organizer.tap("Try another version?")
    await organizer.tap("Leave out 20%")
    await organizer.tap("That’s it")
    await organizer.tap("Say they voted")
    await organizer.tap("No photo")
    await organizer.tap("That’s it")
    await organizer.send("28/11/2016 18:00")
    asked = await organizer.tap("My clock")
    assert "no vote is left: it can’t aim at planning or voting" in asked.text
    assert "Say they voted" not in asked.buttons
    await organizer.tap("Say yes to an event")
    assert "<b>Aim:</b> more people saying yes to an event" in organizer.last.text
