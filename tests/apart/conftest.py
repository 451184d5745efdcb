"""Whoever makes pages is forked from a process that has imported what it runs: it is asked, killed and ended as any."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from bot.apart import process
from tests.forking import Forked, begin, child_environment


class Maker:
    """What the bot uses of a process that it began."""

    def __init__(self, forked: Forked, stdin: asyncio.StreamWriter) -> None:
        self.stdin, self.pid = stdin, forked.pid
        self.wait, self.kill = forked.wait, forked.kill


@pytest.fixture
def from_nothing() -> None:
    """For tests of the start itself: the process reads its modules anew."""


@pytest.fixture(autouse=True)
def makers_are_forked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "from_nothing" not in request.fixturenames:
        monkeypatch.setattr(process, "_spawned", _forked)


async def _forked() -> tuple[Maker, socket.socket]:
    ours, its = socket.socketpair()
    held, read = socket.socketpair()
    with its, read:
        forked = _begun(its, read)
    _, stdin = await asyncio.open_unix_connection(sock=held)
    return Maker(forked, stdin), ours


def _begun(its: socket.socket, read: socket.socket) -> Forked:
    with open(os.devnull, "wb") as out, open(2, "wb", closefd=False) as err:
        return begin(
            "bot.apart.maker", environment=child_environment({}), out=out, err=err, read=read, passed=its
        )
