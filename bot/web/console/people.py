"""Looking up somebody whose name is known: there is no list of supporters to leaf through."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from bot.actions import look_up
from bot.actions.authority import area_name
from bot.actions.look_up import LookedUp
from bot.rules.permissions import Action
from bot.web.console.forms import plain
from bot.web.desk import Desk, Visit

ROOM = "/console/people"


class People:
    """One page: a name, and who bears it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk = self._desk
        return [
            Route(ROOM, desk.reading(self.ask)),
            Route(ROOM, desk.changing(self.show, first=self.search), methods=["POST"]),
        ]

    async def ask(self, visit: Visit) -> Response:
        visit.author.require(Action.FIND_PEOPLE)
        return self._page(visit, None)

    async def search(self, visit: Visit) -> LookedUp:
        """Found before the one writer is taken, which only notes it."""
        return await look_up.search(visit.tx, visit.author, plain(visit.form.get("name", "")))

    async def show(self, visit: Visit) -> Response:
        await look_up.note(visit.tx, visit.author, visit.found)
        return self._page(visit, visit.found)

    def _page(self, visit: Visit, found: LookedUp | None) -> Response:
        gazetteer = visit.author.gazetteer
        areas = [area_name(gazetteer, area) for area in visit.author.areas(Action.FIND_PEOPLE)]
        return visit.page(
            "look_up",
            found=found,
            areas=areas,
            places=lambda each: area_name(gazetteer, each.commune) if each.commune else each.country or "",
            least=look_up.LEAST_LETTERS,
        )
