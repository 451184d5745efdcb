"""A question that was answered loses its buttons, also where the answer was typed, or given on another message."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bot.rules.event_reminders import EventStep
from bot.rules.kinds import Kind
from bot.rules.sending import INVITATION
from db.schema import broadcasts, deliveries, people, vote_plans
from tests.campaigning import staff
from tests.conversation import Conversation, Shown, Talker, paris
from tests.drafting import finish_broadcast, write_broadcast, write_event

POLLING_DAY = paris("2016-11-20T10:00")


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    talker = conversation.person(7)
    await talker.sign_up()
    return talker


async def asked(conversation: Conversation, talker: Talker, **broadcast: Any) -> Shown:
    """A message of the campaign that stands in the chat and asks something."""
    shown = Shown(id=conversation.number(), text="…", buttons={"A button": "1:menu:menu"})
    talker.screen.append(shown)
    person, now = await talker.stored(), conversation.clock.now()
    assert person is not None
    values = {
        "kind": Kind.GOTV,
        "audience": {},
        "area": "FR",
        "starts_at": now,
        "created_at": now,
        **broadcast,
    }
    async with conversation.database.write() as tx:
        inserted = sa.insert(broadcasts).values(key=f"test:{shown.id}", **values).returning(broadcasts.c.id)
        delivery = {
            "broadcast": (await tx.execute(inserted)).scalar_one(),
            "person": person.id,
            "state": "sent",
        }
        delivery |= {"message_id": shown.id, "sent_at": now, "due_at": now, "changed_at": now}
        await tx.execute(sa.insert(deliveries).values(delivery))
        await tx.execute(sa.update(people).values(unanswered=1))
    return shown


async def unanswered(conversation: Conversation) -> int:
    async with conversation.database.read() as tx:
        waiting = sa.select(sa.func.count()).where(deliveries.c.answered_at.is_(None))
        return int((await tx.execute(waiting.select_from(deliveries))).scalar_one())


# -- what staff write --


async def test_every_question_of_a_broadcast_loses_its_buttons(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await write_broadcast(admin)
    await finish_broadcast(admin)
    assert sum(bool(shown.buttons) for shown in admin.screen if "Change the text" in shown.buttons) == 1
    await admin.send("SEND")
    assert not any("Change the text" in shown.buttons for shown in admin.screen)
    assert not any("No text in this language" in shown.buttons for shown in admin.screen)


async def test_every_question_of_an_event_loses_its_buttons(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await write_event(admin)
    for label in ("Without a pin", "2 h", "There are enough", "That’s it"):
        assert not any(label in shown.buttons for shown in admin.screen)
    await admin.send("SEND")
    assert not any("event_back" in data for shown in admin.screen for data in shown.buttons.values())


async def test_a_typed_duration_or_place_answers_the_question(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await admin.send("/new_event")
    for words in ("Réunion", "Venez", "Meeting", "Come", "lyon", "Salle Molière"):
        await admin.send(words)
    await admin.share_location(45.76, 4.83)
    assert not any("Without a pin" in shown.buttons for shown in admin.screen)
    for words in ("24/11 19h", "2h"):
        await admin.send(words)
    assert not any("2 h" in shown.buttons for shown in admin.screen)


async def test_a_draft_that_is_left_asks_nothing(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await admin.send("/broadcast")
    question = admin.last
    await admin.send("/cancel")
    assert question.buttons == {}


async def test_a_typed_area_makes_the_invitation(conversation: Conversation) -> None:
    admin = await staff(conversation, 7, "admin", "FR")
    await admin.send("/staff")
    await admin.tap("Invite somebody")
    question = await admin.tap("Organizer")
    assert question.buttons
    await admin.send("Lyon")
    assert question.buttons == {}


# -- reminders --


async def test_whoever_types_that_they_voted_is_asked_nothing_more(
    conversation: Conversation, zoe: Talker
) -> None:
    conversation.clock.move(POLLING_DAY)
    cards = [await asked(conversation, zoe, ballot=1, step=step) for step in ("plan", "go")]
    other = await asked(conversation, zoe, ballot=2, step="plan")
    await zoe.send("I voted")
    assert [card.buttons for card in cards] == [{}, {}]
    assert other.buttons
    assert await unanswered(conversation) == 1
    person = await zoe.stored()
    assert person is not None
    assert person.unanswered == 0


async def test_an_answer_on_another_message_counts_for_all(conversation: Conversation, zoe: Talker) -> None:
    card = await asked(conversation, zoe, ballot=1, step="plan")
    await zoe.send("/vote")
    await zoe.tap("Make my plan")
    assert card.buttons  # nothing was answered yet
    shown = await zoe.tap("Around midday")
    assert card.buttons == {}
    assert shown.buttons


@pytest.mark.parametrize(
    ("typed", "slot"),
    [
        ("à 10h", "morning"),
        ("vers 12h30", "midday"),
        ("j'irai plutôt l'après-midi", "afternoon"),
        ("at 6:30pm", "last_hour"),
        ("probably in the morning", "morning"),
        ("7h du soir", "last_hour"),
        ("8h", "morning"),
    ],
)
async def test_a_time_typed_answers_when_one_goes(
    conversation: Conversation, zoe: Talker, typed: str, slot: str
) -> None:
    card = await asked(conversation, zoe, ballot=1, step="plan")
    shown = await zoe.send(typed)
    assert card.buttons == {}
    assert shown.buttons
    async with conversation.database.read() as tx:
        assert (await tx.execute(sa.select(vote_plans.c.slot))).scalar_one() == slot


@pytest.mark.parametrize("typed", ["à 10h", "pas à 10h", "10 rue de la Paix à 10h"])
async def test_a_time_that_answers_nothing_plans_nothing(
    conversation: Conversation, zoe: Talker, typed: str
) -> None:
    if typed != "à 10h":
        await asked(conversation, zoe, ballot=1, step="plan")
    await zoe.send(typed)
    async with conversation.database.read() as tx:
        assert (await tx.execute(sa.select(vote_plans.c.slot))).all() == []


async def test_the_thanks_lose_the_button_of_what_was_answered_and_keep_the_others(
    conversation: Conversation, zoe: Talker
) -> None:
    """Tapped, its question stands below: the thanks ask only what else they ask."""
    thanks = await asked(conversation, zoe, ballot=1, step="thanks")
    keep = {"Keep my plan": "1:step:1:keep_plan:keep", "Stop these messages": "1:optout:news"}
    thanks.buttons = {**keep, "Stay in touch after the vote?": "1:agree:keep:show"}
    await zoe.tap("Stay in touch after the vote?")
    assert "May we stay in touch after the vote?" in zoe.last.text
    assert thanks.buttons == keep


# -- events --


async def test_an_answer_to_an_event_counts_for_its_invitation_and_its_eve(
    conversation: Conversation, zoe: Talker
) -> None:
    event = await conversation.add_event("lyon1")
    cards = [
        await asked(conversation, zoe, event=event, template=template)
        for template in (INVITATION, f"broadcasts/{EventStep.EVE}")
    ]
    day = await asked(conversation, zoe, event=event, template=f"broadcasts/{EventStep.SAME_DAY}")
    await zoe.send("/events")
    await zoe.tap("Public meeting")
    await zoe.tap("I’ll come")
    assert [card.buttons for card in cards] == [{}, {}]
    assert day.buttons  # it asks nothing, and shows the place


async def test_who_said_maybe_is_asked_no_more_on_the_day_once_they_know(
    conversation: Conversation, zoe: Talker
) -> None:
    event = await conversation.add_event("lyon1")
    await zoe.tap_data("1:rsvp:lyon1:maybe")
    day = await asked(conversation, zoe, event=event, template=f"broadcasts/{EventStep.SAME_DAY}")
    await zoe.tap_data("1:rsvp:lyon1:yes", on=zoe.screen[0])
    assert day.buttons == {}
