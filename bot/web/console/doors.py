"""In and out: the one-time link, the Mini App, signing out.

Looking at a link shows a page with a button; only the button uses it up, so that no messenger's preview does.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.actions import console
from bot.actions.console import LinkDead
from bot.rules.launches import BadLaunch, read_launch
from bot.rules.reading_language import language_asked
from bot.web.console.desk import COOKIE, COOKIE_PATH, Desk, Visit
from bot.web.site import HEADERS, TELEGRAM, policy

FRAMED = {**HEADERS, "Content-Security-Policy": policy(TELEGRAM)}


class Doors:
    """The pages before and after the console."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk = self._desk
        return [
            Route("/console/enter/{token}", desk.guarded(self.look)),
            Route("/console/enter/{token}", desk.guarded(self.enter), methods=["POST"]),
            Route("/console/app", desk.guarded(self.app)),
            Route("/console/app", desk.guarded(self.enter_by_app), methods=["POST"]),
            Route("/console/out", desk.changing(self.sign_out), methods=["POST"]),
        ]

    async def look(self, request: Request) -> Response:
        desk = self._desk
        async with desk.database.read() as tx:
            link = await console.look(tx, request.path_params["token"], desk.occasion)
        return desk.page(request, "enter", link.language)

    async def enter(self, request: Request) -> Response:
        desk = self._desk
        await desk.form(request)
        async with desk.database.write() as tx:
            cookie = await console.enter(tx, request.path_params["token"], desk.occasion)
        return desk.enter(cookie)

    async def app(self, request: Request) -> Response:
        """What Telegram tells stands behind the `#` of the address: the page's script hands it over."""
        return self._desk.site.page("console/app", self._desk.site.language(request), headers=FRAMED)

    async def enter_by_app(self, request: Request) -> Response:
        desk = self._desk
        form, occasion = await desk.form(request), desk.occasion
        try:
            launch = read_launch(form.get("launch", ""), token=desk.token, now=occasion.now)
        except BadLaunch as fault:
            raise LinkDead(str(fault)) from None
        language = language_asked(launch.language, desk.site.campaign.languages)
        async with desk.database.write() as tx:
            cookie = await console.enter_by_launch(tx, launch, language, occasion)
        return desk.enter(cookie)

    async def sign_out(self, visit: Visit) -> Response:
        await console.sign_out(visit.tx, visit.signed)
        answer = self._desk.page(visit.request, "out", visit.language)
        answer.delete_cookie(COOKIE, path=COOKIE_PATH)
        return answer
