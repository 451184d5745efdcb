"""The HTTP side: Telegram's webhook, what tells whether the bot is well, and links to large exports."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.web.downloads import Downloads

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_BODY = 1_000_000  # bytes; an update is a few thousand


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Where Telegram posts updates: a path nobody guesses, a secret it must show, and who keeps the update."""

    path: str
    secret: str
    store: Callable[[dict[str, Any]], Awaitable[None]]


def make_web(
    *,
    health: Callable[[], Awaitable[Mapping[str, Any]]],
    webhook: Webhook | None = None,
    downloads: Downloads | None = None,
) -> Starlette:
    """The application. `health` tells the figures that /health and /metrics show: no personal data."""

    async def show_health(request: Request) -> Response:
        return JSONResponse(dict(await health()))

    async def show_metrics(request: Request) -> Response:
        figures = await health()
        lines = [
            f"portevoix_{name} {float(value):g}"
            for name, value in figures.items()
            if isinstance(value, bool | int | float)
        ]
        return PlainTextResponse("\n".join(lines) + "\n")

    routes = [Route("/health", show_health), Route("/metrics", show_metrics)]
    if webhook is not None:
        routes.append(Route(webhook.path, _receiver(webhook), methods=["POST"]))
    if downloads is not None:
        routes += downloads.routes()
    return Starlette(routes=routes)


def _receiver(webhook: Webhook) -> Callable[[Request], Awaitable[Response]]:
    async def receive(request: Request) -> Response:
        shown = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(shown.encode(), webhook.secret.encode()):
            return PlainTextResponse("wrong secret", status_code=403)
        body = await _body_of(request)
        if body is None:
            return PlainTextResponse("too large", status_code=413)
        try:
            update = orjson.loads(body)
            if type(update["update_id"]) is not int or not 0 <= update["update_id"] < 2**63:
                raise TypeError
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return PlainTextResponse("not an update", status_code=400)
        # Telegram is told only once it is committed; an error here makes it try again.
        await webhook.store(update)
        return Response(status_code=200)

    return receive


async def _body_of(request: Request) -> bytes | None:
    """The whole body; None, without reading on, where it is too large."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            return None
    return bytes(body)
