"""`portevoix check` and `portevoix calendar`: what a campaign file says, before anybody receives anything."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.campaign.calendar import HEADERS, as_json, as_row, calendar_entries
from bot.campaign.campaign import Campaign, check_campaign, find_campaign_file
from bot.commands.accepting import add_accept, record, require_sense, tell
from bot.commands.arguments import SubCommands
from bot.commands.places import who_votes
from bot.commands.reading import shown_campaign_of
from bot.commands.tables import print_table
from bot.rules.counting import counted
from bot.settings import Settings
from bot.startup import database_file, opened, present
from db.errors import DatabaseError
from locales import LANGUAGES
from locales.words import all_words


def add_to(commands: SubCommands) -> None:
    check_parser = commands.add_parser(
        "check", help="check a campaign file", description="Name every fault of a campaign file, by line."
    )
    check_parser.add_argument(
        "file", nargs="?", type=Path, help="the file or its folder (default: PORTEVOIX_CAMPAIGN)"
    )
    add_accept(check_parser)
    check_parser.set_defaults(run=check)
    calendar_parser = commands.add_parser(
        "calendar",
        help="show all that the campaign will send",
        description="Every reminder of every ballot in every territory, and what the law blocks.",
    )
    calendar_parser.add_argument("--json", action="store_true", help="a JSON list instead of a table")
    calendar_parser.set_defaults(run=calendar)


def check(arguments: Namespace, settings: Settings) -> int:
    """Prints the faults and warnings; exit status 2 if the file cannot be used."""
    require_sense(arguments)
    file = (
        find_campaign_file(arguments.file, remedy="name a campaign.toml, or the folder that holds it")
        if arguments.file is not None
        # The example may be looked at; nobody’s database is its.
        else find_campaign_file(settings.required_campaign if arguments.accept else settings.campaign)
    )
    campaign = checked(file)
    if campaign is None:
        return 2
    for warning in (*over(campaign, asyncio.run(present(settings))), *without_folder(campaign)):
        print(warning, file=sys.stderr)
    if arguments.file is not None or settings.named_campaign is not None:
        asyncio.run(_compare(campaign, settings, accept=arguments.accept, tells=arguments.tell))
    print(valid(file, campaign, settings))
    return 0


def checked(file: Path) -> Campaign | None:
    """The campaign of a file; its faults and warnings are printed, None: it cannot be used."""
    # Imported here: the other commands need none of it, and answer sooner.
    from bot.words.step_check import commune_codes, step_faults, step_templates
    from handlers import ROUTES

    all_words()  # what stops the bot at its start is told here as well
    campaign, faults = check_campaign(
        file,
        templates=step_templates(),
        languages=LANGUAGES,
        communes=commune_codes(),
        check_steps=partial(step_faults, actions=ROUTES.buttons),
    )
    for fault in faults:
        print(fault, file=sys.stderr)
    if campaign is None:
        print(f"{file} cannot be used before this is mended.", file=sys.stderr)
    return campaign


def valid(file: Path, campaign: Campaign, settings: Settings) -> str:
    """What is said of a file that can be used."""
    name = campaign.text(campaign.name, campaign.languages[0])
    days = ", ".join(str(ballot.day) for ballot in campaign.ballots)
    people = who_votes(campaign, settings)
    return (
        f"{file} is valid: {name}; ballots on {days}; {f'who votes: {people}; ' if people else ''}"
        f"{counted(len(campaign.steps), 'reminder step')}; law {campaign.law.code}."
    )


async def _compare(campaign: Campaign, settings: Settings, *, accept: bool, tells: bool) -> None:
    """Says what the file does to people in the database, where there is one. Raises a DatabaseError to accept it."""
    file = database_file(settings)
    if file is not None and not (file.exists() and file.stat().st_size):
        return
    try:
        async with opened(settings) as database:
            await tell(database, campaign, settings)
            if accept:
                await record(database, campaign, settings, tells=tells)
    except DatabaseError as error:
        if accept:
            raise
        print(f"Not compared with the database: {error.sentence}", file=sys.stderr)


def over(campaign: Campaign, now: datetime) -> list[str]:
    """The warning for a campaign that lies wholly in the past; none for another."""
    if campaign.next_ballot(now) is not None:
        return []
    return [
        f"warning: the last ballot, on {campaign.ballots[-1].day}, is over, so nothing will be sent any more: correct"
        " the days, unless you only mean to rehearse it."
    ]


def without_folder(campaign: Campaign) -> list[str]:
    """The warning for planned backups whose folder is not there; none where it is."""
    if campaign.backups is None or Path(campaign.backups.folder).is_dir():
        return []
    return [
        f"warning: the folder of [backup], {campaign.backups.folder}, is not there on this machine, so no backup would"
        " be made: make it before the first night, or correct backup.folder."
    ]


def calendar(arguments: Namespace, settings: Settings) -> int:
    """Prints the calendar, as the table that people read or as the JSON of the contract."""
    entries = calendar_entries(shown_campaign_of(settings))
    if arguments.json:
        print(json.dumps([as_json(entry) for entry in entries], ensure_ascii=False, indent=1))
    else:
        print_table(HEADERS, [as_row(entry) for entry in entries])
    return 0
