"""`portevoix documents`: the papers of data protection, filled from the campaign file."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from bot.campaign.campaign import Campaign
from bot.commands.arguments import CommandRefused, SubCommands
from bot.commands.reading import shown_campaign_of
from bot.documents import DOCUMENTS, Storage, languages, questions, written
from bot.exporting.files import appearing_at
from bot.rules.counting import counted
from bot.settings import Settings, installed_version
from bot.startup import database_file, present


def add_to(commands: SubCommands) -> None:
    parser = commands.add_parser(
        "documents",
        help="write the papers of data protection",
        description="Write the register entry, the impact assessment, the processor clauses and the label and policy"
        " of EU 2024/900, filled from the campaign file. What only you can know is marked. Not legal advice.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder, made if need be")
    parser.add_argument(
        "--language", choices=languages(), help="one language only (default: those of the campaign)"
    )
    parser.set_defaults(run=documents)


def documents(arguments: Namespace, settings: Settings) -> int:
    """Writes them; one that exists is never replaced, since it may hold answers."""
    campaign = shown_campaign_of(settings)
    chosen = [arguments.language] if arguments.language else spoken(campaign)
    files = {
        arguments.folder / f"{document.name}-{language}.md": (document, language)
        for document in DOCUMENTS
        for language in chosen
        if campaign.label is not None or not document.of_label
    }
    _refuse_to_replace([*files])
    _make(arguments.folder)
    storage = Storage(
        engine="sqlite" if database_file(settings) is not None else "postgresql",
        key_from_environment=settings.database_key is not None,
    )
    today = asyncio.run(present(settings)).date()
    for file, (document, language) in files.items():
        text = written(
            document, language, campaign=campaign, storage=storage, today=today, version=installed_version()
        )
        with appearing_at(file) as stream:
            stream.write(text.encode())
        print(f"{file}: {counted(questions(text), 'thing')} to be completed.")
    if campaign.label is None:
        print("Nothing on EU 2024/900: the campaign file has no [label].")
    print("These are starting points, not legal advice: have them read by somebody who is qualified.")
    return 0


def spoken(campaign: Campaign) -> list[str]:
    """The languages of the campaign in which there are documents. Raises CommandRefused where there is none."""
    found = [language for language in campaign.languages if language in languages()]
    if not found:
        raise CommandRefused(
            f"There are documents in {', '.join(languages())} only: choose one of these with --language."
        )
    return found


def _refuse_to_replace(files: Sequence[Path]) -> None:
    for file in files:
        if file.exists():
            raise CommandRefused(f"{file} exists already, perhaps with your answers: choose another folder.")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandRefused(f"{folder} cannot be made ({error.strerror}): choose another folder.") from None
