"""What every page shares: its words, its headers, its language, the files it needs, and the page that is not there.

To add pages, write a class with `routes()` that is given the `Site`, as `bot.web.console` does, and name it in
`bot.web.parts.parts_of`. A view loads by one action and answers

    return self.site.page("public/event", self.site.language(request), event=event)

The template stands in `locales/pages/public/event.html.j2` and extends `_layout.html.j2`; a style or a script is a file
of `bot/web/static/`, which the template names by `{{ static("site.css") }}`. Nothing stands inline: the policy forbids
it. Nothing from elsewhere either: no page contacts another address.
"""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.campaign.campaign import Campaign
from bot.rules.reading_language import language_asked
from bot.words.pages import Pages

STATIC = Path(__file__).parent / "static"
STATIC_PATH = "/static"
NOBODY, TELEGRAM = "'none'", "https://web.telegram.org https://*.telegram.org"
"""Who may show a page in a frame: a Mini App is one within Telegram's own pages."""
WORTH_COMPRESSING = 1024
RETRY_SECONDS = "2"
FOR_GOOD = "public, max-age=31536000, immutable"


def policy(framed_by: str = NOBODY) -> str:
    """The Content-Security-Policy of a page: everything comes from here, and nothing stands inline."""
    return f"default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors {framed_by}"


HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": policy(),
        # With `no-referrer` a browser would not say either where a form was sent from.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }
)


class Site:
    """The pages of a campaign. `address`: where people reach the web part from outside; None where nobody does."""

    def __init__(self, campaign: Campaign, *, address: str | None) -> None:
        self.campaign = campaign
        self.address = address
        self.pages = Pages({"campaign": campaign, "static": static_url})

    def language(self, request: Request) -> str:
        """In which language somebody reads whom we do not know: as their browser asks, or as the address says
        (`?lang=en`).
        """
        offered = self.campaign.languages
        said = request.query_params.get("lang")
        return (
            said if said in offered else language_asked(request.headers.get("accept-language", ""), offered)
        )

    def page(
        self,
        name: str,
        language: str,
        /,
        *,
        status: int = 200,
        headers: Mapping[str, str] = MappingProxyType({}),
        **values: Any,
    ) -> HTMLResponse:
        """A page with what every page says to the browser; `headers` come before those."""
        html = self.pages.render(name, language, **values)
        return HTMLResponse(html, status_code=status, headers={**HEADERS, **headers})

    def missing(self, request: Request) -> HTMLResponse:
        """There is no such page."""
        return self.page("site/missing", self.language(request), status=404)

    def broken(self, request: Request) -> HTMLResponse:
        """Something that nobody foresaw: the log says what."""
        return self.page("site/broken", self.language(request), status=500)

    async def lost_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What made the page ended meanwhile: asked again, it is made anew."""
        request = Request(scope)
        headers = {"Retry-After": RETRY_SECONDS}
        await self.page("site/lost", self.language(request), status=503, headers=headers)(
            scope, receive, send
        )

    def routes(self) -> Sequence[Route]:
        async def give(request: Request) -> Response:
            file = request.path_params["file"]
            # Another hash is that of another version, which a process that is not it may be asked for.
            if file not in _files() or static_url(file) != request.url.path:
                return self.missing(request)
            return static_file(request, file) or self.missing(request)

        return [Route(f"{STATIC_PATH}/{{digest}}/{{file:path}}", give, methods=["GET", "HEAD"])]


def packed(request: Request, answer: Response) -> Response:
    """A page compressed, where it is worth it and the browser takes it; anything else as it is."""
    if not isinstance(answer, HTMLResponse) or len(answer.body) < WORTH_COMPRESSING:
        return answer
    answer.headers["Vary"] = "Accept-Encoding"
    if "gzip" in request.headers.get("accept-encoding", ""):
        answer.body = gzip.compress(answer.body, 5, mtime=0)
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Content-Length"] = str(len(answer.body))
    return answer


@cache
def static_url(file: str) -> str:
    """Where a file of `static/` is found. The address changes with what stands in it, so that it is kept for good."""
    return f"{STATIC_PATH}/{sha256(_content(file)).hexdigest()[:12]}/{file}"


def static_file(request: Request, file: str) -> Response | None:
    """A file of `static/`; None where there is no such one."""
    if file not in _files():
        return None
    content, packed = _content(file), _packed(file)
    headers = {"Cache-Control": FOR_GOOD, "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}
    if len(packed) < len(content) and "gzip" in request.headers.get("accept-encoding", ""):
        content, headers = packed, {**headers, "Content-Encoding": "gzip"}
    return Response(content, media_type=mimetypes.guess_type(file)[0] or "text/plain", headers=headers)


@cache
def _files() -> frozenset[str]:
    return frozenset(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())


@cache
def _content(file: str) -> bytes:
    return (STATIC / file).read_bytes()


@cache
def _packed(file: str) -> bytes:
    content = _content(file)
    return gzip.compress(content, mtime=0) if len(content) >= WORTH_COMPRESSING else content
