"""What the application gives the engine: everything that needs to know what an update or a message means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.calls import Attachment, Call
from bot.delivery.outcomes import Stop, Wait
from bot.frozen import Frozen
from db.deliveries import Leased

Met = Mapping[int, Any]
"""What is known of chats that wrote, by chat; only `meet` and `process` look into it."""
Meet = Callable[[AsyncConnection, Mapping[int, bytes]], Awaitable[Met]]
Process = Callable[[AsyncConnection, dict[str, Any], Met], Awaitable[Sequence[Call]]]
Apologise = Callable[[Mapping[str, Any]], Sequence[Call]]
Prepare = Callable[[AsyncConnection, Sequence[Leased]], Awaitable[Sequence[Call | Wait | Stop]]]
Silenced = Callable[[Call], Awaitable[Call | None]]
OnSent = Callable[[str, Mapping[str, Any]], Awaitable[None]]
Producer = Callable[[Mapping[str, Any]], Awaitable[Attachment | Call]]


def nothing() -> None:
    """Nobody wants to be told."""


async def as_it_is(call: Call) -> Call:
    """No law holds anything back."""
    return call


class Hooks(Frozen):
    """The application's part, in the order in which it is called.

    asks        one update -> the name of the right that its author makes use of, or None: never dropped from a flood
    in_turn     one update’s JSON -> what it locks, "" for nothing: those of a batch are handled in this order
    is_quick    one update’s JSON -> whether it is met and processed by a few statements that touch a few rows
    meet        (transaction, some updates’ JSON by chat) -> what is known of them, to be given to `process`
    process     (transaction, one update, what is known) -> the replies; its effects are in the transaction.
                Raises `UpdateRefused` to have them undone and to reply all the same, and `ReadFirst`
    apologise   an update that made `process` raise anything else -> the replies that say sorry
    handled     called once the effects of some updates are committed: what is due may have changed
    prepare     (transaction, leased deliveries) -> for each, in their order, a call, a `Wait` or a `Stop`
    on_sent     told the name (`Call.remember`) and the message that a call became
    silenced    a reply whose `Call.leave_before` has come -> what may leave in its place, itself or nothing
    producers   by name (`Call.produce`): arguments -> the file to post, or the call that says why there is none
    """

    meet: Meet
    process: Process
    apologise: Apologise
    prepare: Prepare
    on_sent: OnSent
    asks: Callable[[Mapping[str, Any]], str | None] = lambda _update: None
    in_turn: Callable[[bytes], str] = lambda _body: ""
    is_quick: Callable[[bytes], bool] = lambda _body: False
    handled: Callable[[], None] = nothing
    silenced: Silenced = as_it_is
    producers: Mapping[str, Producer] = field(default_factory=dict)


class ReadFirst(Exception):
    """Raised by `process`: something that takes long has to be looked up before. What it did is undone, and once `read`
    has ended, in no transaction of the update so that nobody waits for it, it is called with the same update again.
    """

    def __init__(self, read: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.read = read


class UpdateRefused(Exception):
    """Raised by `process`: what it did is undone, and these replies leave all the same."""

    def __init__(self, replies: Sequence[Call]) -> None:
        super().__init__()
        self.replies = replies
