"""What all bots of one simulator have in common: the people, their groups, the files, the clock."""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

from simulator.clock import Clock
from simulator.errors import PersonError
from simulator.events import Stream, Waiters
from simulator.faults import Faults
from simulator.files import FileStore
from simulator.groups import Group
from simulator.polling import Polls
from simulator.records import FriendChat, Person
from simulator.shapes import user_shape
from simulator.timers import Timers

FIRST_PERSON_ID = 5_000_001
FIRST_GROUP_ID = 13_000_000_000_000_000


class Beside(Protocol):
    """What the world of a bot is for the others."""

    bot: dict[str, Any]

    def reset(self) -> None: ...

    def close(self) -> None: ...


W = TypeVar("W", bound=Beside)


class Common(Generic[W]):
    """Held by the World of every bot. `worlds` has them by the number of the bot, the first one first."""

    def __init__(self, *, clock: Clock, zone: str = "Europe/Paris", local_apps: bool = False) -> None:
        self.clock = clock
        self.zone = zone
        self.local_apps = local_apps
        self.waiters = Waiters()
        self.stream = Stream()
        self.faults = Faults()
        self.marks: list[dict[str, str]] = []
        self.worlds: dict[int, W] = {}
        self.timers = Timers(clock)
        self.polls = Polls(self.timers)
        self.files = FileStore()
        self.people: dict[int, Person] = {}
        self.usernames: dict[str, int] = {}
        self.groups: dict[int, Group] = {}
        self.friend_chats: dict[tuple[int, int], FriendChat] = {}
        self._last_message_id = 0
        self._last_event = 0
        self._last_group_id = FIRST_GROUP_ID

    def reset(self) -> None:
        """Forget people, chats, files, faults and settings; keep the clock, the marks and the webhooks.

        Numbers of updates, messages and events go on, so that a running bot or page is not confused.
        """
        self.files = FileStore()
        self.faults.clear()
        self.timers.clear()
        self.polls.clear()
        self.people.clear()
        self.usernames.clear()
        self.friend_chats.clear()
        self.groups.clear()
        for world in self.worlds.values():
            world.reset()
        self.stream.tell({"type": "reload"})

    def close(self) -> None:
        """End every long poll, stream and webhook delivery: the server stops."""
        for world in self.worlds.values():
            world.close()
        self.timers.clear()
        self.waiters.close()
        self.stream.close()

    @property
    def first(self) -> W:
        """The world of the bot that is meant where none is named."""
        return next(iter(self.worlds.values()))

    def world_of(self, name: str) -> W:
        """The world of a bot, by its username or number."""
        wanted = name.removeprefix("@").lower()
        for number, world in self.worlds.items():
            if wanted in (str(number), str(world.bot["username"]).lower()):
                return world
        raise PersonError(f"There is no bot “{name}”.", 404)

    # Numbers

    def next_message_id(self) -> int:
        self._last_message_id += 1
        return self._last_message_id

    def was_given(self, message_id: int) -> bool:
        """Whether there ever was a message with this number."""
        return 0 < message_id <= self._last_message_id

    def next_event(self) -> int:
        """The number of a change that somebody sees."""
        self._last_event += 1
        return self._last_event

    def free_group_id(self) -> int:
        """A number for an album or a poll, never given twice."""
        self._last_group_id += 1
        return self._last_group_id

    # People

    def add_person(self, person: Person) -> Person:
        if person.id in self.people or person.id in self.worlds:
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
        while candidate in self.people or candidate in self.worlds:
            candidate += 1
        return candidate

    def group(self, group_id: int) -> Group:
        group = self.groups.get(group_id)
        if group is None:
            raise PersonError(f"There is no group {group_id}: make it first.", 404)
        return group

    def user(self, user_id: int) -> dict[str, Any]:
        """A person or bot as a User of the Bot API."""
        world = self.worlds.get(user_id)
        return world.bot if world else user_shape(self.person(user_id))

    def person(self, person_id: int) -> Person:
        person = self.people.get(person_id)
        if person is None:
            raise PersonError(f"There is no person {person_id}: add them first.", 404)
        return person
