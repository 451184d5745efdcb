"""Power comes from who gives it: invitations die with it, it is asked again at joining, and all admins hear of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.actions import audit, staff
from bot.rules.permissions import Role
from db.schema import audit as log
from db.schema import broadcasts
from tests.campaigning import named, revoke, rows
from tests.conversation import Conversation, Talker
from tests.handlers.test_staff import an_invitation
from tests.leaving import let_leave

EVERYWHERE = "the whole campaign"


@pytest.fixture
async def nadia(conversation: Conversation) -> Talker:
    return await admin(conversation, 1)


async def admin(conversation: Conversation, telegram_id: int, *areas: str, language: str = "en") -> Talker:
    """An admin who has written to the bot; what was said of it before is out of the way."""
    talker = await named(conversation, telegram_id, Role.ADMIN, *areas, language=language)
    await talker.send("/help")
    await let_leave(conversation, talker)
    return talker


async def withdraw(talker: Talker, number: int) -> None:
    await talker.send("/staff")
    await talker.tap(f"Withdraw no. {number}")
    await talker.tap("Withdraw it")


async def roles(conversation: Conversation, telegram_id: int) -> list[tuple[str, str]]:
    async with conversation.database.read() as tx:
        return [(held.role, held.area) for held in await staff.roles_of(tx, telegram_id)]


# -- what an invitation rests on --


@pytest.mark.parametrize("role", ["Administrator", "Coordinator", "Organizer"])
async def test_an_invitation_dies_with_the_role_of_whoever_made_it(
    conversation: Conversation, nadia: Talker, role: str
) -> None:
    """The back door: an admin invites, is withdrawn, and the invitation would still open."""
    mallory = await admin(conversation, 2)
    payload = await an_invitation(mallory, role=role, area=EVERYWHERE)
    await withdraw(nadia, 2)
    accomplice = conversation.person(3)
    await accomplice.send(f"/start {payload}")
    assert "may no longer give that role" in accomplice.last.text
    assert await roles(conversation, 3) == []
    await nadia.send("/staff")
    assert "Invitations not used yet" not in nadia.last.text


async def test_what_the_author_may_still_give_stays(conversation: Conversation, nadia: Talker) -> None:
    """Somebody who keeps the Rhône keeps the invitations to the Rhône, and loses those beyond it."""
    olga = await admin(conversation, 2, "FR", "69")
    wide = await an_invitation(olga, role="Coordinator", area=EVERYWHERE)
    local = await an_invitation(olga, role="Coordinator", area="Rhône")
    await withdraw(nadia, 2)
    karim = conversation.person(3)
    await karim.send(f"/start {wide}")
    assert await roles(conversation, 3) == []
    await karim.send(f"/start {local}")
    assert await roles(conversation, 3) == [("coordinator", "69")]


async def test_an_invitation_dies_when_its_author_is_erased(
    conversation: Conversation, nadia: Talker
) -> None:
    mallory = await admin(conversation, 2)
    payload = await an_invitation(mallory, role="Administrator", area=EVERYWHERE)
    await mallory.send("/delete")
    await mallory.tap("Yes, erase everything")
    # Whoever comes back is somebody else, who made nothing.
    await mallory.send("/help")
    await conversation.person(3).send(f"/start {payload}")
    assert await roles(conversation, 3) == []
    await let_leave(conversation, nadia)
    assert "Somebody has left and erased everything about themselves" in nadia.last.text
    assert "administrator, the whole campaign" in nadia.last.text


async def test_the_authority_is_asked_again_at_joining(conversation: Conversation, nadia: Talker) -> None:
    """Also where the role went in a way that does not look after invitations: a hand in the database."""
    mallory = await admin(conversation, 2)
    payload = await an_invitation(mallory, role="Organizer", area="Rhône")
    await revoke(conversation, 2)
    karim = conversation.person(3)
    await karim.send(f"/start {payload}")
    assert "may no longer give that role" in karim.last.text
    # With the authority back, the same invitation serves: nobody used it up.
    await named(conversation, 2, Role.ADMIN, "69")
    await karim.send(f"/start {payload}")
    assert await roles(conversation, 3) == [("organizer", "69")]


async def test_an_author_who_was_made_less_gives_less(conversation: Conversation, nadia: Talker) -> None:
    mallory = await admin(conversation, 2)
    payload = await an_invitation(mallory, role="Coordinator", area="Rhône")
    await revoke(conversation, 2)
    await named(conversation, 2, Role.COORDINATOR)
    await conversation.person(3).send(f"/start {payload}")
    assert await roles(conversation, 3) == []


# -- who made what --


async def test_the_list_says_who_made_each(conversation: Conversation, nadia: Talker) -> None:
    olga = await admin(conversation, 2)
    await conversation.person(3).send(f"/start {await an_invitation(olga)}")
    await an_invitation(olga, role="Organizer", area="13")
    await nadia.send("/staff")
    lines = nadia.last.text.splitlines()
    named_by = {number: line for line in lines for number in (1, 2, 3) if f"{number}. " in line[:3]}
    assert "(command line)" in named_by[2]
    assert '(<a href="tg://user?id=2">2</a>)' in named_by[3]
    assert any("organizer, Bouches-du-Rhône" in line and 'user?id=2"' in line for line in lines)
    async with conversation.database.write() as tx:
        await tx.execute(sa.text("DELETE FROM people WHERE telegram_id = 2"))
    await nadia.send("/staff")
    assert "(somebody erased since)" in nadia.last.text


# -- all admins hear of it --


async def test_every_admin_hears_of_a_joining_in_their_language(
    conversation: Conversation, nadia: Talker
) -> None:
    bruno = await admin(conversation, 2, "13", language="fr")
    karim = conversation.person(3)
    await karim.send(f"/start {await an_invitation(nadia)}")
    before = len(karim.screen)
    await let_leave(conversation, nadia, bruno, karim)
    assert "has joined: coordinator, Rhône." in nadia.last.text
    assert 'Invited by <a href="tg://user?id=1">1</a>.' in nadia.last.text
    assert "a rejoint l’équipe" in bruno.last.text
    assert "coordination, Rhône" in bruno.last.text
    assert len(karim.screen) == before, "Who joined has the welcome in front of them."


async def test_every_admin_hears_of_a_removal_and_so_does_whom_it_concerns(
    conversation: Conversation, nadia: Talker
) -> None:
    olga, bruno = await admin(conversation, 2), await admin(conversation, 3, language="fr")
    await withdraw(nadia, 2)
    before = len(nadia.screen)
    await let_leave(conversation, nadia, olga, bruno)
    assert "You no longer have this role: administrator, the whole campaign." in olga.last.text
    assert 'Withdrawn by <a href="tg://user?id=1">1</a>.' in olga.last.text
    assert "a perdu un rôle" in bruno.last.text
    assert len(nadia.screen) == before, "Who did it has the list in front of them."
    await bruno.tap("L’équipe")
    assert "Retirer" in str(bruno.last.buttons)


async def test_what_was_told_is_kept_with_the_act(conversation: Conversation, nadia: Talker) -> None:
    """The news are queued in the transaction of the act: no crash separates them, and an act refused tells nobody."""
    payload = await an_invitation(nadia)
    await nadia.send(f"/start s_{'A' * 32}")
    assert await rows(conversation, broadcasts) == []
    await conversation.person(3).send(f"/start {payload}")
    (news,) = await rows(conversation, broadcasts)
    assert (news.kind, news.template) == ("service", "notices/staff_joined")


async def test_why_a_notice_came_can_be_asked(conversation: Conversation, nadia: Talker) -> None:
    await conversation.person(3).send(f"/start {await an_invitation(nadia)}")
    await let_leave(conversation, nadia)
    async with conversation.database.write() as tx:
        await tx.execute(sa.text("UPDATE deliveries SET state = 'sent', sent_at = due_at, message_id = 77"))
    await nadia.send("/why", reply_to=77)
    assert "as a member of the campaign team" in nadia.last.text
    await nadia.send("/why")
    assert "as a member of the campaign team" not in nadia.last.text


async def test_the_log_names_what_ended_with_a_role(conversation: Conversation, nadia: Talker) -> None:
    mallory = await admin(conversation, 2)
    await an_invitation(mallory)
    await withdraw(nadia, 2)
    async with conversation.database.read() as tx:
        (details,) = await tx.scalars(sa.select(log.c.details).where(log.c.action == "revoke_staff"))
        assert (await audit.verify(tx)).faults == ()
    assert len(details["links"]) == 1
    assert details["telegram_id"] == 2


async def test_an_erased_member_stands_in_no_notice(conversation: Conversation, nadia: Talker) -> None:
    karim = conversation.person(3)
    await karim.send(f"/start {await an_invitation(nadia)}")
    await karim.send("/delete")
    await karim.tap("Yes, erase everything")
    told = [row.details for row in await rows(conversation, broadcasts)]
    assert told == [{"role": "coordinator", "area": "69", "telegram_id": None, "by": None}]
