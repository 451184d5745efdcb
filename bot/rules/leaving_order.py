"""Of what waits for one person, which leaves first, and when each does.

There is one order, read by the sender, by forecasts and by what is told of messages that wait: of two that may leave
for somebody, the one that is of no use any more sooner leaves first; of two that are of use as long, the older. So what
is small and urgent waits for nothing large that can wait, and otherwise nobody is overtaken.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.frozen import Frozen
from bot.rules.kinds import PARTISAN, Kind
from bot.rules.leaving import COURTESY_HOURS, Hold

NEVER = datetime.max.replace(tzinfo=UTC)


class WaitingMessage(Frozen):
    """A message that one person is to get. `number`: that of its broadcast; None: it is only being written. `due_at`:
    when it may leave at the earliest; `expires_at`: from when it is of no use any more, None: it always is.
    """

    number: int | None
    kind: Kind
    due_at: datetime
    expires_at: datetime | None = None
    evening: bool = False


class Asks(Protocol):
    """Why a message has to wait at an instant, where those `sent` left before it: see `bot.rules.leaving.hold`."""

    def __call__(self, one: WaitingMessage, now: datetime, sent: Collection[datetime]) -> Hold | None: ...


def place_in_line(expires_at: datetime | None, number: int | None) -> tuple[datetime, float]:
    """Its place among what may leave for somebody at an instant: the least is the first."""
    return expires_at or NEVER, math.inf if number is None else number


def held_in_line(
    mine: WaitingMessage, others: Iterable[WaitingMessage], *, sent: Collection[datetime], asks: Asks
) -> Hold | None:
    """Why a message does not leave when it is due, and until when; None: it does. `others`: what waits for the same
    person; `sent`: when what the caps count left for them.

    Each is looked at when it may leave, and again when what held it ends, as by the sender. Of what expires first the
    end of what holds it is told: it is not before `expires_at`.
    """
    looks = [
        (each.due_at, *place_in_line(each.expires_at, each.number), at)
        for at, each in enumerate((mine, *others))
    ]
    heapq.heapify(looks)
    every, left, reason = (mine, *others), list(sent), None
    while True:
        now, expires, number, at = heapq.heappop(looks)
        one = every[at]
        found = asks(one, now, left)
        if one is mine and found is not None:
            reason = found.reason if reason in (None, COURTESY_HOURS) else reason
            if found.until >= expires:
                return Hold(reason=reason, until=found.until)
        elif one is mine:
            return None if reason is None else Hold(reason=reason, until=now)
        if found is None:
            left += [now] if one.kind in PARTISAN else []
        elif found.until < expires:
            heapq.heappush(looks, (found.until, expires, number, at))


def instants_of(
    *, now: datetime, today_from: datetime, sent: int, today: int, known: Collection[datetime]
) -> tuple[datetime, ...]:
    """Instants that the caps answer as they answer those at which so many messages were `sent` to somebody, so many of
    them `today`: the oldest are `known`, and of the others only their day matters.
    """
    found = sorted(known)
    rest = max(0, sent - len(found))
    new = min(rest, max(0, today - sum(each >= today_from for each in found)))
    before = max([*found[-1:], today_from - timedelta(seconds=1)])
    return (*found, *(before,) * (rest - new), *(max(before, now),) * new)
