"""A new admin waits for a second one, while there is one: who asks, who agrees, and what may happen in between."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.rules.permissions import Role
from db.schema import approvals
from tests.campaigning import named, revoke, rows
from tests.conversation import Conversation, Talker
from tests.handlers.test_staff import an_invitation
from tests.handlers.test_staff_authority import EVERYWHERE, admin, roles, withdraw
from tests.leaving import let_leave

ADMIN = [("admin", "FR")]


@pytest.fixture
async def nadia(conversation: Conversation) -> Talker:
    return await admin(conversation, 1)


@pytest.fixture
async def olga(conversation: Conversation, nadia: Talker) -> Talker:
    return await admin(conversation, 2)


async def invited(
    conversation: Conversation, by: Talker, telegram_id: int = 3, area: str = EVERYWHERE
) -> Talker:
    """Somebody who opened an admin's invitation."""
    newcomer = conversation.person(telegram_id)
    await newcomer.send(f"/start {await an_invitation(by, role='Administrator', area=area)}")
    return newcomer


async def test_a_second_admin_agrees_before_there_is_a_new_one(
    conversation: Conversation, nadia: Talker, olga: Talker
) -> None:
    zoe = await invited(conversation, nadia)
    assert "A second administrator has to agree first" in zoe.last.text
    assert zoe.called("setMyCommands") == []
    await zoe.send("/staff")
    assert "for the campaign team" in zoe.last.text
    assert await roles(conversation, 3) == []
    await let_leave(conversation, nadia, olga)
    # Who asked hears of it without a button; who decides sees who it is, and who invited them.
    assert "Another administrator was asked" in nadia.last.text
    assert nadia.last.buttons == {}
    assert 'user?id=3"' in olga.last.text
    assert 'user?id=1"' in olga.last.text
    await olga.tap("Agree")
    assert "You agreed" in olga.last.text
    assert await roles(conversation, 3) == ADMIN
    # The menu in the newcomer's chat follows.
    assert {call.payload["scope"]["chat_id"] for call in olga.called("setMyCommands")} == {3}
    await let_leave(conversation, nadia, olga, zoe)
    assert "Your role: administrator" in zoe.last.text
    assert 'Invited by <a href="tg://user?id=1">1</a>' in nadia.last.text
    assert '<a href="tg://user?id=2">2</a> agreed.' in nadia.last.text
    await zoe.send("/staff")
    assert '(<a href="tg://user?id=1">1</a>, agreed by <a href="tg://user?id=2">2</a>)' in zoe.last.text


async def test_a_refusal_is_told_to_all_whom_it_concerns(
    conversation: Conversation, nadia: Talker, olga: Talker
) -> None:
    zoe = await invited(conversation, nadia)
    await let_leave(conversation, olga)
    await olga.tap("Refuse")
    assert "You refused" in olga.last.text
    await let_leave(conversation, nadia, zoe)
    assert "You won’t become an administrator" in zoe.last.text
    assert "does not become administrator" in nadia.last.text
    assert await roles(conversation, 3) == []
    await olga.tap_data("1:staff_decide:1:yes")
    assert "You refused this yourself on" in olga.last.text
    await nadia.tap_data("1:staff_decide:1:yes")
    assert "refused this on" in nadia.last.text, "Whoever asked may know who decided."
    other = await admin(conversation, 6)
    await other.tap_data("1:staff_decide:1:yes")
    assert "decided, fetched or taken back" in other.last.text, "Whoever was not asked is told nothing."
    assert await roles(conversation, 3) == []


async def test_alone_an_admin_decides_alone(conversation: Conversation, nadia: Talker) -> None:
    zoe = await invited(conversation, nadia)
    assert "Welcome to the team" in zoe.last.text
    assert await roles(conversation, 3) == ADMIN
    # Now there are two: the next one waits.
    eve = await invited(conversation, nadia, 4)
    assert "A second administrator has to agree first" in eve.last.text


async def test_two_roles_of_one_person_are_one_person(conversation: Conversation, nadia: Talker) -> None:
    """Neither are they counted twice, nor do they agree to what they asked for themselves."""
    await named(conversation, 1, Role.ADMIN, "69")
    zoe = await invited(conversation, nadia, area="Rhône")
    assert "Welcome to the team" in zoe.last.text
    await invited(conversation, nadia, 4, area="Rhône")
    await nadia.tap_data("1:staff_decide:1:yes")
    assert "Another administrator has to decide this" in nadia.last.text
    assert await roles(conversation, 4) == []


async def test_nobody_agrees_to_themselves(conversation: Conversation, nadia: Talker, olga: Talker) -> None:
    """An admin of the Rhône is invited to the whole campaign: her own yes does not count."""
    local = await admin(conversation, 3, "69")
    payload = await an_invitation(nadia, role="Administrator", area=EVERYWHERE)
    await local.send(f"/start {payload}")
    await local.tap_data("1:staff_decide:1:yes")
    assert "Another administrator has to decide this" in local.last.text
    assert await roles(conversation, 3) == [("admin", "69")]


async def test_an_admin_of_an_area_agrees_within_it_alone(conversation: Conversation, nadia: Talker) -> None:
    local = await admin(conversation, 2, "69")
    zoe = await invited(conversation, nadia)
    assert "Welcome to the team" in zoe.last.text, "Nobody else could have agreed to an admin of everything."
    await invited(conversation, nadia, 4, area="Rhône")
    await let_leave(conversation, local)
    await local.tap("Agree")
    assert await roles(conversation, 4) == [("admin", "69")]


@pytest.mark.parametrize("how", ["withdrawn", "out of sight", "erased"])
async def test_who_lost_the_role_lets_nobody_in(
    conversation: Conversation, nadia: Talker, olga: Talker, how: str
) -> None:
    """An invitation was opened, then its author was withdrawn: the yes that comes afterwards opens nothing."""
    third = await admin(conversation, 5)
    zoe = await invited(conversation, olga)
    await let_leave(conversation, nadia, third)
    if how == "withdrawn":
        await withdraw(nadia, 2)
        await let_leave(conversation, zoe)
        assert "may no longer give that role" in zoe.last.text
    elif how == "erased":
        await olga.send("/delete")
        await olga.tap("Yes, erase everything")
    else:
        await revoke(conversation, 2)
    await third.tap("Agree")
    assert "decided, fetched or taken back" in third.last.text
    assert await roles(conversation, 3) == []


async def test_who_was_made_less_decides_nothing(
    conversation: Conversation, nadia: Talker, olga: Talker
) -> None:
    await invited(conversation, nadia)
    await let_leave(conversation, olga)
    await revoke(conversation, 2)
    await named(conversation, 2, Role.COORDINATOR)
    await olga.tap("Agree")
    assert "Another administrator has to decide this" in olga.last.text
    assert await roles(conversation, 3) == []


async def test_it_waits_for_two_days(conversation: Conversation, nadia: Talker, olga: Talker) -> None:
    await invited(conversation, nadia)
    await let_leave(conversation, olga)
    conversation.clock.move(conversation.clock.now() + timedelta(hours=48))
    await olga.tap("Agree")
    assert "it is too late for it" in olga.last.text
    assert await roles(conversation, 3) == []


async def test_the_list_shows_who_waits(conversation: Conversation, nadia: Talker, olga: Talker) -> None:
    await invited(conversation, nadia)
    await nadia.send("/staff")
    assert "New administrators who wait for a second one" in nadia.last.text
    assert "Agree to 3" not in nadia.last.buttons
    await olga.send("/staff")
    await olga.tap("Agree to 3")
    assert await roles(conversation, 3) == ADMIN


async def test_on_the_machine_an_admin_is_named_at_once(
    conversation: Conversation, nadia: Talker, olga: Talker
) -> None:
    await conversation.person(3).send("/help")
    await named(conversation, 3, Role.ADMIN)
    assert await roles(conversation, 3) == ADMIN
    await let_leave(conversation, nadia, olga)
    for told in (nadia, olga):
        assert "Named on the machine itself" in told.last.text


async def test_who_is_erased_waits_no_more(conversation: Conversation, nadia: Talker, olga: Talker) -> None:
    zoe = await invited(conversation, nadia)
    await zoe.send("/mydata")
    assert "a second one has to agree" in zoe.screen[-1].text
    await zoe.send("/delete")
    await zoe.tap("Yes, erase everything")
    assert await rows(conversation, approvals) == []
    await olga.tap_data("1:staff_decide:1:yes")
    assert await roles(conversation, 3) == []
