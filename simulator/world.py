"""Everything that is the case for one bot of this Telegram: its chats, its people, what waits to be delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from simulator.callbacks import Queries
from simulator.common import Common
from simulator.errors import BotApiError, bad_request, forbidden
from simulator.files import FileStore
from simulator.groups import Group, hears
from simulator.journal import Journal, JournalFile
from simulator.limits import LIKE, Limits
from simulator.records import Chat, FriendChat, Message, Person
from simulator.scripts import Scripts
from simulator.settings import BotSettings
from simulator.shapes import Peer, chat_shape, message_shape, user_shape
from simulator.updates import UpdateQueue
from simulator.webhook import Webhook

MOST_SHARED = 8_192
MOST_DELETED_REMEMBERED = 200


class World:
    """A simulator as one of its bots has it. All of it lives in memory and is touched from one event loop only.

    `common` is what all of its bots have in common. `started` and `blocked` are the people who began to talk to this
    bot, and who blocked it. `reads_all`: its privacy mode is off, it hears all of a group.
    `main_app`: the address that its links `?startapp=` open. `journals_name`: its lines in `journal_file` say its name.
    `limits`: whose rate limits hold at the start and after a reset, a name of LIKE, or none.
    """

    def __init__(
        self,
        common: Common[World],
        *,
        token: str,
        bot_name: str,
        bot_username: str,
        reads_all: bool = False,
        main_app: str = "",
        journal_file: JournalFile | None = None,
        journals_name: bool = False,
        limits: str = "",
    ) -> None:
        self.common = common
        self.token = token
        self.reads_all = reads_all
        self.main_app = main_app
        self._journal_file = journal_file
        self._journals_as = bot_username if journals_name else ""
        self._limits_of = limits
        self.clock = common.clock
        self.bot: dict[str, Any] = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": bot_name,
            "username": bot_username,
        }
        self.waiters = common.waiters
        self.stream = common.stream
        self.groups = common.groups
        self.faults = common.faults
        self.people = common.people
        self.friend_chats = common.friend_chats
        self.updates = UpdateQueue(self.waiters, self.clock, self._tell_seen)
        self.webhook = Webhook(self.updates, self._call_by_reply)
        self.call_by_reply: Callable[[dict[str, Any]], None] | None = None
        common.worlds[self.bot["id"]] = self
        self._begin()

    def _begin(self) -> None:
        self.started: set[int] = set()
        self.blocked: set[int] = set()
        self.chats: dict[int, Chat] = {}
        self.inline_messages: dict[str, tuple[Peer, Message]] = {}
        self.taps = Queries(self.waiters, self.clock, 4_000_000_000_000_001)
        self.inline_queries = Queries(self.waiters, self.clock, 8_000_000_000_000_001)
        self.app_queries = Queries(self.waiters, self.clock, 6_000_000_000_000_001)
        self.settings = BotSettings()
        self.limits = Limits(clock=self.clock, **LIKE.get(self._limits_of, {}))
        self.journal = Journal(self._journal_file, self._journals_as)
        self.scripts = Scripts()
        self._shared: dict[Any, Any] = {}

    def reset(self) -> None:
        """Forget chats and settings; keep the webhook. Numbers of updates go on."""
        self.updates.clear()
        self._begin()

    def close(self) -> None:
        """End webhook deliveries: the server stops."""
        self.webhook.stop()
        self.journal.close()

    @property
    def files(self) -> FileStore:
        return self.common.files

    def _call_by_reply(self, call: dict[str, Any]) -> None:
        """A bot may answer a webhook post with one method call; whoever serves the Bot API carries it out."""
        if self.call_by_reply is not None:
            self.call_by_reply(call)

    def _tell_seen(self, number: int) -> None:
        self.stream.tell({"type": "seen", "bot": self.bot["id"], "update": number})

    # Recipients

    def find_recipient(self, chat_id: str) -> Peer:
        """The person or group that `chat_id` names, whether they can be written to or not."""
        if not chat_id:
            raise bad_request("chat_id is empty")
        try:
            number = int(chat_id)
        except ValueError:
            # @usernames reach groups, never a person.
            number = min(self.common.usernames.get(chat_id.removeprefix("@").lower(), 0), 0)
        peer = self.people.get(number) or self.groups.get(number)
        if peer is None or (isinstance(peer, Group) and self.bot["id"] not in peer.members):
            raise bad_request("chat not found")
        return peer

    def recipient(self, chat_id: str) -> Person:
        """The person that `chat_id` names, for what there is in private chats only."""
        peer = self.find_recipient(chat_id)
        if isinstance(peer, Group):
            raise bad_request("chat not found")
        return peer

    def reachable(self, chat_id: str) -> Peer:
        """The person or group that `chat_id` names, if the bot may write to them (Client.cpp, check_chat_access)."""
        peer = self.find_recipient(chat_id)
        if isinstance(peer, Group):
            return self._open_group(peer)
        if peer.deactivated:
            raise forbidden("user is deactivated")
        if peer.id in self.blocked:
            raise forbidden("bot was blocked by the user")
        if peer.id not in self.started and not self._asks_to_join(peer):
            raise forbidden("bot can't initiate conversation with a user")
        return peer

    def _asks_to_join(self, person: Person) -> bool:
        """Whether somebody asks to be let into a group: a bot that may decide that may write to them meanwhile."""
        bot = self.bot["id"]
        return any(
            person.id in group.requests and group.member(bot).is_admin and group.may(bot, "can_invite_users")
            for group in self.groups.values()
        )

    def _open_group(self, group: Group) -> Group:
        if group.upgraded_to:
            parameters = {"migrate_to_chat_id": group.upgraded_to}
            raise BotApiError(400, "group chat was upgraded to a supergroup chat", parameters)
        if group.member(self.bot["id"]).status == "kicked":
            raise forbidden(f"bot was kicked from the {group.kind} chat")
        if not group.has(self.bot["id"]):
            raise forbidden(f"bot is not a member of the {group.kind} chat")
        return group

    # Chats and messages

    def chat(self, peer: Peer) -> Chat:
        if isinstance(peer, Group):
            return peer.chat
        chat = self.chats.get(peer.id)
        if chat is None:
            chat = self.chats[peer.id] = Chat()
        return chat

    def add_message(self, person: Peer, **fields: Any) -> Message:
        """Add a message to a person's chat or a group; `fields` are those of Message but its number and date."""
        if isinstance(person, Group):
            fields["extra"] = self._in_topic(person, fields.get("thread", 0), fields.get("extra"))
        fields = {name: self._share(name, value) for name, value in fields.items()}
        message = Message(message_id=self.common.next_message_id(), date=self.clock.timestamp(), **fields)
        if person.keeps == 0:
            return message  # nobody looks at this chat: it is not even made
        messages = self.chat(person).messages
        messages[message.message_id] = message
        while person.keeps is not None and len(messages) > person.keeps:
            del messages[next(iter(messages))]
        if message.media and "poll" in message.media:
            self.common.polls.show(self, person, message)
        self.changed(person, message)
        return message

    def _in_topic(self, group: Group, thread: int, extra: dict[str, Any] | None) -> dict[str, Any] | None:
        """What answers nothing else in a topic answers the message that began it, as Telegram has it."""
        begun = group.chat.messages.get(thread)
        if begun is None or (extra and not extra.keys().isdisjoint(("reply_to_message", "external_reply"))):
            return extra
        shape: dict[str, Any] = orjson.loads(orjson.dumps(self.shape(group, begun)))
        return {**(extra or {}), "reply_to_message": shape}

    def add_message_between(self, person: Person, friend: Person, **fields: Any) -> Message:
        """Add a message of a person to a friend; the bot learns nothing of it."""
        message = Message(
            message_id=self.common.next_message_id(),
            date=self.clock.timestamp(),
            by_bot=False,
            sender=person.id,
            friend=friend.id,
            **fields,
        )
        chat = self.friend_chats.setdefault(pair_of(person.id, friend.id), FriendChat())
        chat.messages[message.message_id] = message
        chat.read[person.id] = message.message_id
        if message.media and "poll" in message.media:
            self.common.polls.show(self, person, message)
        self.changed_between(message)
        return message

    def changed_between(self, message: Message) -> None:
        """Number the change in a chat of two people and tell both."""
        message.event = self.common.next_event()
        self.friend_chats[pair_of(message.sender, message.friend)].event = message.event
        for person_id in (message.sender, message.friend):
            self.waiters.wake(("friends", person_id))
            self.stream.tell({"type": "friends", "person": person_id})

    def changed(self, person: Peer, message: Message | None = None) -> None:
        """Number the change and tell whoever reads this chat."""
        if message is not None and message.friend:
            self.changed_between(message)
            return
        chat = self.chat(person)
        chat.event = self.common.next_event()
        if message is not None:
            message.event = chat.event
        self.waiters.wake(("chat", person.id))
        if isinstance(person, Group):
            self.stream.tell({"type": "group", "group": person.id, "event": chat.event})
        else:
            event = {"type": "chat", "person": person.id, "bot": self.bot["id"], "event": chat.event}
            self.stream.tell(event)

    def forgotten(self, person: Peer, message_id: int) -> Message | None:
        """A message that this world forgot to save memory (`keeps`): in a chat of Telegram's it would still stand."""
        if person.keeps is None or not self.common.was_given(message_id):
            return None
        chat = self.chat(person)
        if message_id in chat.messages or any(message_id == number for number, _event in chat.deleted):
            return None
        return Message(message_id=message_id, date=self.clock.timestamp(), by_bot=True, text="")

    def delete_message(self, person: Peer, message_id: int) -> None:
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

    def shape(self, peer: Peer, message: Message) -> dict[str, Any]:
        """The message as the bots are told of it."""
        return message_shape(self.sender_of(peer, message), peer, message)

    def is_own(self, peer: Peer, message: Message) -> bool:
        """Whether this bot wrote a message."""
        return message.by_bot and (not isinstance(peer, Group) or message.sender == self.bot["id"])

    def sender_of(self, peer: Peer, message: Message) -> dict[str, Any]:
        if isinstance(peer, Group):
            return self.common.user(message.sender)
        return self.bot if message.by_bot else user_shape(peer)

    # Updates

    def tell_bot(self, kind: str, peer: Peer, content: dict[str, Any]) -> int:
        """Queue an update about a person or group; its number, 0 where the bot does not want to know."""
        return self.updates.add(kind, peer.id, content)

    def tell_of_message(self, peer: Peer, message: Message, kind: str = "message") -> None:
        """Tell the bot of a message, in a group every bot that hears it."""
        if not isinstance(peer, Group):
            number = self.tell_bot(kind, peer, self.shape(peer, message))
            message.update = number if kind == "message" else message.update
            return
        for world in self.common.worlds.values():
            if hears(world.bot, world.reads_all, peer, message):
                world.tell_bot(kind, peer, self.shape(peer, message))

    def owner(self, message: Message) -> World:
        """The world of the bot that a message is from; in a group it may be another one's."""
        return self.common.worlds.get(message.sender, self)

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

    def newest_first(self, person: Peer) -> Iterator[Message]:
        return reversed(self.chat(person).messages.values())


def pair_of(one: int, other: int) -> tuple[int, int]:
    """The key of the chat of two people."""
    return min(one, other), max(one, other)
