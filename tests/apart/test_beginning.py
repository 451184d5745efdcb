"""When the process that makes pages begins and ends, and who makes them meanwhile."""

from __future__ import annotations

import asyncio
import os

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from bot.apart import process
from bot.apart.given import Given
from bot.apart.process import Process
from db.engine import Database
from tests.apart.test_pages import SOPHIE, TODAY, apart
from tests.bots import until
from tests.campaigning import staff
from tests.web.browsing import signed_in


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_until_it_is_there_pages_are_made_here_one_at_a_time(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And those that wait for their turn are made apart as soon as they can be."""
    going, begin = asyncio.Event(), process.begin

    async def later(given: Given) -> Process:
        await going.wait()
        return await begin(given)

    monkeypatch.setattr(process, "begin", later)
    async with apart(sqlite_database) as found:
        visitor = await signed_in(await staff(found.conversation, SOPHIE, "admin", "69"), web=found.web)
        await visitor.arrive()
        found.here.clear()
        entered, leave = asyncio.Event(), asyncio.Event()
        real = found._application

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            entered.set()
            await leave.wait()
            await real(scope, receive, send)

        found._application = slow
        asked = [asyncio.create_task(visitor.client.get(TODAY)) for _ in range(3)]
        await entered.wait()
        await asyncio.sleep(0)
        assert found.here == [TODAY]
        going.set()
        await found.process()
        answers = await asyncio.gather(*asked[1:])
        assert [each.status_code for each in answers] == [200, 200]
        assert found.here == [TODAY]
        leave.set()
        assert (await asked[0]).status_code == 200


@pytest.mark.usefixtures("from_nothing")
async def test_where_no_process_can_begin_pages_are_made_here_and_the_log_says_so_once(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with capture_logs() as logs:
        async with apart(sqlite_database) as found:
            visitor = await signed_in(await staff(found.conversation, SOPHIE, "admin", "69"), web=found.web)
            await visitor.arrive()

            async def is_told() -> bool:
                return any(line["event"] == "pages_made_here" for line in logs)

            await until(is_told, "the log says so")
            answers = await asyncio.gather(*(visitor.client.get(TODAY) for _ in range(3)))
            assert [each.status_code for each in answers] == [200] * 3
    assert [line["event"] for line in logs].count("pages_made_here") == 1


async def test_it_ends_when_nobody_asks_and_begins_anew(sqlite_database: Database) -> None:
    """The log is asked: on a busy machine each may have ended before anybody looked whether it is there."""
    with capture_logs() as logs:
        async with apart(sqlite_database, idle_seconds=0.2) as found:
            visitor = await signed_in(await staff(found.conversation, SOPHIE, "admin", "69"), web=found.web)
            await visitor.arrive()

            def begun() -> list[int]:
                return [line["process"] for line in logs if line["event"] == "pages_made_apart"]

            async def is_gone() -> bool:
                return bool(begun()) and not is_alive(begun()[0])

            async def is_another() -> bool:
                return len(begun()) > 1

            await until(is_gone, "it ends")
            assert (await visitor.open(TODAY)).status_code == 200
            await until(is_another, "another is begun")
