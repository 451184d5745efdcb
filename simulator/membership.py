"""What happens to the members of a group, and how the bots are told: chat_member, my_chat_member, service messages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.common import Common
from simulator.groups import RIGHTS, Group, Member
from simulator.records import Message, Person
from simulator.shapes import chat_shape, member_shape
from simulator.world import World

FIRST_GROUP = 4_000_001
# The number of a supergroup is one of its own, behind this.
SUPER = -1_000_000_000_000


def found(
    common: Common[World],
    owner: Person,
    title: str,
    *,
    username: str = "",
    is_super: bool = True,
    is_forum: bool = False,
) -> Group:
    """A new group with one member, its owner."""
    number = FIRST_GROUP + len(common.groups)
    group = Group(
        id=SUPER - number if is_super else -number,
        title=title,
        username=username,
        is_super=is_super,
        is_forum=is_forum,
    )
    group.members[owner.id] = Member(user_id=owner.id, status="creator")
    common.groups[group.id] = group
    if username:
        common.usernames[username.lower()] = group.id
    if not is_super:
        tell(common, group, owner.id, {"group_chat_created": True})
    return group


def tell(
    common: Common[World], group: Group, sender: int, happened: dict[str, Any], *, thread: int = 0
) -> Message:
    """A message that only says what happened; every bot of the group hears it."""
    world = common.first
    message = world.add_message(
        group, by_bot=sender in common.worlds, sender=sender, media=happened, thread=thread
    )
    if "forum_topic_created" in happened:
        message.thread = message.message_id
    world.tell_of_message(group, message)
    return message


def change(
    common: Common[World],
    group: Group,
    actor: int,
    new: Member,
    *,
    link: dict[str, Any] | None = None,
    requested: bool = False,
) -> None:
    """Somebody stands otherwise with the group: the bot that it is about is told, or those that are administrators."""
    old = group.member(new.user_id)
    group.members[new.user_id] = new
    user = common.user(new.user_id)
    happened: dict[str, Any] = {
        "chat": chat_shape(group),
        "from": common.user(actor),
        "date": common.clock.timestamp(),
    }
    if link:
        happened["invite_link"] = link
    if requested:
        happened["via_join_request"] = True
    for number, world in common.worlds.items():
        states = {
            "old_chat_member": member_shape(user, old, number),
            "new_chat_member": member_shape(user, new, number),
        }
        if number == new.user_id:
            world.tell_bot("my_chat_member", group, happened | states)
        elif group.member(number).is_admin:
            world.tell_bot("chat_member", group, happened | states)
    common.first.changed(group)


def join(
    common: Common[World], group: Group, user_id: int, *, actor: int = 0, link: dict[str, Any] | None = None
) -> None:
    """Somebody comes in: by themselves, by a link, or because `actor` adds them."""
    old = group.member(user_id)
    new = replace(old, stays=True) if old.status == "restricted" else Member(user_id=user_id, status="member")
    requested = group.requests.pop(user_id, None) is not None and link is not None
    if link:
        group.came_by.setdefault(link["invite_link"], set()).add(user_id)
    change(common, group, actor or user_id, new, link=link, requested=requested)
    user = common.user(user_id)
    came = {
        "new_chat_members": [user],
        "new_chat_member": user,
        "new_chat_participant": user,
    }
    tell(common, group, user_id if requested else actor or user_id, came)


def ask_to_join(common: Common[World], group: Group, person: Person, link: dict[str, Any]) -> None:
    """Somebody asks to be let in; the bots hear of it that may invite, and may write to them until it is decided."""
    group.requests[person.id] = link["invite_link"]
    happened = {
        "chat": chat_shape(group),
        "from": common.user(person.id),
        "user_chat_id": person.id,
        "date": common.clock.timestamp(),
        "invite_link": link_shape(group, link),
    }
    for number, world in common.worlds.items():
        if group.member(number).is_admin and group.may(number, "can_invite_users"):
            world.tell_bot("chat_join_request", group, happened)
    common.first.changed(group)


def decide(common: Common[World], group: Group, user_id: int, *, actor: int, approved: bool) -> None:
    """Somebody who asks to be let in is, or is not."""
    if approved:
        join(common, group, user_id, actor=actor, link=group.links[group.requests[user_id]])
    else:
        del group.requests[user_id]
        common.first.changed(group)


def link_shape(group: Group, link: dict[str, Any]) -> dict[str, Any]:
    """A ChatInviteLink, with how many ask to be let in by it."""
    pending = sum(each == link["invite_link"] for each in group.requests.values())
    return link | ({"pending_join_request_count": pending} if pending else {})


def leave(common: Common[World], group: Group, user_id: int, *, actor: int = 0, until: int = -1) -> None:
    """Somebody goes; with `until` they may not come back before that instant, 0: never."""
    old = group.member(user_id)
    if until >= 0:
        new = Member(user_id=user_id, status="kicked", until=until)
    elif old.status == "restricted":
        new = replace(old, stays=False)
    else:
        new = Member(user_id=user_id)
    change(common, group, actor or user_id, new)
    if old.is_here:
        user = common.user(user_id)
        tell(
            common,
            group,
            actor or user_id,
            {"left_chat_member": user, "left_chat_participant": user},
        )


def promote(common: Common[World], group: Group, actor: int, user_id: int, rights: frozenset[str]) -> None:
    """Make somebody an administrator with these rights, or with none a member like others."""
    old = group.member(user_id)
    if not rights:
        change(common, group, actor, Member(user_id=user_id, status="member" if old.is_here else "left"))
        return
    was_here = old.is_here
    new = Member(
        user_id=user_id,
        status="administrator",
        rights=rights | {"can_manage_chat"},
        title=old.title,
        promoted_by=actor,
    )
    change(common, group, actor, new)
    if not was_here:
        user = common.user(user_id)
        tell(common, group, actor, {"new_chat_members": [user], "new_chat_member": user})


def rename(common: Common[World], group: Group, actor: int, title: str) -> None:
    group.title = title
    tell(common, group, actor, {"new_chat_title": title})


def upgrade(common: Common[World], group: Group, actor: int) -> Group:
    """A group becomes a supergroup: it has another number from then on, and the old one only says so."""
    number = FIRST_GROUP + len(common.groups)
    upgraded = Group(
        id=SUPER - number,
        title=group.title,
        description=group.description,
        permissions=group.permissions,
        members=dict(group.members),
    )
    common.groups[upgraded.id] = upgraded
    tell(common, group, actor, {"migrate_to_chat_id": upgraded.id})
    tell(common, upgraded, actor, {"migrate_from_chat_id": group.id})
    group.upgraded_to = upgraded.id
    return upgraded


ALL_RIGHTS = frozenset(RIGHTS) - {"is_anonymous"}
