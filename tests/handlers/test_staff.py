"""The team in the chat: inviting, joining, withdrawing; every link has its clear answer."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.actions import audit, staff
from bot.actions.staff_links import hash_of
from bot.rules.permissions import Role
from db.schema import audit as audit_rows
from db.schema import staff_links
from tests.campaigning import named, supporter, written
from tests.conversation import Conversation, Talker
from tests.drafting import write_broadcast


@pytest.fixture
async def admin(conversation: Conversation) -> Talker:
    return await named(conversation, 1, Role.ADMIN)


async def an_invitation(admin: Talker, role: str = "Coordinator", area: str = "Rhône") -> str:
    """The link's payload: `s_…`."""
    await admin.send("/staff")
    await admin.tap("Invite")
    await admin.tap(role)
    if area not in admin.last.buttons:
        await admin.send(area)
    if area in admin.last.buttons:
        await admin.tap(area)
    found = re.search(r"https://t\.me/portevoix_bot\?start=(s_[A-Za-z0-9_-]+)", admin.last.text)
    assert found is not None, admin.last.text
    return found[1]


async def test_a_link_gives_a_role_once(conversation: Conversation, admin: Talker) -> None:
    payload = await an_invitation(admin)
    karim, other = conversation.person(2), conversation.person(3)
    await karim.send(f"/start {payload}")
    assert "Welcome to the team" in karim.last.text
    assert "coordinator" in karim.last.text
    assert "Rhône" in karim.last.text
    assert "/export" in karim.last.text
    assert "/staff" not in karim.last.text
    await other.send(f"/start {payload}")
    assert "was used already" in other.last.text
    await karim.send(f"/start {payload}")
    assert "was used already" in karim.last.text
    await karim.send("/stats")
    assert "The numbers: Rhône" in karim.last.text


async def test_the_menu_of_the_chat_follows_the_role(conversation: Conversation, admin: Talker) -> None:
    karim = conversation.person(2)
    await karim.send(f"/start {await an_invitation(admin)}")
    menus = karim.called("setMyCommands")
    assert [menu.payload.get("language_code") for menu in menus] == [None, "fr", "en"]
    assert {menu.payload["scope"]["chat_id"] for menu in menus} == {2}
    names = [command["command"] for command in menus[0].payload["commands"]]
    assert "export" in names
    assert "staff" not in names
    await admin.send("/staff")
    await admin.tap("Withdraw no. 2")
    await admin.tap("Withdraw it")
    assert {call.payload["scope"]["chat_id"] for call in admin.called("deleteMyCommands")} == {2}


async def test_a_guessed_link_is_refused(conversation: Conversation) -> None:
    stranger = conversation.person(9)
    await stranger.send("/start s_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    assert "don’t know this invitation" in stranger.last.text
    await stranger.send("/staff")
    assert "for the campaign team" in stranger.last.text


async def test_a_link_expires_after_two_days(conversation: Conversation, admin: Talker) -> None:
    payload = await an_invitation(admin)
    conversation.clock.move(conversation.clock.now() + timedelta(hours=48))
    karim = conversation.person(2)
    await karim.send(f"/start {payload}")
    assert "no longer valid" in karim.last.text


async def test_a_link_can_be_withdrawn(conversation: Conversation, admin: Talker) -> None:
    payload = await an_invitation(admin)
    await admin.send("/staff")
    shown = await admin.tap("Withdraw invitation 1")
    assert "Invitations not used yet" not in shown.text
    karim = conversation.person(2)
    await karim.send(f"/start {payload}")
    assert "was withdrawn" in karim.last.text


async def test_a_link_is_kept_for_whom_it_was_meant(conversation: Conversation, admin: Talker) -> None:
    """An admin who tries the link out does not use it up."""
    payload = await an_invitation(admin, role="Administrator", area="the whole campaign")
    await admin.send(f"/start {payload}")
    assert "have this role already" in admin.last.text
    karim = conversation.person(2)
    await karim.send(f"/start {payload}")
    assert "Welcome to the team" in karim.last.text


async def test_only_the_hash_of_a_link_is_kept(conversation: Conversation, admin: Talker) -> None:
    token = (await an_invitation(admin)).removeprefix("s_")
    async with conversation.database.read() as tx:
        (link,) = (await tx.execute(sa.select(staff_links))).all()
        log = (await tx.execute(sa.select(audit_rows.c.details))).scalars().all()
    assert link.token_hash == hash_of(token)
    assert token not in str(log)


async def test_an_unknown_place_is_asked_again(admin: Talker) -> None:
    await admin.send("/staff")
    await admin.tap("Invite")
    await admin.tap("Organizer")
    await admin.send("Zzyzzyx")
    assert "any region, département or commune called “Zzyzzyx”" in admin.last.text
    await admin.send("2A")
    assert "organizer, Corse-du-Sud" in admin.last.text


async def test_withdrawing_takes_the_role_at_once(conversation: Conversation, admin: Talker) -> None:
    karim = await named(conversation, 2, Role.ORGANIZER, "69")
    await admin.send("/staff")
    await admin.tap("Withdraw no. 2")
    assert "Withdraw this role?" in admin.last.text
    await admin.tap("Withdraw it")
    await karim.send("/stats")
    assert "for the campaign team" in karim.last.text
    await admin.tap_data("1:staff_revoke:2")
    assert "withdrawn or used already" in admin.last.text


async def test_the_last_admin_stays(admin: Talker) -> None:
    await admin.send("/staff")
    await admin.tap("Withdraw no. 1")
    assert "only administrator" in admin.last.text
    await admin.tap_data("1:staff_revoke:1")
    assert "only administrator" in admin.last.text


async def test_every_act_is_in_the_log(conversation: Conversation, admin: Talker) -> None:
    await conversation.person(2).send(f"/start {await an_invitation(admin)}")
    await admin.send("/staff")
    await admin.tap("Withdraw no. 2")
    await admin.tap("Withdraw it")
    async with conversation.database.read() as tx:
        rows = (await tx.execute(sa.select(audit_rows).order_by(audit_rows.c.id))).all()
        assert (await audit.verify(tx)).faults == ()
    assert [(row.actor, row.action) for row in rows] == [
        ("command line", "add_staff"),
        ("staff:1", "add_staff"),
        ("staff:2", "join_staff"),
        ("staff:1", "revoke_staff"),
    ]


FORGED = (
    "staff_invite",
    "staff_role:admin",
    "staff_area:FR",
    "staff_ask:1",
    "staff_revoke:1",
    "staff_unlink:1",
    "staff_decide:1:yes",
    "staff",
)


@pytest.mark.parametrize("data", FORGED)
@pytest.mark.parametrize("role", [None, Role.ORGANIZER, Role.COORDINATOR])
async def test_others_cannot_manage_the_team(
    conversation: Conversation, admin: Talker, data: str, role: Role | None
) -> None:
    other = conversation.person(5) if role is None else await named(conversation, 5, role, "FR")
    await other.tap_data(f"1:{data}")
    async with conversation.database.read() as tx:
        held = await staff.roles_of(tx, 1)
        links = (await tx.execute(sa.select(staff_links))).all()
    assert [member.role for member in held] == ["admin"]
    assert links == []
    assert all("The team</b>" not in shown.text for shown in other.screen)


async def test_an_admin_of_an_area_cannot_reach_beyond_it(conversation: Conversation, admin: Talker) -> None:
    local = await named(conversation, 2, Role.ADMIN, "69")
    await local.send("/staff")
    assert 'user?id=2"' in local.last.text  # tapped, it shows who that is
    assert 'user?id=1"' not in local.last.text
    await local.tap_data("1:staff_ask:1")
    assert "Withdraw this role?" not in local.last.text
    await local.send("/staff")
    await local.tap("Invite")
    await local.tap("Organizer")
    await local.send("75")
    assert "start=" not in local.last.text
    async with conversation.database.read() as tx:
        assert (await tx.execute(sa.select(staff_links))).all() == []


@pytest.mark.parametrize("leaving", ["withdrawn", "no supporter", "erased"])
async def test_what_somebody_wrote_does_not_leave_without_them(
    conversation: Conversation, admin: Talker, leaving: str
) -> None:
    """It waits until whoever supervises the area resumes it; its author may not, even with another role."""
    organizer = await named(conversation, 2, Role.ORGANIZER, "69")
    await supporter(conversation, 100, "69123")
    await named(conversation, 2, Role.ORGANIZER, "13")
    await write_broadcast(organizer)
    await organizer.tap("That’s it")
    await organizer.send("20/12 18:00")
    await organizer.tap("My clock")
    await organizer.send("SEND")
    if leaving == "no supporter":
        await organizer.send("/start")
        assert "Your place in the team stays" in (await organizer.tap("No, thank you")).text
    if leaving != "erased":
        await admin.send("/staff")
        await admin.tap("Withdraw no. 2")
        await admin.tap("Withdraw it")
        assert "1 message that this person wrote had not gone out" in admin.last.text
    else:
        await organizer.send("/delete")
        await organizer.tap("Yes, erase everything")
    (broadcast,) = await written(conversation)
    assert broadcast.state == "paused"
    if leaving != "erased":
        await organizer.tap_data(f"1:broadcast_do:resume:{broadcast.id}")
        assert (await written(conversation))[0].state == "paused"
    await admin.send("/broadcasts")
    assert "· paused" in admin.last.text
    await admin.tap_data(f"1:broadcast:{broadcast.id}")
    assert "whoever wrote it may not write to this area any more" in admin.last.text
    await admin.tap("Resume")
    assert (await written(conversation))[0].state == "active"


async def test_the_team_is_listed_with_the_first_names_that_it_may_know(
    conversation: Conversation, admin: Talker
) -> None:
    for number, name, agreed in ((2, "Karim", True), (3, "Léa", False)):
        await named(conversation, number, Role.ORGANIZER, "69")
        await supporter(conversation, number, "69123", first_name=name, consent_team=agreed)
    await admin.send("/staff")
    assert "Karim (2)" in admin.last.text
    assert "Léa" not in admin.last.text


@pytest.mark.parametrize("typed", ["R84", "r84"])
async def test_an_area_may_be_typed_as_the_docs_write_its_code(
    conversation: Conversation, admin: Talker, typed: str
) -> None:
    await admin.send("/staff")
    await admin.tap("Invite")
    await admin.tap("Coordinator")
    await admin.send(typed)
    assert "Auvergne-Rhône-Alpes" in admin.last.text
    assert "?start=s_" in admin.last.text
