"""The parts of a running bot, each made from the ground that it stands on, and what connects them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar

from bot.actions.dialogs import remember_question
from bot.actions.event_cards import remember_card
from bot.beats import (
    DailyPurge,
    DayLine,
    IdleConversations,
    LateApprovals,
    Measuring,
    Witness,
    nobody_tells,
)
from bot.clock import Clock
from bot.delivery.budget import budget_for
from bot.delivery.calls import Call
from bot.delivery.decisions import DecisionBoard
from bot.delivery.engine import Engine
from bot.delivery.hooks import Hooks, OnSent
from bot.delivery.pacing import CHAT_SECONDS, Pacing
from bot.delivery.progress import ProgressBoard
from bot.departure.conversing import Talks
from bot.departure.decide import Departure
from bot.departure.doors import DoorScreens
from bot.departure.faces import Faces
from bot.departure.inbox import InboxBoard
from bot.departure.inbox_group import GroupBoard
from bot.departure.silenced import Silenced
from bot.export_files import ExportFiles
from bot.frozen import Frozen
from bot.ground import Ground
from bot.introduction import (
    ALLOWED_UPDATES,
)
from bot.lifecycle import App, Beside
from bot.nightly import NightlyBackup
from bot.rules.check_ins import door_key
from bot.rules.leaves import often_asked
from bot.settings import installed_version
from bot.startup import (
    remove_left_copies,
)
from bot.ticking import Ticker
from bot.watching import Watch
from db.engine import Database
from db.rolls import Rolls
from handlers import COMMANDS, ROUTES
from handlers.command_menu import team_menu_calls
from handlers.context import Services
from handlers.desk import composer
from handlers.dispatch import AnyApplication, Dispatcher
from handlers.exports import PRODUCER
from handlers.gathering import is_quick, locked, meet
from handlers.rights import asked_in
from handlers.routing import register

Given = ParamSpec("Given")
Found = TypeVar("Found")


def build(ground: Ground, application: AnyApplication, *, poll: bool) -> App:
    """Every part, connected: people's answers and the passing of time queue messages, the engine carries them."""
    ballots = ground.services.campaign.ballots
    rolls = Rolls(ground.database, often_asked(ballot.number for ballot in ballots))
    screens = _screens_of(ground)
    # Whatever people did may have made something due.
    engine = engine_of(
        ground,
        application,
        (screens.progress, screens.doors),
        rolls,
        handled=lambda: ticker.nudge(),
        poll=poll,
    )
    faces = _faces_of(ground, engine)
    keepers = _keepers_of(ground, engine)
    ticker = _ticker_of(ground, engine, screens, keepers, faces)
    return App(
        database=ground.database,
        clock=ground.clock,
        engine=engine,
        ticker=ticker,
        watch=_watch_of(ground, engine, keepers.nightly),
        faces=faces,
        rolls=rolls,
        beside=(*keepers.beside, faces, rolls),
    )


class Screens(Frozen):
    """What is edited in chats as it changes: how far a message is, codes at a door, what waits for the team."""

    progress: ProgressBoard
    doors: DoorScreens
    decisions: DecisionBoard
    inbox: InboxBoard
    group: GroupBoard


class Keepers(Frozen):
    """What passes with time alone: erasing, measuring, copying, and what nobody answered."""

    purge: DailyPurge
    day_line: DayLine
    measuring: Measuring
    nightly: NightlyBackup
    witness: Witness
    idle: IdleConversations
    late: LateApprovals

    @property
    def beside(self) -> tuple[Beside, ...]:
        """What takes long: it runs beside the ticks."""
        return (self.purge, self.witness, self.day_line, self.measuring, self.nightly)


def _screens_of(ground: Ground) -> Screens:
    database, services = ground.database, ground.services
    texts, languages, written = services.texts, services.campaign.languages, composer(services)
    return Screens(
        progress=ProgressBoard(database=database, texts=texts, languages=languages),
        doors=DoorScreens(
            database=database,
            clock=ground.clock,
            texts=texts,
            composer=written,
            key=door_key(services.suppression_key),
            bot_username=services.bot_username,
        ),
        decisions=DecisionBoard(database=database, texts=texts, languages=languages),
        inbox=InboxBoard(
            database=database,
            talks=Talks(texts=texts, composer=written),
            menu=lambda chat, roles, waiting: team_menu_calls(
                COMMANDS, chat, roles, languages, waiting=waiting
            ),
        ),
        group=GroupBoard(database=database, texts=texts, composer=written),
    )


def _keepers_of(ground: Ground, engine: Engine) -> Keepers:
    database, clock, campaign = ground.database, ground.clock, ground.services.campaign
    return Keepers(
        purge=DailyPurge(
            database=database,
            campaign=campaign,
            key=ground.services.suppression_key,
            clock=clock,
            also=partial(remove_left_copies, ground.settings),
            holds=ground.settings.clock is None,  # any other is meant to be moved
            # A server on this machine has this machine's clock.
            told=ground.transport.time if ground.settings.is_real_telegram else nobody_tells,
        ),
        day_line=DayLine(database=database, clock=clock),
        measuring=Measuring(database=database, campaign=campaign, clock=clock),
        nightly=NightlyBackup(database=database, campaign=campaign, settings=ground.settings, clock=clock),
        witness=Witness(
            database=database,
            campaign=campaign,
            anchors=ground.settings.audit_anchor,
            clock=clock,
            leads=lambda: engine.leadership.held,
            queued=engine.wake,
        ),
        idle=IdleConversations(database=database, campaign=campaign, clock=clock, queued=engine.wake),
        late=LateApprovals(database=database, campaign=campaign, clock=clock, queued=engine.wake),
    )


def _faces_of(ground: Ground, engine: Engine) -> Faces:
    return Faces(
        database=ground.database,
        clock=ground.clock,
        texts=ground.services.texts,
        composer=composer(ground.services),
        bot_username=ground.services.bot_username,
        line=engine,
        leads=lambda: engine.leadership.held,
    )


def _ticker_of(ground: Ground, engine: Engine, screens: Screens, keepers: Keepers, faces: Faces) -> Ticker:
    clock = ground.clock
    looks = _as_leader(
        engine,
        keepers.late.look,
        keepers.idle.look,
        lambda tx: screens.inbox.look(tx, engine, clock.now()),
        lambda tx: screens.inbox.look_at_menus(tx, engine, clock.now()),
        lambda tx: screens.group.look(tx, engine, clock.now()),
        lambda tx: screens.decisions.look(tx, engine, clock.now()),
        faces.look,
    )
    beats = _as_leader(
        engine,
        lambda: screens.progress.refresh(engine),
        lambda: screens.doors.refresh(engine),
        *(part.beat for part in (keepers.purge, keepers.day_line, keepers.measuring, keepers.nightly)),
    )
    return Ticker(
        database=ground.database,
        campaign=ground.services.campaign,
        clock=clock,
        queued=engine.wake,
        looks=looks,
        beats=(*beats, keepers.witness.beat),
    )


def _watch_of(ground: Ground, engine: Engine, nightly: NightlyBackup) -> Watch:
    return Watch(
        database=ground.database,
        clock=ground.clock,
        engine=engine,
        rate=ground.settings.rate,
        folder=ground.settings.data,
        courtesy=ground.services.campaign.courtesy,
        version=installed_version(),
        backup_missed=nightly.is_missed,
        holds=ground.settings.clock is None,
    )


def _as_leader(
    engine: Engine, *parts: Callable[Given, Awaitable[Found]]
) -> list[Callable[Given, Awaitable[Found | None]]]:
    """What one process alone does, of several on one database."""

    async def run(
        part: Callable[Given, Awaitable[Found]], *args: Given.args, **kwargs: Given.kwargs
    ) -> Found | None:
        return await part(*args, **kwargs) if engine.leadership.held else None

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
