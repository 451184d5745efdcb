"""The Mini App as one part of the web: its doors and its rooms."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.web.desk import Desk
from bot.web.doors import Doors
from bot.web.mini_app.events import Events
from bot.web.mini_app.me import Me
from bot.web.mini_app.vote import MyVote
from bot.web.mini_app.walks import Walks

ROOMS = (Doors, Events, MyVote, Me, Walks)


class MiniApp:
    """Every page of supporters. `desk`: the one behind `Door.APP`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        async def home(request: Request) -> Response:
            return RedirectResponse(self._desk.home, 308)

        rooms = [route for room in ROOMS for route in room(self._desk).routes()]
        return [Route("/app", self._desk.guarded(home)), *rooms]
