"""`portevoix run` before a server whose answers do not end, or are no Bot API's: bounded memory, one sentence."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.delivery.outcomes import NO_BOT_API, TOO_LARGE, Done
from bot.introduction import Identity, identity_in
from tests.bots import BotProcess, until
from tests.test_bad_servers import BOT, PERSON, START, Server, came, run_until, serving

Pieces = Callable[[], Iterator[bytes]]
PIECE = b" " * 65_536
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def endless_body() -> Iterator[bytes]:
    yield HEAD + b"Content-Length: 1000000000000\r\n\r\n"
    yield from itertools.repeat(PIECE)


def endless_crumbs() -> Iterator[bytes]:
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    yield from itertools.repeat(b"1\r\n \r\n" * 10_000)


def endless_head() -> Iterator[bytes]:
    yield HEAD
    yield from (b"X-%d: %s\r\n" % (number, b"x" * 4_000) for number in itertools.count())


def endless_header() -> Iterator[bytes]:
    yield HEAD + b"Retry-After: "
    yield from itertools.repeat(PIECE.replace(b" ", b"9"))


def endless_beginnings() -> Iterator[bytes]:
    yield from itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000)


def endless_updates() -> Iterator[bytes]:
    yield HEAD + b'Content-Length: 1000000000000\r\n\r\n{"ok":true,"result":['
    yield from itertools.repeat(b"[]," * 20_000)


ENDLESS = (endless_body, endless_crumbs, endless_head, endless_header, endless_beginnings)
WRITERS = 60
LITTLE = 96 * 1024 * 1024
"""What it may cost: the first pieces of all, and a bounded sum beyond."""


def pressing_start(numbers: Iterable[int]) -> list[dict[str, Any]]:
    """Somebody new presses Start in the update of each number."""
    found = []
    for number in numbers:
        chat = {"id": 1_000 + number, "type": "private", "first_name": "Zoé"}
        message = {**START["message"], "chat": chat, "from": {**PERSON, "id": chat["id"]}}
        found.append({"update_id": number, "message": message})
    return found


@pytest.mark.parametrize("endless", ENDLESS)
async def test_endless_answers_to_posts_cost_little(tmp_path: Path, endless: Pieces) -> None:
    async with serving(tmp_path) as (server, environment):
        bot = BotProcess({**environment, "PORTEVOIX_RATE": "1000"}, tmp_path / "bot.log")
        await bot.start()
        try:
            before = await once_at_work(bot, server)
            server.endless = lambda method: endless() if method.startswith("send") else None
            server.updates += pressing_start(range(1, WRITERS + 1))
            # Not all: after many in vain the bot asks one at a time, after ever longer pauses.
            await until(lambda: came(server.hung_up >= WRITERS // 4), "answers are given up", seconds=180)
            server.endless = lambda _method: None
            server.updates += pressing_start([WRITERS + 1])
            await until(lambda: came(server.answered), "who writes afterwards is answered")
            assert memory(bot, "VmHWM") - before < LITTLE
        finally:
            await bot.stop()
    assert "Traceback" not in (tmp_path / "bot.log").read_text()


async def test_endless_updates_cost_little(tmp_path: Path) -> None:
    async with serving(tmp_path) as (server, environment):
        bot = BotProcess(environment, tmp_path / "bot.log")
        await bot.start()
        try:
            before = await once_at_work(bot, server)
            server.endless = lambda method: endless_updates() if method == "getUpdates" else None
            await until(lambda: came(server.hung_up >= 3), "the answer is given up thrice")
            server.endless = lambda _method: None
            server.updates += pressing_start([1])
            await until(lambda: came(server.answered), "who writes afterwards is answered")
            assert memory(bot, "VmHWM") - before < LITTLE
        finally:
            await bot.stop()
    assert "Traceback" not in (tmp_path / "bot.log").read_text()


NO_BOTS = (
    "hello",
    7,
    True,
    None,
    [],
    {},
    {"username": "portevoix_bot"},
    {**BOT, "id": "1"},
    {**BOT, "id": 2**70},
    {**BOT, "is_bot": False},
    {**BOT, "first_name": None},
    {**BOT, "username": 7},
    {**BOT, "username": "a/../b?start=x"},
)


@pytest.mark.parametrize("result", NO_BOTS, ids=str)
def test_what_no_bot_api_says_is_nobody(result: object) -> None:
    assert identity_in(Done(result=result)) is None


def test_who_the_bot_is() -> None:
    told = {**BOT, "can_join_groups": True, "a_field_of_tomorrow": {}}
    assert identity_in(Done(result=told)) == Identity(id=1, first_name="Portevoix", username="portevoix_bot")


async def test_a_start_before_no_bot_api_says_so_in_a_sentence(tmp_path: Path) -> None:
    async with serving(tmp_path) as (server, environment):
        server.is_bad, server.bad = True, (200, json.dumps({"ok": True, "result": "hello"}).encode())
        finished = await run_until(environment, tmp_path / "log", NO_BOT_API)
    assert finished.status == 0
    assert "telegram_not_reached" in finished.out
    assert "Traceback" not in finished.out


async def test_a_start_before_an_endless_answer_says_so_in_a_sentence(tmp_path: Path) -> None:
    async with serving(tmp_path) as (server, environment):
        server.endless = lambda _method: endless_body()
        finished = await run_until(environment, tmp_path / "log", TOO_LARGE)
    assert finished.status == 0
    assert NO_BOT_API in finished.out
    assert "Traceback" not in finished.out


async def test_a_bot_that_starts_asks_who_it_is_once(tmp_path: Path) -> None:
    """A second answer might be another one."""
    async with serving(tmp_path) as (server, environment):
        await run_until(environment, tmp_path / "log", '"running"')
    assert server.calls["getMe"] == 1


async def once_at_work(bot: BotProcess, server: Server) -> int:
    """What it holds once somebody was answered: at its first sign of life it has yet to read half of what it needs."""
    server.updates += pressing_start([0])
    await until(lambda: came(server.answered), "who writes first is answered")
    server.answered.clear()
    return memory(bot, "VmRSS")


def memory(bot: BotProcess, name: str) -> int:
    """Bytes of memory that the process holds (`VmRSS`), or held at most (`VmHWM`)."""
    lines = Path(f"/proc/{bot.process_id}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))
