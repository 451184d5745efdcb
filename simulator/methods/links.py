"""Methods about the invite links of a group, and about who asks to be let in (DialogInviteLinkManager.cpp of tdlib)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from simulator import membership
from simulator.cleaning import trimmed
from simulator.errors import bad_request
from simulator.groups import Group
from simulator.params import Params
from simulator.world import World

LONGEST_NAME = 32
MOST_MEMBERS = 99_999
Link = dict[str, Any]


def create_chat_invite_link(world: World, params: Params) -> Link:
    group = _managed(world, params)
    link = _new(world, group, is_primary=False) | _terms(world, params)
    group.links[link["invite_link"]] = link
    return link


def edit_chat_invite_link(world: World, params: Params) -> Link:
    """What is not named again no longer holds; the name stays."""
    group = _managed(world, params)
    link = _known(group, params)
    if link["is_primary"] or link["creator"] != world.bot:
        raise bad_request("CHAT_ADMIN_REQUIRED")
    for name in ("expire_date", "member_limit"):
        link.pop(name, None)
    link |= _terms(world, params)
    return membership.link_shape(group, link)


def export_chat_invite_link(world: World, params: Params) -> str:
    """A new primary link; the one before no longer works."""
    group = _managed(world, params)
    _revoke_primary(world, group)
    link = _new(world, group, is_primary=True)
    group.links[link["invite_link"]] = link
    return str(link["invite_link"])


def revoke_chat_invite_link(world: World, params: Params) -> Link:
    """In the place of a primary link comes a new one."""
    group = _managed(world, params)
    link = _known(group, params)
    if link["is_primary"] and not link["is_revoked"]:
        new = _new(world, group, is_primary=True)
        group.links[new["invite_link"]] = new
    link["is_revoked"] = True
    return membership.link_shape(group, link)


def _new(world: World, _group: Group, *, is_primary: bool) -> Link:
    return {
        "invite_link": f"https://t.me/+{secrets.token_urlsafe(12)}",
        "creator": world.bot,
        "creates_join_request": False,
        "is_primary": is_primary,
        "is_revoked": False,
    }


def _revoke_primary(world: World, group: Group) -> None:
    for link in group.links.values():
        if link["is_primary"] and link["creator"] == world.bot:
            link["is_revoked"] = True


def _terms(world: World, params: Params) -> Link:
    """How long a link lets whom in. Codes are the server’s: core.telegram.org/method/messages.exportChatInvite."""
    expires = max(params.integer("expire_date"), 0)
    limit = min(max(params.integer("member_limit"), 0), MOST_MEMBERS + 1)
    asks = params.flag("creates_join_request")
    if asks and limit:
        raise bad_request("Member limit can't be specified for links requiring administrator approval")
    if limit > MOST_MEMBERS:
        raise bad_request("USAGE_LIMIT_INVALID")
    if expires and expires <= world.clock.timestamp():
        raise bad_request("EXPIRE_DATE_INVALID")
    terms: Link = {"creates_join_request": asks}
    if name := trimmed(params.text("name"))[:LONGEST_NAME]:
        terms["name"] = name
    return terms | {
        field: value for field, value in (("expire_date", expires), ("member_limit", limit)) if value
    }


def _managed(world: World, params: Params) -> Group:
    """The group whose links the bot may manage."""
    group = world.reachable(params.text("chat_id"))
    if not isinstance(group, Group):
        raise bad_request("Can't invite members to a private chat")
    bot = world.bot["id"]
    if not group.member(bot).is_admin or not group.may(bot, "can_invite_users"):
        raise bad_request("Not enough rights to manage chat invite link")
    return group


def _known(group: Group, params: Params) -> Link:
    address = params.text("invite_link").strip()
    if not address:
        raise bad_request("Invite link must be non-empty")
    link = group.links.get(address)
    if link is None:
        raise bad_request("INVITE_HASH_EXPIRED")
    return link


def deciding(*, approved: bool) -> Callable[[World, Params], bool]:
    """The method that lets somebody in who asks for it, or does not (DialogParticipantManager.cpp of tdlib)."""

    def decide(world: World, params: Params) -> bool:
        group = world.reachable(params.text("chat_id"))
        user_id = params.integer("user_id")
        if user_id <= 0:
            raise bad_request("invalid user_id specified")
        bot = world.bot["id"]
        if not isinstance(group, Group):
            raise bad_request("The chat can't have join requests")
        if not group.member(bot).is_admin or not group.may(bot, "can_invite_users"):
            raise bad_request("Not enough rights to manage chat join requests")
        if group.has(user_id):
            raise bad_request("USER_ALREADY_PARTICIPANT")
        if user_id not in group.requests:
            raise bad_request("HIDE_REQUESTER_MISSING")
        membership.decide(world.common, group, user_id, actor=bot, approved=approved)
        return True

    return decide
