"""Everything that is the case in this Telegram: people, chats, the bot, and what waits to be delivered."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from simulator.callbacks import Queries
from simulator.clock import Clock
from simulator.errors import PersonError, bad_request, forbidden
from simulator.events import Stream, Waiters
from simulator.faults import Faults
from simulator.files import FileStore
from simulator.journal import Journal
from simulator.limits import Limits
from simulator.records import Chat, FriendChat, Message, Person
from simulator.scripts import Scripts
from simulator.settings import BotSettings
from simulator.shapes import chat_shape, message_shape, user_shape
from simulator.updates import UpdateQueue
from simulator.webhook import Webhook

FIRST_PERSON_ID = 5_000_001
MOST_SHARED = 8_192
MOST_DELETED_REMEMBERED = 200


class World:
    """The state of one simulator. All of it lives in memory and is touched from one event loop only."""

    def __init__(
        self,
        *,
        token: str,
        clock: Clock,
        bot_name: str,
        bot_username: str,
        journal_file: Path | None = None,
        zone: str = "Europe/Paris",
        local_apps: bool = False,
    ) -> None:
        self.token = token
        self.local_apps = local_apps
        self.zone = zone
        self._journal_file = journal_file
        self.clock = clock
        self.bot = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": bot_name,
            "username": bot_username,
        }
        self.waiters = Waiters()
        self.stream = Stream()
        self.updates = UpdateQueue(
            self.waiters, self.clock, lambda number: self.stream.tell({"type": "seen", "update": number})
        )
        self.webhook = Webhook(
            self.updates, lambda seconds: self.waiters.wait("updates", seconds), self._call_by_reply
        )
        self.call_by_reply: Callable[[dict[str, Any]], None] | None = None
        self.faults = Faults()
        self.marks: list[dict[str, str]] = []
        self._next_message_id = 1
        self._event = 0
        self._next_group_id = 13_000_000_000_000_000
        self._begin()

    def _begin(self) -> None:
        self.people: dict[int, Person] = {}
        self.usernames: dict[str, int] = {}
        self.chats: dict[int, Chat] = {}
        self.friend_chats: dict[tuple[int, int], FriendChat] = {}
        self.inline_messages: dict[str, tuple[Person, Message]] = {}
        self.taps = Queries(self.waiters, self.clock, 4_000_000_000_000_001)
        self.inline_queries = Queries(self.waiters, self.clock, 8_000_000_000_000_001)
        self.app_queries = Queries(self.waiters, self.clock, 6_000_000_000_000_001)
        self.files = FileStore()
        self.settings = BotSettings()
        self.limits = Limits(clock=self.clock)
        self.journal = Journal(self._journal_file)
        self.scripts = Scripts()
        self._shared: dict[Any, Any] = {}

    def reset(self) -> None:
        """Forget people, chats, files, faults and settings; keep the clock, the marks and the webhook.

        Numbers of updates, messages and events go on, so that a running bot or page is not confused.
        """
        self.updates.clear()
        self.faults.clear()
        self._begin()
        self.stream.tell({"type": "reload"})

    def close(self) -> None:
        """End every long poll, stream and webhook delivery: the server stops."""
        self.webhook.stop()
        self.journal.close()
        self.waiters.close()
        self.stream.close()

    def _call_by_reply(self, call: dict[str, Any]) -> None:
        """A bot may answer a webhook post with one method call; whoever serves the Bot API carries it out."""
        if self.call_by_reply is not None:
            self.call_by_reply(call)

    # People

    def add_person(self, person: Person) -> Person:
        if person.id in self.people:
            raise PersonError(
                f"There is already a person {person.id}: choose another id or leave it out.", 409
            )
        if person.username:
            if person.username.lower() in self.usernames:
                raise PersonError(f"The username @{person.username} is taken: choose another one.", 409)
            self.usernames[person.username.lower()] = person.id
        self.people[person.id] = person
        return person

    def free_person_id(self) -> int:
        last = next(reversed(self.people)) if self.people else FIRST_PERSON_ID - 1
        candidate = max(last + 1, FIRST_PERSON_ID)
        while candidate in self.people:
            candidate += 1
        return candidate

    def person(self, person_id: int) -> Person:
        person = self.people.get(person_id)
        if person is None:
            raise PersonError(f"There is no person {person_id}: add them first.", 404)
        return person

    def find_recipient(self, chat_id: str) -> Person:
        """The person that `chat_id` names, whether they can be written to or not."""
        if not chat_id:
            raise bad_request("chat_id is empty")
        try:
            person = self.people.get(int(chat_id))
        except ValueError:
            person = None  # @usernames reach channels and groups, never a person
        if person is None:
            raise bad_request("chat not found")
        return person

    def reachable(self, chat_id: str) -> Person:
        """The person that `chat_id` names, if the bot may write to them."""
        person = self.find_recipient(chat_id)
        if person.deactivated:
            raise forbidden("user is deactivated")
        if person.blocked:
            raise forbidden("bot was blocked by the user")
        if not person.started:
            raise forbidden("bot can't initiate conversation with a user")
        return person

    # Chats and messages

    def chat(self, person: Person) -> Chat:
        chat = self.chats.get(person.id)
        if chat is None:
            chat = self.chats[person.id] = Chat()
        return chat

    def add_message(self, person: Person, **fields: Any) -> Message:
        """Add a message to a person's chat; `fields` are those of Message but its number and date."""
        fields = {name: self._share(name, value) for name, value in fields.items()}
        message = Message(message_id=self._next_message_id, date=self.clock.timestamp(), **fields)
        self._next_message_id += 1
        if person.keeps == 0:
            return message  # nobody looks at this chat: it is not even made
        messages = self.chat(person).messages
        messages[message.message_id] = message
        while person.keeps is not None and len(messages) > person.keeps:
            del messages[next(iter(messages))]
        self.changed(person, message)
        return message

    def add_message_between(self, person: Person, friend: Person, **fields: Any) -> Message:
        """Add a message of a person to a friend; the bot learns nothing of it."""
        message = Message(
            message_id=self._next_message_id,
            date=self.clock.timestamp(),
            by_bot=False,
            sender=person.id,
            friend=friend.id,
            **fields,
        )
        self._next_message_id += 1
        chat = self.friend_chats.setdefault(pair_of(person.id, friend.id), FriendChat())
        chat.messages[message.message_id] = message
        chat.read[person.id] = message.message_id
        self.changed_between(message)
        return message

    def changed_between(self, message: Message) -> None:
        """Number the change in a chat of two people and tell both."""
        self._event += 1
        message.event = self._event
        self.friend_chats[pair_of(message.sender, message.friend)].event = self._event
        for person_id in (message.sender, message.friend):
            self.waiters.wake(("friends", person_id))
            self.stream.tell({"type": "friends", "person": person_id})

    def changed(self, person: Person, message: Message | None = None) -> None:
        """Number the change and tell whoever reads this chat."""
        if message is not None and message.friend:
            self.changed_between(message)
            return
        self._event += 1
        chat = self.chat(person)
        chat.event = self._event
        if message is not None:
            message.event = self._event
        self.waiters.wake(("chat", person.id))
        self.stream.tell({"type": "chat", "person": person.id, "event": self._event})

    def free_group_id(self) -> int:
        """A number for an album or a poll, never given twice."""
        self._next_group_id += 1
        return self._next_group_id

    def forgotten(self, person: Person, message_id: int) -> Message | None:
        """A message that this world forgot to save memory (`keeps`): in a chat of Telegram's it would still stand."""
        if person.keeps is None or not 0 < message_id < self._next_message_id:
            return None
        chat = self.chat(person)
        if message_id in chat.messages or any(message_id == number for number, _event in chat.deleted):
            return None
        return Message(message_id=message_id, date=self.clock.timestamp(), by_bot=True, text="")

    def delete_message(self, person: Person, message_id: int) -> None:
        chat = self.chat(person)
        del chat.messages[message_id]
        if chat.pinned == message_id:
            chat.pinned = 0
        self.changed(person)
        chat.deleted.append((message_id, chat.event))
        del chat.deleted[:-MOST_DELETED_REMEMBERED]

    def _share(self, name: str, value: Any) -> Any:
        """Keeps once a text, a keyboard or media that is sent to many people."""
        if not value or not isinstance(value, str | bytes | dict):
            return value
        key = (name, orjson.dumps(value, option=orjson.OPT_SORT_KEYS) if isinstance(value, dict) else value)
        if len(self._shared) >= MOST_SHARED:
            self._shared.clear()
        return self._shared.setdefault(key, value)

    def shape(self, person: Person, message: Message) -> dict[str, Any]:
        return message_shape(self.bot, person, message)

    # Updates

    def tell_bot(self, kind: str, person: Person, content: dict[str, Any]) -> int:
        """Queue an update about a person; its number, 0 where the bot does not want to know."""
        return self.updates.add(kind, person.id, content)

    def tell_bot_of_message(self, person: Person, message: Message) -> None:
        message.update = self.tell_bot("message", person, self.shape(person, message))

    def tell_bot_of_membership(self, person: Person, *, old: str, new: str) -> None:
        """`my_chat_member`, which private chats know only for blocking and unblocking."""

        def member(status: str) -> dict[str, Any]:
            shape: dict[str, Any] = {"user": self.bot, "status": status}
            return shape | {"until_date": 0} if status == "kicked" else shape

        self.tell_bot(
            "my_chat_member",
            person,
            {
                "chat": chat_shape(person),
                "from": user_shape(person),
                "date": self.clock.timestamp(),
                "old_chat_member": member(old),
                "new_chat_member": member(new),
            },
        )

    def newest_first(self, person: Person) -> Iterator[Message]:
        return reversed(self.chat(person).messages.values())


def pair_of(one: int, other: int) -> tuple[int, int]:
    """The key of the chat of two people."""
    return min(one, other), max(one, other)
