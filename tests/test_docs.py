"""The documents say what is: their links lead somewhere, what they have people run works."""

from __future__ import annotations

import re
import shlex
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli import parser
from bot.settings import VARIABLES
from handlers import COMMANDS

README = Path("README.md")
DOCUMENTS = [*sorted(Path().glob("*.md")), *sorted(Path("docs").glob("*.md"))]
HOSTING = Path("docs/hosting.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target.partition("#")[0]).exists(), target


def test_the_readme_leads_to_every_document() -> None:
    written = README.read_text(encoding="utf-8")
    for document in set(DOCUMENTS) - {README}:
        assert str(document) in written


@pytest.mark.parametrize("line", re.findall(r"^ +(?:\./)?portevoix [a-z].*", HOSTING, re.MULTILINE))
def test_every_command_of_hosting_is_understood(line: str) -> None:
    # What the shell fills in, and the end of a text that runs over several lines.
    plain = re.sub(r"\$\([^)]*\)", "DATE", line.partition("#")[0])
    for command in plain.removesuffix('"' if plain.count('"') % 2 else "").split("&&"):
        words = shlex.split(command)[1:]
        parser().parse_args(words)


def test_every_setting_of_hosting_exists() -> None:
    assert set(re.findall(r"PORTEVOIX_[A-Z_]+", HOSTING)) <= set(VARIABLES)


def commands(of: ArgumentParser, path: str = "portevoix") -> Iterator[tuple[str, ArgumentParser]]:
    """Each command that does something, by what is typed."""
    groups = [action for action in of._actions if isinstance(action, _SubParsersAction)]
    for group in groups:
        for name, below in group.choices.items():
            yield from commands(below, f"{path} {name}")
    if not groups:
        yield path, of


def test_every_command_and_option_is_told() -> None:
    told = Path("docs/commands.md").read_text(encoding="utf-8")
    everywhere = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    for command, its in commands(parser()):
        assert f"`{command}" in told, f"docs/commands.md does not tell `portevoix {command}`"
        for option in (word for action in its._actions for word in action.option_strings):
            assert option in everywhere or option in ("-h", "--help"), (command, option)
    for command in COMMANDS:
        assert f"`/{command.name}`" in told, f"docs/commands.md does not tell /{command.name}"
