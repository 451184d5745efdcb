"""The HTTP side: Telegram's webhook, what tells whether the bot is well, and links to large exports."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.delivery.intake import MOST_UPDATE_BYTES
from bot.rules.health import Trouble
from bot.rules.metrics import CONTENT_TYPE
from bot.web.downloads import Downloads
from bot.web.site import Site
from bot.web.webhook import Webhook
from db.errors import MadeElsewhere

log = structlog.get_logger(__name__)

WELL = "All is well."
MADE_ELSEWHERE = 421
"""HTTP's word for what a process cannot answer though another one can; no page answers so."""
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


class PageGroup(Protocol):
    """Pages about one thing."""

    def routes(self) -> Sequence[BaseRoute]: ...


def make_web(
    *,
    health: Callable[[], Awaitable[Mapping[str, Any]]],
    metrics: Callable[[], Awaitable[str]],
    webhook: Webhook | None = None,
    downloads: Downloads | None = None,
    site: Site | None = None,
    parts: Sequence[PageGroup] = (),
) -> Starlette:
    """The application. `health` tells what /health shows, `ok` and `why` among it, and `metrics` the text of /metrics:
    no personal data. `parts`: the pages of the `site`, see there how one is added.
    """

    async def show_health(request: Request) -> Response:
        found = await health()
        status = 200 if found["ok"] else 503
        if request.headers.get("accept", "").startswith("text/plain"):
            return PlainTextResponse("\n".join(found["why"] or [WELL]) + "\n", status)
        return JSONResponse(dict(found), status)

    async def show_metrics(request: Request) -> Response:
        return Response(await metrics(), media_type=CONTENT_TYPE)

    routes: list[BaseRoute] = [Route("/health", show_health), Route("/metrics", show_metrics)]
    if webhook is not None:
        routes.append(Route(webhook.path, _receiver(webhook), methods=["POST"]))
    if downloads is not None:
        routes += downloads.routes()
    return Starlette(routes=routes) if site is None else _with_pages(routes, site, parts)


def make_pages(*, downloads: Downloads, site: Site, parts: Sequence[PageGroup]) -> Starlette:
    """The pages alone, in a process that only reads: see `bot.apart`."""

    async def elsewhere(request: Request, error: Exception) -> Response:
        return Response(status_code=MADE_ELSEWHERE)

    pages = _with_pages(downloads.routes(), site, parts)
    pages.add_exception_handler(MadeElsewhere, elsewhere)
    return pages


def _with_pages(routes: Sequence[BaseRoute], site: Site, parts: Sequence[PageGroup]) -> Starlette:
    routes = [*routes, *(route for part in (site, *parts) for route in part.routes())]

    async def missing(request: Request, error: Exception) -> Response:
        return site.missing(request)

    async def broken(request: Request, error: Exception) -> Response:
        log.error("page_failed", error=type(error).__name__)
        return site.broken(request)

    return Starlette(routes=routes, exception_handlers={404: missing, 405: missing, Exception: broken})


def make_waiting_web(why: str, metrics: str) -> Starlette:
    """What is shown while Telegram has not been reached since the start: /health with the reason, /metrics, no page."""

    async def health() -> Mapping[str, Any]:
        return {"ok": False, "troubles": [Trouble.SILENT], "why": [why]}

    async def told() -> str:
        return metrics

    async def later(request: Request, error: Exception) -> Response:
        return Response(status_code=503, headers={"Retry-After": "30"})

    waiting = make_web(health=health, metrics=told)
    waiting.add_exception_handler(404, later)
    return waiting


def _receiver(webhook: Webhook) -> Callable[[Request], Awaitable[Response]]:
    async def receive(request: Request) -> Response:
        shown = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(shown.encode(), webhook.secret.encode()):
            return PlainTextResponse("wrong secret", status_code=403)
        # Telegram is told only once it is committed; an error here makes it try again. What is no update is put aside:
        # refused, it would be sent again for a day, and others wait for it.
        await webhook.store(await _body_of(request))
        return Response(status_code=200)

    return receive


async def _body_of(request: Request) -> bytes:
    """The body; of one that is too large for an update only the beginning is read."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_UPDATE_BYTES:
            break
    return bytes(body)
