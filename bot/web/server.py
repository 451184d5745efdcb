"""Serving the HTTP side beside the bot, in the same event loop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.errors import SettingsError
from bot.setting_values import Address
from bot.web.visitors import Visitor, Visitors, room

PARTING_SECONDS = 1.0
"""What is being answered when the bot stops has so long to come to its end. A stream, which has none, is cut."""


class _QuietServer(uvicorn.Server):
    """uvicorn without its signal handlers: the application decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def close(self) -> None:
        """Nobody is let in any more; who is silent is let go, and who is being answered once they are."""
        if self.started:
            for each in self.servers:
                each.close()
        for visitor in list(self.server_state.connections):
            visitor.shutdown()

    async def part(self) -> None:
        """Ends what is being answered: the loop would end it later, with the database gone, and uvicorn tell of it as
        of an error.
        """
        answers = set(self.server_state.tasks)
        if answers:
            await asyncio.wait(answers, timeout=PARTING_SECONDS)
        for visitor in list(self.server_state.connections):
            assert isinstance(visitor, Visitor)  # as `serve` has them made
            visitor.drop()
        for answer in answers:
            answer.cancel()
        await asyncio.gather(*answers, return_exceptions=True)


def listen(address: Address) -> socket.socket:
    """A bound socket, so that a port in use is known before anything else starts. Raises SettingsError."""
    # Declared as TCP: without it asyncio does not switch Nagle's delay off.
    listener = socket.socket(
        socket.AF_INET6 if ":" in address.host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
    except OSError as error:
        listener.close()
        raise _taken(address.host, address.port, error) from None
    return listener


def _taken(host: str, port: int, error: OSError) -> SettingsError:
    return SettingsError(
        f"The web part cannot listen on {host}:{port} ({error.strerror}): "
        "stop what uses that port, or set PORTEVOIX_WEB to another one."
    )


def _ending_quietly(application: ASGIApp) -> ASGIApp:
    """The same application; that an answer is given up with the server is no error of its own."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await application(scope, receive, send)

    return answer


async def serve(application: ASGIApp, listener: socket.socket) -> None:
    """Serves until cancelled. Raises SettingsError where somebody else has begun to listen since it was bound."""
    try:
        listener.listen()  # uvloop would not tell that it cannot
    except OSError as error:
        host, port = listener.getsockname()[:2]
        listener.close()
        raise _taken(host, port, error) from None
    visitor = functools.partial(Visitor, visitors=Visitors(room()))
    config = uvicorn.Config(
        _ending_quietly(application),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        http=visitor,  # type: ignore[arg-type]  # it is called, and makes what is asked for
    )
    server = _QuietServer(config)
    try:
        await server.serve(sockets=[listener])
    finally:
        server.close()
        listener.close()
        await server.part()
