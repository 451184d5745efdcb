"""`portevoix status`: what runs on which campaign and database, what comes next, and what waits for somebody."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from datetime import datetime
from typing import Any

import db.overview
import db.processes
import db.staff
from bot.campaign.campaign import Campaign, find_campaign_file, load_campaign
from bot.campaign.upcoming import upcoming
from bot.commands.arguments import SubCommands, installed_version
from bot.commands.campaign import print_table
from bot.rules.areas import EVERYWHERE
from bot.settings import Settings
from bot.startup import opened, present
from db.engine import Database
from db.errors import InUse
from locales import LANGUAGES


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
    campaign = load_campaign(settings.required_campaign, languages=LANGUAGES)
    file = find_campaign_file(settings.required_campaign)

    async def work() -> dict[str, Any]:
        async with opened(settings) as database:
            now = await present(settings)
            async with database.read() as tx:
                staff = {member.telegram_id for member in await db.staff.all_current(tx)}
                counts = await db.overview.counts(tx, now)
            return {
                "version": installed_version(),
                "campaign": campaign.text(campaign.name, campaign.languages[0]),
                "campaign_file": str(file),
                "engine": database.dialect,
                "runs": await _runs(database),
                **_next(campaign, now),
                "staff": len(staff),
                **counts._asdict(),
            }

    found = asyncio.run(work())
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print_table(("what", "now"), [(name, _shown(value)) for name, value in found.items()])
    return 0


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


def _next(campaign: Campaign, now: datetime) -> dict[str, Any]:
    """The next ballot and the step that leaves next, by the clock of those it is for; None after the last."""
    ballot = campaign.next_ballot(now)
    step = next((step for step in upcoming(campaign, EVERYWHERE, now) if not step.blocked), None)
    return {
        "next_ballot": ballot.day.isoformat() if ballot is not None else None,
        "next_step": step.step if step is not None else None,
        "next_step_at_local": step.at.isoformat(timespec="minutes") if step is not None else None,
        "next_step_in": list(step.territories) if step is not None else [],
    }


def _shown(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(value) or "–"
        case None:
            return "–"
    return str(value)
