"""A row of the matrix: an action, the least role for it, and where that must be held."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bot.actions.authority import Author
from bot.rules.areas import contains
from bot.rules.permissions import Role
from db.events import Event
from db.schema import deliveries, people
from tests.acting import LYON, World


@dataclass(frozen=True, kw_only=True)
class Row:
    """An action and the least role for it. `where`: the area must hold the `target`, be `everywhere`, or any is enough.

    `check` is told what came out and whether the area held the target: where any area is enough, that decides what
    they see.
    """

    run: Callable[[World, Author], Awaitable[Any]]
    least: str
    where: str = "target"
    check: Callable[[World, Author, Any], Awaitable[None]] | None = None


Rows = dict[str, dict[str, Row]]
"""By action, then by variant."""


async def reaches_nobody_else(world: World, author: Author, queued: Any) -> None:
    """What was sent is for those who vote in the area, all of them and nobody else."""
    reached = set(await world.tx.scalars(_recipients(queued.broadcast)))
    everybody = (await world.tx.execute(sa.select(people.c.id, people.c.commune))).all()
    here = {
        row.id
        for row in everybody
        if row.commune and any(contains(role.area, row.commune) for role in author.roles)
    }
    assert reached == here


def _recipients(broadcast: int) -> sa.Select[Any]:
    return sa.select(deliveries.c.person).where(deliveries.c.broadcast == broadcast)


def supervises(author: Author) -> bool:
    return any(contains(role.area, LYON) and role.role is not Role.ORGANIZER for role in author.roles)


def later(event: Event) -> dict[str, Any]:
    """Hours of a shift of an event."""
    return {"starts_at": event.starts_at, "ends_at": event.starts_at + timedelta(hours=2)}


def hours(event: Event) -> dict[str, Any]:
    """A shift of an event."""
    return {"role": "welcome", **later(event), "capacity": 2}
