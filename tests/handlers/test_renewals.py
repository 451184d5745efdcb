"""A consent text that changes is asked again, once, with nothing begun on the old one; withdrawing acts at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import db.deliveries
import db.exports
from bot.actions.renewals import ConsentTexts, consent_texts, look_at_some
from bot.actions.retention import purge
from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop
from db.broadcasts import create
from db.deliveries import Turn
from db.exports import Selection
from db.people import Person
from db.schema import broadcasts, consents, deliveries, people
from tests.campaigning import rows
from tests.conversation import CAMPAIGN, Conversation, Talker, paris, services
from tests.exported import KEY
from tests.leaving import leaving

ASKS = "What you agreed to is worded differently now"


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7)
    await person.sign_up()
    await looked_at(conversation)
    return person


async def looked_at(conversation: Conversation, texts: ConsentTexts | None = None) -> None:
    texts = texts or consent_texts(services().texts)
    while await look_at_some(conversation.database, texts, conversation.clock.now()):
        pass


def other_texts(*purposes: str) -> ConsentTexts:
    """The texts as if these had been worded anew."""
    today = consent_texts(services().texts)
    changed = {
        purpose: frozenset({"en:new", "fr:new"}) if purpose in purposes else current
        for purpose, current in today.by_purpose.items()
    }
    return ConsentTexts(by_purpose=changed, digest="+".join(purposes))


async def stored(talker: Talker) -> Person:
    person = await talker.stored()
    assert person is not None
    return person


# -- asked again --


async def test_the_same_texts_ask_nobody(conversation: Conversation, zoe: Talker) -> None:
    assert await rows(conversation, broadcasts) == []
    assert "worded differently" not in (await zoe.send("/menu")).text


async def test_a_changed_text_pauses_and_asks_once_by_a_message(
    conversation: Conversation, zoe: Talker
) -> None:
    await looked_at(conversation, other_texts("contact", "team", "keep"))
    person = await stored(zoe)
    assert (person.consent_contact, person.consent_commune, person.consent_team) == (False, True, False)
    assert person.consent_keep, "Nobody is erased because a text was improved."
    (call,) = await leaving(conversation)
    assert isinstance(call, Call)
    assert ASKS in call.payload["text"]
    assert "The local team" in str(call.payload["reply_markup"])
    assert "My commune" not in str(call.payload["reply_markup"])
    # It is on its way: neither what they write nor another look asks them again.
    await zoe.send("/menu")
    await looked_at(conversation, other_texts("contact", "team", "keep"))
    assert not any(ASKS in shown.text for shown in zoe.screen)
    assert len(await rows(conversation, deliveries)) == 1


async def test_whoever_writes_first_is_asked_there_and_not_by_a_message(
    conversation: Conversation, zoe: Talker
) -> None:
    await looked_at(conversation, other_texts("team"))
    await zoe.send("/menu")
    assert ASKS in zoe.last.text
    await zoe.send("/menu")
    assert [ASKS in shown.text for shown in zoe.screen].count(True) == 1
    assert await leaving(conversation) == []


@pytest.mark.parametrize(
    ("purposes", "said"),
    [(("team",), ("this question", "Open it")), (("commune", "team"), ("these questions", "Open each one"))],
)
async def test_one_question_is_spoken_of_as_one(
    conversation: Conversation, zoe: Talker, purposes: tuple[str, ...], said: tuple[str, ...]
) -> None:
    await looked_at(conversation, other_texts(*purposes))
    await zoe.send("/menu")
    assert all(words in zoe.last.text for words in said)


async def test_one_that_is_leased_does_not_leave_beside_the_question_in_the_chat(
    conversation: Conversation, zoe: Talker
) -> None:
    await looked_at(conversation, other_texts("team"))
    now = conversation.clock.now()
    async with conversation.database.write() as tx:
        (broadcast,) = await tx.scalars(sa.select(broadcasts.c.id))
        (leased,) = await db.deliveries.lease(tx, [(broadcast, 9)], owner="me", now=now)
    await zoe.send("/menu")
    async with conversation.database.write() as tx:
        assert await db.deliveries.take_turn(tx, Turn(next=[leased.id]), owner="me", now=now) == set()


@pytest.mark.parametrize("said", ["yes", "no"])
async def test_the_answer_ends_it(conversation: Conversation, zoe: Talker, said: str) -> None:
    await looked_at(conversation, other_texts("team"))
    await zoe.send("/menu")
    await zoe.tap("The local team")
    await zoe.tap_data(f"1:choice:team:{said}")
    person = await stored(zoe)
    assert (person.renew_team, person.consent_team) == (False, said == "yes")
    given = [row.given for row in await rows(conversation, consents) if row.purpose == "team"]
    assert given == [True, said == "yes"]
    assert await leaving(conversation) == []


async def test_saying_no_to_being_written_to_is_stopping(conversation: Conversation, zoe: Talker) -> None:
    await looked_at(conversation, other_texts("contact", "team"))
    await zoe.send("/stop")
    person = await stored(zoe)
    assert (person.state, person.renew_contact, person.renew_team) == ("stopped", False, False)
    assert [row.given for row in await rows(conversation, consents)][-1] is False
    assert not any(ASKS in shown.text for shown in zoe.screen)


async def test_a_text_that_comes_back_is_agreed_to_again(conversation: Conversation, zoe: Talker) -> None:
    """A slip in the campaign file, corrected, asks nobody for anything."""
    await looked_at(conversation, other_texts("contact"))
    assert not (await stored(zoe)).consent_contact
    await looked_at(conversation)
    person = await stored(zoe)
    assert (person.consent_contact, person.renew_contact) == (True, False)
    (stopped,) = await leaving(conversation)
    assert stopped == Stop(state="cancelled", reason="renewed")


async def test_nobody_is_woken_up_to_be_asked(conversation: Conversation, zoe: Talker) -> None:
    conversation.clock.move(paris("2016-11-17T03:00"))
    await looked_at(conversation, other_texts("contact"))
    (wait,) = await leaving(conversation)
    assert wait.until == paris("2016-11-17T09:00")


# -- withdrawing acts at once --


async def queued(conversation: Conversation, talker: Talker, **values: Any) -> int:
    """A message for this person that is due."""
    now = conversation.clock.now()
    base = {"key": "staff:1", "kind": "persuasion", "audience": {}, "area": "FR", "state": "active"}
    texts = {"en": "Hello", "fr": "Bonjour"}
    async with conversation.database.write() as tx:
        number = await create(tx, {**base, "starts_at": now, "created_at": now, **values}, texts)
        person = (
            await tx.scalars(sa.select(people.c.id).where(people.c.telegram_id == talker.telegram_id))
        ).one()
        row = {"broadcast": number, "person": person, "due_at": now, "changed_at": now}
        await tx.execute(sa.insert(deliveries).values(row))
    assert number is not None
    return number


CHOSEN = (
    {"area": "69"},
    {"audience": "in:R84"},
    {"audience": "near:69123:30"},
    {"audience": {"all": ["volunteer", {"not": "in:75"}]}},
    {"audience": {"any": ["in:69", "volunteer"]}, "area": "R84"},
)


@pytest.mark.parametrize("chosen", CHOSEN)
@pytest.mark.parametrize("when", ["queued", "leased"])
async def test_without_my_commune_nothing_chosen_by_it_leaves(
    conversation: Conversation, zoe: Talker, when: str, chosen: dict[str, Any]
) -> None:
    broadcast = await queued(conversation, zoe, **chosen)
    now = conversation.clock.now()
    leased = []
    if when == "leased":
        async with conversation.database.write() as tx:
            leased = await db.deliveries.lease(tx, [(broadcast, 9)], owner="me", now=now)
    await zoe.tap_data("1:choice:commune:no")
    async with conversation.database.write() as tx:
        numbers = [each.id for each in leased]
        assert await db.deliveries.take_turn(tx, Turn(next=numbers), owner="me", now=now) == set()
    assert await leaving(conversation) == []
    (row,) = await rows(conversation, deliveries)
    assert (row.state, row.reason) == ("cancelled", "not_by_commune")


@pytest.mark.parametrize("volunteers", [True, False])
@pytest.mark.parametrize("when", ["before", "after", "leased"])
async def test_without_my_commune_what_i_get_for_something_else_still_comes(
    conversation: Conversation, zoe: Talker, when: str, volunteers: bool
) -> None:
    """In `in:69 or volunteer` one is by lending a hand, too: whoever does not is in it by their commune alone."""
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).values(volunteer=volunteers))
    if when == "after":
        await zoe.tap_data("1:choice:commune:no")
    number = await queued(conversation, zoe, audience={"any": ["in:69", "volunteer"]})
    now = conversation.clock.now()
    if when == "leased":
        async with conversation.database.write() as tx:
            (leased,) = await db.deliveries.lease(tx, [(number, 9)], owner="me", now=now)
    if when != "after":
        await zoe.tap_data("1:choice:commune:no")
    if when == "leased":
        # What was decided before they withdrew does not hold any more.
        async with conversation.database.write() as tx:
            assert await db.deliveries.take_turn(tx, Turn(next=[leased.id]), owner="me", now=now) == set()
    (decision,) = await leaving(conversation)
    assert isinstance(decision, Call) is volunteers
    if not volunteers:
        assert decision == Stop(state="cancelled", reason="not_by_commune")


async def test_without_my_commune_what_is_for_everybody_still_comes(
    conversation: Conversation, zoe: Talker
) -> None:
    await queued(conversation, zoe)
    await zoe.tap_data("1:choice:commune:no")
    (call,) = await leaving(conversation)
    assert isinstance(call, Call)


async def test_what_was_queued_by_commune_meanwhile_is_stopped_when_it_leaves(
    conversation: Conversation, zoe: Talker
) -> None:
    await zoe.tap_data("1:choice:commune:no")
    await queued(conversation, zoe, area="69")
    assert await leaving(conversation) == [Stop(state="cancelled", reason="not_by_commune")]


async def test_a_message_that_was_leased_is_stopped_by_the_opt_out_too(
    conversation: Conversation, zoe: Talker
) -> None:
    broadcast = await queued(conversation, zoe)
    now = conversation.clock.now()
    async with conversation.database.write() as tx:
        (leased,) = await db.deliveries.lease(tx, [(broadcast, 9)], owner="me", now=now)
    await zoe.tap_data("1:optout:news")
    async with conversation.database.write() as tx:
        assert await db.deliveries.take_turn(tx, Turn(next=[leased.id]), owner="me", now=now) == set()


async def test_an_export_made_after_the_withdrawal_names_nobody(
    conversation: Conversation, zoe: Talker
) -> None:
    """Also one that was ordered before: the rows are read when the file is made."""
    source = db.exports.SOURCES["supporters"](Selection(area="69"))
    await zoe.tap_data("1:choice:team:no")
    async with conversation.database.read() as tx:
        (row,) = [row async for chunk in db.exports.chunks(tx, source) for row in chunk]
    assert "Zoé" not in row
    assert 7 not in row
    assert "69123" not in row


async def test_without_the_fourth_choice_the_next_purge_erases(
    conversation: Conversation, zoe: Talker
) -> None:
    await zoe.tap_data("1:choice:keep:no")
    end = max(ballot.ends_at for ballot in CAMPAIGN.ballots)
    for days, kept in ((29, True), (31, False)):
        await purge(
            conversation.database,
            CAMPAIGN,
            key=KEY,
            actor="test",
            now=end + timedelta(days=days),
        )
        assert (await zoe.stored() is not None) is kept
