"""The polls of one simulator: a forwarded message shows the poll itself, so that all who vote vote in the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from simulator.polls import Poll, answered, closed
from simulator.records import Message
from simulator.shapes import Peer
from simulator.timers import Timers


class Asker(Protocol):
    """What the world of a bot is for its polls."""

    def changed(self, person: Peer, message: Message | None = None) -> None: ...

    def tell_bot(self, kind: str, peer: Peer, content: dict[str, Any]) -> int: ...


@dataclass(slots=True, kw_only=True)
class Asked:
    """A poll, the bot that asks, how everybody voted, and the messages that show it."""

    world: Asker
    peer: Peer
    poll: Poll
    votes: dict[int, list[int]] = field(default_factory=dict)
    shown: list[tuple[Asker, Peer, Message]] = field(default_factory=list)

    def change(self, poll: Poll, votes: dict[int, list[int]]) -> None:
        self.poll, self.votes = poll, votes
        for world, peer, message in self.shown:
            message.media = {**(message.media or {}), "poll": poll}
            message.votes = votes
            world.changed(peer, message)
        # A bot hears of the polls that it sent itself (Bot API, Update.poll).
        self.world.tell_bot("poll", self.peer, poll)


class Polls:
    """By the number of each poll."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._asked: dict[str, Asked] = {}

    def show(self, world: Asker, peer: Peer, message: Message) -> None:
        """A message shows a poll: a new one, or one that is forwarded."""
        assert message.media is not None
        poll: Poll = message.media["poll"]
        asked = self._asked.get(poll["id"])
        if asked is None:
            asked = self._asked[poll["id"]] = Asked(world=world, peer=peer, poll=poll)
            if poll.get("close_date") and not poll["is_closed"]:
                self._timers.at(poll["close_date"], lambda: self.close(poll["id"]))
        asked.shown.append((world, peer, message))
        message.votes = asked.votes

    def vote(self, poll_id: str, voter: int, numbers: list[int]) -> Asked:
        asked = self._asked[poll_id]
        asked.change(*answered(asked.poll, asked.votes, voter, numbers))
        return asked

    def close(self, poll_id: str) -> Poll:
        asked = self._asked.get(poll_id)
        if asked is None:
            return {}  # forgotten by a reset
        if not asked.poll["is_closed"]:
            asked.change(closed(asked.poll), asked.votes)
        return asked.poll

    def clear(self) -> None:
        self._asked.clear()
