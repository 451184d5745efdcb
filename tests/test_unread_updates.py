"""`portevoix run` before updates that nobody can read: they are put aside and counted, and others are answered."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from bot.app import started
from bot.introduction import webhook_of
from bot.settings import Settings
from bot.startup import opened
from bot.web.app import SECRET_HEADER
from db.schema import unread_updates, updates
from tests.bots import BotProcess, free_port, until
from tests.test_bad_servers import Server, came, serving
from tests.test_endless_servers import pressing_start

HALF = b'{"update_id":%d,"message":{"message_id":1,"date":1479286800,"chat":{"id":77,"type":"private"},"text":"%b"}}'
DEEP = b'{"update_id":%d,"message":' + b'{"reply_to_message":' * 400 + b"{}" + b"}" * 401
VERY_DEEP = b'{"update_id":%d,"message":' + b"[" * 4_000 + b"]" * 4_000 + b"}"
LARGE = b'{"update_id":%d,"message":{"text":"' + b"x" * 1_000_001 + b'"}}'

READ = {
    "half a pair": HALF % (5, rb"\ud83d"),
    "the other half": HALF % (5, rb"a \ude00 b"),
    "half a pair in bytes": HALF % (5, b"\xed\xa0\xbd"),
    "NUL": HALF % (5, rb"\u0000"),
    "a bare NUL": HALF % (5, b"\x00"),
    "not UTF-8": HALF % (5, b"\xff"),
}
"""Read with a letter that stands for what could not be."""
UNREAD = {
    "no JSON": b'{"update_id":5,"message":nul}',
    "not a number": b'{"update_id":5,"message":{"date":NaN}}',
    "nested too deep": DEEP % 5,
    "nested deeper than any parser likes": VERY_DEEP % 5,
    "too large": LARGE % 5,
    "no update_id": b'{"message":{"text":"x"}}',
    "an update_id of text": b'{"update_id":"5"}',
    "an update_id that is no whole number": b'{"update_id":5.5}',
    "an update_id below zero": b'{"update_id":-5}',
    "an update_id that no integer holds": b'{"update_id":9223372036854775808}',
    "an update_id that Telegram never gives": b'{"update_id":2147483648}',
    "an update_id of nothing": b'{"update_id":null}',
    "an update_id that is true": b'{"update_id":true}',
    "nothing": b"null",
    "a list": b"[]",
    "a text": b'"]},{"',
}


class RawServer(Server):
    """Gives updates byte by byte as they are; one without a number that can be read goes with the one before it."""

    def __init__(self) -> None:
        super().__init__()
        self.raw: list[tuple[int, bytes]] = []

    async def _good(self, method: str, body: bytes) -> bytes:
        if method == "getUpdates":
            offset = json.loads(body)["offset"]
            if (
                offset <= max((number for number, _ in self.raw), default=0) + 10
            ):  # else from the first, as Telegram
                self.raw = [(number, item) for number, item in self.raw if number >= offset]
            if self.raw:
                return b'{"ok":true,"result":[%b]}' % b",".join(item for _, item in self.raw[:100])
        return await super()._good(method, body)

    def give(self, number: int, *items: bytes) -> None:
        self.raw += [(number, item) for item in items]


def plain(update: dict[str, Any]) -> bytes:
    return json.dumps(update).encode()


async def kept(environment: dict[str, str]) -> list[bytes]:
    async with opened(Settings.from_environment(environment)) as database, database.read() as tx:
        return list(await tx.scalars(sa.select(unread_updates.c.body).order_by(unread_updates.c.id)))


def chats(server: Server) -> set[int]:
    return {call["chat_id"] for call in server.answered}


@pytest.mark.parametrize("items", [READ, UNREAD], ids=["read", "unread"])
async def test_an_update_that_cannot_be_read_holds_nobody_up(tmp_path: Path, items: dict[str, bytes]) -> None:
    """Each stands between two people who write; also after a restart the others go on."""
    server = RawServer()
    async with serving(tmp_path, server) as (_server, environment):
        bot = BotProcess(environment, tmp_path / "bot.log")
        await bot.start()
        try:
            for number, item in enumerate(items.values()):
                first, second = pressing_start([10 * number + 1, 10 * number + 9])
                server.give(10 * number + 1, plain(first))
                server.give(
                    10 * number + 5, item.replace(b'"update_id":5,', b'"update_id":%d,' % (10 * number + 5))
                )
                server.give(10 * number + 9, plain(second))
            writers = {1_000 + 10 * number + at for number in range(len(items)) for at in (1, 9)}
            await until(lambda: came(chats(server) >= writers), "whoever wrote is answered")
            unread = len(items) if items is UNREAD else 0
            assert (await bot.health())["updates_unread"] == unread
            assert f"portevoix_updates_unread_total {unread}\n" in await bot.metrics()
            await bot.stop()
            await bot.start()
            server.give(999, plain(pressing_start([999])[0]))
            await until(lambda: came(1_999 in chats(server)), "after a restart too")
        finally:
            await bot.stop()
        bodies = await kept(environment)
    assert len(bodies) == unread
    if unread:
        assert b'{"message":{"text":"x"}}' in bodies
    assert "Traceback" not in (tmp_path / "bot.log").read_text()


async def test_one_alone_that_cannot_be_read_is_passed(tmp_path: Path) -> None:
    server = RawServer()
    async with serving(tmp_path, server) as (_server, environment):
        server.give(5, b'{"update_id":5,"message":{"text":"\\ud83d", oh}}')
        bot = BotProcess(environment, tmp_path / "bot.log")
        await bot.start()
        try:
            await until(lambda: came(not server.raw), "it is passed")
            server.give(6, plain(pressing_start([6])[0]))
            await until(lambda: came(server.answered), "who writes afterwards is answered")
        finally:
            await bot.stop()
        assert await kept(environment) == [b'{"update_id":5,"message":{"text":"\\ud83d", oh}}']


async def test_an_update_without_an_end_is_given_up_after_some_time(tmp_path: Path) -> None:
    """It may have been cut off on its way; the ones before it are kept at once, and those after it come."""
    server = RawServer()
    async with serving(tmp_path, server) as (_server, environment):
        first, last = pressing_start([4, 6])
        server.give(4, plain(first))
        server.give(5, b'{"update_id":5,"message":{"text":"')
        server.give(6, plain(last))
        bot = BotProcess(environment, tmp_path / "bot.log")
        await bot.start()
        try:
            await until(lambda: came(chats(server) == {1_004, 1_006}), "both are answered")
        finally:
            await bot.stop()
        assert len(await kept(environment)) == 1
    assert '"no_updates"' in (tmp_path / "bot.log").read_text()


async def test_a_server_that_numbers_anew_is_asked_for_what_it_has(tmp_path: Path) -> None:
    """Asked for updates after one that it never gave, Telegram gives the oldest that it has."""
    server = RawServer()
    async with serving(tmp_path, server) as (_server, environment):
        bot = BotProcess(environment, tmp_path / "bot.log")
        await bot.start()
        try:
            server.give(2_000_000_000, plain(pressing_start([2_000_000_000])[0]))
            await until(lambda: came(server.answered), "who wrote is answered")
            for number in (7, 8):
                server.give(number, plain(pressing_start([number])[0]))
            await until(lambda: came({1_007, 1_008} <= chats(server)), "those who write now are answered")
        finally:
            await bot.stop()


@pytest.mark.parametrize("answer", [b'{"ok":true,"result":[]}', b'{"ok":true,"result":[{}]}'])
async def test_a_server_that_does_not_wait_is_not_asked_without_a_pause(
    tmp_path: Path, answer: bytes
) -> None:
    async with serving(tmp_path) as (server, environment):
        said = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer)
        server.endless = lambda method: [said] if method == "getUpdates" else None
        bot = BotProcess(environment, tmp_path / "bot.log")
        await bot.start()
        try:
            asked, began = server.calls["getUpdates"], time.monotonic()
            await until(lambda: came(server.calls["getUpdates"] >= asked + 5), "it is asked some times")
            assert time.monotonic() - began > 0.6
            assert (await bot.health())["updates_unread"] == (1 if b"{}" in answer else 0)
        finally:
            await bot.stop()


async def test_by_webhook_what_cannot_be_read_is_put_aside_and_acknowledged(tmp_path: Path) -> None:
    """Refused, Telegram would send it again for a day, and others wait for it."""
    port = free_port()
    async with serving(tmp_path) as (server, environment):
        environment |= {"PORTEVOIX_WEB": f"127.0.0.1:{port}"}
        settings = Settings.from_environment(environment)
        async with (
            started(settings, webhook_url=f"http://127.0.0.1:{port}") as app,
            aiohttp.ClientSession() as session,
        ):
            webhook = webhook_of(settings, app.engine)
            address = f"http://127.0.0.1:{port}{webhook.path}"

            async def listens() -> bool:
                try:
                    async with session.get(f"http://127.0.0.1:{port}/health") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            await until(listens, "the web part listens")

            async def post(bodies: Iterable[bytes]) -> None:
                for body in bodies:
                    secret = {SECRET_HEADER: webhook.secret}
                    async with session.post(address, data=body, headers=secret) as answer:
                        assert answer.status == 200, body[:60]

            await post([*UNREAD.values(), b"", b"{", *UNREAD.values()])  # the second time nothing is new
            async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
                shown = await answer.text()
            assert f"portevoix_updates_unread {len(UNREAD) + 2}\n" in shown
            assert f"portevoix_updates_unread_total {len(UNREAD) + 2}\n" in shown
            await post(
                item.replace(b":5,", b":%d," % (50 + number)) for number, item in enumerate(READ.values())
            )
            await post([plain(pressing_start([90])[0])])
            await until(lambda: came(1_090 in chats(server)), "who wrote is answered")
        assert len(await kept(environment)) == len(UNREAD) + 2


REFUSING = """CREATE TRIGGER refuse BEFORE INSERT ON updates WHEN NEW.update_id % 10 = 5
    BEGIN SELECT RAISE(ABORT, 'refused'); END"""


async def test_what_the_database_refuses_is_put_aside(tmp_path: Path) -> None:
    async with serving(tmp_path) as (server, environment):
        async with opened(Settings.from_environment(environment)) as database, database.write() as tx:
            await tx.execute(sa.text(REFUSING))
        server.updates += pressing_start(range(1, 30))
        bot = BotProcess(environment, tmp_path / "bot.log")
        await bot.start()
        try:
            writers = {1_000 + number for number in range(1, 30) if number % 10 != 5}
            await until(lambda: came(chats(server) == writers), "the others are answered")
            assert (await bot.health())["updates_unread"] == 3
        finally:
            await bot.stop()
        async with opened(Settings.from_environment(environment)) as database, database.read() as tx:
            assert (await tx.scalars(sa.select(unread_updates.c.update_id))).all() == [5, 15, 25]
            assert (await tx.execute(sa.select(sa.func.count()).select_from(updates))).scalar_one() == 26
