"""What people write to each other: how a link or an invitation of the bot reaches a friend."""

from __future__ import annotations

from typing import Any

from simulator.acting import LONGEST_MESSAGE, check_active
from simulator.errors import PersonError
from simulator.parse import parse_text
from simulator.records import FriendChat, Message, Person
from simulator.view import iso, kind_of, message_view, preview
from simulator.world import World, pair_of


def write(world: World, person: Person, friend: Person, text: str) -> Message:
    """Write to a friend, as the bot's users pass on a link. The bot learns nothing of it."""
    check_active(person)
    check_active(friend)
    if person.id == friend.id:
        raise PersonError(f"{person.first_name} does not write to themselves: choose somebody else.")
    if not text.strip() or len(text) > LONGEST_MESSAGE:
        raise PersonError(f"A message to a friend holds 1 to {LONGEST_MESSAGE} characters.")
    plain, entities = parse_text(text)
    return world.add_message_between(person, friend, text=plain, entities=entities)


def message_between(world: World, person: Person, friend: Person, message_id: int) -> Message:
    chat = world.friend_chats.get(pair_of(person.id, friend.id), FriendChat())
    if message_id not in chat.messages:
        raise PersonError(
            f"There is no message {message_id} between {person.first_name} and {friend.first_name}.", 404
        )
    return chat.messages[message_id]


def mark_read(world: World, person: Person, friend: Person | None) -> None:
    """Everything in the chat with the bot, or with a friend, has been seen by the person."""
    if friend is None:
        messages = world.chat(person).messages
        world.chat(person).read = next(reversed(messages), 0)
        world.stream.tell({"type": "read", "person": person.id})
    elif chat := world.friend_chats.get(pair_of(person.id, friend.id)):
        chat.read[person.id] = next(reversed(chat.messages), 0)
        for person_id in (person.id, friend.id):
            world.stream.tell({"type": "friends", "person": person_id})


def chats_of(world: World, person: Person) -> list[tuple[Person, FriendChat]]:
    """Everybody a person has a chat with, the latest first."""
    found = [
        (world.people[other if one == person.id else one], chat)
        for (one, other), chat in world.friend_chats.items()
        if person.id in (one, other)
    ]
    return sorted(found, key=lambda each: each[1].event, reverse=True)


def unread_from_friends(world: World, person: Person) -> int:
    return sum(chat.unread(person.id) for _, chat in chats_of(world, person)) if world.friend_chats else 0


def friend_chat_view(world: World, person: Person, friend: Person, chat: FriendChat) -> dict[str, Any]:
    last = next(reversed(chat.messages.values()))
    seen = chat.read.get(friend.id, 0)
    return {
        "friend": {
            "id": friend.id,
            "first_name": friend.first_name,
            "last_name": friend.last_name,
            "username": friend.username,
        },
        "event": chat.event,
        "unread": chat.unread(person.id),
        "last_text": preview(last),
        "last_kind": kind_of(last),
        "last_date": iso(last.date),
        "last_mine": last.sender == person.id,
        "messages": [
            message_view(message)
            | {
                "from": "person" if message.sender == person.id else "friend",
                "seen": message.message_id <= seen,
            }
            for message in chat.messages.values()
        ],
    }
