"""The only wiring: settings and a campaign file become a running bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from functools import partial

import structlog
from telegram.ext import Application, ContextTypes

from bot.actions.renewals import consent_texts, look_at_everybody
from bot.campaign.campaign import Campaign
from bot.clock import Clock, FollowedClock
from bot.communes import load as load_gazetteer
from bot.delivery.pacing import FREE_RATE
from bot.delivery.request import AnsweredRequest
from bot.delivery.sender import IN_FLIGHT
from bot.delivery.transport import READ_SECONDS, Transport
from bot.ground import Ground
from bot.introduction import (
    Identity,
    bot_identity,
    introduce,
    warn_of_the_rate,
)
from bot.lifecycle import App, until_stopped
from bot.overview import RunningAs, note_running, note_unreached, overview, tell
from bot.parts import build
from bot.rules.health import NOT_REACHED
from bot.serving import Front, begin_web, listening
from bot.settings import Settings
from bot.startup import (
    clock_of,
    links_to,
    remove_left_copies,
    suppression_key,
    tell_of_a_key_beside_the_data,
    tell_of_the_copy,
    upgraded,
)
from bot.supervision import notify, stopping, supervised
from bot.words.step_check import load_worded_campaign
from bot.words.texts import campaign_texts
from db.engine import Database
from handlers import COMMANDS, ROUTES
from handlers.context import Context, Services
from handlers.dispatch import AnyApplication
from locales.words import all_words

log = structlog.get_logger(__name__)

# Beside the broadcast: the long poll, replies and edits of progress.
SPARE_CONNECTIONS = 16


def read_campaign(settings: Settings) -> Campaign:
    """The campaign of the settings, tried as far as a bot needs it. Raises errors for people."""
    all_words()  # a language without its own STOP is told of before anything is opened
    return load_worded_campaign(settings.required_campaign, actions=ROUTES.buttons)


@asynccontextmanager
async def started(
    settings: Settings, *, campaign: Campaign | None = None, webhook_url: str | None = None
) -> AsyncIterator[App]:
    """A running bot; it stops in good order when the block ends. Raises errors for people where it cannot start.

    `campaign`: that of the settings, where it was read already.
    """
    campaign = campaign or read_campaign(settings)
    async with AsyncExitStack() as stack:
        front = listening(settings)
        if front is not None:
            stack.push_async_callback(front.close)
        clock = await clock_of(settings)
        database = await stack.enter_async_context(upgraded(settings, kept=tell_of_the_copy))
        database.claim()
        remove_left_copies(settings)
        await tell_of_a_key_beside_the_data(database, settings)
        transport = Transport(
            token=settings.required_token,
            api_base=settings.api_base,
            connections=IN_FLIGHT + SPARE_CONNECTIONS,
            read_seconds=READ_SECONDS,
        )
        await stack.enter_async_context(transport)
        identity = await bot_identity(transport, partial(_tell_of_the_wait, settings, database, front, clock))
        application = telegram_application(settings, identity)
        await stack.enter_async_context(application)
        ground = Ground(
            settings=settings,
            services=await _services_of(settings, database, campaign, identity, webhook_url),
            clock=clock,
            database=database,
            transport=transport,
        )
        app = build(ground, application, poll=webhook_url is None)
        await _introduced(app, ground, identity, webhook_url)
        try:
            _begin(app, ground, front, webhook_url)
            yield app
        finally:
            stopping(settings.supervisor)
            await app.stop()


async def _services_of(
    settings: Settings, database: Database, campaign: Campaign, identity: Identity, webhook_url: str | None
) -> Services:
    return Services(
        campaign=campaign,
        texts=campaign_texts(campaign),
        gazetteer=load_gazetteer(),
        bot_username=identity.username,
        suppression_key=await suppression_key(database, settings),
        commands=COMMANDS,
        links_to=links_to(settings, webhook_url),
        rate=settings.rate or FREE_RATE,
    )


async def _introduced(app: App, ground: Ground, identity: Identity, webhook_url: str | None) -> None:
    """Notes how it runs, tells Telegram of it, and asks whoever agreed to another text before anything leaves."""
    settings, campaign = ground.settings, ground.services.campaign
    mode = "polling" if webhook_url is None else "webhook"
    async with ground.database.write() as tx:
        await note_running(tx, RunningAs(username=identity.username, mode=mode, address=webhook_url))
    await introduce(ground.transport, app.engine, settings, campaign, webhook_url)
    warn_of_the_rate(settings, campaign)
    # Until they answer they hear nothing.
    await look_at_everybody(ground.database, consent_texts(ground.services.texts), ground.clock.now())


def _begin(app: App, ground: Ground, front: Front | None, webhook_url: str | None) -> None:
    """Every part, with those that not every bot has."""
    settings, clock = ground.settings, ground.clock
    app.begin()
    if isinstance(clock, FollowedClock) and isinstance(settings.clock, str):
        # Imported here: the start does not wait for what few bots need.
        from bot.served_clock import follow

        app.start(follow(clock, settings.clock))
    if front is not None:
        begin_web(app, ground, front, webhook_url)
    if settings.supervisor is not None:
        app.start(supervised(settings.supervisor, app.health))


async def _tell_of_the_wait(
    settings: Settings, database: Database, front: Front | None, clock: Clock, said: str
) -> None:
    """Telegram has not been reached since the start: /health, `portevoix status` and the service manager say so."""
    if front is not None:
        front.show_wait(said, database)
    if settings.supervisor is not None:
        notify(settings.supervisor, f"STATUS={NOT_REACHED.format(said=said)}")
    async with database.write() as tx:
        await note_unreached(tx, clock.now())


def telegram_application(settings: Settings, identity: Identity) -> AnyApplication:
    """PTB's application: its types and handlers. Updates reach it from our own intake, so it has no updater."""
    request = AnsweredRequest({"is_bot": True, **asdict(identity)})
    return (
        Application.builder()
        .token(settings.required_token)
        .base_url(f"{settings.api_base}/bot")
        .request(request)
        .get_updates_request(request)
        .updater(None)
        .job_queue(None)
        .context_types(ContextTypes(context=Context))
        .build()
    )


async def run(settings: Settings, *, campaign: Campaign, webhook_url: str | None = None) -> None:
    """Runs until SIGINT or SIGTERM, or until a part fails."""

    async def say(app: App) -> None:
        await asyncio.wait([app.caught_up])
        async with app.database.read() as tx:
            tell(await overview(tx, campaign, app.clock.now()), settings=settings, campaign=campaign)
        log.info("running", web=bool(settings.web), simulated_clock=settings.clock is not None)

    await until_stopped(started(settings, campaign=campaign, webhook_url=webhook_url), say)
