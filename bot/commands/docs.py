"""`portevoix docs`: the documents and the example campaigns, which come with the program."""

from __future__ import annotations

import json
from argparse import Namespace
from difflib import get_close_matches
from pathlib import Path

import bot
from bot.campaign.campaign import shipped_path
from bot.commands.arguments import CommandRefused, SubCommands
from bot.commands.tables import print_table
from bot.settings import Settings

_PROGRAM = Path(bot.__file__).parent


def add_to(commands: SubCommands) -> None:
    parser = commands.add_parser(
        "docs",
        help="read the documents and the examples",
        description="List the documents and the example campaigns that came with the program, or print one of them.",
    )
    parser.add_argument("page", nargs="?", metavar="PAGE", help="such as settings, hosting or primaire-2016")
    parser.set_defaults(run=docs)


def docs(arguments: Namespace, settings: Settings) -> int:
    """Prints the list of pages, or one."""
    known = pages()
    if arguments.page is None:
        print_table(("page", "about"), [(name, _title(file)) for name, file in known.items()])
        return 0
    # As a text names it (docs/hosting.md, campaigns/primaire-2016) or by its name alone.
    name = Path(arguments.page.partition("#")[0]).name.removesuffix(".md").removesuffix(".json")
    if name not in known:
        close = get_close_matches(name, known, n=1)
        remedy = f"did you mean {close[0]}?" if close else "`portevoix docs` lists them."
        raise CommandRefused(f"There is no page {arguments.page}: {remedy}")
    print(known[name].read_text(encoding="utf-8"), end="")
    return 0


def pages() -> dict[str, Path]:
    """Each document, the dashboard, what a service manager needs, and each example campaign, by its name."""
    beside = _PROGRAM / "docs"  # where the wheel has them
    folder = beside if beside.is_dir() else _PROGRAM.parent / "docs"
    found = {file.stem: file for file in sorted([*folder.glob("*.md"), *folder.glob("*.json")])}
    deploy = _PROGRAM / "deploy" if beside.is_dir() else _PROGRAM.parent / "deploy"
    found |= {file.name: file for file in sorted(deploy.glob("portevoix*"))}
    examples = sorted(shipped_path(Path("campaigns")).glob("*/campaign.toml"))
    return found | {file.parent.name: file for file in examples}


def _title(file: Path) -> str:
    """A document’s heading, the first comment of a file, or what a dashboard or a unit says of itself."""
    if file.suffix == ".json":
        described = json.loads(file.read_text(encoding="utf-8"))["description"]
        return f"{described} (a dashboard for Grafana)"
    lines = file.read_text(encoding="utf-8").splitlines()
    mark = "Description=" if file.suffix in (".service", ".timer") else "# "
    return next((line.removeprefix(mark) for line in lines if line.startswith(mark)), "")
