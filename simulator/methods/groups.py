"""Methods about groups and their members."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator import membership
from simulator.errors import bad_request
from simulator.groups import MEDIA_PERMISSIONS, PERMISSIONS, RIGHTS, Group, Member, restricted
from simulator.params import Params
from simulator.shapes import full_chat_shape, member_shape, user_shape
from simulator.world import World

LONGEST_TITLE = 128
LONGEST_CUSTOM_TITLE = 16
# A ban or restriction of less than 30 seconds or more than 366 days is for ever (Bot API, banChatMember).
SHORTEST, LONGEST = 30, 366 * 24 * 3600


def get_chat(world: World, params: Params) -> dict[str, Any]:
    peer = _read(world, params)
    chat = world.chat(peer)
    pinned = chat.messages.get(chat.pinned)
    shape = full_chat_shape(peer, world.shape(peer, pinned) if pinned else None)
    return shape | (_primary_link(world, peer) if isinstance(peer, Group) else {})


def _primary_link(world: World, group: Group) -> dict[str, str]:
    """The bot's own primary invite link, where it has one."""
    for link in group.links.values():
        if link["is_primary"] and not link["is_revoked"] and link["creator"] == world.bot:
            return {"invite_link": link["invite_link"]}
    return {}


def get_chat_member(world: World, params: Params) -> dict[str, Any]:
    """In a private chat there are two members: the person and the bot."""
    peer = _read(world, params)
    user_id = params.integer("user_id")
    if isinstance(peer, Group):
        member = peer.member(_user(world, params))
        return member_shape(world.common.user(user_id), member, world.bot["id"])
    if user_id == world.bot["id"]:
        return {"user": world.bot, "status": "member"}
    if user_id == peer.id:
        return {"user": user_shape(peer), "status": "member"}
    raise bad_request("member not found")


def get_chat_administrators(world: World, params: Params) -> list[dict[str, Any]]:
    """All but other bots, unless `return_bots`."""
    group = _read(world, params)
    if not isinstance(group, Group):
        raise bad_request("there are no administrators in the private chat")
    bots = set(world.common.worlds) - {world.bot["id"]}
    return [
        member_shape(world.common.user(member.user_id), member, world.bot["id"])
        for member in group.members.values()
        if member.is_admin and (member.user_id not in bots or params.flag("return_bots"))
    ]


def get_chat_member_count(world: World, params: Params) -> int:
    peer = _read(world, params)
    return len(peer.present) if isinstance(peer, Group) else 2


def _read(world: World, params: Params) -> Any:
    """The chat to look at; a group that the bot has left is closed to it."""
    peer = world.find_recipient(params.text("chat_id"))
    return world.reachable(params.text("chat_id")) if isinstance(peer, Group) else peer


def group_of(
    world: World, params: Params, refusal: str = "method is available only for supergroups"
) -> Group:
    peer = world.reachable(params.text("chat_id"))
    if not isinstance(peer, Group):
        raise bad_request(refusal)
    return peer


def _user(world: World, params: Params) -> int:
    """The person or bot that `user_id` names (Client.cpp, get_user_id)."""
    user_id = params.integer("user_id")
    if user_id <= 0:
        raise bad_request("invalid user_id specified")
    if user_id not in world.people and user_id not in world.common.worlds:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return user_id


def _until(world: World, params: Params) -> int:
    until = params.integer("until_date")
    ahead = until - world.clock.timestamp()
    return until if SHORTEST <= ahead <= LONGEST else 0


def leave_chat(world: World, params: Params) -> bool:
    group = group_of(world, params, "Can't leave private chats")
    membership.leave(world.common, group, world.bot["id"])
    return True


def _meant(world: World, params: Params, right: str, refusal: str) -> tuple[Group, Member]:
    """The member whose standing the bot wants to change, if it has the right to."""
    group = group_of(world, params, "Can't ban members in private chats")
    member = group.member(_user(world, params))
    if member.user_id == world.bot["id"]:
        raise bad_request("can't restrict self" if right == "can_restrict_members" else "can't promote self")
    if not group.member(world.bot["id"]).is_admin or not group.may(world.bot["id"], right):
        raise bad_request(refusal)
    if member.status == "creator":
        raise bad_request("can't remove chat owner")
    if member.status == "administrator" and member.promoted_by != world.bot["id"]:
        raise bad_request("user is an administrator of the chat")
    return group, member


NOT_RESTRICTING = "not enough rights to restrict/unrestrict chat member"


def ban_chat_member(world: World, params: Params) -> bool:
    group, member = _meant(world, params, "can_restrict_members", NOT_RESTRICTING)
    membership.leave(world.common, group, member.user_id, actor=world.bot["id"], until=_until(world, params))
    if params.flag("revoke_messages"):
        for message in [m for m in group.chat.messages.values() if m.sender == member.user_id]:
            world.delete_message(group, message.message_id)
    return True


def unban_chat_member(world: World, params: Params) -> bool:
    """Without `only_if_banned` a member is thrown out by it, as on Telegram."""
    group, member = _meant(world, params, "can_restrict_members", NOT_RESTRICTING)
    if member.status == "kicked":
        membership.change(world.common, group, world.bot["id"], Member(user_id=member.user_id))
    elif member.is_here and not params.flag("only_if_banned"):
        membership.leave(world.common, group, member.user_id, actor=world.bot["id"])
    return True


def restrict_chat_member(world: World, params: Params) -> bool:
    allowed = read_permissions(params)
    group, member = _meant(world, params, "can_restrict_members", NOT_RESTRICTING)
    if not group.is_super:
        raise bad_request("method is available only for supergroups")
    if allowed >= group.permissions:
        new = Member(user_id=member.user_id, status="member" if member.is_here else "left")
    else:
        new = restricted(member, allowed, _until(world, params))
    membership.change(world.common, group, world.bot["id"], new)
    return True


def promote_chat_member(world: World, params: Params) -> bool:
    group, member = _meant(world, params, "can_promote_members", "not enough rights")
    if not group.is_super:
        raise bad_request("method is available for supergroup and channel chats only")
    wanted = frozenset(name for name in RIGHTS if params.flag(name))
    if any(not group.may(world.bot["id"], right) for right in wanted):
        raise bad_request("RIGHT_FORBIDDEN")
    if member.status == "kicked":
        raise bad_request("USER_KICKED")
    if wanted and not member.is_here:
        raise bad_request("USER_NOT_PARTICIPANT")
    membership.promote(world.common, group, world.bot["id"], member.user_id, wanted)
    return True


def set_chat_administrator_custom_title(world: World, params: Params) -> bool:
    group = group_of(world, params, "method is available only for groups and supergroups")
    member = group.member(_user(world, params))
    if member.status == "creator":
        raise bad_request("only the owner can edit their custom title")
    if member.status != "administrator":
        raise bad_request("user is not an administrator")
    if member.promoted_by != world.bot["id"]:
        raise bad_request("not enough rights to change custom title of the user")
    title = params.text("custom_title")
    if len(title) > LONGEST_CUSTOM_TITLE:
        raise bad_request("CUSTOM_TITLE_INVALID")
    membership.change(world.common, group, world.bot["id"], replace(member, title=title))
    return True


def set_chat_member_tag(world: World, params: Params) -> bool:
    """A tag is a title for who is no administrator."""
    group = _ruled(world, params, "can_manage_tags", "not enough rights to change the tag of the user")
    member = group.member(_user(world, params))
    if len(params.text("tag")) > LONGEST_CUSTOM_TITLE:
        raise bad_request("TAG_INVALID")
    membership.change(world.common, group, world.bot["id"], replace(member, title=params.text("tag")))
    return True


def set_chat_permissions(world: World, params: Params) -> bool:
    allowed = read_permissions(params)
    group = _ruled(world, params, "can_restrict_members", "not enough rights to change chat permissions")
    group.permissions = allowed
    world.changed(group)
    return True


def read_permissions(params: Params) -> frozenset[str]:
    """The checked `permissions`; what is not named is not allowed (Client.cpp, get_chat_permissions)."""
    given = params.structure("permissions", "can't parse permissions JSON object")
    if given is None:
        given = params.values  # as in older versions of the Bot API
    if not isinstance(given, dict):
        raise bad_request("object expected as permissions")
    named = Params(given)
    allowed = {name for name in PERMISSIONS if named.flag(name)}
    if not params.flag("use_independent_chat_permissions"):
        if named.flag("can_send_other_messages") or named.flag("can_add_web_page_previews"):
            allowed |= {*MEDIA_PERMISSIONS, "can_send_messages"}
        if named.flag("can_send_media_messages"):
            allowed |= {*MEDIA_PERMISSIONS, "can_send_messages"}
        if named.flag("can_send_polls") or allowed & set(MEDIA_PERMISSIONS):
            allowed |= {"can_send_messages"}
    return frozenset(allowed)


def _ruled(world: World, params: Params, right: str, refusal: str) -> Group:
    """The group that the bot changes, if it has the right to."""
    group = group_of(world, params, "can't change private chat")
    if not group.may(world.bot["id"], right) or not group.member(world.bot["id"]).is_admin:
        raise bad_request(refusal)
    return group


def set_chat_title(world: World, params: Params) -> bool:
    group = _ruled(world, params, "can_change_info", "not enough rights to change chat title")
    title = params.text("title").strip()
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise bad_request("title must be non-empty" if not title else "CHAT_TITLE_TOO_LONG")
    if title != group.title:
        membership.rename(world.common, group, world.bot["id"], title)
    return True


def set_chat_description(world: World, params: Params) -> bool:
    group = _ruled(world, params, "can_change_info", "not enough rights to set chat description")
    if params.text("description") == group.description:
        raise bad_request("chat description is not modified")
    group.description = params.text("description")[:255]
    world.changed(group)
    return True
