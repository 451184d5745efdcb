"""The web part beside the bot: its socket, and its pages. What not every bot needs is imported when asked for."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.delivery.webhook_look import look_after_webhook
from bot.ground import Ground
from bot.introduction import webhook_of
from bot.lifecycle import App
from bot.rules.health import NOT_REACHED, Trouble
from bot.rules.metrics import exposition, first_samples
from bot.settings import Settings, installed_version
from db.engine import Database
from handlers.desk import composer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from bot.apart.given import Given
    from bot.web.desk import Desk
    from bot.web.site import Site


def listening(settings: Settings) -> Front | None:
    """Where the web part will be, taken before anything else starts; None where it is off. Raises SettingsError."""
    if settings.web is None:
        return None
    from bot.web.server import listen

    return Front(listen(settings.web))


class Front:
    """What stands behind the socket: why the bot has not begun, where that takes long; then its pages."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._shown: ASGIApp | None = None
        self._serving: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._shown is not None  # before there is something to show nobody is let in
        await self._shown(scope, receive, send)

    def show(self, application: ASGIApp) -> None:
        """From now on this is shown."""
        from bot.web.server import serve

        self._shown = application
        if self._serving is None:
            self._serving = asyncio.create_task(serve(self, self._listener))

    def show_wait(self, said: str, database: Database) -> None:
        """Shows that Telegram has not been reached, and what it said."""
        from bot.web.app import make_waiting_web

        why = NOT_REACHED.format(said=said)
        samples = first_samples(version=installed_version(), engine=database.dialect, found=(Trouble.SILENT,))
        self.show(make_waiting_web(why, exposition(samples)))

    async def run(self) -> None:
        """Serves until cancelled."""
        assert self._serving is not None  # it runs once there is something to show
        await self._serving

    async def close(self) -> None:
        """Where the start was given up."""
        if self._serving is None:
            self._listener.close()
            return
        self._serving.cancel()
        await asyncio.gather(self._serving, return_exceptions=True)


def begin_web(app: App, ground: Ground, front: Front, webhook_url: str | None) -> None:
    """Begins the web part, with the webhook if there is one."""
    from bot.apart.counts import CountsApart
    from bot.apart.pages import ApartPages
    from bot.web.app import make_web
    from bot.web.downloads import Downloads
    from bot.web.parts import parts_of
    from bot.web.site import Site

    services, settings = ground.services, ground.settings
    webhook = webhook_of(settings, app.engine) if webhook_url else None
    if webhook is not None and webhook_url is not None:
        address = webhook_url.rstrip("/") + webhook.path
        app.start(look_after_webhook(ground.transport, app.engine.intake, address))
    site = Site(services.campaign, address=services.links_to)
    web = make_web(
        health=app.health,
        metrics=app.watch.metrics,
        webhook=webhook,
        downloads=Downloads(
            database=ground.database,
            clock=ground.clock,
            campaign=services.campaign,
            gazetteer=services.gazetteer,
            texts=services.texts,
        ),
        site=site,
        parts=parts_of(_desk(app, ground, site)),
    )
    pages = ApartPages(web, site.lost_page, partial(_given, ground))
    app.rolls.counts = CountsApart(pages, ground.database, services.campaign)
    front.show(pages)
    app.start(front.run(), pages.run())


def _desk(app: App, ground: Ground, site: Site) -> Desk:
    from bot.web.desk import Desk

    services = ground.services

    def changed() -> None:
        app.engine.wake()
        app.ticker.nudge()

    return Desk(
        site=site,
        database=ground.database,
        clock=ground.clock,
        composer=composer(services),
        texts=services.texts,
        token=ground.settings.required_token,
        suppression_key=services.suppression_key,
        changed=changed,
        rolls=app.rolls,
    )


def _given(ground: Ground) -> Given:
    """What a process apart makes the same pages from."""
    from bot.apart.given import Given, time_of

    services, settings, database = ground.services, ground.settings, ground.database
    return Given(
        campaign=services.campaign,
        file=database.file,
        key=database.key,
        url=settings.database if database.file is None else None,
        suppression_key=services.suppression_key,
        bot_username=services.bot_username,
        address=services.links_to,
        clock=time_of(ground.clock, settings.clock if isinstance(settings.clock, str) else None),
        log_level=structlog.get_logger().get_effective_level(),
    )
