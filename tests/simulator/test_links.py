"""Invite links: whom they let in, until when and how many, and who has to ask first."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.errors import PersonError
from simulator.grouping import join, leave
from simulator.groups import Group
from simulator.records import Person
from tests.simulator.direct import Direct


def come(direct: Direct, person: Person, group: Group, link: dict[str, Any]) -> Any:
    return join(direct.world.common, person, group, {"link": link["invite_link"]})


def test_wrong_links_are_refused() -> None:
    direct = Direct()
    group = direct.group()
    now = direct.world.clock.timestamp()
    code = "core.telegram.org/method/messages.exportChatInvite"
    rows: list[tuple[dict[str, Any], str, str]] = [
        (
            {"member_limit": 3, "creates_join_request": True},
            "Bad Request: member limit can't be specified for links requiring administrator approval",
            "DialogInviteLinkManager.cpp of tdlib",
        ),
        ({"member_limit": 100_000}, "Bad Request: USAGE_LIMIT_INVALID", code),
        ({"expire_date": now - 1}, "Bad Request: EXPIRE_DATE_INVALID", code),
        (
            {"chat_id": 1},
            "Bad Request: can't invite members to a private chat",
            "DialogInviteLinkManager.cpp of tdlib",
        ),
    ]
    for params, description, source in rows:
        answer = direct.call("createChatInviteLink", **{"chat_id": group.id, **params})
        assert answer == description, source
    for method in ("revokeChatInviteLink", "editChatInviteLink"):
        assert direct.call(method, chat_id=group.id) == "Bad Request: invite link must be non-empty"
        unknown = direct.call(method, chat_id=group.id, invite_link="https://t.me/+x")
        assert unknown == "Bad Request: INVITE_HASH_EXPIRED"
    group.members[12345] = group.members[12345].__class__(user_id=12345, status="member")
    refused = direct.call("createChatInviteLink", chat_id=group.id)
    assert refused == "Bad Request: not enough rights to manage chat invite link"


def test_a_link_lets_in_as_many_as_it_may_at_once() -> None:
    direct = Direct()
    group, ben, cleo = direct.group(), direct.person(2, "Ben"), direct.person(3, "Cleo")
    link = direct.call("createChatInviteLink", chat_id=group.id, member_limit=1, name=" For\rone ")
    assert (link["member_limit"], link["name"]) == (1, "Forone")
    come(direct, ben, group, link)
    with pytest.raises(PersonError, match="as many as it may"):
        come(direct, cleo, group, link)
    leave(direct.world.common, ben, group, {})
    come(direct, cleo, group, link)
    assert group.has(3)


def test_a_link_ends_with_its_date() -> None:
    direct = Direct()
    group, ben = direct.group(), direct.person(2, "Ben")
    until = direct.world.clock.timestamp() + 60
    link = direct.call("createChatInviteLink", chat_id=group.id, expire_date=until)
    direct.world.clock.move(by_seconds=61)
    with pytest.raises(PersonError, match="no longer valid"):
        come(direct, ben, group, link)
    edited = direct.call("editChatInviteLink", chat_id=group.id, invite_link=link["invite_link"])
    assert "expire_date" not in edited
    come(direct, ben, group, edited)


def test_a_new_primary_link_ends_the_one_before() -> None:
    direct = Direct()
    group, ben = direct.group(), direct.person(2, "Ben")
    first, second = (direct.call("exportChatInviteLink", chat_id=group.id) for _ in range(2))
    with pytest.raises(PersonError, match="no longer valid"):
        come(direct, ben, group, {"invite_link": first})
    come(direct, ben, group, {"invite_link": second})
    edited = direct.call("editChatInviteLink", chat_id=group.id, invite_link=second)
    assert edited == "Bad Request: CHAT_ADMIN_REQUIRED"
    revoked = direct.call("revokeChatInviteLink", chat_id=group.id, invite_link=second)
    assert (revoked["is_primary"], revoked["is_revoked"]) == (True, True)
    (works,) = [link["invite_link"] for link in group.links.values() if not link["is_revoked"]]
    assert direct.call("getChat", chat_id=group.id)["invite_link"] == works


def test_who_has_to_ask_is_let_in_or_not() -> None:
    direct = Direct()
    world, group = direct.world, direct.group()
    ben, cleo = (
        world.common.add_person(Person(id=n, first_name=name)) for n, name in ((2, "Ben"), (3, "Cleo"))
    )
    world.updates.allowed = ["chat_join_request", "chat_member", "message"]
    link = direct.call("createChatInviteLink", chat_id=group.id, creates_join_request=True)
    assert "initiate" in direct.call("sendMessage", chat_id=2, text="Who are you?")
    for person in (ben, cleo):
        assert come(direct, person, group, link) == {"requested": True, "title": "Team"}
        with pytest.raises(PersonError, match="has already asked"):
            come(direct, person, group, link)
    asked = direct.updates("chat_join_request")
    assert [(each["from"]["id"], each["user_chat_id"]) for each in asked] == [(2, 2), (3, 3)]
    assert asked[1]["invite_link"]["pending_join_request_count"] == 2
    assert direct.call("sendMessage", chat_id=2, text="Who are you?")["text"] == "Who are you?"
    asking = {"chat_id": group.id, "user_id": 2}
    assert direct.call("approveChatJoinRequest", **asking) is True
    assert direct.call("declineChatJoinRequest", chat_id=group.id, user_id=3) is True
    assert (group.has(2), group.has(3), group.requests) == (True, False, {})
    member = direct.updates("chat_member")[-1]
    assert (member["via_join_request"], member["invite_link"]["invite_link"]) == (True, link["invite_link"])
    assert direct.updates("message")[-1]["from"]["id"] == 2
    assert direct.call("approveChatJoinRequest", **asking) == "Bad Request: USER_ALREADY_PARTICIPANT"
    missing = direct.call("declineChatJoinRequest", chat_id=group.id, user_id=3)
    assert missing == "Bad Request: HIDE_REQUESTER_MISSING"
    private = direct.call("approveChatJoinRequest", user_id=3)
    assert private == "Bad Request: the chat can't have join requests"
