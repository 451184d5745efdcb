"""Restriction of processing (GDPR, article 18): kept, used for nothing, lifted by the person alone."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.consents
import db.staff
from bot.actions.renewals import text_hash
from bot.rules.restriction import RESTRICTED, RestrictionGround
from db.schema import broadcasts, deliveries, people
from tests.conversation import Conversation, Talker, paris
from tests.handlers.test_privacy import deliver

NOW = paris("2016-11-16T10:00")
REASONS = {
    RestrictionGround.ACCURACY: ("Something in my data is wrong", "something in your data is wrong"),
    RestrictionGround.UNLAWFUL: ("You shouldn’t have my data, but keep it", "we should not have your data"),
    RestrictionGround.CLAIMS: (
        "I need my data to defend my rights",
        "you need your data to defend your rights",
    ),
    RestrictionGround.OBJECTION: (
        "I objected and am waiting for your answer",
        "you objected and are waiting for an answer",
    ),
    None: ("I’d rather not say: do it", "nothing is used"),
}


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7)
    await person.sign_up()
    return person


async def state_of(person: Talker) -> str:
    stored = await person.stored()
    assert stored is not None
    return stored.state


async def restrict(person: Talker, reason: str = "I’d rather not say: do it") -> None:
    await person.send("/restrict")
    await person.tap(reason)


async def ledger(conversation: Conversation, person: Talker) -> list[db.consents.Consent]:
    stored = await person.stored()
    assert stored is not None
    async with conversation.database.read() as tx:
        return [
            choice
            for choice in await db.consents.of_person(tx, stored.pseudonym)
            if choice.purpose == "restriction"
        ]


@pytest.mark.parametrize("ground", REASONS)
async def test_it_is_asked_for_with_a_reason_or_none(
    conversation: Conversation, zoe: Talker, ground: RestrictionGround | None
) -> None:
    button, told = REASONS[ground]
    await zoe.send("/restrict")
    shown = await zoe.tap(button)
    assert told in shown.text
    assert await state_of(zoe) == RESTRICTED
    assert (await conversation.answers())[-1] == ("restriction", None, ground or "none")
    (choice,) = await ledger(conversation, zoe)
    assert choice.given
    texts = conversation.services.texts
    person = await zoe.stored()
    exact = texts.render(
        "privacy/restricted", "en", person=person, zone="Europe/Paris", now=NOW, ground=ground
    )
    assert choice.text_hash == text_hash(exact.written)


async def test_no_changes_nothing(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/restrict")
    await zoe.tap("No, change nothing")
    assert await state_of(zoe) == "registered"
    assert await ledger(conversation, zoe) == []


async def test_it_is_offered_beside_silence(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/stop")
    shown = await zoe.tap("Keep everything, use nothing of it")
    assert "article 18" in shown.text
    await zoe.tap("I’d rather not say: do it")
    person = await zoe.stored()
    assert person is not None
    assert (person.state, person.consent_contact) == (RESTRICTED, False)
    await zoe.tap("End it")
    assert "You had asked for silence" in zoe.last.text
    await zoe.tap("Yes, end it")
    assert await state_of(zoe) == "stopped"


async def test_it_is_named_where_rights_are_told(conversation: Conversation, zoe: Talker) -> None:
    assert "/restrict" in (await zoe.send("/privacy")).text
    assert "/restrict" in (await zoe.send("/mydata")).text
    assert "/restrict" in (await zoe.send("/help")).text


async def test_before_it_ends_one_is_told_what_begins_again(conversation: Conversation, zoe: Talker) -> None:
    await restrict(zoe)
    shown = await zoe.tap("End it")
    assert "We may then write to you again" in shown.text
    assert await state_of(zoe) == RESTRICTED
    await zoe.tap("No, leave it as it is")
    assert await state_of(zoe) == RESTRICTED
    await zoe.tap("End it")
    question = zoe.last.text
    shown = await zoe.tap("Yes, end it")
    assert "It has ended" in shown.text
    assert await state_of(zoe) == "registered"
    asked, ended = await ledger(conversation, zoe)
    assert (asked.given, ended.given) == (True, False)
    assert question.startswith("<b>Use what we know of you again?</b>")
    assert (await conversation.answers())[-1] == ("restriction", None, "lifted")
    assert "nothing is used" not in (await zoe.send("/vote")).text


@pytest.mark.parametrize("said", ["/start", "/vote", "/events", "/settings", "/start ev_lyon1", "hello"])
async def test_one_is_told_where_one_stands_instead_of_signing_up(
    conversation: Conversation, zoe: Talker, said: str
) -> None:
    await conversation.add_event("lyon1")
    await restrict(zoe)
    answers = len(await conversation.answers())
    shown = await zoe.send(said)
    assert "Everything about you is kept, and nothing is used." in shown.text
    assert set(shown.buttons) == {"End it", "Erase everything"}
    assert await state_of(zoe) == RESTRICTED
    assert len(await conversation.answers()) == answers


@pytest.mark.parametrize("data", ["1:rsvp:lyon1:yes", "1:step:1:plan:morning", "1:step:1:turnout:voted"])
async def test_old_buttons_take_no_answer(conversation: Conversation, zoe: Talker, data: str) -> None:
    await conversation.add_event("lyon1")
    await restrict(zoe)
    answers = await conversation.answers()
    await zoe.tap_data(data)
    assert await conversation.answers() == answers
    assert await state_of(zoe) == RESTRICTED


async def test_in_the_middle_of_signing_up_there_is_nothing_to_restrict(conversation: Conversation) -> None:
    ida = conversation.person(8)
    await ida.send("/start")
    await ida.tap("yes, write to me")
    shown = await ida.send("/restrict")
    assert "nothing to set aside" in shown.text
    await ida.tap_data("1:restriction:none")
    stored = await ida.stored()
    assert stored is not None
    assert stored.state == "new"


async def test_moving_is_left_by_it(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/settings")
    await zoe.tap("Change where I vote")
    await restrict(zoe)
    await zoe.send("Nouméa")
    stored = await zoe.stored()
    assert stored is not None
    assert stored.commune == "69123"


# -- rights go on --


async def test_rights_go_on(conversation: Conversation, zoe: Talker) -> None:
    await deliver(conversation, zoe, 500)
    await restrict(zoe)
    shown = await zoe.send("/mydata")
    assert "Kept, and used for nothing, since 16 November 2016" in shown.text
    assert "1 message of the campaign" in shown.text
    (call,) = zoe.called("sendDocument")
    assert call.attachment is not None
    held = json.loads(call.attachment.content)
    assert held["person"]["state"] == RESTRICTED
    assert held["consents"][-1]["purpose"] == "restriction"
    assert "Why you received" in (await zoe.send("/why")).text
    await zoe.send("/consent")
    await zoe.tap("The local team")
    await zoe.tap("No")
    stored = await zoe.stored()
    assert stored is not None
    assert (stored.state, stored.consent_team) == (RESTRICTED, False)


async def test_silence_meanwhile_stays_silence_afterwards(conversation: Conversation, zoe: Talker) -> None:
    await restrict(zoe)
    shown = await zoe.send("STOP")
    assert "kept, and used for nothing, until you end it" in shown.text
    assert await state_of(zoe) == RESTRICTED
    await zoe.send("/restrict")
    await zoe.tap("End it")
    await zoe.tap("Yes, end it")
    assert await state_of(zoe) == "stopped"


async def test_everything_is_erased_as_before(conversation: Conversation, zoe: Talker) -> None:
    await restrict(zoe)
    await zoe.tap("Erase everything")
    await zoe.tap("Yes, erase everything")
    assert await zoe.stored() is None


async def test_a_second_tap_is_no_second_request(conversation: Conversation, zoe: Talker) -> None:
    await restrict(zoe)
    await zoe.tap_data("1:restriction:accuracy")
    assert len(await ledger(conversation, zoe)) == 1
    end = (await zoe.tap_data("1:restriction:lift")).buttons["Yes, end it"]
    await zoe.tap_data(end)
    await zoe.tap_data(end)
    assert len(await ledger(conversation, zoe)) == 2


async def test_what_waited_is_cancelled_and_does_not_come_back(
    conversation: Conversation, zoe: Talker
) -> None:
    await deliver(conversation, zoe, 500)
    async with conversation.database.write() as tx:
        later = {"state": "queued", "sent_at": None, "message_id": None, "due_at": NOW + timedelta(hours=1)}
        await tx.execute(sa.update(deliveries).values(**later))
    await restrict(zoe)
    await zoe.tap("End it")
    await zoe.tap("Yes, end it")
    async with conversation.database.read() as tx:
        row = (await tx.execute(sa.select(deliveries))).one()
        assert (row.state, row.reason) == ("cancelled", "not_a_supporter")
        assert (await tx.execute(sa.select(broadcasts))).one() is not None


async def test_the_link_of_somebody_restricted_names_nobody(conversation: Conversation, zoe: Talker) -> None:
    stored = await zoe.stored()
    assert stored is not None
    await restrict(zoe)
    ida = conversation.person(8)
    await ida.send(f"/start r_{stored.friend_code}")
    await ida.tap("yes, write to me")
    async with conversation.database.read() as tx:
        assert list(await tx.scalars(sa.select(people.c.recruiter))) == [None, None]


async def test_a_member_of_the_team_hears_what_it_means_for_them(
    conversation: Conversation, zoe: Talker
) -> None:
    async with conversation.database.write() as tx:
        for number in (7, 8):
            role = {"telegram_id": number, "role": "organizer", "area": "FR", "added_by": None}
            await db.staff.add(tx, **role, now=NOW)
    assert "hear no news of the team" in (await zoe.send("/restrict")).text
    ida = conversation.person(8)
    assert "beside your role in the team" in (await ida.send("/restrict")).text
