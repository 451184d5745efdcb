"""“I’d like to help”: with what and when, whether the team may write, and what its card shows to whom."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
import sqlalchemy as sa

import db.consents
import db.staff
import db.volunteering
from bot.actions.renewals import text_hash
from bot.rules.restriction import RESTRICTED
from bot.rules.volunteering import FreeTime, Task
from db.schema import audit, broadcasts, people, volunteering
from db.volunteering import Offer
from tests.campaigning import rows, staff
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.leaving import let_leave


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7)
    await person.sign_up()
    return person


async def offer_of(person: Talker) -> Offer | None:
    stored = await person.stored()
    assert stored is not None
    async with person.conversation.database.read() as tx:
        return await db.volunteering.of_person(tx, stored.id)


async def offers(
    person: Talker,
    *,
    tasks: Iterable[str] = ("Host a meeting", "Drive people to vote"),
    contact: str = "Yes, write to me",
) -> None:
    await person.tap_data("1:help:open")
    for label in (*tasks, "Continue", "Weekday evenings", "Continue", contact):
        await person.tap(label)


async def ledger(person: Talker) -> list[db.consents.Consent]:
    stored = await person.stored()
    assert stored is not None
    async with person.conversation.database.read() as tx:
        found = await db.consents.of_person(tx, stored.pseudonym)
    return [choice for choice in found if choice.purpose == "help"]


async def organizer(
    conversation: Conversation, number: int, area: str = "69", role: str = "organizer"
) -> Talker:
    """Somebody of the team who wrote to the bot: else it could not write to them."""
    member = await staff(conversation, number, role, area)
    await member.send("/menu")
    return member


async def opened(conversation: Conversation, *team: Talker) -> str:
    """What the card says that the notice leads to, as the last of them sees it."""
    await let_leave(conversation, *team)
    return [(await member.tap("See the offer")).text for member in team][-1]


# -- offering --


async def test_several_things_and_moments_are_chosen_and_taken_back(
    conversation: Conversation, zoe: Talker
) -> None:
    shown = await zoe.tap_data("1:help:open")
    assert "How would you like to help?" in shown.text
    assert "Continue" not in shown.buttons
    for label in ("Host a meeting", "Go door to door", "Make phone calls", "✓ Go door to door"):
        await zoe.tap(label)
    assert "✓ Host a meeting" in zoe.last.buttons
    assert "Go door to door" in zoe.last.buttons
    await zoe.tap("Continue")
    for label in ("Weekends", "Polling day", "✓ Weekends"):
        await zoe.tap(label)
    offer = await offer_of(zoe)
    assert offer is not None
    assert (offer.tasks, offer.moments, offer.contact) == (
        (Task.MEETING, Task.PHONE),
        (FreeTime.POLLING_DAY,),
        None,
    )
    answers = [row for row in await conversation.answers() if row[0] == "help"]
    assert answers[:4] == [
        ("help", "meeting", "yes"),
        ("help", "doors", "yes"),
        ("help", "phone", "yes"),
        ("help", "doors", "no"),
    ]
    stored = await zoe.stored()
    assert stored is not None
    assert stored.volunteer


async def test_it_is_asked_whether_the_team_may_write_on_a_text_that_the_ledger_proves(
    conversation: Conversation, zoe: Talker
) -> None:
    await zoe.tap_data("1:help:open")
    for label in ("Host a meeting", "Continue", "Continue"):
        await zoe.tap(label)
    assert "May someone from the team write to you?" in zoe.last.text
    assert "will see your first name" in zoe.last.text
    assert await ledger(zoe) == []
    shown = await zoe.tap("Yes, write to me")
    assert "Someone from the team will write to you." in shown.text
    (choice,) = await ledger(zoe)
    exact = conversation.services.texts.render("consents/help", "en")
    assert (choice.given, choice.text_hash) == (True, text_hash(exact.written))
    assert ("consent", "help", "yes") in await conversation.answers()
    no = await zoe.tap("Please don’t write to me")
    assert "counted, without your name" in no.text
    assert [each.given for each in await ledger(zoe)] == [True, False]


async def test_no_keeps_an_offer_that_nobody_opens(conversation: Conversation, zoe: Talker) -> None:
    lea = await organizer(conversation, 20)
    await offers(zoe, contact="No, just count me in")
    offer = await offer_of(zoe)
    assert offer is not None
    assert offer.contact is False
    await let_leave(conversation, lea)
    assert "See the offer" not in lea.last.buttons
    assert "can’t be opened" in (await lea.tap_data(f"1:offer:open:{offer.id}")).text
    # It is counted all the same.
    admin = await staff(conversation, 30, "admin", "FR")
    assert "• Host a meeting – 1" in (await admin.send("/stats")).text


async def test_offering_help_asks_about_the_team_once(conversation: Conversation) -> None:
    ida = conversation.person(8)
    await ida.send("/start")
    await ida.tap("yes, write to me")
    await ida.send("Lyon")
    await ida.tap("Yes, by where I vote")
    await offers(ida)
    assert "introduce you to the local team" in ida.last.text
    seen = len(ida.screen)
    await ida.tap_data("1:help_contact:yes", on=ida.screen[-2])
    assert len(ida.screen) == seen


async def test_settings_show_the_offer_and_change_it(conversation: Conversation, zoe: Talker) -> None:
    await offers(zoe)
    shown = await zoe.send("/settings")
    for line in ("• Host a meeting", "• Drive people to vote", "When: weekday evenings", "may write to you"):
        assert line in shown.text
    await zoe.tap("How I can help")
    assert "✓ Host a meeting" in zoe.last.buttons
    await zoe.tap("✓ Host a meeting")
    assert "• Host a meeting" not in (await zoe.send("/settings")).text


async def test_where_nothing_is_offered_nothing_is_asked(conversation: Conversation, zoe: Talker) -> None:
    for data in ("1:help:when", "1:help:ask", "1:help:done", "1:help_contact:yes"):
        assert "How would you like to help?" in (await zoe.tap_data(data)).text
    assert await ledger(zoe) == []


async def test_whoever_is_no_supporter_signs_up_first(conversation: Conversation) -> None:
    stranger = conversation.person(99)
    for data in ("1:help:open", "1:help_choose:doors", "1:help_contact:yes"):
        assert "political communication" in (await stranger.tap_data(data)).text
    assert await rows(conversation, volunteering) == []


async def test_after_the_last_round_there_is_nothing_left(conversation: Conversation, zoe: Talker) -> None:
    conversation.clock.move(paris("2016-11-28T12:00"))
    assert "nothing left to help with" in (await zoe.tap_data("1:help:open")).text
    assert "nothing left to help with" in (await zoe.tap_data("1:help_choose:doors")).text
    assert await rows(conversation, volunteering) == []


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_on_polling_day_it_names_nobody(conversation: Conversation, language: str) -> None:
    talker = conversation.person(9, language=language)
    await talker.sign_up()
    conversation.clock.move(paris("2016-11-20T12:00"))
    steps = ("help:open", "help_choose:lifts", "help:when", "help_choose:polling_day", "help:done")
    for data in (*steps, "help_contact:yes", "help:ask", "help_contact:no", "volunteer:no"):
        await talker.tap_data(f"1:{data}")
        told = "".join(str(call.payload) for call in talker.calls)
        assert [name for name in CAMPAIGN.own_names if name in told] == [], data
        assert "http" not in told


# -- the team --


async def test_the_nearest_organizers_hear_of_it_and_see_who_it_is_on_the_card(
    conversation: Conversation, zoe: Talker
) -> None:
    near, region = await organizer(conversation, 20, "69123"), await organizer(conversation, 21, "R84")
    elsewhere = await organizer(conversation, 22, "13", "coordinator")
    admin = await organizer(conversation, 23, "FR", "admin")
    await offers(zoe)
    await let_leave(conversation, near, region, elsewhere, admin)
    assert "Someone offers to help" in near.last.text
    assert "Rhône" in near.last.text
    assert "Zoé" not in near.last.text
    for other in (region, elsewhere, admin):
        assert "See the offer" not in other.last.buttons
    card = await near.tap("See the offer")
    assert '<a href="tg://user?id=7">Zoé</a>, Lyon (69)' in card.text
    for line in ("• Host a meeting", "• Drive people to vote", "When: weekday evenings"):
        assert line in card.text
    assert "I’ll write to them" in card.buttons


async def test_where_nobody_is_near_those_of_the_campaign_hear_of_it(
    conversation: Conversation, zoe: Talker
) -> None:
    await organizer(conversation, 22, "13", "coordinator")
    # Of the city, but never wrote to the bot: it cannot write to them.
    await staff(conversation, 24, "organizer", "69123")
    admin = await organizer(conversation, 23, "FR", "admin")
    await offers(zoe)
    assert "Zoé" in await opened(conversation, admin)


async def test_whoever_is_first_takes_it_and_the_others_see_it(
    conversation: Conversation, zoe: Talker
) -> None:
    lea, max_ = await organizer(conversation, 20), await organizer(conversation, 21)
    await offers(zoe)
    await opened(conversation, lea, max_)
    taken = await lea.tap("I’ll write to them")
    assert "You’re the one writing to them." in taken.text
    late = await max_.tap("I’ll write to them")
    assert "Taken on by" in late.text
    assert "tg://user?id=20" in late.text
    offer = await offer_of(zoe)
    assert offer is not None
    noted = [row for row in await rows(conversation, audit) if row.action == "take_offer"]
    assert [(row.actor, row.details) for row in noted] == [
        ("staff:20", {"offer": offer.id, "area": "69"})  # the log names no supporter
    ]


async def test_who_leaves_the_team_leaves_it_to_the_others(conversation: Conversation, zoe: Talker) -> None:
    lea, max_ = await organizer(conversation, 20), await organizer(conversation, 21)
    await offers(zoe)
    await opened(conversation, lea, max_)
    await lea.tap("I’ll write to them")
    async with conversation.database.write() as tx:
        (role,) = await db.staff.roles_of(tx, 20)
        await db.staff.revoke(tx, role.id, conversation.clock.now())
    assert "Nobody has written to them yet" in (await max_.tap_data(await card_data(zoe))).text
    assert "You’re the one" in (await max_.tap("I’ll write to them")).text
    assert "Zoé" not in (await lea.tap_data(await card_data(zoe))).text


async def card_data(person: Talker) -> str:
    offer = await offer_of(person)
    assert offer is not None
    return f"1:offer:open:{offer.id}"


async def stop(person: Talker) -> None:
    await person.send("/stop")


async def delete(person: Talker) -> None:
    await person.send("/delete")
    await person.tap("Yes, erase everything")


async def restrict(person: Talker) -> None:
    await person.tap_data("1:restriction:none")


async def no_longer(person: Talker) -> None:
    await person.send("/settings")
    await person.tap("Stop volunteering")


async def not_by_name(person: Talker) -> None:
    await person.tap_data("1:help_contact:no")


@pytest.mark.parametrize("leaving", [stop, delete, restrict, no_longer, not_by_name])
async def test_what_was_withdrawn_cannot_be_opened_by_any_button(
    conversation: Conversation, zoe: Talker, leaving: object
) -> None:
    """The name goes from the card at the next tap; of a restriction everything is kept, and used for nothing."""
    lea = await organizer(conversation, 20)
    await offers(zoe)
    await opened(conversation, lea)
    data = await card_data(zoe)
    assert callable(leaving)
    await leaving(zoe)
    for tapped in (data, data.replace("open", "take")):
        shown = await lea.tap_data(tapped)
        assert "can’t be opened any more" in shown.text
        assert "Zoé" not in "".join(str(call.payload) for call in lea.calls)
    kept = await rows(conversation, volunteering)
    assert len(kept) == (leaving in (restrict, not_by_name))
    if leaving is restrict:
        stored = await zoe.stored()
        assert stored is not None
        assert stored.state == RESTRICTED
    else:
        async with conversation.database.read() as tx:
            left = sa.select(broadcasts.c.id).where(broadcasts.c.key.like("help:%"))
            assert (await tx.execute(left)).all() == []
    if leaving is not delete:
        assert [each.given for each in await ledger(zoe)] == [True, *[False] * (leaving is not restrict)]


async def test_a_notice_that_has_not_left_yet_does_not(conversation: Conversation, zoe: Talker) -> None:
    lea = await organizer(conversation, 20)
    await offers(zoe)
    await stop(zoe)
    await let_leave(conversation, lea)
    assert "See the offer" not in lea.last.buttons


async def test_a_new_offer_is_not_opened_by_the_button_of_the_old_one(
    conversation: Conversation, zoe: Talker
) -> None:
    lea = await organizer(conversation, 20)
    await offers(zoe)
    old = await card_data(zoe)
    await no_longer(zoe)
    await offers(zoe)
    assert "can’t be opened" in (await lea.tap_data(old)).text
    assert "Zoé" in await opened(conversation, lea)


@pytest.mark.parametrize(("role", "area"), [(None, ""), ("organizer", "13"), ("admin", "13")])
async def test_nobody_else_opens_or_takes_it(
    conversation: Conversation, zoe: Talker, role: str | None, area: str
) -> None:
    await offers(zoe)
    other = conversation.person(55) if role is None else await staff(conversation, 55, role, area)
    data = await card_data(zoe)
    for tapped in (data, data.replace("open", "take")):
        await other.tap_data(tapped)
        assert "Zoé" not in "".join(str(call.payload) for call in other.calls)
    offer = await offer_of(zoe)
    assert offer is not None
    assert offer.taken_by is None


async def test_my_data_hold_it_and_not_who_took_it(conversation: Conversation, zoe: Talker) -> None:
    lea = await organizer(conversation, 20)
    await offers(zoe)
    await opened(conversation, lea)
    await lea.tap("I’ll write to them")
    assert "What you offered to help with" in (await zoe.send("/mydata")).text
    (call,) = zoe.called("sendDocument")
    assert call.attachment is not None
    held = json.loads(call.attachment.content)["help_offered"]
    assert (held["tasks"], held["moments"]) == (["meeting", "lifts"], ["evenings"])
    assert (held["contact"], held["taken"]) == (True, True)
    assert "taken_by" not in held


async def test_what_is_erased_of_the_one_who_took_it_leaves_the_offer(
    conversation: Conversation, zoe: Talker
) -> None:
    lea = await organizer(conversation, 20)
    await offers(zoe)
    await opened(conversation, lea)
    await lea.tap("I’ll write to them")
    async with conversation.database.write() as tx:
        await tx.execute(sa.delete(people).where(people.c.telegram_id == 20))
    offer = await offer_of(zoe)
    assert offer is not None
    assert offer.taken_by is None
