"""Running a command of `portevoix` that is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from bot.cli import main


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 2) -> str:
    """The sentence a command was refused with."""
    assert main(arguments) == status
    said = capsys.readouterr().err.strip()
    assert "Traceback" not in said
    said = said.splitlines()[-1]
    assert said.startswith("portevoix: ")
    return said.removeprefix("portevoix: ")


def run_here(
    *arguments: str,
    environment: Mapping[str, str],
    typed: str = "",
    module: str | None = "bot.cli",
    seconds: float = 120,
) -> subprocess.CompletedProcess[str]:
    """`portevoix …` in a process of its own, with no settings but these; `module` None: Python itself."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PORTEVOIX_")}
    command = [sys.executable, *(("-m", module) if module else ()), *arguments]
    return subprocess.run(
        command,
        env={**own, **environment},
        input=typed,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
