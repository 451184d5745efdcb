"""A message to many people waits for a second person: what they see, what they decide, and what nobody sees before."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.approval_cards
from bot.actions import broadcast_approvals
from bot.actions import staff as team
from bot.delivery.calls import Call
from db.schema import approvals, audit, broadcast_texts, deliveries, people
from tests.approving import LYON, NOW, leave_for_supporters, member, states
from tests.campaigning import rows, staff, supporter, written
from tests.conversation import Conversation, Talker, paris
from tests.drafting import begin_broadcast, finish_broadcast, send_broadcast, write_broadcast
from tests.leaving import leaving, let_leave

MARSEILLE = "13055"


async def test_whoever_may_approve_is_asked_and_sees_what_will_arrive(
    asking: Conversation, organizer: Talker, karim: Talker, nadia: Talker
) -> None:
    elsewhere = await member(asking, 10, "coordinator", "13")
    await send_broadcast(organizer)
    assert "2 people who may approve it were asked" in organizer.last.text
    assert await leave_for_supporters(asking) == []
    await let_leave(asking, organizer)
    async with asking.database.read() as tx:
        asked = await db.approval_cards.sent(tx, 1)
    assert asked is None  # they are just arriving
    number = (await written(asking))[0].id
    async with asking.database.write() as tx:
        await tx.execute(sa.update(deliveries).where(deliveries.c.broadcast != number).values(state="queued"))
    await let_leave(asking, karim, nadia, organizer, elsewhere)
    for asked_one in (karim, nadia):
        card = asked_one.last
        assert "is waiting for your approval" in card.text
        assert "<b>Kind:</b> News and arguments" in card.text
        assert '<b>Written by:</b> <a href="tg://user?id=7">7</a>' in card.text
        assert "<b>Goes out:</b> as soon as it is approved" in card.text
        assert "only within its author’s area: Rhône" in card.text
        # Each language as it will arrive, signature included.
        for words in ("Bonjour", "Hello"):
            assert f"<blockquote>{words} " in card.text
        assert card.text.count("<i>Équipe Camille Durand</i></blockquote>") == 2
        assert {"Approve", "Refuse"} <= set(card.buttons)
    # Counted as each of them may know it.
    assert "<b>Recipients:</b> 3" in nadia.last.text
    assert "<b>Recipients:</b> &lt; 10" in karim.last.text
    for other in (organizer, elsewhere):
        assert not any("is waiting for your approval" in shown.text for shown in other.screen)


async def test_an_approval_lets_it_go_and_is_told_to_its_author(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    await send_broadcast(organizer)
    assert "The only other person who may approve it was asked" in organizer.last.text
    await let_leave(asking, nadia)
    await nadia.tap("Approve")
    assert "You approved message no. 1" in nadia.last.text
    assert "It goes out from now on, to each person as soon as they may be written to." in nadia.last.text
    assert nadia.last.buttons == {}
    assert await states(asking) == ["active"]
    decisions = await leaving(asking)
    organizer.receive(each for each in decisions if isinstance(each, Call) and each.chat == 7)
    assert sorted(each.chat for each in decisions if isinstance(each, Call) and each.chat >= 100) == [
        100,
        101,
        102,
    ]
    assert 'user?id=9">9</a> (administrator, the whole campaign) approved “Hello” (no. 1)' in (
        organizer.last.text
    )
    (approval,) = await rows(asking, approvals)
    noted = {row.action: row.details for row in await rows(asking, audit)}
    assert noted["approve_broadcast"] == {
        "approval": approval.id,
        "granted": True,
        "broadcast": 1,
        "people": 3,
        "digest": approval.details["digest"],
    }


async def test_it_is_sent_back_with_a_reason(
    asking: Conversation, organizer: Talker, nadia: Talker, karim: Talker
) -> None:
    """In the reviewer's own words, which its author reads with the refusal and wherever they follow it."""
    await send_broadcast(organizer)
    await let_leave(asking, nadia)
    await nadia.tap("Send back with a reason")
    assert "What is to be changed in message no. 1?" in nadia.last.text
    await nadia.send("The hour is <wrong>: 18:30")
    assert "You refused message no. 1." in nadia.last.text
    assert await leave_for_supporters(asking) == []
    await let_leave(asking, organizer)
    await organizer.send("/broadcasts")
    await organizer.tap("1. ")
    assert "<blockquote>The hour is &lt;wrong&gt;: 18:30</blockquote>" in organizer.last.text
    (noted,) = [row.details for row in await rows(asking, audit) if row.action == "approve_broadcast"]
    assert "wrong" not in str(noted)
    # Whoever comes second is told what was decided.
    await karim.tap_data("1:broadcast_send_back:1")
    assert "What is to be changed" not in karim.last.text


async def test_two_who_send_it_back(
    asking: Conversation, organizer: Talker, nadia: Talker, karim: Talker
) -> None:
    await send_broadcast(organizer)
    for reviewer in (nadia, karim):
        await reviewer.tap_data("1:broadcast_send_back:1")
    await nadia.send("Too long")
    await karim.send("Too short")
    assert "Message no. 1 was refused." in karim.last.text
    (approval,) = await rows(asking, approvals)
    assert approval.details["reason"] == "Too long"


async def test_a_refusal_is_told_and_nothing_leaves_until_it_is_asked_again(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    await send_broadcast(organizer)
    await let_leave(asking, nadia)
    await nadia.tap("Refuse")
    assert "You refused message no. 1" in nadia.last.text
    await let_leave(asking, organizer)
    assert "refused “Hello” (no. 1)" in organizer.last.text
    assert await leave_for_supporters(asking) == []
    # Neither an old button nor its author lets it go.
    for talker in (organizer, nadia):
        await talker.tap_data("1:broadcast_do:resume:1")
        assert "somebody else has to approve it" in talker.last.text
    await nadia.tap_data("1:broadcast_decide:1:yes")
    assert "You refused" not in nadia.last.text
    assert await states(asking) == ["unapproved"]
    await organizer.tap_data("1:broadcast:1")
    assert "refused it" in organizer.last.text
    # Nothing went out: no figure hints that something did.
    assert "Sent" not in organizer.last.text
    assert "Answers" not in organizer.last.text
    await organizer.tap("Ask again")
    assert "The only other person who may approve it was asked" in organizer.last.text
    await let_leave(asking, nadia)
    await nadia.tap("Approve")
    assert await states(asking) == ["active"]


@pytest.mark.parametrize("agreed", [True, False])
async def test_who_refused_is_named_where_they_agreed_to_be_known(
    asking: Conversation, organizer: Talker, nadia: Talker, *, agreed: bool
) -> None:
    await supporter(asking, 11, LYON, first_name="Inès", consent_team=agreed)
    ines = await staff(asking, 11, "coordinator", "FR")
    await send_broadcast(organizer)
    await let_leave(asking, ines, nadia)
    await ines.tap("Refuse")
    await organizer.tap_data("1:broadcast:1")
    name = "Inès (11)" if agreed else "11"
    assert f">{name}</a> refused it." in organizer.last.text
    await nadia.tap_data("1:broadcast_send_back:1")
    assert f">{name}</a>" in nadia.last.text


async def test_two_decide_at_once_and_one_of_them_is_told_so(
    asking: Conversation, organizer: Talker, karim: Talker, nadia: Talker
) -> None:
    await send_broadcast(organizer)
    await let_leave(asking, karim, nadia)
    await nadia.tap("Refuse")
    await karim.tap("Approve")
    assert "was refused" in karim.last.text
    assert 'user?id=9">9</a>' in karim.last.text
    assert karim.last.buttons == {}
    assert await states(asking) == ["unapproved"]


async def test_who_may_not_decide(asking: Conversation, organizer: Talker, karim: Talker) -> None:
    """Not its author, whatever their roles; no organizer; nobody of elsewhere; nobody of another number."""
    both = await member(asking, 11, "organizer", "69")
    await staff(asking, 11, "coordinator", "69")
    elsewhere = await member(asking, 10, "coordinator", "13")
    await send_broadcast(both)
    assert "The only other person who may approve it was asked" in both.last.text
    for talker in (both, organizer, elsewhere):
        for data in ("1:broadcast_decide:1:yes", "1:broadcast_read:1", "1:broadcast_decide:99:yes"):
            await talker.tap_data(data)
    assert await states(asking) == ["unapproved"]
    assert not any(
        "is waiting for your approval" in shown.text for shown in (*both.screen, *elsewhere.screen)
    )


async def test_where_nobody_else_may_the_author_is_told(asking: Conversation, organizer: Talker) -> None:
    await send_broadcast(organizer)
    assert "Nobody else may approve it yet" in organizer.last.text
    # Whoever is named later finds it, and is shown the same.
    late = await member(asking, 8, "coordinator", "69")
    await late.send("/broadcasts")
    assert "not approved" in late.last.text
    await late.tap("1. ")
    assert "Hello" in late.screen[-2].text
    await late.tap("Approve")
    assert await states(asking) == ["active"]


async def test_what_does_not_fit_is_read_first(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    await write_broadcast(organizer, "Bonjour " + "x" * 3000, "Hello " + "y" * 3000)
    await finish_broadcast(organizer)
    await organizer.send("SEND")
    await let_leave(asking, nadia)
    assert list(nadia.last.buttons) == ["See it as it will arrive"]
    card = nadia.last
    await nadia.tap("See it as it will arrive")
    assert [shown.text[:5] for shown in nadia.screen[-2:]] == ["Bonjo", "Hello"]
    assert set(card.buttons) == {"Approve", "Refuse", "Send back with a reason"}
    await nadia.tap_data(card.buttons["Approve"], on=card)
    assert await states(asking) == ["active"]


async def test_an_hour_to_come_is_shown_in_the_readers_own_time(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    async with asking.database.write() as tx:
        await tx.execute(
            sa.update(people)
            .where(people.c.telegram_id == 9)
            .values(zone="America/Guadeloupe", language="en")
        )
    await write_broadcast(organizer)
    await organizer.tap("That’s it")
    await organizer.send("17/11 18:00")
    await organizer.tap_data("1:broadcast_whose:mine")
    await organizer.send("SEND")
    await let_leave(asking, nadia)
    assert "<b>Goes out:</b> Thursday 17 November at 13:00 (your time)" in nadia.last.text
    await nadia.tap("Approve")
    assert await leave_for_supporters(asking) == []
    asking.clock.move(paris("2016-11-17T18:00"))
    assert await leave_for_supporters(asking) == [100, 101, 102]


async def test_late_approval_of_what_was_due_before_still_arrives(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    await send_broadcast(organizer)
    asking.clock.move(NOW + timedelta(hours=47))
    await let_leave(asking, nadia)
    await nadia.tap("Approve")
    asking.clock.move(NOW + timedelta(hours=49))
    assert await leave_for_supporters(asking) == [100, 101, 102]


async def test_what_nobody_decides_ends_after_two_days(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    await send_broadcast(organizer)
    await let_leave(asking, nadia)
    asking.clock.move(NOW + timedelta(hours=48))
    await nadia.tap("Approve")
    assert "too late" in nadia.last.text
    async with asking.database.write() as tx:
        assert await broadcast_approvals.end_overdue(tx, asking.services.campaign, asking.clock.now()) == 1
        assert await broadcast_approvals.end_overdue(tx, asking.services.campaign, asking.clock.now()) == 0
    await let_leave(asking, organizer)
    assert "Nobody decided in time about “Hello”" in organizer.last.text
    assert await leave_for_supporters(asking) == []
    assert [row.action for row in await rows(asking, audit)][-1] == "approval_too_late"


async def test_what_calls_to_vote_waits_no_longer_than_the_polls_are_open(asking: Conversation) -> None:
    """Of the people it is for, by their own polls: on Saturday in Guadeloupe, on Sunday in the Rhône."""
    for number, commune in enumerate([LYON, LYON, "97105", "97105"], 100):
        await supporter(asking, number, commune)
    await member(asking, 9, "admin", "FR")
    for day, kind, area, until in (
        ("18", "Neutral reminder to vote", "69", "2016-11-20T10:00"),
        ("19", "Neutral reminder to vote", "69", "2016-11-20T19:00"),
        ("18", "Neutral reminder to vote", "971", "2016-11-20T00:00"),
        ("19", "News and arguments", "69", "2016-11-21T10:00"),
    ):
        asking.clock.move(paris(f"2016-11-{day}T10:00"))
        organizer = await member(asking, int(area) * 100 + int(day), "organizer", area)
        if kind.startswith("News"):
            await write_broadcast(organizer)
        else:
            await begin_broadcast(organizer, kind=kind)
            await organizer.tap("That’s it")
        await finish_broadcast(organizer)
        await organizer.send("SEND")
        assert "Without an answer" not in organizer.last.text
        assert (await rows(asking, approvals))[-1].expires_at == paris(until)


@pytest.mark.parametrize("how", ["revoked", "erased"])
async def test_with_its_author_the_request_dies(
    asking: Conversation, organizer: Talker, nadia: Talker, how: str
) -> None:
    await send_broadcast(organizer)
    await let_leave(asking, nadia)
    if how == "erased":
        await organizer.send("/delete")
        await organizer.tap("Yes, erase everything")
    else:
        async with asking.database.write() as tx:
            await team.revoke_on_the_machine(
                tx, telegram_id=7, role=None, area=None, actor="test", now=asking.clock.now()
            )
    await nadia.tap("Approve")
    assert "was taken back" in nadia.last.text
    assert await states(asking) == ["cancelled"]
    assert await leave_for_supporters(asking) == []


async def test_what_its_author_cancels_is_asked_of_nobody(
    asking: Conversation, organizer: Talker, nadia: Talker
) -> None:
    await send_broadcast(organizer)
    await organizer.tap("Cancel")
    await organizer.tap("Cancel for good")
    before = len(nadia.screen)
    await let_leave(asking, nadia)
    assert len(nadia.screen) == before
    assert await leave_for_supporters(asking) == []


@pytest.mark.parametrize(
    "values",
    [
        sa.update(broadcast_texts).values(text="Autre chose"),
        sa.text("UPDATE broadcasts SET area = 'FR', audience = '{\"area\": \"FR\"}' WHERE id = 1"),
        sa.text("UPDATE broadcasts SET photo = 'another' WHERE id = 1"),
    ],
)
async def test_nothing_but_what_was_shown_is_approved(
    asking: Conversation, organizer: Talker, nadia: Talker, values: sa.Executable
) -> None:
    """Whatever changed it, an approval is of one text for one audience."""
    await send_broadcast(organizer)
    await let_leave(asking, nadia)
    async with asking.database.write() as tx:
        await tx.execute(values)
    await nadia.tap("Approve")
    assert await states(asking) == ["unapproved"]
