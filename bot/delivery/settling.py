"""What a delivery becomes by the outcome of its post."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from bot.delivery.calls import Call
from bot.delivery.outcomes import Done, InDoubt, NotSent, Outcome, Rejected, as_id
from db.deliveries import Leased, Settled

log = structlog.get_logger(__name__)

# How often a call that may be repeated is posted: for over an hour, as long as the server is there and fails.
ATTEMPTS = 20
REPEATED_FIRST = timedelta(seconds=1)
REPEATED_LAST = timedelta(minutes=5)


def repeated_after(attempts: int) -> timedelta:
    """How long a call that got no answer waits until it is posted again, after so many posts before it."""
    return min(REPEATED_LAST, REPEATED_FIRST * 2 ** min(attempts - 1, 10)) if attempts else timedelta()


class EndedPost(NamedTuple):
    """A post that has ended, with what else the database is to learn of it."""

    settled: Settled
    unreachable: int | None = None  # the person, where they are
    asked: bool = False  # it was sent, and waits for an answer
    moved: tuple[int, int] | None = None  # the group's chat, and the one that it became


def answered(
    row: Leased, call: Call, outcome: Outcome, moved: tuple[int, int] | None, again_at: datetime | None
) -> EndedPost:
    """The settlement of an outcome. A message that did not leave is queued again, at once or for `again_at`."""
    if isinstance(outcome, Done):  # as good as all: the tuples are made as fast as they can be
        message = outcome.result.get("message_id") if isinstance(outcome.result, dict) else None
        return EndedPost(Settled(row.id, "sent", None, as_id(message)), None, call.asks, moved)
    became = _settled(row, call, outcome, again_at)
    gone = isinstance(outcome, Rejected) and outcome.unreachable
    return EndedPost(
        settled=became,
        unreachable=row.person if gone else None,
        asked=call.asks and became.state == "sent",
        moved=moved,
    )


def _settled(
    row: Leased, call: Call, outcome: NotSent | InDoubt | Rejected, again_at: datetime | None
) -> Settled:
    if isinstance(outcome, NotSent):
        return Settled(id=row.id, state="queued", due_at=again_at)
    if isinstance(outcome, InDoubt):
        if call.repeatable and row.attempts < ATTEMPTS:
            return Settled(id=row.id, state="queued", due_at=again_at)
        return Settled(id=row.id, state="in_doubt", reason="no_answer")
    if outcome.unreachable:
        return Settled(id=row.id, state="unreachable", reason="unreachable")
    if outcome.harmless:
        return Settled(id=row.id, state="sent")
    log.error("delivery_rejected", method=call.method, code=outcome.code, said=outcome.description)
    return Settled(id=row.id, state="failed", reason=outcome.description[:200])
