"""The webhook, over HTTP: Telegram posts updates to the bot, and only Telegram may."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from bot.app import started
from bot.delivery import webhook_look
from bot.introduction import webhook_of
from bot.rules import health
from bot.settings import Settings
from bot.web.app import SECRET_HEADER
from simulator.client import Simulator
from simulator.clock import Clock
from simulator.server import make_world, running
from tests.bots import free_port, until
from tests.story import environment_of


async def test_updates_come_by_webhook_and_from_nobody_else(tmp_path: Path) -> None:
    port = free_port()
    async with running(make_world(clock=Clock())) as local, Simulator(local.base_url) as simulator:
        environment = environment_of(local.base_url, tmp_path) | {"PORTEVOIX_WEB": f"127.0.0.1:{port}"}
        settings = Settings.from_environment(environment)
        async with started(settings, webhook_url=f"http://127.0.0.1:{port}") as app:
            zoe = await simulator.person("Zoé", language="en")
            await zoe.send("/start")
            await zoe.expect("political communication")
            webhook = webhook_of(settings, app.engine)
            address = f"http://127.0.0.1:{port}{webhook.path}"
            update = {"update_id": 1}
            async with aiohttp.ClientSession() as session:
                for headers, status in (
                    ({}, 403),
                    ({SECRET_HEADER: "guessed"}, 403),
                    ({SECRET_HEADER: webhook.secret}, 200),
                ):
                    async with session.post(address, json=update, headers=headers) as answer:
                        assert answer.status == status
                secret = {SECRET_HEADER: webhook.secret}
                async with session.get(address, headers=secret) as answer:
                    assert answer.status == 404
                async with session.post(f"{address[:-1]}x", json=update, headers=secret) as answer:
                    assert answer.status == 404

                async def is_handled() -> bool:
                    async with session.get(f"http://127.0.0.1:{port}/health") as answer:
                        return bool((await answer.json())["updates_waiting"] == 0)

                await until(is_handled, "the update that was accepted is handled")
                async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
                    assert "portevoix_updates_waiting 0" in await answer.text()


async def test_health_tells_a_webhook_that_was_taken_away_or_is_not_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_look, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(health, "SILENT_SECONDS", 0.4)
    port = free_port()
    async with running(make_world(clock=Clock())) as local, Simulator(local.base_url) as simulator:
        environment = environment_of(local.base_url, tmp_path) | {"PORTEVOIX_WEB": f"127.0.0.1:{port}"}
        settings = Settings.from_environment(environment)
        async with (
            started(settings, webhook_url=f"http://127.0.0.1:{port}") as app,
            aiohttp.ClientSession() as session,
        ):
            api = f"{local.base_url}/bot{settings.required_token}"
            ours = webhook_of(settings, app.engine)
            address = {"url": f"http://127.0.0.1:{port}{ours.path}", "secret_token": ours.secret}

            async def call(method: str, **payload: str) -> None:
                async with session.post(f"{api}/{method}", json=payload) as answer:
                    assert answer.status == 200, await answer.text()

            async def turns(*troubles: str) -> None:
                async def is_told() -> bool:
                    return tuple((await app.health())["troubles"]) == troubles

                await until(is_told, f"/health tells {troubles}")

            await turns()
            await call("deleteWebhook")
            await turns("conflict")
            await call("setWebhook", **address)
            await turns()
            # Telegram calls with another secret, and is refused: what somebody wrote waits.
            await call("setWebhook", **{**address, "secret_token": "another"})
            zoe = await simulator.person("Zoé", language="en")
            await zoe.send("/start")
            await turns("silent")
            await call("setWebhook", **address)
            await zoe.expect("political communication")
            await turns()
