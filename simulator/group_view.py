"""A group as one of its members sees it, as JSON for the page and for tests."""

from __future__ import annotations

from typing import Any

from simulator.groups import GENERAL, Group, Place, Topic
from simulator.records import Message, Person
from simulator.shapes import member_shape
from simulator.view import MOST_UNREAD, iso, kind_of, message_view, preview, reply_keyboard_view
from simulator.world import World


def group_view(world: World, group: Group, person: Person | None = None) -> dict[str, Any]:
    """A group in a list; with a person, as it stands in theirs."""
    last = next(reversed(group.chat.messages.values()), None)
    member = group.member(person.id) if person else None
    return {
        "id": group.id,
        "title": group.title,
        "kind": group.kind,
        "is_forum": group.is_forum,
        "username": group.username,
        "description": group.description,
        "upgraded_to": group.upgraded_to,
        "members": [member_shape(world.common.user(each.user_id), each) for each in group.members.values()],
        "here": bool(member and member.is_here),
        "admin": bool(member and member.is_admin),
        "topics": [topic_view(topic) for topic in group.topics.values()],
        "requests": [world.common.user(user_id) for user_id in group.requests],
        "event": group.chat.event,
        "unread": group.unread(person.id, MOST_UNREAD) if person and member and member.is_here else 0,
        "last_text": preview(last) if last else "",
        "last_kind": kind_of(last) if last else "",
        "last_date": iso(last.date) if last else None,
        "last_mine": bool(last and person and last.sender == person.id),
        "last_sender": world.common.user(last.sender)["first_name"] if last else "",
    }


def topic_view(topic: Topic) -> dict[str, Any]:
    return {
        "topic": 0 if topic.thread_id == GENERAL else topic.thread_id,
        "name": topic.name,
        "color": topic.icon_color,
        "closed": topic.closed,
        "hidden": topic.hidden,
    }


def group_chat_view(world: World, at: Place, person: Person, after: int) -> dict[str, Any]:
    """The messages that changed after event number `after`, and the state of the whole group."""
    group, chat = at.group, at.group.chat
    return {
        "event": chat.event,
        "seen": 0,
        "unread": group.unread(person.id, MOST_UNREAD),
        "asked": chat.asked,
        "placeholder": chat.placeholder if chat.asked or chat.reply_keyboard else "",
        "messages": [
            group_message_view(world, message, person)
            for message in chat.messages.values()
            if message.event > after
        ],
        "deleted": [message_id for message_id, event in chat.deleted if event > after],
        "reply_keyboard": reply_keyboard_view(chat.reply_keyboard),
        "pinned": chat.pinned,
        "group": group_view(world, group, person),
    }


def group_message_view(world: World, message: Message, person: Person) -> dict[str, Any]:
    """`from` is bot, person (the one who looks) or member; `sender` says who."""
    mine = message.sender == person.id
    reactions = message.reactions or {}
    view = message_view(message) | {
        "from": "bot" if message.by_bot else "person" if mine else "member",
        "sender": world.common.user(message.sender),
        "topic": message.thread,
        "reactions": {
            ("person" if who == str(person.id) else who): given for who, given in reactions.items()
        },
        "happened": happened(message),
    }
    if view["reply_to"] == message.thread:
        view |= {"reply_to": None, "reply": None}  # every message of a topic answers its first one
    return view


def happened(message: Message) -> dict[str, Any] | None:
    """What a message of the group itself says: `kind`, and the name or names that it is about."""
    if not message.is_service or message.media is None:
        return None
    media = message.media
    kind = next(iter(media))
    content = media[kind]
    if kind == "new_chat_members":
        about = ", ".join(user["first_name"] for user in content)
    elif kind == "left_chat_member":
        about = content["first_name"]
    elif kind == "pinned_message":
        about = str(content.get("text") or content.get("caption") or "")[:80]
    elif isinstance(content, dict):
        about = str(content.get("name", ""))
    else:
        about = str(content)
    return {"kind": kind, "about": about, "by_themselves": _by_themselves(message, kind)}


def _by_themselves(message: Message, kind: str) -> bool:
    """Whether who came or went did so without another."""
    users = (message.media or {}).get(kind)
    users = users if isinstance(users, list) else [users]
    return [user.get("id") for user in users if isinstance(user, dict)] == [message.sender]


def group_commands(world: World, group: Group, person: Person) -> list[dict[str, str]]:
    """The commands of every bot in a group; where there are several, each says whose it is."""
    bots = [each for each in world.common.worlds.values() if group.has(each.bot["id"])]
    member = group.member(person.id)
    return [
        command | ({"command": f"{command['command']}@{each.bot['username']}"} if len(bots) > 1 else {})
        for each in bots
        for command in each.settings.commands_in_group(
            group.id, person.id, person.language_code, is_admin=member.is_admin
        )
    ]
