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
from tests.documented import ASKS, NOT_PLAYED, PAGES, Line, blocks_of, lines_of

README = Path("README.md")
DOCUMENTS = [*sorted(Path().glob("*.md")), *sorted(Path("docs").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target.partition("#")[0]).exists(), target


def test_the_readme_leads_to_every_document() -> None:
    written = README.read_text(encoding="utf-8")
    for document in set(DOCUMENTS) - {README}:
        assert str(document) in written


@pytest.mark.parametrize(
    "line", [line for page in PAGES for line in lines_of(page)], ids=lambda line: f"{line.page}: {line.text}"
)
def test_every_command_for_a_machine_is_understood(line: Line) -> None:
    """Each is run as it stands by scripts/newcomer, or says why not; what is ours is understood in any case."""
    # What the shell fills in.
    plain = re.split(" [<>] ", re.sub(r"\$\([^)]*\)", "DATE", line.command))[0]
    found = re.search(r"(?:^|[ /])portevoix(?:-admin)? ([a-z].*)", plain)
    if found is not None and not plain.startswith(("systemctl", "journalctl", "createdb", "psql", "docker")):
        parser().parse_args(shlex.split(found[1]))


IN_A_CONTAINER = re.compile(
    r"docker (?:compose (exec|run --rm)|run .*) portevoix ([a-z].*?)(?:`|$)", re.MULTILINE
)
"""A command given to the service or the image: `exec` names what it runs, `run` gives words to what the image runs."""


def test_a_command_in_a_container_is_understood() -> None:
    found = [
        (how, given)
        for document in DOCUMENTS
        for how, given in IN_A_CONTAINER.findall(document.read_text(encoding="utf-8"))
    ]
    assert 'ENTRYPOINT ["portevoix"]' in Path("Dockerfile").read_text(encoding="utf-8")
    for how, given in found:
        program, _, words = given.partition(" ") if how == "exec" else ("portevoix", "", given)
        assert program == "portevoix", given
        plain = re.sub(r"\$\([^)]*\)", "DATE", words).replace("…", "")
        if plain not in ("", "restore"):  # to be filled in
            parser().parse_args(shlex.split(plain))
    assert {"run --rm", "exec", ""} == {how for how, _given in found}


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_a_block_can_be_pasted_whole(document: Path) -> None:
    """What asks something stands last: what is pasted after it would be taken for the answer."""
    for block in blocks_of(document):
        for _heading, line in block[:-1]:
            assert not ASKS.search(line), f"{line}: begin a new block after it"


def test_what_is_not_played_is_still_there() -> None:
    lines = [f"{line.heading}: {line.text}" for page in PAGES for line in lines_of(page)]
    for pattern, why in NOT_PLAYED.items():
        assert any(re.match(pattern, line) for line in lines), why


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_for_a_machine_exists(page: str) -> None:
    named = set(re.findall(r"PORTEVOIX_[A-Z_]+", Path("docs", f"{page}.md").read_text(encoding="utf-8")))
    assert named <= set(VARIABLES)


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
