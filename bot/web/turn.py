"""The turn of a page, in the scope of its request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from db.snapshots import Asked

TURN = "portevoix.turn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """Pages are made one after the other. `over`: called when this one waits, so that the next is made meanwhile.

    `at_once`: the few that are made by the bot's own process after all wait for nobody.
    """

    asked: Asked | None = None
    over: Callable[[], None] = lambda: None
    at_once: bool = False


def turn_of(request: Request) -> Turn:
    """Where none was given nobody waits for it."""
    turn: Turn = request.scope.get(TURN, Turn())
    return turn
