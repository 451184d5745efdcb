"""How the next places are shared among the broadcasts that have something due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from db.broadcasts import DueBroadcast
from db.deliveries import Leased

# A broadcast that expires within this time goes before those that can wait.
URGENT = timedelta(hours=1)


def shares(due: Sequence[DueBroadcast], room: int, now: datetime) -> list[tuple[int, int]]:
    """(broadcast, places) in the order to be served: what is said in conversations alone, where there is any, then the
    urgent, equally within each of the groups.

    What a broadcast leaves of its places (it has fewer due) is offered again in the next round.
    """
    ready = [one for one in due if one.next_due <= now]
    talks = [one for one in ready if one.at_once]
    urgent = [one for one in ready if one.expires_at is not None and one.expires_at - now <= URGENT]
    served = talks or urgent or ready
    if not served:
        return []
    served = sorted(served, key=lambda one: (one.expires_at is None, one.expires_at or now, one.id))
    places, more = divmod(room, len(served))
    split = [(one.id, places + (index < more)) for index, one in enumerate(served)]
    return [(broadcast, count) for broadcast, count in split if count]


def alternating(rows: Sequence[Leased]) -> list[Leased]:
    """One of each broadcast in turn, so that none waits for a whole batch of another."""
    if not rows or rows[0].broadcast == rows[-1].broadcast:  # they come by broadcast
        return list(rows)
    seen: dict[int, int] = {}
    turns: list[tuple[int, int]] = []
    for index, row in enumerate(rows):
        turn = seen[row.broadcast] = seen.get(row.broadcast, -1) + 1
        turns.append((turn, index))
    return [rows[index] for _turn, index in sorted(turns)]
