"""One-time links to exports. Looking at one shows a page with a button; only the button uses it up.

GET and HEAD change nothing, so neither a messenger's preview, nor a mail filter, nor a browser that asks for a range
takes the file away from whoever it is for. POST takes the link, atomically, and sends the file as it is made:
whole, whatever range was asked for, and never kept on the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.actions import downloads, exports
from bot.actions.downloads import DownloadLinkDead
from bot.actions.exports import Order
from bot.campaign.campaign import Campaign
from bot.clock import Clock
from bot.communes import Gazetteer
from bot.exporting.formats import FORMATS
from bot.frozen import Frozen
from bot.words.texts import Texts
from db.engine import Database

log = structlog.get_logger(__name__)

PATH = "/download"
MOST_AT_ONCE = 2
"""Each holds a reader of the database and its snapshot: the bot needs the other readers."""
MOST_SECONDS = 900.0
"""A reader that takes longer than this for its file is let go, and has to ask for a new link."""
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "X-Accel-Buffering": "no",  # a proxy would keep what it buffers on its disk
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
}
RETRY_SECONDS = "30"


class _Sending(StreamingResponse):
    """Lets the database and the place among the downloads go when the transfer ends, however it ends."""

    def __init__(self, content: AsyncGenerator[bytes], *, limit: asyncio.Semaphore, **options: Any) -> None:
        super().__init__(content, **options)
        self._content, self._limit = content, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with aclosing(self._content):
                await super().__call__(scope, receive, send)
        finally:
            self._limit.release()


class Downloads(Frozen):
    """Everything that the links need: the data, the time, and the words of the page."""

    database: Database
    clock: Clock
    campaign: Campaign
    gazetteer: Gazetteer
    texts: Texts

    def routes(self) -> list[Route]:
        self._check_words()
        limit = asyncio.Semaphore(MOST_AT_ONCE)

        async def answer(request: Request) -> Response:
            token = request.path_params["token"]
            return await self._send(token, limit) if request.method == "POST" else await self._show(token)

        return [Route(f"{PATH}/{{token}}", answer, methods=["GET", "HEAD", "POST"])]

    def _check_words(self) -> None:
        """A page without words is found out at start, not by whoever opens it."""
        for language in self.campaign.languages:
            self._page("downloads/ready", language)

    async def _show(self, token: str) -> Response:
        try:
            async with self.database.read() as tx:
                found = await downloads.look(
                    tx, token, campaign=self.campaign, gazetteer=self.gazetteer, now=self.clock.now()
                )
        except DownloadLinkDead as dead:
            return self._dead(dead)
        return HTMLResponse(self._page("downloads/ready", found.language, form=True), headers=HEADERS)

    async def _send(self, token: str, limit: asyncio.Semaphore) -> Response:
        try:
            async with self.database.read() as tx:  # guesses never take the one writer
                await downloads.look(
                    tx, token, campaign=self.campaign, gazetteer=self.gazetteer, now=self.clock.now()
                )
        except DownloadLinkDead as dead:
            return self._dead(dead)
        if limit.locked():
            page = self._page("downloads/busy", *self.campaign.languages)
            return HTMLResponse(page, status_code=503, headers={**HEADERS, "Retry-After": RETRY_SECONDS})
        await limit.acquire()
        try:
            async with self.database.write() as tx:
                found, order = await downloads.use(
                    tx, token, campaign=self.campaign, gazetteer=self.gazetteer, now=self.clock.now()
                )
        except BaseException as error:
            limit.release()
            if isinstance(error, DownloadLinkDead):
                return self._dead(error)
            raise
        name = order.file_name(found.id)
        return _Sending(
            self._content(order),
            limit=limit,
            media_type=FORMATS[order.format].media_type,
            headers={
                **HEADERS,
                "Content-Disposition": f'attachment; filename="{name}"',
                "Accept-Ranges": "none",
            },
        )

    async def _content(self, order: Order) -> AsyncGenerator[bytes]:
        try:
            async with (
                asyncio.timeout(MOST_SECONDS),
                aclosing(exports.content(self.database, order)) as parts,
            ):
                async for part in parts:
                    yield part
        except Exception as error:  # told in the log; the broken transfer tells the person
            log.error("download_broken", error=type(error).__name__)
            raise

    def _dead(self, dead: DownloadLinkDead) -> Response:
        page = self._page(dead.message, *self.campaign.languages)
        return HTMLResponse(page, status_code=410, headers=HEADERS)

    def _page(self, name: str, *languages: str, form: bool = False) -> str:
        """The words in each language, one after the other: of whoever follows a dead link none is known."""
        told = {language: self.texts.render(name, language).html for language in languages}
        words = "".join(WORDS.format(language=code, words=html) for code, html in told.items())
        label = self.texts.render("downloads/button", languages[0]).html
        button = f'<form method="post"><button>{label}</button></form>' if form else ""
        return PAGE.format(language=languages[0], words=words, button=button)


WORDS = '<p lang="{language}">{words}</p>'
PAGE = """<!doctype html>
<html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Portevoix</title>
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto 0; padding: 0 1.2rem }}
p {{ white-space: pre-line }}
button {{ font: inherit; padding: .6rem 1.4rem; margin-top: 1rem }}
</style>
{words}{button}
</html>
"""
