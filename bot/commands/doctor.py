"""`portevoix doctor`: tries what a bot needs, and says what to mend."""

from __future__ import annotations

import asyncio
from argparse import Namespace

from bot.commands.arguments import SubCommands
from bot.commands.tables import print_table
from bot.settings import Settings


def add_to(commands: SubCommands) -> None:
    parser = commands.add_parser(
        "doctor",
        help="try what the bot needs, and say what to mend",
        description="Try the token, the clock, the disk, permissions, the web address, time zones, the webhook, the"
        " campaign file, the database and its backups, and say what to mend; it may run beside the bot. Status 1 where"
        " something is to be mended.",
    )
    parser.set_defaults(run=doctor)


def doctor(arguments: Namespace, settings: Settings) -> int:
    """Prints a line for each thing that was tried; status 1 where one is to be mended."""
    # Imported here: what asks over the network takes long to import, and the other commands need none of it.
    from bot.commands.doctor_checks import examine

    findings = asyncio.run(examine(settings))
    print_table(
        ("what", "how it is", ""),
        [(one.what, "well" if one.well else "TO MEND", one.says) for one in findings],
    )
    return 0 if all(one.well for one in findings) else 1
