"""The process that makes the pages of `portevoix run`: what it may see, that it steps back, and never stays behind."""

from __future__ import annotations

import io
import json
import os
import re
import signal
from pathlib import Path

import aiohttp
import pytest

from bot.apart.maker import NICE
from tests.bots import DEADLINE, BotProcess, until
from tests.web.test_visitors import visited

PAGE = "/event/zz99zz"
"""Of an event that is not there: the database is asked."""
LARGE = b"x" * 10_000_000

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="it reads /proc")


async def asked(bot: BotProcess, path: str = PAGE, body: bytes | None = None) -> int:
    timeout = aiohttp.ClientTimeout(total=DEADLINE)
    address = f"http://127.0.0.1:{bot.port}{path}"
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(address, data=None if body is None else io.BytesIO(body)) as answer,
    ):
        await answer.read()
        return answer.status


async def refused(bot: BotProcess, body: bytes) -> bool:
    """Whether it is answered that there is no such page, or hung up on: who still sends may not read the answer."""
    try:
        return await asked(bot, body=body) == 404
    except aiohttp.ClientOSError:
        return True


def makers(log: Path) -> list[str]:
    return re.findall(r'"process": (\d+), "event": "pages_made_apart"', log.read_text())


def has_ended(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"  # its parent is gone, and whoever adopted it has yet to look


def seen(pid: int, file: str) -> str:
    """What others of the same machine may read of a process."""
    return Path(f"/proc/{pid}/{file}").read_bytes().decode()


async def maker(log: Path, *, after: int = 0) -> int:
    """The number of the process that makes pages, once the log tells of it; `after`: so many before."""
    found: list[str] = []

    async def is_told() -> bool:
        found[:] = makers(log)
        return len(found) > after

    await until(is_told, "the log tells which process makes pages")
    return int(found[-1])


async def gone(pid: int) -> None:
    async def is_gone() -> bool:
        return has_ended(pid)

    await until(is_gone, "the process is gone")


async def test_it_steps_back_and_nobody_reads_what_it_was_given(tmp_path: Path) -> None:
    async with visited(tmp_path) as (bot, _server):
        assert await asked(bot) == 404
        pid = await maker(tmp_path / "bot.log")
        assert await asked(bot) == 404
        assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, bot.process_id) + NICE
        assert re.fullmatch(r"[^\0]*python[^\0]*\0-P\0-m\0bot\.apart\.maker\0\d+\0", seen(pid, "cmdline"))
        assert "PORTEVOIX_" not in seen(pid, "environ")
        # A body that no page wants changes nothing, and fills no memory.
        assert await refused(bot, body=LARGE)
        assert await asked(bot) == 404
    await gone(pid)


async def test_killed_it_is_begun_anew_and_the_bot_lives(tmp_path: Path) -> None:
    async with visited(tmp_path) as (bot, _server):
        assert await asked(bot) == 404
        first = await maker(tmp_path / "bot.log")
        os.kill(first, signal.SIGKILL)
        await gone(first)
        assert await asked(bot) in (404, 503)  # it may not know yet that it is gone
        assert await asked(bot) == 404
        second = await maker(tmp_path / "bot.log", after=1)
        assert second != first
        assert await asked(bot) == 404
        told = [json.loads(line) for line in (tmp_path / "bot.log").read_text().splitlines()]
        assert [line["status"] for line in told if line["event"] == "pages_ended"] == [-signal.SIGKILL]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=str)
async def test_it_never_outlives_the_bot(tmp_path: Path, number: signal.Signals) -> None:
    async with visited(tmp_path) as (bot, _server):
        assert await asked(bot) == 404
        pid = await maker(tmp_path / "bot.log")
        if number is signal.SIGKILL:
            os.kill(pid, signal.SIGSTOP)  # even where it does nothing when the bot ends
            await bot.kill()
            os.kill(pid, signal.SIGCONT)
        else:
            await bot.stop()
        await gone(pid)
