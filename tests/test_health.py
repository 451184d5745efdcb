"""/health turns 503 with the reason where something is wrong, and 200 again when it is over; /metrics says how much."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

import db.backup_record
import db.notices
import db.people
import db.purges
from bot import introduction, watching
from bot.app import started
from bot.cli import main
from bot.delivery import intake
from bot.lifecycle import App
from bot.rules import health
from bot.rules.health import NOT_REACHED_YET, REMEDIES, Trouble
from bot.rules.metrics import CONTENT_TYPE, METRICS
from bot.settings import Settings
from simulator.server import DEFAULT_TOKEN
from tests.bots import free_port, until
from tests.reading import Reader
from tests.story import telling
from tests.test_bad_servers import Server, refusal, serving


class Web:
    """The web part of a bot that runs in this process, before a server that may go bad."""

    def __init__(self, app: App, server: Server, address: str, session: aiohttp.ClientSession) -> None:
        self.app, self.server, self.address, self.session = app, server, address, session

    async def health(self) -> tuple[int, dict[str, Any]]:
        async with self.session.get(f"{self.address}/health") as answer:
            return answer.status, await answer.json()

    async def text(self, page: str, **headers: str) -> tuple[int, str, str]:
        async with self.session.get(f"{self.address}{page}", headers=headers) as answer:
            return answer.status, answer.headers["content-type"], await answer.text()

    async def figure(self, name: str) -> float:
        """A figure of /metrics that bears no label."""
        (value,) = re.findall(rf"^portevoix_{name} (\S+)$", (await self.text("/metrics"))[2], re.MULTILINE)
        return float(value)

    async def turns(self, *troubles: Trouble) -> dict[str, Any]:
        """Returns once just these are told."""
        found: dict[str, Any] = {}

        async def is_told() -> bool:
            status, figures = await self.health()
            found.update(figures)
            return figures["troubles"] == list(troubles) and status == (503 if troubles else 200)

        await until(is_told, f"/health tells {[*troubles] or 'that all is well'}")
        return found


@asynccontextmanager
async def watched(folder: Path, *, healthy: int = 200, **more: str) -> AsyncIterator[Web]:
    port = free_port()
    async with serving(folder) as (server, environment):
        settings = Settings.from_environment({**environment, "PORTEVOIX_WEB": f"127.0.0.1:{port}", **more})
        async with started(settings) as app, aiohttp.ClientSession() as session:
            web = Web(app, server, f"http://127.0.0.1:{port}", session)

            async def listens() -> bool:
                try:
                    return (await web.health())[0] == healthy
                except aiohttp.ClientError:
                    return False

            await until(listens, f"/health answers {healthy}")
            yield web


@contextmanager
def going_bad(server: Server, answer: tuple[int, bytes] | None) -> Iterator[None]:
    server.is_bad, server.bad = True, answer
    yield
    server.is_bad = False


async def test_telegram_is_not_reached_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The web part answers meanwhile, and `portevoix status` says why; both change once the bot has begun."""
    monkeypatch.setattr(introduction, "ASK_AGAIN_FIRST_SECONDS", 0.05)
    address = f"127.0.0.1:{free_port()}"

    async def status() -> tuple[str, ...]:
        capsys.readouterr()
        assert await asyncio.to_thread(main, ["status", "--json"]) == 0
        # The bot of this process logs to the same place.
        (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("{"))
        found = json.loads(line)
        return (str(found["runs"]), *found["trouble"], *found["why"])

    async with (
        serving(tmp_path) as (server, environment),
        AsyncExitStack() as stack,
        aiohttp.ClientSession() as session,
    ):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings = Settings.from_environment({**environment, "PORTEVOIX_WEB": address})
        with going_bad(server, None):
            starting = asyncio.create_task(stack.enter_async_context(started(settings)))

            async def answers(status: int) -> bool:
                try:
                    async with session.get(f"http://{address}/health") as answer:
                        told.append((answer.status, await answer.json()))
                except aiohttp.ClientError:
                    return False
                return told[-1][0] == status

            told: list[tuple[int, dict[str, Any]]] = []
            await until(lambda: answers(503), "/health tells of the wait")
            found = told[-1][1]
            assert (found["ok"], found["troubles"]) == (False, ["silent"])
            assert found["why"][0].startswith(
                "Telegram has not been reached since the start (the connection "
            )
            async with session.get(f"http://{address}/metrics") as answer:
                figures = await answer.text()
            assert "\nportevoix_healthy 0\n" in figures
            assert '\nportevoix_trouble{trouble="silent"} 1\n' in figures
            async with session.get(f"http://{address}/console/") as answer:
                assert (answer.status, answer.headers["retry-after"]) == (503, "30")

            async def is_kept() -> bool:
                return await status() == ("True", "silent", NOT_REACHED_YET)

            # What `portevoix status` reads is written after what /health tells from memory.
            await until(is_kept, "`portevoix status` tells why")
            assert not starting.done()
        await starting
        await until(lambda: answers(200), "/health tells that all is well")
        assert await status() == ("True",)


async def test_a_first_answer_that_takes_long_is_told_of_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever watches learns why nothing is served yet, long before it is given up."""
    monkeypatch.setattr(introduction, "START_PATIENCE_SECONDS", 600.0)
    monkeypatch.setattr(introduction, "UNTOLD_SECONDS", 0.05)
    address = f"127.0.0.1:{free_port()}"
    over = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    async with (
        serving(tmp_path) as (_, environment),
        await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent,
        AsyncExitStack() as stack,
        aiohttp.ClientSession() as session,
    ):
        api_base = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        settings = Settings.from_environment(
            {**environment, "PORTEVOIX_WEB": address, "PORTEVOIX_API_BASE": api_base}
        )
        starting = asyncio.create_task(stack.enter_async_context(started(settings)))
        told: list[dict[str, Any]] = []

        async def answers() -> bool:
            try:
                async with session.get(f"http://{address}/health") as answer:
                    told.append({"status": answer.status, **await answer.json()})
            except aiohttp.ClientError:
                return False
            return True

        try:
            await until(answers, "/health tells of the wait")
            assert (told[-1]["status"], told[-1]["troubles"]) == (503, ["silent"])
            assert introduction.NO_ANSWER_YET in told[-1]["why"][0]
            assert not starting.done()
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            over.set()


TELEGRAM = {
    "401": (refusal(401, "Unauthorized"), Trouble.REFUSED),
    "404": (refusal(404, "Not Found"), Trouble.REFUSED),
    "409": (refusal(409, "Conflict: terminated by other getUpdates request"), Trouble.CONFLICT),
}


@pytest.mark.parametrize("fault", TELEGRAM)
async def test_telegram_refuses_us_or_another_polls(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "CONFLICT_SECONDS", 0.2)
    answer, trouble = TELEGRAM[fault]
    async with watched(tmp_path) as web:
        with going_bad(web.server, answer):
            found = await web.turns(trouble)
            assert (found["ok"], found["why"]) == (False, [REMEDIES[trouble]])
            status, kind, words = await web.text("/health", Accept="text/plain")
            assert (status, words) == (503, f"{REMEDIES[trouble]}\n")
            assert kind.startswith("text/plain")
            assert f'portevoix_trouble{{trouble="{trouble}"}} 1\n' in (await web.text("/metrics"))[2]
        await web.turns()
        assert await web.text("/health", Accept="text/plain") == (
            200,
            "text/plain; charset=utf-8",
            "All is well.\n",
        )


async def test_nothing_could_be_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert health.SILENT_SECONDS == 120
    monkeypatch.setattr(health, "SILENT_SECONDS", 0.4)
    async with watched(tmp_path) as web:
        with going_bad(web.server, None):
            await web.turns(Trouble.SILENT)
        await web.turns()


async def test_a_due_message_is_late(tmp_path: Path) -> None:
    """Telegram asks again and again to wait; what was due twenty minutes ago leaves when it no longer does."""
    wait = (429, b'{"ok": false, "error_code": 429, "description": "x", "parameters": {"retry_after": 1}}')
    async with watched(tmp_path) as web:
        with going_bad(web.server, wait):
            now = web.app.clock.now()
            async with web.app.database.write() as tx:
                await db.people.create(tx, telegram_id=7, pseudonym="k", now=now)
                await db.notices.queue(
                    tx,
                    key="late",
                    template="trouble",
                    details={"trouble": "disk", "since_at": now.isoformat()},
                    telegram_ids=[7],
                    now=now - timedelta(minutes=20),
                )
            await web.turns(Trouble.LATE)
            assert await web.figure("lag_seconds") >= 1200
            await until(lambda: _is_more(web, "asked_to_wait_total", 0), "Telegram asked to wait")
        await web.turns()
        assert web.server.received[7] >= 1


async def test_the_disk_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with watched(tmp_path) as web:
        usage = shutil.disk_usage(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=health.SPARE_BYTES))
            await web.turns(Trouble.DISK)
        await web.turns()


async def test_a_clock_that_may_be_wrong(tmp_path: Path) -> None:
    """Until somebody has purged by hand."""
    async with watched(tmp_path) as web:

        async def last() -> datetime | None:
            async with web.app.database.read() as tx:
                return await db.purges.last(tx)

        async def has_purged() -> bool:
            return await last() is not None

        await until(has_purged, "the first day was purged")
        async with web.app.database.write() as tx:
            await db.purges.hold(tx, web.app.clock.now())
        found = await web.turns(Trouble.CLOCK)
        assert found["why"] == [REMEDIES[Trouble.CLOCK]]
        async with web.app.database.write() as tx:
            await db.purges.ended(tx, web.app.clock.now())
        await web.turns()


async def test_the_database_is_in_trouble(
    tmp_path: Path, empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "RECENTLY_SECONDS", 0.5)
    async with watched(tmp_path, PORTEVOIX_DATABASE=empty_url) as web:
        async with web.app.database.write() as tx:
            await tx.execute(sa.text("ALTER TABLE updates RENAME TO lost"))
        found = await web.turns(Trouble.DATABASE)
        assert found["updates_waiting"] is None
        assert "portevoix_database_up 0\n" in (await web.text("/metrics"))[2]
        async with web.app.database.write() as tx:
            await tx.execute(sa.text("ALTER TABLE lost RENAME TO updates"))
        await web.turns()


LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="[^"]*",?)+)\})? (-?[0-9.e+]+)')


async def test_metrics_are_what_prometheus_reads(tmp_path: Path) -> None:
    async with watched(tmp_path) as web:
        async with web.app.database.write() as tx:
            await db.people.create(tx, telegram_id=7_482_913_650, pseudonym="k", now=web.app.clock.now())
            await db.notices.queue(
                tx,
                key="one",
                template="trouble",
                details={"trouble": "disk", "since_at": web.app.clock.now().isoformat()},
                telegram_ids=[7_482_913_650],
                now=web.app.clock.now(),
            )
            await db.backup_record.note(
                tx,
                db.backup_record.Record(at=web.app.clock.now(), file="/b/1.db", size=12),
            )
        await until(
            lambda: _came(web, 'deliveries{state="sent",kind="service"} 1\n'), "the message is counted"
        )
        status, kind, text = await web.text("/metrics")
    assert (status, kind) == (200, CONTENT_TYPE)
    types: dict[str, str] = {}
    samples: dict[str, int] = {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split()[2]
            assert name not in types, "each figure stands together"
        elif line.startswith("# TYPE "):
            types[line.split()[2]] = line.split()[3]
        else:
            found = LINE.fullmatch(line)
            assert found, line
            assert found[1] in types, "its type comes first"
            samples[found[1]] = samples.get(found[1], 0) + 1
    assert types == {metric.name: metric.type for metric in METRICS}
    assert set(samples) == set(types)
    assert "7482913650" not in text


async def _is_more(web: Web, name: str, than: float) -> bool:
    return await web.figure(name) > than


async def _came(web: Web, line: str) -> bool:
    return line in (await web.text("/metrics"))[2]


async def test_admins_are_told_and_when_it_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else asks the local Telegram for the bot’s updates, for a while."""
    monkeypatch.setattr(watching, "SURE_SECONDS", 0.0)
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(intake, "CONFLICT_SECONDS", 0.2)
    # It is over once Telegram has answered a poll, which brings nothing.
    monkeypatch.setattr(intake, "POLL_SECONDS", 1)
    read = Reader("en")
    async with telling(tmp_path, at="2016-11-16T03:00+01:00") as story:
        admin = await story.person("Ada", language="en", started=True)
        await story.command("staff", "add", "--telegram-id", str(admin.id), "--role", "admin")
        await admin.send("/start")
        await story.settled()
        address = f"{story.environment['PORTEVOIX_API_BASE']}/bot{DEFAULT_TOKEN}/getUpdates"
        stolen = asyncio.create_task(_steal(address))
        await admin.expect(read.says("The bot needs help"))
        stolen.cancel()
        await asyncio.gather(stolen, return_exceptions=True)
        await admin.expect(read.says("It’s over: the bot is fine again"))


async def _steal(address: str) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.post(address, json={"timeout": 2}):
                pass
