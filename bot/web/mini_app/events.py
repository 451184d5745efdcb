"""Events near whoever reads."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from bot.web.desk import Desk, Visit


class Events:
    """The first page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        return [Route("/app/", self._desk.reading(self.list))]

    async def list(self, visit: Visit) -> Response:
        return visit.page("events")
