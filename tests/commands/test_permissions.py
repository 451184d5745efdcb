"""What the user who runs a command may not open is said in a sentence that names it, not in a traceback."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import main
from tests.forking import begin
from tests.frozen import FROZEN

pytestmark = pytest.mark.skipif(
    os.name != "posix" or (os.geteuid() == 0 and sys.platform != "linux"),
    reason="permissions are those of POSIX, and root loses its power on Linux alone",
)


def powerless(folder: Path, *arguments: str) -> tuple[int, str]:
    """The status and the words of a command. Root may open everything: where it runs the tests, the command may not."""

    async def ended() -> int:
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            return await begin("tests.powerless", *arguments, environment=os.environ, out=out, err=err).wait()

    return asyncio.run(ended()), (folder / "err").read_text()


def close(path: Path) -> Path:
    path.chmod(0)
    return path


CLOSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "the campaign": (lambda folder: close(folder / "campaign" / "campaign.toml"), "check"),
    "the campaign’s folder": (lambda folder: close(folder / "campaign"), "check"),
    "the key": (lambda folder: close(folder / "key" / "database.key"), "staff list"),
    "the key’s folder": (lambda folder: close(folder / "key"), "staff list"),
    "the data": (lambda folder: close(folder / "data" / "portevoix.db"), "staff list"),
    "the data’s folder": (lambda folder: close(folder / "data"), "staff list"),
}


@pytest.mark.parametrize("closed", CLOSED)
def test_it_is_named_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str) -> None:
    folder = tmp_path
    shutil.copytree(FROZEN, folder / "campaign")
    monkeypatch.setenv("PORTEVOIX_CAMPAIGN", str(folder / "campaign"))
    monkeypatch.setenv("PORTEVOIX_DATA", str(folder / "data"))
    monkeypatch.setenv("PORTEVOIX_DATABASE_KEY_FILE", str(folder / "key" / "database.key"))
    assert main(["db", "upgrade"]) == 0
    shut, command = CLOSED[closed]
    path = shut(folder)
    try:
        status, said = powerless(tmp_path, *command.split())
    finally:
        path.chmod(0o700)
    assert status == 2, said
    assert said.startswith("portevoix: ")
    assert said.count("\n") == 1, said
    assert str(path) in said
    assert (f"The folder {path} may not be opened" in said) == (
        path.is_dir() and "cannot be read" not in said
    )
