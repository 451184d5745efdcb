"""A reply that would have to wait for a connection takes another slot: a second is not too full when many come free."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from bot.clock import MovableClock
from bot.delivery.budget import LocalBudget
from bot.delivery.calls import Call
from bot.delivery.hooks import as_it_is
from bot.delivery.leaving import Leaving
from bot.delivery.pacing import Pacing
from bot.delivery.transport import Transport
from db.engine import Database
from tests.delivery.test_budget import fullest_window

RATE = 10.0
REPLIES = 26
ANSWER = b'{"ok":true,"result":{"message_id":1,"chat":{"id":1}}}'


class SilentServer:
    """Answers nothing until it is `opened`, then all at once."""

    def __init__(self) -> None:
        self.arrived: list[float] = []
        self.opened = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
                self.arrived.append(asyncio.get_running_loop().time())
                await self.opened.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER)
        writer.close()


@pytest.mark.parametrize("repeatable", [True, False])
async def test_connections_that_come_free_together_let_no_second_be_too_full(
    sqlite_database: Database, clock: MovableClock, repeatable: bool
) -> None:
    silent, begun = SilentServer(), 0
    pacing = Pacing(budget=LocalBudget(RATE), clock=clock)
    server = await asyncio.start_server(silent.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def slot(_call: Call, missed: bool) -> None:
        await pacing.slot(first=missed)

    async def begin(begins: bool) -> bool:
        nonlocal begun
        begun += 1 if begins else -1
        if begun == 20:  # they had their slots, and four connections among them
            silent.opened.set()
        return True

    if repeatable:
        asyncio.get_running_loop().call_later(2.0, silent.opened.set)
    async with Transport(token="1:a", api_base=f"http://127.0.0.1:{port}", connections=4) as transport:
        leaving = Leaving(
            database=sqlite_database,
            clock=clock,
            transport=transport,
            pacing=pacing,
            on_sent=lambda *_given: asyncio.sleep(0),
            producers={},
            silenced=as_it_is,
        )
        call = Call(
            method="sendChatAction" if repeatable else "sendMessage", payload={"chat_id": 1, "text": "x"}
        )
        async with asyncio.timeout(30):
            await asyncio.gather(
                *(leaving.leave(number, call, slot=slot, begin=begin) for number in range(REPLIES))
            )
    server.close()
    assert len(silent.arrived) == REPLIES
    assert fullest_window(silent.arrived) <= 1.5 * RATE  # a busy machine is late; all that had waited were 22
    assert not pacing.posts["not_sent"]
    assert begun == (0 if repeatable else REPLIES)
