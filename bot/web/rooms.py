"""All that lies behind a door, as one part of the web."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.web.desk import Desk, Visit
from bot.web.refusals import Missing


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

        async def unknown(visit: Visit) -> Response:
            raise Missing("There is no such page.")

        desk, within = self._desk, [route for room in self.rooms for route in room(self._desk).routes()]
        # Last: what is none of these is told within the frame of the others, in the language of who is signed in.
        return [
            Route(desk.cookie_path, desk.guarded(home)),
            *within,
            Route(f"{desk.home}{{unknown:path}}", desk.reading(unknown)),
        ]
