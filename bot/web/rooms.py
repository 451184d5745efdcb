"""All that lies behind a door, as one part of the web."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.web.desk import Desk


class Room(Protocol):
    """Some pages that belong together."""

    def routes(self) -> Sequence[Route]: ...


class Rooms:
    """Every page of `rooms`; the door's address without its last stroke leads to the first of them."""

    rooms: ClassVar[Sequence[Callable[[Desk], Room]]]

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        async def home(request: Request) -> Response:
            return RedirectResponse(self._desk.home, 308)

        within = [route for room in self.rooms for route in room(self._desk).routes()]
        return [Route(self._desk.cookie_path, self._desk.guarded(home)), *within]
