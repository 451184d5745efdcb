"""The bots of `benchmarks`, forked as those of other tests are: each is killed and started again all the same."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from benchmarks import crash, processes
from tests.forking import Forked, begin, child_environment


class Benched:
    """What `benchmarks` use of a process that they began."""

    def __init__(self, forked: Forked, stdout: asyncio.StreamReader, ours: asyncio.StreamWriter) -> None:
        self.stdout, self._ours = stdout, ours
        self._forked, self.pid = forked, forked.pid
        self.send_signal, self.kill = forked.send_signal, forked.kill

    async def wait(self) -> int:
        ended = await self._forked.wait()
        self._ours.close()
        await self._ours.wait_closed()
        return ended


def are_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (processes, crash):
        monkeypatch.setattr(module, "spawn", _spawned)


async def _spawned(module: str, api: str, *arguments: str) -> Benched:
    ours, its = socket.socketpair()
    with its, open(2, "wb", closefd=False) as err:  # noqa: ASYNC230 - it is open already
        forked = begin(
            module,
            "--api",
            api,
            *arguments,
            environment=child_environment(dict(os.environ)),
            out=its,
            err=err,
        )
    return Benched(forked, *await asyncio.open_unix_connection(sock=ours))
