"""The only wiring: settings and a campaign file become a running bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from telegram.ext import Application, ContextTypes

from bot.actions.dialogs import remember_question
from bot.actions.event_cards import remember_card
from bot.actions.renewals import consent_texts, look_at_everybody
from bot.campaign.campaign import Campaign
from bot.clock import Clock, FollowedClock
from bot.communes import load as load_gazetteer
from bot.delivery.budget import budget_for
from bot.delivery.calls import Call
from bot.delivery.decisions import DecisionBoard
from bot.delivery.engine import Engine
from bot.delivery.hooks import Hooks, OnSent
from bot.delivery.pacing import CHAT_SECONDS, FREE_RATE, Pacing
from bot.delivery.progress import ProgressBoard
from bot.delivery.request import AnsweredRequest
from bot.delivery.sender import IN_FLIGHT
from bot.delivery.transport import READ_SECONDS, Transport
from bot.departure.conversing import Talks
from bot.departure.decide import Departure
from bot.departure.doors import Doors
from bot.departure.faces import Faces
from bot.departure.inbox import InboxBoard
from bot.departure.inbox_group import GroupBoard
from bot.departure.silenced import Silenced
from bot.export_files import ExportFiles
from bot.ground import Ground
from bot.introduction import (
    ALLOWED_UPDATES,
    Identity,
    bot_identity,
    introduce,
    warn_of_the_rate,
)
from bot.lifecycle import App, until_stopped
from bot.nightly import NightlyBackup
from bot.overview import RunningAs, note_running, note_unreached, overview, tell
from bot.rules.check_ins import door_key
from bot.rules.health import NOT_REACHED
from bot.rules.leaves import often_asked
from bot.serving import Front, begin_web, listening
from bot.settings import Settings, installed_version
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
from bot.ticking import DailyPurge, DayLine, IdleConversations, LateApprovals, Measuring, Ticker, Witness
from bot.watching import Watch
from bot.words.step_check import load_worded_campaign
from bot.words.texts import campaign_texts
from db.engine import Database
from db.rolls import Rolls
from handlers import COMMANDS, ROUTES
from handlers.command_menu import team_menu_calls
from handlers.context import Context, Services
from handlers.desk import composer
from handlers.dispatch import AnyApplication, Dispatcher
from handlers.exports import PRODUCER
from handlers.gathering import is_quick, locked, meet
from handlers.rights import asked_in
from handlers.routing import register
from locales.words import all_words

if TYPE_CHECKING:  # not every bot has pages
    pass

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
        services = Services(
            campaign=campaign,
            texts=campaign_texts(campaign),
            gazetteer=load_gazetteer(),
            bot_username=identity.username,
            suppression_key=await suppression_key(database, settings),
            commands=COMMANDS,
            links_to=links_to(settings, webhook_url),
            rate=settings.rate or FREE_RATE,
        )
        ground = Ground(
            settings=settings, services=services, clock=clock, database=database, transport=transport
        )
        app = build(ground, application, poll=webhook_url is None)
        running_as = RunningAs(
            username=identity.username,
            mode="polling" if webhook_url is None else "webhook",
            address=webhook_url,
        )
        async with database.write() as tx:
            await note_running(tx, running_as)
        await introduce(transport, app.engine, settings, campaign, webhook_url)
        warn_of_the_rate(settings, campaign)
        # Before anything leaves: who agreed to another text hears nothing until they answer.
        await look_at_everybody(database, consent_texts(services.texts), clock.now())
        app.begin()
        if isinstance(clock, FollowedClock) and isinstance(settings.clock, str):
            # Imported here, and the web part below: not every bot needs it, and the start does not wait for it.
            from bot.served_clock import follow

            app.start(follow(clock, settings.clock))
        if front is not None:
            begin_web(app, ground, front, webhook_url)
        if settings.supervisor is not None:
            app.start(supervised(settings.supervisor, app.health))
        try:
            yield app
        finally:
            stopping(settings.supervisor)
            await app.stop()


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


def build(ground: Ground, application: AnyApplication, *, poll: bool) -> App:
    """Every part, connected: people's answers and the passing of time queue messages, the engine carries them."""
    database, clock, services = ground.database, ground.clock, ground.services
    campaign = services.campaign
    board = ProgressBoard(database=database, texts=services.texts, languages=campaign.languages)
    daily = DailyPurge(
        database=database,
        campaign=campaign,
        key=services.suppression_key,
        clock=clock,
        also=partial(remove_left_copies, ground.settings),
    )
    # Whatever people did may have made something due.
    rolls = Rolls(database, often_asked(ballot.number for ballot in campaign.ballots))
    doors = Doors(
        database=database,
        clock=clock,
        texts=services.texts,
        composer=composer(services),
        key=door_key(services.suppression_key),
        bot_username=services.bot_username,
    )
    engine = engine_of(ground, application, (board, doors), rolls, handled=lambda: ticker.nudge(), poll=poll)
    decisions = DecisionBoard(database=database, texts=services.texts, languages=campaign.languages)
    idle = IdleConversations(database=database, campaign=campaign, clock=clock, queued=engine.wake)
    inbox = InboxBoard(
        database=database,
        talks=Talks(texts=services.texts, composer=composer(services)),
        menu=lambda chat, roles, waiting: team_menu_calls(
            COMMANDS, chat, roles, campaign.languages, waiting=waiting
        ),
    )
    group = GroupBoard(database=database, texts=services.texts, composer=composer(services))
    late = LateApprovals(database=database, campaign=campaign, clock=clock, queued=engine.wake)

    witness = Witness(
        database=database,
        campaign=campaign,
        anchors=ground.settings.audit_anchor,
        clock=clock,
        leads=lambda: engine.leadership.held,
        queued=engine.wake,
    )

    day_line = DayLine(database=database, clock=clock)
    measuring = Measuring(database=database, campaign=campaign, clock=clock)
    nightly = NightlyBackup(database=database, campaign=campaign, settings=ground.settings, clock=clock)

    faces = Faces(
        database=database,
        clock=clock,
        texts=services.texts,
        composer=composer(services),
        bot_username=services.bot_username,
        line=engine,
        leads=lambda: engine.leadership.held,
    )

    looks_as_leader = _as_leader(
        engine,
        late.look,
        idle.look,
        lambda: inbox.refresh(engine, clock.now()),
        lambda: group.refresh(engine, clock.now()),
        lambda: decisions.refresh(engine, clock.now()),
    )
    beats_as_leader = _as_leader(
        engine,
        lambda: board.refresh(engine),
        lambda: doors.refresh(engine),
        *(part.beat for part in (daily, day_line, measuring, nightly)),
    )
    ticker = Ticker(
        database=database,
        campaign=campaign,
        clock=clock,
        queued=engine.wake,
        looks=(*looks_as_leader, faces.nudge),
        beats=(*beats_as_leader, witness.beat),
    )
    watch = Watch(
        database=database,
        clock=clock,
        engine=engine,
        rate=ground.settings.rate,
        folder=ground.settings.data,
        courtesy=campaign.courtesy,
        version=installed_version(),
        backup_missed=nightly.is_missed,
    )
    return App(
        database=database,
        clock=clock,
        engine=engine,
        ticker=ticker,
        watch=watch,
        faces=faces,
        rolls=rolls,
        beside=(daily, witness, day_line, measuring, nightly, faces, rolls),
    )


def _as_leader(engine: Engine, *parts: Callable[[], Awaitable[None]]) -> list[Callable[[], Awaitable[None]]]:
    """What one process alone does, of several on one database."""

    async def run(part: Callable[[], Awaitable[None]]) -> None:
        if engine.leadership.held:
            await part()

    return [partial(run, part) for part in parts]


def engine_of(
    ground: Ground,
    application: AnyApplication,
    boards: Sequence[Remembers],
    rolls: Rolls,
    *,
    handled: Callable[[], None],
    poll: bool,
) -> Engine:
    """The engine, with what gives its messages a meaning: the handlers, the last look, the makers of files."""
    database, clock, services = ground.database, ground.clock, ground.services
    register(application, ROUTES)
    dispatcher = Dispatcher(application, services, clock, rolls)
    # Whoever makes a file tells of its progress through the engine that asked for it.
    files = export_files(database, clock, services, post=lambda call: engine.call(call))
    engine = Engine(
        database=database,
        clock=clock,
        transport=ground.transport,
        pacing=pacing_for(ground.settings.rate, database, clock),
        hooks=Hooks(
            asks=asked_in,
            in_turn=locked,
            is_quick=is_quick,
            meet=meet,
            process=dispatcher.process,
            apologise=dispatcher.apologise,
            handled=handled,
            prepare=departure_of(services, clock).prepare,
            on_sent=_remembering(database, boards),
            silenced=Silenced(
                database=database, clock=clock, texts=services.texts, composer=composer(services)
            ),
            producers={PRODUCER: files},
        ),
        rate=ground.settings.rate,
        poll=poll,
        allowed_updates=ALLOWED_UPDATES,
    )
    return engine


class Remembers(Protocol):
    """Whoever edits messages later is told of those that were sent."""

    async def remember(self, name: str, message: Mapping[str, Any]) -> None: ...


def _remembering(database: Database, boards: Sequence[Remembers]) -> OnSent:
    """What is told of a message that was sent: which broadcast or code it shows, or which question it asks."""

    async def remember(name: str, message: Mapping[str, Any]) -> None:
        for board in boards:
            await board.remember(name, message)
        await remember_question(database, name, message)
        await remember_card(database, name, message)

    return remember


def departure_of(services: Services, clock: Clock) -> Departure:
    """The last look at each message that is about to leave, and its wording."""
    return Departure(
        campaign=services.campaign,
        texts=services.texts,
        composer=composer(services),
        clock=clock,
        bot_username=services.bot_username,
    )


def pacing_for(rate: float | None, database: Database, clock: Clock) -> Pacing:
    """At most `rate` messages a second, and one to a chat; None: as fast as it goes, for rehearsals."""
    chat_seconds = CHAT_SECONDS if rate is not None else 0.0
    return Pacing(budget=budget_for(rate, database), clock=clock, chat_seconds=chat_seconds)


def export_files(
    database: Database, clock: Clock, services: Services, post: Callable[[Call], Awaitable[object]]
) -> ExportFiles:
    """The maker of the files that are ordered in the chat."""
    return ExportFiles(
        database=database,
        clock=clock,
        campaign=services.campaign,
        gazetteer=services.gazetteer,
        texts=services.texts,
        links_to=services.links_to,
        post=post,
    )


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
