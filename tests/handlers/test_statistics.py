"""/stats and /calendar: the numbers of one's area and what is to come in it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.rules.permissions import Role
from db.schema import deliveries, people, responses, vote_plans
from tests.campaigning import named, supporters
from tests.conversation import Conversation, paris
from tests.drafting import announce_event, begin_event, finish_event, write_broadcast

LYON = {"commune": "69123", "department": "69", "region": "84"}
PARIS = {"commune": "75115", "department": "75", "region": "11"}


@pytest.fixture
async def conversation(conversation: Conversation) -> Conversation:
    """12 supporters in Lyon, 3 in Paris; all plan the morning."""
    now = conversation.clock.now()
    rows = [
        {
            "telegram_id": 100 + number,
            "pseudonym": f"p{number}",
            "state": "registered",
            "territory": "FR",
            **place,
        }
        for number, place in enumerate([LYON] * 12 + [PARIS] * 3, start=1)
    ]
    moments = {"created_at": now, "registered_at": now, "seen_at": now}
    async with conversation.database.write() as tx:
        await tx.execute(sa.insert(people), [{**row, **moments} for row in rows])
        ids = (await tx.execute(sa.select(people.c.id))).scalars().all()
        plan = {"ballot": 1, "slot": "morning", "at": now}
        await tx.execute(sa.insert(vote_plans), [{**plan, "person": number} for number in ids])
        answer = {"question": "rsvp", "answer": "yes", "at": now, **LYON}
        await tx.execute(sa.insert(responses), [{**answer, "update_id": number} for number in range(11)])
    return conversation


async def test_the_whole_campaign_is_narrowed_by_buttons(conversation: Conversation) -> None:
    boss = await named(conversation, 1, Role.ADMIN, "FR")
    await boss.send("/stats")
    assert "Supporters: <b>15</b>" in boss.last.text
    assert "Auvergne-Rhône-Alpes – 12\nÎle-de-France – 3" in boss.last.text
    assert "Planned time – morning 15" in boss.last.text
    await boss.tap("Île-de-France")
    await boss.tap("Paris")
    assert "Supporters: <b>3</b>" in boss.last.text
    await boss.tap("Wider")
    assert "The numbers: Île-de-France" in boss.last.text


async def test_more_places_than_are_shown_are_said_to_be_there(conversation: Conversation) -> None:
    boss, now = await named(conversation, 1, Role.ADMIN, "FR"), conversation.clock.now()
    codes = ("45234", "21231", "76540", "59350", "67482", "44109", "35238", "33063", "31555")
    moments = {"created_at": now, "registered_at": now, "seen_at": now}
    rows = [
        {"telegram_id": int(code), "pseudonym": f"r{code}", "state": "registered", "territory": "FR"}
        | {"commune": code, **moments}
        for code in codes
    ]
    async with conversation.database.write() as tx:
        await tx.execute(sa.insert(people), rows)
    await boss.send("/stats")
    _, regions = boss.last.text.split("By region</b>\n")
    listed = regions.split("\n\n")[0].splitlines()
    assert listed[9:] == ["And 2 more"], regions
    assert len(listed) == 10


async def test_small_counts_are_hidden_from_staff_of_an_area(conversation: Conversation) -> None:
    local = await named(conversation, 1, Role.COORDINATOR, "75")
    await local.send("/stats")
    assert "Supporters: <b>&lt; 10</b>" in local.last.text
    # Neither a place nor an answer stands there where there is nothing to tell: it would say that there is somebody.
    assert "Paris 15e" not in local.last.text + "".join(local.last.buttons)
    assert "morning" not in local.last.text
    assert "First round" not in local.last.text
    assert "Wider" not in local.last.buttons


async def test_every_answer_of_an_area(conversation: Conversation) -> None:
    local = await named(conversation, 1, Role.COORDINATOR, "69")
    await local.send("/stats")
    await local.tap("All answers")
    assert "Invitations – yes 10–19" in local.last.text
    await local.tap("Back")
    assert "The numbers: Rhône" in local.last.text


async def test_of_several_areas_one_is_chosen(conversation: Conversation) -> None:
    local = await named(conversation, 1, Role.ORGANIZER, "69", "75")
    await local.send("/stats")
    await local.tap("Paris")
    assert "The numbers: Paris" in local.last.text


@pytest.mark.parametrize(
    "data", ["stats:FR", "stats:75", "stats_answers:R11", "stats:x", "stats", "calendar:FR:0"]
)
async def test_other_areas_are_refused(conversation: Conversation, data: str) -> None:
    local = await named(conversation, 1, Role.COORDINATOR, "69")
    await local.tap_data(f"1:{data}")
    assert all("<b>" not in shown.text for shown in local.screen)
    zoe = conversation.person(101)
    await zoe.tap_data(f"1:{data}")
    assert all("<b>" not in shown.text for shown in zoe.screen)


async def test_the_calendar_shows_what_is_next(conversation: Conversation) -> None:
    local = await named(conversation, 1, Role.ORGANIZER, "69")
    await local.send("/calendar")
    first = local.last.text.split("\n\n")[1]
    assert first == (
        "<b>When will you go?</b> (first round)\nWednesday 16 November at 18:00 local time\nMetropolitan France"
    )
    conversation.clock.move(paris("2016-11-20T19:30"))
    await local.send("/calendar")
    assert local.last.text.split("\n\n")[1].startswith(
        "<b>Thanks</b> (first round)\nSunday 20 November at 20:30"
    )


async def test_the_calendar_shows_events_and_scheduled_messages_among_the_steps(
    conversation: Conversation,
) -> None:
    """In their order; an event of elsewhere is in another calendar, and each opens by a tap."""
    local = await named(conversation, 1, Role.COORDINATOR, "69")
    await announce_event(local)
    await write_broadcast(local)
    await local.tap("That’s it")
    await local.send("18/11 8h")
    await local.tap("own")
    await local.send("SEND")
    await conversation.add_event("paris1", commune="75115", titles={"fr": "Ailleurs"})
    await local.send("/calendar")
    shown = local.last.text
    assert "<b>Message no. 2: Hello</b>\nFriday 18 November at 08:00 local time" in shown
    assert "Ailleurs" not in shown
    assert shown.index("Reminder of the plan") > shown.index("When will you go?")
    await local.tap("2. Hello")
    assert any("<b>Written by:</b>" in each.text for each in local.screen)
    await local.send("/calendar")
    await local.tap("Next")
    assert "<b>Event: Meeting</b>\nThursday 24 November at 19:00 local time" in local.last.text
    await local.tap("Meeting")
    assert "Meeting" in local.last.text


async def test_no_two_buttons_of_the_calendar_look_alike(conversation: Conversation) -> None:
    """A series has one title on many days, and a message by local time that is held for some stands there twice."""
    await supporters(conversation, range(200, 212), "69123")
    admin = await named(conversation, 1, Role.ADMIN, "FR")
    await write_broadcast(admin)
    await admin.tap("That’s it")
    await admin.send("17/11 8h")
    await admin.tap("own")
    await admin.send("SEND")
    async with conversation.database.write() as tx:
        first, *_ = await tx.scalars(sa.select(deliveries.c.id).order_by(deliveries.c.id))
        await tx.execute(sa.update(deliveries).values(due_at=paris("2016-11-17T13:00")))
        held = {"state": "withheld", "reason": "cap_day", "due_at": paris("2016-11-18T09:00")}
        await tx.execute(sa.update(deliveries).where(deliveries.c.id == first).values(**held))
    conversation.clock.move(paris("2016-11-17T08:30"))
    await admin.send("/calendar")
    assert admin.last.text.count("Message no. 1: Hello") == 2
    (asked,) = [each for each in admin.calls if each.method == "sendMessage"]
    labels = [each["text"] for row in asked.payload["reply_markup"]["inline_keyboard"] for each in row]
    assert labels.count("1. Hello") == 1

    await begin_event(admin)
    await finish_event(admin, day="30/11")
    for words in ("Repeat it", "Every week"):
        await admin.tap(words)
    for words in ("2", "SEND"):
        await admin.send(words)
    conversation.clock.move(paris("2016-11-29T10:00"))
    await admin.send("/calendar")
    for label in ("Wednesday 30 November – Meeting", "Wednesday 7 December – Meeting"):
        assert label in admin.last.buttons


async def test_the_calendar_overseas_is_in_its_own_time(conversation: Conversation) -> None:
    """Martinique votes on Saturday, and plans are asked about the day before metropolitan ones."""
    local = await named(conversation, 1, Role.ORGANIZER, "972")
    conversation.clock.move(paris("2016-11-17T10:00"))
    await local.send("/calendar")
    assert "Reminder of the plan</b> (first round)\nThursday 17 November at 18:00" in local.last.text
    assert "Polling day: time to go</b> (first round)\nSaturday 19 November" in local.last.text


async def test_after_the_last_ballot_nothing_is_to_come(conversation: Conversation) -> None:
    local = await named(conversation, 1, Role.ORGANIZER, "69")
    conversation.clock.move(paris("2016-12-01T10:00"))
    await local.send("/calendar")
    assert "Nothing more is planned" in local.last.text


async def test_who_is_known_to_the_team_is_counted_exactly(conversation: Conversation) -> None:
    """Five of the twelve in Lyon agreed: they have rows in the exports, and whoever subtracts them learns nothing."""
    async with conversation.database.write() as tx:
        agreed = sa.select(people.c.id).where(people.c.commune == "69123").limit(5)
        await tx.execute(sa.update(people).where(people.c.id.in_(agreed)).values(consent_team=True))
    local = await named(conversation, 1, Role.COORDINATOR, "69")
    await local.send("/stats")
    assert "Supporters: <b>5–14</b>" in local.last.text
    assert "Lyon – 5–14" in local.last.text
    assert "people the team doesn’t know are counted in tens" in local.last.text
    boss = await named(conversation, 2, Role.ADMIN, "FR")
    await boss.send("/stats")
    assert "Supporters: <b>15</b>" in boss.last.text
    assert "in tens" not in boss.last.text


async def test_ten_taps_of_one_person_are_no_ten_people(conversation: Conversation) -> None:
    now = conversation.clock.now()
    async with conversation.database.write() as tx:
        person = (await tx.execute(sa.select(people.c.id).limit(1))).scalar_one()
        answer = {
            "question": "pledge",
            "subject": "1",
            "answer": "cannot",
            "at": now,
            "person": person,
            **LYON,
        }
        await tx.execute(sa.insert(responses), [{**answer, "update_id": 100 + n} for n in range(12)])
    local = await named(conversation, 1, Role.COORDINATOR, "69")
    await local.send("/stats")
    await local.tap("All answers")
    assert "can’t" not in local.last.text
    boss = await named(conversation, 2, Role.ADMIN, "FR")
    await boss.send("/stats")
    await boss.tap("All answers")
    assert "Will vote – can’t 1\n" in boss.last.text
