"""What the user who runs a command may not open is said in a sentence that names it, not in a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import main
from tests.frozen import FROZEN

pytestmark = pytest.mark.skipif(
    os.name != "posix" or (os.geteuid() == 0 and sys.platform != "linux"),
    reason="permissions are those of POSIX, and root loses its power on Linux alone",
)


WITHOUT_ROOTS_POWER = """
import ctypes, os, sys
for capability in (1, 2):  # to write and to read what is closed
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-m", "bot.cli", *sys.argv[1:]])
"""
"""Root may open everything: where it runs the tests, the command loses this on Linux, and stays the owner."""


def powerless(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_ROOTS_POWER, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


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
        ended = powerless(*command.split())
    finally:
        path.chmod(0o700)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith("portevoix: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert str(path) in ended.stderr
