"""A start says in one line each what there is; `portevoix status` says the same of a bot that runs."""

from __future__ import annotations

import json
from pathlib import Path

from tests.bots import BotProcess, until
from tests.story import command
from tests.test_bad_servers import serving

LINES = [
    "start_version",
    "start_campaign",
    "start_bot",
    "start_mode",
    "start_database",
    "start_next",
    "start_staff",
    "start_consents",
    "start_backup",
]


async def test_a_start_and_the_status_say_what_there_is(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with serving(tmp_path) as (_server, environment):
        environment["PORTEVOIX_CLOCK"] = "2016-11-16T08:00:00+01:00"
        await command(environment, "staff", "add", "--telegram-id", "7482913650", "--role", "admin")
        copy = tmp_path / "copy.db"
        assert (await command(environment, "backup", str(copy))).status == 0
        bot = BotProcess(environment, log)
        await bot.start()

        async def is_running() -> bool:
            return '"event": "running"' in log.read_text()

        await until(is_running, "it runs")
        status = await command(environment, "status", "--json")
        await bot.stop()
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert [line["event"] for line in lines if line["event"].startswith("start_")] == LINES
    told = {line["event"]: line for line in lines}
    assert told["start_bot"]["bot"] == "@portevoix_bot"
    assert told["start_mode"]["mode"] == "polling"
    assert told["start_database"]["place"] == str(tmp_path / "data" / "portevoix.db")
    assert told["start_staff"]["members"] == 1
    assert told["start_backup"]["file"] == str(copy)
    assert "7482913650" not in log.read_text()
    assert environment["PORTEVOIX_TOKEN"] not in log.read_text()
    said = json.loads(status.out)
    assert (said["runs"], said["bot"], said["mode"]) == (True, "@portevoix_bot", "polling")
    assert (said["last_backup_file"], said["last_backup_age_hours"]) == (str(copy), 0.0)
    assert said["last_backup"] == told["start_backup"]["at"]


async def test_a_start_says_that_the_last_ballot_is_over(tmp_path: Path) -> None:
    """A day that was mistyped, or the file of last year: the bot runs, and would remind nobody."""
    log = tmp_path / "log"
    async with serving(tmp_path) as (_server, environment):
        bot = BotProcess(environment, log)
        await bot.start()

        async def is_told() -> bool:
            return '"event": "running"' in log.read_text()

        await until(is_told, "it runs")
        await bot.stop()
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    (over,) = (line for line in lines if line["event"] == "start_over")
    assert (over["level"], over["ballot"]) == ("warning", "2016-11-27")
    assert "start_next" not in {line["event"] for line in lines}
