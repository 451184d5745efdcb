"""Versions of a message and people left out of it, in the chat: written, approved, changed, corrected, and told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import db.exports
from bot.actions.effects import measure
from bot.delivery.calls import Call
from bot.rules.experiments import COUNTED_FOR
from db.engine import Database
from db.exports import Selection
from db.schema import audit, broadcast_texts, broadcasts, deliveries, events, responses
from tests.campaigning import recipients, rows, staff, supporter, written
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.drafting import begin_broadcast, finish_broadcast, write_broadcast, write_event
from tests.leaving import leaving

LYON = "69123"
NOW = paris("2016-11-02T10:00")
MANY = 60


@pytest.fixture
def conversation(sqlite_database: Database) -> Conversation:
    return Conversation(sqlite_database, NOW)


async def organizer_of(conversation: Conversation, area: str = "FR", people: int = MANY) -> Talker:
    for number in range(100, 100 + people):
        await supporter(conversation, number, LYON)
    return await staff(conversation, 7, "coordinator", area)


async def write_two(talker: Talker, *, share: str = "Leave out 20%") -> None:
    """Two versions in two languages, some people left out, so that more say yes; up to the audience."""
    await begin_broadcast(talker)
    for text in ("Bonjour", "Hello"):
        await talker.send(text)
    await talker.tap("Try another version?")
    await talker.tap("Write version B")
    for text in ("Salut", "Hi"):
        await talker.send(text)
    if share:
        await talker.tap(share)
    await talker.tap("That’s it")
    await talker.tap("Say yes to the event")
    await talker.tap("No photo")


async def send_two(talker: Talker, **options: Any) -> None:
    await write_two(talker, **options)
    await finish_broadcast(talker)
    await talker.send("SEND")


async def variants(conversation: Conversation) -> dict[int, str]:
    return {person: row.variant for person, row in (await recipients(conversation, "staff:%")).items()}


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
        *("Open the event", "Say yes to the event", "Come to the event"),
        *("Plan when to vote", "Say they voted"),
    }
    await organizer.tap("Come to the event")
    await organizer.tap("No photo")
    await finish_broadcast(organizer)
    *_, label_a, _, english_a, label_b, french_b, english_b, summary = [
        each.text for each in organizer.screen
    ]
    assert (label_a, label_b) == ("<b>Version A:</b>", "<b>Version B:</b>")
    assert [text.split("\n")[0] for text in (english_a, french_b, english_b)] == ["Hello", "Salut", "Hi"]
    assert "<b>Versions:</b> A and B, at random, for the same number of people each" in summary
    assert "<b>Left out at random:</b> 10% of the people" in summary
    assert "<b>Aim:</b> more people coming to the event" in summary
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
    await organizer.tap("Open the event")
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


# -- what is told of it --


async def finished(conversation: Conversation, did: dict[str, int], *, left: bool = True) -> None:
    """Everything left; so many of each group said yes, and a week is over."""
    async with conversation.database.write() as tx:
        queued = deliveries.c.state == "queued"
        values = {"state": "sent", "sent_at": NOW} if left else {"state": "cancelled"}
        await tx.execute(sa.update(deliveries).where(queued).values(**values))
        await tx.execute(sa.update(broadcasts).values(finished_at=NOW))
        found = (await tx.execute(sa.select(deliveries.c.person, deliveries.c.variant))).all()
        for variant, number in did.items():
            for row in [each for each in found if each.variant == variant][:number]:
                said = {"person": row.person, "question": "rsvp", "answer": "yes", "at": NOW}
                code = sa.select(events.c.code).scalar_subquery()
                await tx.execute(sa.insert(responses).values(subject=code, **said))
    conversation.clock.move(NOW + COUNTED_FOR + timedelta(minutes=1))
    await measure(conversation.database, conversation.services.campaign, conversation.clock.now())


async def an_event(conversation: Conversation) -> None:
    admin = await staff(conversation, 70, "admin", "FR")
    await write_event(admin)
    await admin.send("SEND")
    async with conversation.database.write() as tx:
        await tx.execute(sa.delete(deliveries))
        await tx.execute(sa.delete(broadcasts))


async def card_of(talker: Talker) -> str:
    await talker.send("/broadcasts")
    await talker.tap(". Hello")
    return next(each.text for each in reversed(talker.screen) if "<b>Written by:</b>" in each.text)


@pytest.mark.parametrize(
    ("did", "sentence"),
    [
        (
            {"B": 99},
            "<b>Version B worked.</b> Said yes to the event: 100 of 100 people with version B, 0 of 100 who",
        ),
        ({"holdout": 99}, "<b>Version A backfired.</b>"),
        ({}, "<b>Too few people to tell.</b> It would take "),
    ],
)
async def test_the_card_says_it_in_a_sentence(
    conversation: Conversation, did: dict[str, int], sentence: str
) -> None:
    await an_event(conversation)
    organizer = await organizer_of(conversation)
    await send_two(organizer)
    assert "<b>Too early to tell.</b> I’ll count once the last message has gone out" in await card_of(
        organizer
    )
    await finished(conversation, did)
    assert sentence in await card_of(organizer)


async def test_whoever_looks_after_an_area_reads_no_rates(conversation: Conversation) -> None:
    await an_event(conversation)
    organizer = await organizer_of(conversation, "69")
    await send_two(organizer)
    await finished(conversation, {"B": 99})
    card = await card_of(organizer)
    assert (
        "<b>Version B worked.</b> That is unlikely to be chance. Version B did better than version A." in card
    )
    assert "of 100 people" not in card


async def test_everybody_can_read_what_they_drew(conversation: Conversation) -> None:
    organizer = await organizer_of(conversation, people=0)
    talker = conversation.person(100)
    person = await supporter(conversation, 100, LYON, language="en")
    await supporter(conversation, 101, LYON)
    await send_two(organizer)
    left_out = "you were not sent it. Some people, picked at random, were left out"
    for variant, state, others, said in (
        ("B", "sent", "sent", "yours was version B, picked at random"),
        ("holdout", "held_out", "sent", left_out),
        # Nobody can tell beforehand, nor of what never reached anybody.
        *(("holdout", "held_out", other, None) for other in ("queued", "cancelled")),
        *(("B", mine, mine, None) for mine in ("queued", "cancelled", "expired")),
        ("B", "expired", "sent", None),
    ):
        async with conversation.database.write() as tx:
            sent_at = {"sent": NOW}
            for mine, which, values in (
                (deliveries.c.person == person, state, {"variant": variant}),
                (deliveries.c.person != person, others, {}),
            ):
                change = sa.update(deliveries).where(mine)
                await tx.execute(change.values(state=which, sent_at=sent_at.get(which), **values))
        before = len(talker.screen)
        await talker.send("/mydata")
        told = "\n".join(each.text for each in talker.screen[before:])
        assert (said in told) if said else ("at random" not in told), (variant, state, others)
    why = await talker.send("/why")
    assert "version" not in why.text, "Nobody who was left out is told that they got it."


async def test_opening_an_event_is_noted_of_who_drew(conversation: Conversation) -> None:
    await an_event(conversation)
    organizer = await organizer_of(conversation, people=1)
    await send_two(organizer, share="")
    talker = conversation.person(100)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).values(state="sent", sent_at=NOW))
        code = await tx.scalar(sa.select(events.c.code))
    for _ in range(2):
        await talker.send(f"/start ev_{code}")
    noted = [(row.question, row.subject, row.answer) for row in await rows(conversation, responses)]
    assert noted == [("opened", code, "yes")]


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
    await organizer.tap("Dire oui à l’événement")
    await organizer.tap("Pas de photo")
    await organizer.tap("C’est bon")
    await organizer.tap("Maintenant")
    assert "<b>But :</b> que davantage de gens disent oui à l’événement" in organizer.last.text.replace(
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
    await organizer.tap("Open the event")
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


@pytest.mark.parametrize(
    ("sent", "state", "said"),
    [
        (False, "cancelled", "<b>It never left:</b> there is nothing to compare."),
        (True, "cancelled", "It was stopped on the way, and not everybody got it who was to."),
    ],
)
async def test_the_card_of_what_was_stopped_says_so(
    conversation: Conversation, state: str, said: str, *, sent: bool
) -> None:
    await an_event(conversation)
    organizer = await organizer_of(conversation)
    await send_two(organizer)
    await finished(conversation, {"B": 99} if sent else {}, left=sent)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(broadcasts).values(state=state))
    card = await card_of(organizer)
    assert said in card
    assert ("Version B worked." in card) is sent


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
    await organizer.tap("Say yes to the event")
    assert "<b>Aim:</b> more people saying yes to the event" in organizer.last.text


async def test_the_author_hears_that_it_was_counted(conversation: Conversation) -> None:
    await an_event(conversation)
    organizer = await organizer_of(conversation)
    await send_two(organizer)
    await finished(conversation, {"B": 99})
    for _ in range(2):
        await measure(conversation.database, conversation.services.campaign, conversation.clock.now())
    calls = [each for each in await leaving(conversation) if isinstance(each, Call)]
    (told,) = [each for each in calls if "Did your message work?" in str(each.payload.get("text"))]
    assert told.chat == 7


async def test_nobody_who_exports_can_tell_beforehand_who_draws_what(conversation: Conversation) -> None:
    organizer = await organizer_of(conversation)
    await send_two(organizer)

    async def exported() -> set[tuple[str | None, str]]:
        async with conversation.database.read() as tx:
            found = db.exports.sent(Selection(area="FR", known_in=None, since=None, until=None))
            rows = (await tx.execute(found.query)).all()
        return {(row.variant, row.state) for row in rows}

    assert await exported() == {(None, "queued")}
    async with conversation.database.write() as tx:
        first = sa.select(sa.func.min(deliveries.c.id)).where(deliveries.c.state == "queued")
        one = sa.update(deliveries).where(deliveries.c.id == first.scalar_subquery())
        await tx.execute(one.values(state="sent", sent_at=NOW))
    told = await exported()
    assert ("holdout", "held_out") in told
    assert {("A", "queued"), ("B", "queued")} <= told
