"""What every test stands on. Without it a run would fail in a thousand places that say nothing of the cause, so it ends
before the first test, with a sentence for each thing that was forgotten.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from bot.campaign.campaign import check_campaign
from bot.errors import PortevoixError
from bot.words.step_check import step_templates
from db.engine import Database, open_database
from db.key import DatabaseKey
from db.migrations.compare import OPTIONS
from db.schema import metadata
from db.upgrade import revisions, upgrade
from handlers import COMMANDS
from handlers.command import Command
from locales import LANGUAGES, catalogue
from locales.catalogues import written
from locales.words import words_of

HOME = Path(__file__).parent.parent
TEMPLATES = HOME / "locales" / "templates"
PAGES = HOME / "locales" / "pages"
SUFFIX = ".html.j2"
BEGUN = 50
"""So many messages that are not translated are a language that was only begun; fewer fail the test of catalogues."""

SAYING = ("say", "edit", "toast", "notify", "words", "render")
"""What handlers say a message with: so that one of a feature that has none yet is found as well."""


def forgotten() -> list[str]:
    """A sentence for each thing that is missing below all tests."""
    return [
        *unsaid_commands(COMMANDS),
        *unknown_messages((HOME / "bot", HOME / "handlers")),
        *unread_languages(LANGUAGES),
        *unfit_campaigns(sorted((HOME / "campaigns").glob("*/campaign.toml"))),
        *asyncio.run(_unmigrated()),
    ]


def unsaid_commands(commands: Iterable[Command]) -> Iterator[str]:
    """Commands that Telegram's menu and /help could not describe."""
    for command in commands:
        if command.listed and not _is_message(f"commands/{command.name}"):
            yield f"/{command.name} has no description: write locales/templates/commands/{command.name}{SUFFIX}."


def unknown_messages(folders: Iterable[Path]) -> Iterator[str]:
    """Messages and pages that the code names and that no template says."""
    features = "|".join(sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir()))
    named = re.compile(rf'"((?:{features})(?:/[a-z_0-9]+)+)"')
    said = re.compile(rf'\.(?:{"|".join(SAYING)})\(\s*"([a-z_]+(?:/[a-z_0-9]+)+)"')
    for module in (module for folder in folders for module in sorted(folder.rglob("*.py"))):
        text = module.read_text(encoding="utf-8")
        for message in dict.fromkeys((*named.findall(text), *said.findall(text))):
            is_page = (PAGES / f"{message}{SUFFIX}").exists()
            if not (is_page or _is_message(message) or list(TEMPLATES.glob(f"{message}.*"))):
                yield f"{module.name} says “{message}”: write locales/templates/{message}{SUFFIX}."


def unread_languages(codes: Iterable[str]) -> Iterator[str]:
    """Languages in which the bot could not speak: without words, catalogue or papers, or hardly translated."""
    for code in codes:
        try:
            words_of(code)
        except PortevoixError as fault:
            yield str(fault)
        try:
            catalogue(code)
        except (OSError, ValueError) as fault:
            yield f"The language {code} has no catalogue: run scripts/words and translate ({fault})."
            continue
        silent = sum(not message.string for message in written(code) if message.id)
        if silent > BEGUN:
            yield f"The language {code} does not say {silent} messages: translate what scripts/words names."
        if not (TEMPLATES / "documents" / code).is_dir():
            yield f"The language {code} has no papers: write locales/templates/documents/{code}/."


def unfit_campaigns(files: Iterable[Path]) -> Iterator[str]:
    """Campaign files that are shipped and that the bot would refuse, as `portevoix check` says it."""
    for file in files:
        campaign, faults = check_campaign(file, templates=step_templates(), languages=LANGUAGES)
        if campaign is None:
            yield from (f"{file.parent.name}: {fault}" for fault in faults)


async def _unmigrated() -> list[str]:
    with TemporaryDirectory() as folder:
        database = await open_database(None, folder=Path(folder), key=DatabaseKey(hex="00" * 32))
        try:
            await upgrade(database, to=revisions()[-1])  # climbed: an empty one is made by the schema
            return await unmigrated(database)
        finally:
            await database.close()


async def unmigrated(database: Database) -> list[str]:
    """Where the migrated tables differ from those of the schema."""
    async with database.read() as transaction:
        differences = await transaction.run_sync(
            lambda connection: compare_metadata(
                MigrationContext.configure(connection, opts=OPTIONS), metadata
            )
        )
    remedy = "run `python -m db.migrations.revise` and read what it wrote"
    return [f"db/schema says what no migration makes, {difference}: {remedy}." for difference in differences]


def _is_message(name: str) -> bool:
    return (TEMPLATES / f"{name}{SUFFIX}").exists()
