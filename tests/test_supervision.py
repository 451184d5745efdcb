"""What a service manager hears of the bot (systemd’s sd_notify), and what it may hand over to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings, Supervisor
from bot.supervision import WELL, notify, stopping, supervised
from tests.story import telling

TOKEN = "123456789:" + "A" * 35


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


def of(manager: socket.socket, patience: float | None = 0.03) -> Supervisor:
    return Supervisor(socket=manager.getsockname(), patience=patience)


async def heard(manager: socket.socket, wanted: str) -> list[str]:
    """All that is said until this is."""
    said: list[str] = []
    while wanted not in said:
        said += (await asyncio.get_running_loop().sock_recv(manager, 4096)).decode().splitlines()
    return said


async def test_it_hears_that_the_bot_is_ready_alive_and_in_trouble_and_that_it_stops(
    manager: socket.socket,
) -> None:
    why = ["Telegram does not know the token."]

    async def health() -> dict[str, object]:
        return {"ok": not why, "why": why}

    part = asyncio.create_task(supervised(of(manager), health))
    try:
        assert await heard(manager, f"STATUS={why[0]}") == ["READY=1", "WATCHDOG=1", f"STATUS={why[0]}"]
        why.clear()
        said = await heard(manager, f"STATUS={WELL}")
        assert "READY=1" not in said
        assert "WATCHDOG=1" in said  # a bot in trouble lives
    finally:
        part.cancel()
    stopping(of(manager))
    await heard(manager, "STOPPING=1")


def test_a_manager_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    notify(Supervisor(socket=str(tmp_path / "nowhere"), patience=None), "READY=1")
    notify(Supervisor(socket="@portevoix-nowhere", patience=None), "READY=1")
    stopping(None)


async def test_the_bot_that_runs_tells_it(manager: socket.socket, tmp_path: Path) -> None:
    more = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "120000000"}
    async with telling(tmp_path, at="2016-11-16T10:00+01:00", more=more):
        assert (await heard(manager, f"STATUS={WELL}"))[0] == "READY=1"
    await heard(manager, "STOPPING=1")


# -- secrets in files --


def credentials(folder: Path, **files: str) -> dict[str, str]:
    folder.mkdir()
    for name, text in files.items():
        written(folder / f"portevoix.{name.replace('_', '-')}", text)
    return {"CREDENTIALS_DIRECTORY": str(folder)}


def written(file: Path, text: str, mode: int = 0o600) -> str:
    file.write_text(text)
    file.chmod(mode)
    return str(file)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {
            # As Windows’ Notepad saves it.
            "PORTEVOIX_TOKEN_FILE": written(tmp_path / "token", "\ufeff" + TOKEN + "\r\n"),
            "PORTEVOIX_DATABASE_FILE": written(tmp_path / "url", "postgresql://bot:secret@db/portevoix\n"),
        }
    )
    assert settings.token == TOKEN
    assert settings.database == "postgresql://bot:secret@db/portevoix"


def test_what_the_manager_hands_over_is_found_and_what_is_set_comes_first(tmp_path: Path) -> None:
    given = credentials(tmp_path / "given", token=TOKEN, database_key="5e" * 32, suppression_key="5f" * 32)
    settings = Settings.from_environment(given)
    assert settings.token == TOKEN
    assert settings.database is None
    assert settings.database_key_file == tmp_path / "given" / "portevoix.database-key"
    assert settings.suppression_key_file == tmp_path / "given" / "portevoix.suppression-key"
    other = TOKEN.replace("A", "B")
    assert Settings.from_environment({**given, "PORTEVOIX_TOKEN": other}).token == other


@pytest.mark.parametrize(
    ("text", "mode", "sentence"),
    [
        (
            TOKEN,
            0o644,
            "Other users can read {file}, which PORTEVOIX_TOKEN_FILE names: run `chmod 600 {file}`.",
        ),
        (
            "\n",
            0o600,
            "The file {file}, which PORTEVOIX_TOKEN_FILE names, is empty: write the value into it.",
        ),
        (
            None,
            0,
            "PORTEVOIX_TOKEN_FILE is “{file}”, which cannot be read (No such file or directory): correct it.",
        ),
    ],
)
def test_a_file_that_serves_for_nothing_is_told(
    text: str | None, mode: int, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    if text is not None:
        written(file, text, mode)
    settings = Settings.from_environment({"PORTEVOIX_TOKEN_FILE": str(file)})
    with pytest.raises(SettingsError) as refused:
        _ = settings.required_token
    assert refused.value.sentence == sentence.format(file=file)


def test_a_value_and_its_file_are_not_both_given(tmp_path: Path) -> None:
    both = {"PORTEVOIX_TOKEN": TOKEN, "PORTEVOIX_TOKEN_FILE": written(tmp_path / "token", TOKEN)}
    with pytest.raises(SettingsError, match="are both set"):
        _ = Settings.from_environment(both).required_token
