"""Whoever joins the team gets the cards of what waits already and what they may decide, once."""

from __future__ import annotations

import sqlalchemy as sa

from bot.rules.permissions import Role
from db.approval_cards import card_key
from db.schema import approvals, broadcasts, deliveries, people
from tests.approving import leave_for_supporters, states
from tests.campaigning import named, rows, supporter
from tests.conversation import Conversation, Talker
from tests.drafting import send_broadcast
from tests.handlers.test_exports import actions_noted
from tests.leaving import let_leave


async def cards(conversation: Conversation, approval: int = 1) -> list[int]:
    """Who was sent the card of an approval."""
    async with conversation.database.read() as tx:
        theirs = deliveries.join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
        theirs = theirs.join(people, people.c.id == deliveries.c.person)
        found = sa.select(people.c.telegram_id).select_from(theirs)
        found = found.where(broadcasts.c.key == card_key(approval))
        return sorted(await tx.scalars(found))


async def acquainted(conversation: Conversation, number: int, language: str = "en") -> None:
    """Somebody signed up."""
    await supporter(conversation, number, "69123", language=language)


async def test_a_new_admin_gets_the_card_of_what_waits_and_decides(
    asking: Conversation, organizer: Talker, karim: Talker
) -> None:
    await send_broadcast(organizer)
    await let_leave(asking, karim)
    assert await cards(asking) == [8]
    await acquainted(asking, 9)
    nadia = await named(asking, 9, Role.ADMIN)
    await let_leave(asking, nadia)
    (card,) = [each for each in nadia.screen if "Approve" in each.buttons]
    assert "<b>Recipients:</b> 3" in card.text
    assert await cards(asking) == [8, 9]
    # Another role is no other card.
    await named(asking, 9, Role.COORDINATOR, "69")
    assert await cards(asking) == [8, 9]
    await nadia.tap("Approve")
    assert await states(asking) == ["active"]
    assert await leave_for_supporters(asking) == [100, 101, 102]


async def test_who_joins_where_nobody_could_be_asked_is_asked(
    asking: Conversation, organizer: Talker
) -> None:
    await send_broadcast(organizer)
    assert "Nobody else may approve it yet." in organizer.last.text
    await acquainted(asking, 9, "fr")
    nadia = await named(asking, 9, Role.ADMIN, language="fr")
    await let_leave(asking, nadia)
    assert any("Approuver" in each.buttons for each in nadia.screen)
    (approval,) = await rows(asking, approvals)
    assert approval.details["asked"] == 1
    await organizer.send("/broadcasts")
    await organizer.tap(next(iter(organizer.last.buttons)))
    assert "The only other person who may approve it was asked." in organizer.last.text


async def test_who_may_decide_nothing_of_it_is_not_asked(asking: Conversation, organizer: Talker) -> None:
    await send_broadcast(organizer)
    await acquainted(asking, 9)
    await named(asking, 9, Role.COORDINATOR, "75")
    await acquainted(asking, 10)
    await named(asking, 10, Role.ORGANIZER, "69")
    assert await cards(asking) == []


async def test_nothing_is_sent_of_what_was_decided(
    asking: Conversation, organizer: Talker, karim: Talker
) -> None:
    await send_broadcast(organizer)
    await let_leave(asking, karim)
    await karim.tap("Approve")
    await acquainted(asking, 9)
    await named(asking, 9, Role.ADMIN)
    assert await cards(asking) == [8]


async def test_a_new_admin_is_asked_for_an_export_that_waits(asking: Conversation, nadia: Talker) -> None:
    await named(asking, 11, Role.ADMIN)
    await asking.person(20).sign_up("Lyon")
    await acquainted(asking, 11)
    await nadia.send("/export")
    await nadia.tap("Answers")
    await nadia.tap("CSV")
    assert await cards(asking) == [11]
    await acquainted(asking, 12)
    olga = await named(asking, 12, Role.ADMIN)
    await let_leave(asking, olga)
    assert await cards(asking) == [11, 12]
    await olga.tap("Agree")
    assert "approve_export" in await actions_noted(asking)
