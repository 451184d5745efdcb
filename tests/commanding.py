"""Running a command of `portevoix` that is refused."""

from __future__ import annotations

import pytest

from bot.cli import main


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The sentence a command was refused with."""
    assert main(arguments) == 2
    said = capsys.readouterr().err.strip()
    assert "Traceback" not in said
    said = said.splitlines()[-1]
    assert said.startswith("portevoix: ")
    return said.removeprefix("portevoix: ")
