"""The server: the Bot API, the interface for people and the chat page on one port."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import available_timezones

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator import control, friending, gestures, grouping, mini_apps, people, scripting
from simulator.botapi import BotApis
from simulator.clock import Clock
from simulator.common import Common
from simulator.errors import PersonError
from simulator.http_json import answer
from simulator.journal import JournalFile
from simulator.origin import refusing_strangers
from simulator.world import World

DEFAULT_TOKEN = "12345:TEST"
DEFAULT_PORT = 8081
PAGE = Path(__file__).parent / "page"

# Everything the page shows is its own; nothing is loaded from elsewhere and no foreign script can run.
# Mini Apps open in a frame if they are on this machine.
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
        "frame-src http://127.0.0.1:* http://localhost:* https://127.0.0.1:* https://localhost:*; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class StartError(Exception):
    """The simulator cannot start; the message is one sentence for the person who started it."""


@dataclass(frozen=True, slots=True)
class RunningSimulator:
    """A simulator that is being served: the page is at `base_url`, the Bot API at `api_base`."""

    base_url: str
    world: World

    @property
    def api_base(self) -> str:
        """The address that PTB takes as `base_url`: the token is appended to it."""
        return f"{self.base_url}/bot"

    @property
    def file_base(self) -> str:
        """The address that PTB takes as `base_file_url`."""
        return f"{self.base_url}/file/bot"

    @property
    def token(self) -> str:
        """The token of the first bot."""
        return self.world.token


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A bot as BotFather makes it."""

    token: str = DEFAULT_TOKEN
    name: str = "Test bot"
    username: str = "test_bot"
    reads_all: bool = False
    """Whether its privacy mode is off: it hears everything that is said in a group."""
    main_app: str = ""
    """The address of its main Mini App, which links `?startapp=` open."""


def make_world(
    *,
    token: str = DEFAULT_TOKEN,
    clock: Clock | None = None,
    bot_name: str = "Test bot",
    bot_username: str = "test_bot",
    others: Sequence[Account] = (),
    reads_all: bool = False,
    main_app: str = "",
    marks: list[dict[str, str]] | None = None,
    journal_file: Path | None = None,
    zone: str = "Europe/Paris",
    local_apps: bool = False,
    limits: str = "",
) -> World:
    """A world for `serve` and `running`; `others` are bots beside the first, with a world each.

    `local_apps`: Mini Apps of this machine need no HTTPS. `limits`: whose rate limits hold, a name of LIKE, or none.
    """
    first = Account(token=token, name=bot_name, username=bot_username, reads_all=reads_all, main_app=main_app)
    accounts = [first, *others]
    _check(accounts)
    if zone not in available_timezones():
        raise StartError(f"“{zone}” is not a time zone: write it as Europe/Paris.")
    common: Common[World] = Common(clock=clock or Clock(), zone=zone, local_apps=local_apps)
    common.marks = control.read_marks(marks or [])
    journal = _open_journal(journal_file) if journal_file else None
    for account in accounts:
        World(
            common,
            token=account.token,
            bot_name=account.name,
            bot_username=account.username,
            reads_all=account.reads_all,
            main_app=account.main_app,
            journal_file=journal,
            journals_name=len(accounts) > 1,
            limits=limits,
        )
    return common.first


def _open_journal(path: Path) -> JournalFile:
    try:
        return JournalFile(path)
    except OSError as error:
        raise StartError(f"The journal {path} cannot be written: {error.strerror}.") from None


def _check(accounts: list[Account]) -> None:
    """Tokens that look like tokens, and bots that differ from each other."""
    for account in accounts:
        bot_id, _, secret = account.token.partition(":")
        if not bot_id.isdecimal() or not secret or "/" in secret:
            raise StartError(
                f"“{account.token}” is not a bot token: write a number, a colon and some letters, "
                "as in 12345:TEST."
            )
    if len({account.token.partition(":")[0] for account in accounts}) < len(accounts):
        raise StartError("Two tokens begin with the same number: each bot has a number of its own.")
    if len({account.username.lower() for account in accounts}) < len(accounts):
        raise StartError("Two bots have the same username: give each its own with --username.")


def make_app(world: World, *, host: str = "127.0.0.1") -> ASGIApp:
    """Bot API calls go straight to BotApi; everything else through Starlette. Only this machine is answered."""
    bot_api = BotApis(world.common)
    rest = Starlette(
        routes=[
            *people.ROUTES,
            *friending.ROUTES,
            *grouping.ROUTES,
            *mini_apps.ROUTES,
            *gestures.ROUTES,
            *scripting.ROUTES,
            *control.ROUTES,
            Route("/", _page),
            Mount("/page", StaticFiles(directory=PAGE)),
        ],
        exception_handlers={PersonError: _explain, HTTPException: _explain_http},
    )
    rest.state.common = world.common

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(("/bot", "/file/bot")):
            await bot_api(scope, receive, send)
        else:
            await rest(scope, receive, send)

    return refusing_strangers(app, host=host)


def serve(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve until interrupted; `announce` is told the address. Raises StartError when the port is taken."""
    with listening(host, port) as listener:
        if announce is not None:
            announce(_address(host, listener))
        server = _Server(_config(world, host), world)
        server.run(sockets=[listener])


@asynccontextmanager
async def running(
    world: World | None = None, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[RunningSimulator]:
    """Serve inside this event loop, on a free port unless one is named. Signals are left to the caller."""
    world = world or make_world()
    with listening(host, port) as listener:
        server = _EmbeddedServer(_config(world, host), world)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.ready.wait()
            yield RunningSimulator(_address(host, listener), world)
        finally:
            server.stop.set()
            await serving


class _Server(uvicorn.Server):
    """uvicorn's server, which also ends the long polls when it is told to stop."""

    def __init__(self, config: uvicorn.Config, world: World) -> None:
        super().__init__(config)
        self._world = world
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._world.common.close()
        await super().shutdown(sockets)


class _EmbeddedServer(_Server):
    """Ends as soon as it is told, and leaves the signals alone."""

    def __init__(self, config: uvicorn.Config, world: World) -> None:
        super().__init__(config, world)
        self.stop = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.stop.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(world: World, host: str) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(world, host=host),
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        server_header=False,
        date_header=False,
    )


def _address(host: str, listener: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket, or StartError with a sentence that says what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without delay: otherwise a head and a body sent apart wait 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
        listener.setblocking(False)
        yield listener
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(
                f"Port {port} is in use: stop what uses it or choose another with --port."
            ) from None
        if error.errno in {errno.EACCES, errno.EADDRNOTAVAIL}:
            raise StartError(
                f"Port {port} of {host} cannot be opened: choose another with --port or --host."
            ) from None
        raise
    finally:
        listener.close()


async def _page(_request: Request) -> Response:
    return FileResponse(PAGE / "index.html", headers=PAGE_HEADERS)


async def _explain(_request: Request, error: Exception) -> Response:
    assert isinstance(error, PersonError)
    return answer({"error": str(error)}, error.status)


async def _explain_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return answer({"error": f"{request.method} {request.url.path}: {error.detail}."}, error.status_code)
