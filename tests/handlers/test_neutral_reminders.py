"""/broadcast, a neutral reminder: the program words it, staff choose what it shows; nobody types one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

import db.broadcasts
from bot.actions import broadcasts as actions
from bot.actions.authority import author_of
from bot.actions.broadcasts import BroadcastRefused, NewBroadcast
from bot.rules.expressions import EVERYBODY
from bot.rules.kinds import Kind
from bot.rules.neutrality import REMINDER
from bot.rules.sending import all_at
from db.engine import Database
from db.schema import audit, broadcast_texts, broadcasts, deliveries, people
from simulator.reading import as_read
from tests.campaigning import recipients, rows, staff, supporter
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.drafting import finish_broadcast, write_broadcast
from tests.reading import ABOUT

LYON = "69123"
NEUTRAL = "Neutral reminder to vote"
PARTISAN = "Votez Camille Durand dimanche ! https://exemple.fr/programme"
EVE = paris("2016-11-19T10:00")


@pytest.fixture
def eve(sqlite_database: Database) -> Conversation:
    return Conversation(sqlite_database, EVE)


async def begin(talker: Talker) -> None:
    """Up to what it shows."""
    await talker.send("/broadcast")
    await talker.tap(NEUTRAL)


async def test_a_partisan_message_does_not_leave_as_a_neutral_reminder(eve: Conversation) -> None:
    """As it was seen: an organizer on the eve, at ten."""
    organizer = await staff(eve, 7, "organizer", "69")
    person = await supporter(eve, 1, LYON)
    await begin(organizer)
    assert "nobody writes in it" in organizer.last.text
    for shown in (-1, -2):  # what it asks is shown again below the second time
        await organizer.send(PARTISAN)
        assert "answered with its buttons" in organizer.screen[shown].text
    photo = [{"file_id": "f", "file_unique_id": "f", "width": 9, "height": 9}]
    await organizer.send_message(photo=photo, caption=PARTISAN)
    assert "answered with its buttons" in organizer.last.text
    await organizer.tap("That’s it")
    await finish_broadcast(organizer)
    french, english, summary = organizer.screen[-3:]
    assert french.text.startswith("<b>Rappel du vote</b>")
    assert "20 novembre" in french.text.replace("\xa0", " ")
    assert english.text.startswith("<b>A reminder of the vote</b>")
    assert "20 November" in english.text.replace("\xa0", " ")
    assert english.urls == {"Find my polling station": CAMPAIGN.links["polling_place"]}
    assert re.search(rf"<b>Recipients:</b> {ABOUT}", summary.text)
    assert "Whoever told that they voted, or cannot, does not get it" in summary.text
    assert "Change the text" not in summary.buttons
    await organizer.send("SEND")
    assert list(await recipients(eve, "staff:%")) == [person]
    (broadcast,) = await rows(eve, broadcasts)
    assert (broadcast.kind, broadcast.template, broadcast.details, broadcast.ballot, broadcast.photo) == (
        "civic_neutral",
        REMINDER,
        {"fields": ["place", "identity"]},
        1,
        None,
    )
    assert await rows(eve, broadcast_texts) == []
    for shown in (french, english):
        assert "Durand" not in shown.text
        assert "exemple.fr/programme" not in str(shown)
    assert [row.action for row in await rows(eve, audit)] == ["broadcast"]


async def test_what_it_shows_is_chosen_and_may_be_changed(eve: Conversation) -> None:
    organizer = await staff(eve, 7, "organizer", "69")
    await begin(organizer)
    assert list(organizer.last.buttons)[:2] == ["✓ Where to vote", "✓ What to bring"]
    await organizer.tap("✓ What to bring")
    assert list(organizer.last.buttons)[:2] == ["✓ Where to vote", "What to bring"]
    await organizer.tap("That’s it")
    await finish_broadcast(organizer)
    assert "Bring ID" not in organizer.screen[-2].text
    await organizer.tap("Change what it shows")
    await organizer.tap("✓ Where to vote")
    await organizer.tap("What to bring")
    await organizer.tap("That’s it")
    assert "Bring ID" in organizer.screen[-2].text
    assert organizer.screen[-2].urls == {}
    await organizer.send("SEND")
    (broadcast,) = await rows(eve, broadcasts)
    assert broadcast.details == {"fields": ["identity"]}


async def test_what_was_typed_for_another_kind_does_not_come_along(eve: Conversation) -> None:
    organizer = await staff(eve, 7, "organizer", "69")
    await supporter(eve, 1, LYON)
    await write_broadcast(organizer, PARTISAN, PARTISAN)
    await finish_broadcast(organizer)
    await organizer.tap("Change the kind")
    await organizer.tap(NEUTRAL)
    await organizer.tap("That’s it")
    assert "Durand" not in "".join(shown.text for shown in organizer.screen[-3:])
    await organizer.send("SEND")
    (broadcast,) = await rows(eve, broadcasts)
    assert (broadcast.kind, broadcast.template) == ("civic_neutral", REMINDER)
    assert await rows(eve, broadcast_texts) == []
    # And back: the texts are asked for, or were kept, for the kind that has some.
    await write_broadcast(organizer)
    await finish_broadcast(organizer)
    await organizer.send("SEND")
    assert len(await rows(eve, broadcast_texts)) == 2


@pytest.mark.parametrize(
    "forged",
    [
        "1:broadcast_field:slogan",
        "1:broadcast_field",
        "1:broadcast_skip:text:fr",
        "1:broadcast_skip:photo:-",
        "1:broadcast_back:texts",
        "1:broadcast_back:photo",
        "1:broadcast_kind:persuasion",
    ],
)
async def test_no_button_leads_around_it(eve: Conversation, forged: str) -> None:
    organizer = await staff(eve, 7, "organizer", "69")
    await supporter(eve, 1, LYON)
    await begin(organizer)
    await organizer.tap_data(forged)
    await organizer.send(PARTISAN)
    await organizer.tap("That’s it")
    await finish_broadcast(organizer)
    await organizer.tap_data(forged)
    await organizer.send(PARTISAN)
    await organizer.send("SEND")
    for broadcast in await rows(eve, broadcasts):
        assert (broadcast.kind, broadcast.template) == ("civic_neutral", REMINDER)
    assert await rows(eve, broadcast_texts) == []


async def test_after_the_last_vote_there_is_nothing_to_remind_of(eve: Conversation) -> None:
    organizer = await staff(eve, 7, "organizer", "69")
    eve.clock.move(paris("2016-11-28T10:00"))
    await begin(organizer)
    assert "There is no vote to come" in organizer.last.text
    assert "What should the reminder show?" not in organizer.last.text


async def test_between_the_rounds_it_is_about_the_second(eve: Conversation) -> None:
    organizer = await staff(eve, 7, "organizer", "69")
    await supporter(eve, 1, LYON)
    eve.clock.move(paris("2016-11-24T10:00"))
    await begin(organizer)
    await organizer.tap("That’s it")
    await finish_broadcast(organizer)
    assert "Sunday 27 November" in organizer.screen[-2].text
    await organizer.send("SEND")
    assert (await rows(eve, broadcasts))[0].ballot == 2


@pytest.mark.parametrize(
    "made",
    [
        {"texts": {"fr": PARTISAN}},
        {"template": "broadcasts/event_invitation"},
        {"photo": "file"},
        {"fields": ("slogan",)},
        {"fields": None},
        {"event": 1},
    ],
)
async def test_no_caller_gets_a_typed_one_through(eve: Conversation, made: dict[str, Any]) -> None:
    organizer = await staff(eve, 7, "organizer", "69")
    await organizer.send("/broadcast")
    person = await organizer.stored()
    assert person is not None
    new = NewBroadcast(
        key="staff:1",
        kind=Kind.CIVIC_NEUTRAL,
        audience=EVERYBODY,
        when=all_at(EVE),
        texts={},
        fields=("place",),
    )
    async with eve.database.write() as tx:
        services = eve.services
        author = await author_of(
            tx, person, campaign=services.campaign, gazetteer=services.gazetteer, now=EVE
        )
        with pytest.raises(BroadcastRefused, match="Nobody writes"):
            await actions.send(tx, author, replace(new, **made))
    assert await rows(eve, broadcasts) == []


async def test_one_that_was_typed_before_says_why_it_did_not_leave(eve: Conversation) -> None:
    """Of an older version, waiting for a second person: approved, it does not leave either (tests/departure)."""
    await staff(eve, 7, "organizer", "69")
    coordinator = await staff(eve, 8, "coordinator", "69")
    await supporter(eve, 1, LYON)
    values = {"key": "staff:1", "kind": "civic_neutral", "audience": {}, "area": "69", "state": "paused"}
    async with eve.database.write() as tx:
        broadcast = await db.broadcasts.create(
            tx, {**values, "starts_at": EVE, "created_at": EVE, "created_by": 7}, {"fr": PARTISAN}
        )
        assert broadcast is not None
        everybody = sa.select(people.c.id).where(people.c.telegram_id == 1)
        await db.broadcasts.queue_deliveries(tx, broadcast=broadcast, people=everybody, due_at=EVE, now=EVE)
        # What the last look made of it.
        await tx.execute(sa.update(deliveries).values(state="cancelled", reason="not_neutral"))
    await coordinator.tap_data(f"1:broadcast:{broadcast}")
    reason = "Not sent, because somebody wrote them, and only I word neutral reminders: &lt;\xa010."
    assert as_read(reason) in as_read(coordinator.last.text)
    assert "unsubscribed" not in coordinator.last.text


async def test_why_tells_what_it_is(eve: Conversation) -> None:
    person = await supporter(eve, 1, LYON, language="en")
    values = {"key": "staff:1", "kind": "civic_neutral", "audience": {}, "area": "FR", "template": REMINDER}
    async with eve.database.write() as tx:
        broadcast = await db.broadcasts.create(
            tx, {**values, "details": {"fields": []}, "ballot": 1, "starts_at": EVE, "created_at": EVE}
        )
        sent = {"broadcast": broadcast, "person": person, "state": "sent", "sent_at": EVE, "message_id": 5}
        row = {**sent, "due_at": EVE, "attempts": 1, "changed_at": EVE}
        await tx.execute(sa.insert(deliveries).values(row))
    talker = eve.person(1)
    await talker.send("/why", reply_to=5)
    assert "a neutral reminder of the vote, which nobody in the campaign worded" in talker.last.text
