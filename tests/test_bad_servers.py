"""`portevoix run` before a server that misbehaves: it says what is wrong, asks ever less often, loses nothing."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.settings import Settings
from bot.startup import opened
from db.schema import deliveries, people
from tests.bots import BotProcess, until
from tests.forking import begin, child_environment
from tests.frozen import FROZEN
from tests.story import Finished
from tests.test_crash import START as START_OF_STORY
from tests.test_crash import inviting

HTML = b"<html><title>502 Bad Gateway</title></html>"
UNREADABLE = "not from a Bot API server: a gateway in between, or a wrong PORTEVOIX_API_BASE"
BOT = {"id": 1, "is_bot": True, "first_name": "Portevoix", "username": "portevoix_bot"}
PERSON = {"id": 77, "is_bot": False, "first_name": "Zoé", "language_code": "fr"}
START = {
    "update_id": 5,
    "message": {
        "message_id": 1,
        "date": 1479286800,
        "chat": {"id": 77, "type": "private", "first_name": "Zoé"},
        "from": PERSON,
        "text": "/start",
        "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
    },
}


def refusal(code: int, description: str) -> tuple[int, bytes]:
    return code, json.dumps({"ok": False, "error_code": code, "description": description}).encode()


BAD = {
    "html": ((502, HTML), UNREADABLE),
    "half a JSON": ((200, b'{"ok": true, "resu'), UNREADABLE),
    "401": (refusal(401, "Unauthorized: invalid token specified"), "check PORTEVOIX_TOKEN"),
    "404": (refusal(404, "Not Found"), "check PORTEVOIX_TOKEN"),
    "500": (refusal(500, "Internal Server Error"), "the server fails (HTTP 500)"),
    "closed": (None, "the connection broke before the answer"),
}


class Server:
    """A Bot API server that can be told to answer everything with `bad` (None: it hangs up), or to be silent."""

    def __init__(self) -> None:
        self.is_bad = False
        self.bad: tuple[int, bytes] | None = None
        self.updates: list[dict[str, Any]] = []
        self.calls: Counter[str] = Counter()
        self.answered: list[dict[str, Any]] = []
        self.is_silent: Callable[[str], bool] = lambda _method: False
        self.received: Counter[int] = Counter()
        self.endless: Callable[[str], Iterable[bytes] | None] = lambda _method: None
        self.hung_up = 0  # of endless answers

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next(
                    (line for line in head.lower().split("\r\n") if line.startswith("content-length:")), ":0"
                )
                body = await reader.readexactly(int(length.partition(":")[2]))
                method = head.split(" ")[1].rpartition("/")[2]
                self.calls[method] += 1
                if method.startswith("send"):
                    self.received[json.loads(body)["chat_id"]] += 1
                if self.is_silent(method):
                    await reader.read()  # until the bot hangs up
                    return
                if (pieces := self.endless(method)) is not None:
                    await self._pour(pieces, writer)
                    return
                status, content = (
                    self.bad or (0, b"") if self.is_bad else (200, await self._good(method, body))
                )
                if not status:
                    return
                writer.write(
                    f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _pour(self, pieces: Iterable[bytes], writer: asyncio.StreamWriter) -> None:
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
        finally:
            self.hung_up += 1

    async def _good(self, method: str, body: bytes) -> bytes:
        result: Any = True
        if method == "getMe":
            result = BOT
        elif method == "getUpdates":
            await asyncio.sleep(0.1)
            offset = json.loads(body)["offset"]
            result = [update for update in self.updates if update["update_id"] >= offset]
        elif method.startswith("send"):
            self.answered.append(json.loads(body))
            result = {"message_id": 9, "date": 1479286800, "chat": {"id": 77, "type": "private"}}
        return json.dumps({"ok": True, "result": result}).encode()


@asynccontextmanager
async def serving(folder: Path, server: Server | None = None) -> AsyncIterator[tuple[Server, dict[str, str]]]:
    """The server, and the settings of a bot that talks to it."""
    server = server or Server()
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    environment = {
        "PORTEVOIX_TOKEN": "12345:TEST",
        "PORTEVOIX_API_BASE": f"http://127.0.0.1:{port}",
        "PORTEVOIX_CAMPAIGN": str(FROZEN),
        "PORTEVOIX_DATA": str(folder / "data"),
    }
    async with listening:
        yield server, environment


@pytest.mark.parametrize("fault", BAD)
async def test_a_server_that_goes_bad_and_comes_back(tmp_path: Path, fault: str) -> None:
    log = tmp_path / "bot.log"
    async with serving(tmp_path) as (server, environment):
        server.bad, words = BAD[fault]
        bot = BotProcess(environment, log)
        await bot.start()
        try:
            server.is_bad = True
            asked = server.calls["getUpdates"]

            async def explained() -> bool:
                return log.read_text().count(words) >= 3

            await until(explained, f"the log says three times “{words}”")
            # Half a second, one, two: it asks less and less often.
            assert server.calls["getUpdates"] - asked <= 6
            server.updates.append(START)
            server.is_bad = False

            async def welcomed() -> bool:
                return bool(server.answered)

            await until(welcomed, "who wrote meanwhile is answered")
            assert "updates_again" in log.read_text()
        finally:
            await bot.stop()
        assert "Traceback" not in log.read_text()
        assert "12345:TEST" not in log.read_text()


def written(log: Path) -> str:
    return log.read_text()


async def run_until(
    environment: dict[str, str], log: Path, words: str, *, module: str = "bot.cli"
) -> Finished:
    """`portevoix run`, which is asked to stop once it has said so; how it ended."""
    with log.open("wb") as output:
        process = begin(module, "run", environment=child_environment(environment), out=output, err=output)

    async def said() -> bool:
        return words in written(log) or process.returncode is not None

    await until(said, f"it says “{words}”")
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
    status = await asyncio.wait_for(process.wait(), 10)
    return Finished(status=status, out=written(log), err="")


@pytest.mark.parametrize("fault", ["html", "closed", "500"])
async def test_a_start_before_a_bad_server_waits_and_can_be_given_up(tmp_path: Path, fault: str) -> None:
    async with serving(tmp_path) as (server, environment):
        server.is_bad, (server.bad, words) = True, BAD[fault]
        finished = await run_until(environment, tmp_path / "log", words)
    assert finished.status == 0
    assert "telegram_not_reached" in finished.out
    assert "Traceback" not in finished.out


@pytest.mark.parametrize("fault", ["401", "404"])
async def test_a_start_with_a_wrong_token_ends_with_a_sentence(tmp_path: Path, fault: str) -> None:
    async with serving(tmp_path) as (server, environment):
        server.is_bad, (server.bad, words) = True, BAD[fault]
        finished = await run_until(environment, tmp_path / "log", "never said")
    assert finished.status == 2
    assert words in finished.out
    assert "Traceback" not in finished.out


SILENT = "the server is silent: no answer came in time"
HURRIED = "tests.hurried"
INVITED = 60


async def test_a_start_before_a_silent_server_waits_and_can_be_given_up(tmp_path: Path) -> None:
    async with serving(tmp_path) as (server, environment):
        server.is_silent = lambda _method: True
        finished = await run_until(environment, tmp_path / "log", SILENT, module=HURRIED)
    assert finished.status == 0
    assert "telegram_not_reached" in finished.out
    assert "Traceback" not in finished.out


async def test_a_server_that_falls_silent_at_the_start_does_not_keep_the_bot_from_running(
    tmp_path: Path,
) -> None:
    """One call is waited for, not each of a dozen."""
    async with serving(tmp_path) as (server, environment):
        server.is_silent = lambda method: method.startswith(("set", "delete"))
        finished = await run_until(environment, tmp_path / "log", '"running"', module=HURRIED)
    assert finished.out.count("not_introduced") == 1
    assert SILENT in finished.out
    assert finished.status == 0


async def test_nothing_for_a_while(tmp_path: Path) -> None:
    """A server that takes everything and says nothing: it is named, asked ever less often, and nobody is lost."""
    log = tmp_path / "bot.log"
    async with serving(tmp_path) as (server, environment):
        environment |= {"PORTEVOIX_CLOCK": START_OF_STORY, "PORTEVOIX_RATE": "20"}
        await inviting(INVITED)(Settings.from_environment(environment), Unpopulated())
        bot = BotProcess(environment, log, module=HURRIED)
        await bot.start()
        try:
            await until(lambda: came(sum(server.received.values()) >= 10), "some were invited")
            server.is_silent = lambda _method: True
            asked, before = server.calls["getUpdates"], Counter(server.received)
            for event in ("no_updates", "sending_paused"):
                await until(
                    lambda event=event: came(told(log, event, SILENT) >= 3), f"{event} is told thrice"
                )
            assert server.calls["getUpdates"] - asked <= 6
            unanswered = server.received - before
            server.updates.append(START)
            server.is_silent = lambda _method: False
            await until(lambda: came(server.received[77]), "who wrote meanwhile is answered")
            await until(lambda: came(len(server.received) == INVITED + 1), "everybody was written to")
            await until(lambda: idle(bot), "all of it is settled")
            assert told(log, "updates_again", "") == 1
        finally:
            await bot.stop()
        states = await states_of(environment)
    assert max(server.received.values()) == 1, "Nobody has two."
    # What was under way when it fell silent had arrived before.
    doubted = {person for person, state in states.items() if state == "in_doubt"}
    assert set(unanswered) <= doubted
    assert len(doubted) < INVITED / 2, "Not everything was sent into the silence."
    assert set(states.values()) == {"sent", "in_doubt"}
    assert "Traceback" not in written(log)


async def came(true: object) -> bool:
    return bool(true)


def told(log: Path, event: str, words: str) -> int:
    return sum(f'"{event}"' in line and words in line for line in written(log).splitlines())


async def idle(bot: BotProcess) -> bool:
    return bool((await bot.health())["idle"])


class Unpopulated:
    """This server knows everybody already."""

    async def add_people(self, people: object) -> None:
        pass


async def states_of(environment: dict[str, str]) -> dict[int, str]:
    async with opened(Settings.from_environment(environment)) as database, database.read() as tx:
        query = sa.select(people.c.telegram_id, deliveries.c.state)
        rows = await tx.execute(query.join(deliveries, deliveries.c.person == people.c.id))
        return {row.telegram_id: row.state for row in rows}
