"""`portevoix status`: what runs on which campaign and database, what comes next, and what waits for somebody."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.processes
from bot.actions import alarms
from bot.campaign.campaign import find_campaign_file
from bot.commands.arguments import SubCommands
from bot.commands.reading import campaign_of
from bot.commands.tables import print_table
from bot.overview import is_unreached, overview, went_back
from bot.rules.health import NOT_REACHED_YET, REMEDIES, Trouble
from bot.settings import Settings, installed_version
from bot.startup import opened, present
from db.engine import Database
from db.errors import InUse


def add_to(commands: SubCommands) -> None:
    parser = commands.add_parser(
        "status",
        help="what runs, what comes next, what waits for somebody",
        description="Say which campaign and database there are, whether the bot runs on it, what leaves next, and what"
        " waits for somebody. Nothing personal.",
    )
    parser.add_argument("--json", action="store_true", help="a JSON object instead of a table")
    parser.set_defaults(run=status)


def status(arguments: Namespace, settings: Settings) -> int:
    """Prints one line for each thing, or all of them as JSON."""
    campaign = campaign_of(settings)
    file = find_campaign_file(settings.required_campaign)

    async def work() -> dict[str, Any]:
        async with opened(settings) as database:
            now = await present(settings)
            async with database.read() as tx:
                seen = await overview(tx, campaign, now)
                found = await _troubles(tx)
                if settings.clock is None and (back := await went_back(tx, now)) is not None:
                    found[Trouble.CLOCK_BACK.value] = back.sentence
            running_as, backup = seen.running_as, seen.backup
            runs = await _runs(database)
            return {
                "version": installed_version(),
                "campaign": campaign.text(campaign.name, campaign.languages[0]),
                "campaign_file": str(file),
                "engine": database.dialect,
                "runs": runs,
                "trouble": list(found) if runs else [],
                "why": list(found.values()) if runs else [],
                "bot": f"@{running_as.username}" if running_as is not None else None,
                "mode": running_as.mode if running_as is not None else None,
                "next_ballot": seen.next.ballot,
                "next_step": seen.next.step,
                "next_step_at_local": seen.next.at_local,
                "next_step_in": seen.next.territories,
                "staff": seen.staff,
                **seen.counts._asdict(),
                "last_backup": backup.at.isoformat() if backup is not None else None,
                "last_backup_file": backup.file if backup is not None else None,
                "last_backup_age_hours": _hours(now - backup.at) if backup is not None else None,
            }

    found = asyncio.run(work())
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print_table(("what", "now"), [(name, _shown(value)) for name, value in found.items()])
    return 0


async def _troubles(tx: AsyncConnection) -> dict[str, str]:
    """What the bot that runs last found wrong, as /health names it, and in words."""
    found = {trouble.value: REMEDIES[trouble] for trouble in await alarms.present(tx)}
    if await is_unreached(tx):
        found[Trouble.SILENT.value] = NOT_REACHED_YET
    return found


async def _runs(database: Database) -> bool:
    """Whether a bot runs on the database now."""
    if database.file is None:
        async with database.read() as tx:
            return await db.processes.living(tx, "status") != ["status"]
    try:
        database.claim()
    except InUse:
        return True
    return False


def _hours(age: timedelta) -> float:
    return round(age.total_seconds() / 3600, 1)


def _shown(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(value) or "–"
        case None:
            return "–"
    return str(value)
