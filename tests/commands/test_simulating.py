"""`portevoix simulator`: the local Telegram alone."""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import pytest

from bot.cli import main
from tests.commanding import refusal

COMMAND = (sys.executable, "-m", "bot.cli", "simulator")


async def test_it_serves_any_bot_until_it_is_stopped() -> None:
    options = ("--port", "0", "--token", "7:ABC", "--zone", "America/Guadeloupe", "--limits", "telegram")
    process = await asyncio.create_subprocess_exec(*COMMAND, *options, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        page = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().split()[-1]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{page}sim/state") as answer:
                assert (await answer.json())["zone"] == "America/Guadeloupe"
            async with session.get(f"{page}bot7:ABC/getMe") as answer:
                assert (await answer.json())["result"]["id"] == 7
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize(
    ("options", "said"),
    [(("--zone", "Nowhere"), "“Nowhere” is not a time zone"), (("--token", "abc"), "is not a bot token")],
)
async def test_what_is_wrong_is_one_sentence(options: tuple[str, str], said: str) -> None:
    process = await asyncio.create_subprocess_exec(*COMMAND, *options, stderr=asyncio.subprocess.PIPE)
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert said in errors.decode()
    assert errors.decode().count("\n") == 1


def test_a_port_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--port" in refusal(capsys, "simulator", "--port", "http")
    assert main(["simulator", "--port", "99999"]) == 2
