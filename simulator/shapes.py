"""People, groups, members and messages in the shapes of the Bot API."""

from typing import Any

import orjson

from simulator.groups import MEDIA_PERMISSIONS, PERMISSIONS, RIGHTS, Group, Member
from simulator.records import Message, Person

Peer = Person | Group


def user_shape(person: Person) -> dict[str, Any]:
    shape: dict[str, Any] = {"id": person.id, "is_bot": False, "first_name": person.first_name}
    if person.last_name:
        shape["last_name"] = person.last_name
    if person.username:
        shape["username"] = person.username
    if person.language_code:
        shape["language_code"] = person.language_code
    return shape


def chat_shape(peer: Peer) -> dict[str, Any]:
    if isinstance(peer, Group):
        return _group_shape(peer)
    shape: dict[str, Any] = {"id": peer.id, "first_name": peer.first_name}
    if peer.last_name:
        shape["last_name"] = peer.last_name
    if peer.username:
        shape["username"] = peer.username
    shape["type"] = "private"
    return shape


def _group_shape(group: Group) -> dict[str, Any]:
    shape: dict[str, Any] = {"id": group.id, "title": group.title}
    if group.username:
        shape["username"] = group.username
    if group.is_forum:
        shape["is_forum"] = True
    shape["type"] = group.kind
    if not group.is_super:
        shape["all_members_are_administrators"] = False
    return shape


def message_shape(sender: dict[str, Any], peer: Peer, message: Message) -> dict[str, Any]:
    """A Message; stored JSON goes in as it is (`orjson.Fragment`), so the result is for `orjson.dumps`."""
    shape: dict[str, Any] = {
        "message_id": message.message_id,
        "from": sender,
        "chat": chat_shape(peer),
        "date": message.date,
    }
    if message.thread:
        shape["message_thread_id"] = message.thread
        shape["is_topic_message"] = True
    if message.edit_date:
        shape["edit_date"] = message.edit_date
    if message.extra:
        shape.update(message.extra)
    if message.media:
        shape.update(message.media)
    if message.text:
        caption = message.has_caption
        shape["caption" if caption else "text"] = message.text
        if message.entities:
            name = "caption_entities" if caption else "entities"
            shape[name] = orjson.Fragment(message.entities)
    if message.markup:
        shape["reply_markup"] = orjson.Fragment(message.markup)
    return shape


def full_chat_shape(peer: Peer, pinned: dict[str, Any] | None) -> dict[str, Any]:
    """A ChatFullInfo."""
    shape = chat_shape(peer) | {
        "accent_color_id": abs(peer.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            (
                "unlimited_gifts",
                "limited_gifts",
                "unique_gifts",
                "premium_subscription",
                "gifts_from_channels",
            ),
            False,
        ),
    }
    if isinstance(peer, Group):
        shape["permissions"] = permissions_shape(peer.permissions)
        if peer.description:
            shape["description"] = peer.description
    if peer.username:
        shape["active_usernames"] = [peer.username]
    if pinned:
        shape["pinned_message"] = pinned
    return shape


def permissions_shape(allowed: frozenset[str]) -> dict[str, bool]:
    """A ChatPermissions."""
    shape = {name: name in allowed for name in PERMISSIONS}
    shape["can_send_media_messages"] = not allowed.isdisjoint(MEDIA_PERMISSIONS)
    return shape


def member_shape(user: dict[str, Any], member: Member, edited_by: int = 0) -> dict[str, Any]:
    """A ChatMember; an administrator can be edited by the bot that made them one."""
    shape: dict[str, Any] = {"user": user, "status": member.status}
    if member.status == "creator":
        shape["is_anonymous"] = "is_anonymous" in member.rights
    elif member.status == "administrator":
        shape["can_be_edited"] = bool(edited_by) and member.promoted_by == edited_by
        shape |= {name: name in member.rights for name in RIGHTS}
        shape["can_manage_voice_chats"] = "can_manage_video_chats" in member.rights
    elif member.status == "restricted":
        shape |= {"until_date": member.until, "is_member": member.stays} | permissions_shape(member.rights)
    elif member.status == "kicked":
        shape["until_date"] = member.until
    if member.title and member.is_here:
        shape["custom_title" if member.is_admin else "tag"] = member.title
    return shape
