"""In and out of the console and the Mini App: the one-time link, what Telegram tells, signing out.

Looking at a link shows a page with a button; only the button uses it up, so that no messenger's preview does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.actions import console
from bot.actions.console import SignedOut, SignInLinkDead
from bot.rules.console import Entrance
from bot.rules.launches import BadLaunch, read_launch
from bot.rules.reading_language import language_asked
from bot.web.bodies import form_of
from bot.web.desk import Desk, Visit
from bot.web.site import HEADERS, TELEGRAM, policy

FRAMED = {**HEADERS, "Content-Security-Policy": policy(TELEGRAM)}
LAUNCHES: Mapping[Entrance, str] = MappingProxyType(
    {Entrance.CONSOLE: "/console/app", Entrance.APP: "/app/open"}
)
"""Where Telegram opens each of them."""


class EntrancePages:
    """The pages before and after those of a door."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk, launch = self._desk, LAUNCHES[self._desk.door]
        link = f"{desk.home}enter/{{token}}"
        return [
            Route(link, desk.guarded(self.look)),
            Route(link, desk.guarded(self.enter), methods=["POST"]),
            Route(launch, desk.guarded(self.app)),
            Route(launch, desk.guarded(self.enter_by_app), methods=["POST"]),
            Route(f"{desk.home}out", desk.changing(self.sign_out), methods=["POST"]),
        ]

    async def look(self, request: Request) -> Response:
        desk = self._desk
        async with desk.database.read() as tx:
            link = await console.look(tx, request.path_params["token"], desk.occasion, desk.door)
        return self._page("enter", link.language)

    async def enter(self, request: Request) -> Response:
        desk = self._desk
        await form_of(request, desk.address)
        async with desk.database.read() as tx:  # guesses never take the one writer
            await console.look(tx, request.path_params["token"], desk.occasion, desk.door)
        async with desk.database.write() as tx:
            cookie = await console.enter(tx, request.path_params["token"], desk.occasion, desk.door)
        return self._entered(request, cookie)

    async def app(self, request: Request) -> Response:
        """What Telegram tells stands behind the `#` of the address: the page's script hands it over.

        `?to=events/ab12`: the page that opens then.
        """
        site, name = self._desk.site, f"{self._desk.door}/app"
        return site.page(name, site.language(request), headers=FRAMED, to=self._page_asked(request))

    async def enter_by_app(self, request: Request) -> Response:
        desk = self._desk
        form, occasion = await form_of(request, desk.address), desk.occasion
        try:
            launch = read_launch(form.get("launch", ""), token=desk.token, now=occasion.now)
        except BadLaunch as fault:
            raise SignInLinkDead(str(fault), message=f"{desk.door}/dead") from None
        language = language_asked(launch.language, desk.site.campaign.languages)
        other = await self._other(request, launch.telegram_id)
        if other is not None and "sure" not in form:
            # A link from somebody else would sign them in here, and what is done next would be done in their name.
            name = f"{desk.door}/other"
            values = {"launch": form["launch"], "here": other, "new": launch.telegram_id}
            return desk.site.page(name, language, status=409, headers=FRAMED, **values)
        async with desk.database.write() as tx:
            cookie = await console.enter_by_launch(tx, launch, language, occasion, desk.door)
        return self._entered(request, cookie)

    async def _other(self, request: Request, telegram_id: int) -> int | None:
        """Who else is signed in by this browser, by their Telegram number; None: nobody else is."""
        desk = self._desk
        try:
            async with desk.database.read() as tx:
                signed = await console.signed_in(tx, desk.cookie(request), desk.occasion, desk.door)
        except SignedOut:
            return None
        here = signed.session.telegram_id
        return None if here == telegram_id else here

    def _page(self, name: str, language: str) -> HTMLResponse:
        """A page for somebody who is not signed in."""
        return self._desk.site.page(f"{self._desk.door}/{name}", language)

    def _entered(self, request: Request, cookie: str) -> Response:
        """To the page that was asked for, with the cookie of the session."""
        desk = self._desk
        answer = RedirectResponse(desk.home + self._page_asked(request), 303)
        answer.set_cookie(
            desk.door.cookie,
            cookie,
            path=desk.cookie_path,
            httponly=True,
            samesite="strict",
            secure=desk.address.startswith("https:"),
        )
        return answer

    def _page_asked(self, request: Request) -> str:
        """A page behind this door, and nothing else: `../` leads nowhere."""
        asked = request.query_params.get("to", "")
        return asked if re.fullmatch(r"[\w-]+(?:/[\w-]+)*", asked, re.ASCII) else ""

    async def sign_out(self, visit: Visit) -> Response:
        await console.sign_out(visit.tx, visit.signed, self._desk.door)
        answer = self._page("out", visit.language)
        answer.delete_cookie(self._desk.door.cookie, path=self._desk.cookie_path)
        return answer
