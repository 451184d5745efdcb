"""What there is and what comes next, as a start and `portevoix status` tell it. Nothing personal."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

import db.backup_record
import db.newest
import db.overview
import db.staff
from bot.campaign.campaign import Campaign, find_campaign_file
from bot.campaign.upcoming import upcoming
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.clock_back import Backsteps, WentBack
from bot.settings import Settings, installed_version
from db.backup_record import Record
from db.engine import FILE_NAME
from db.facts import forget_fact, get_fact, set_fact
from db.overview import OverviewCounts

log = structlog.get_logger(__name__)

RUNNING, UNREACHED = "running:as", "running:unreached"


class RunningAs(Frozen):
    """As which bot, and how, the last start runs: `mode` is `polling` or `webhook`; `address`, of the webhook."""

    username: str
    mode: str
    address: str | None


class Next(Frozen):
    """The next ballot, and the step that leaves next, by the clock of those it is for; None after the last."""

    ballot: str | None
    step: str | None
    at_local: str | None
    territories: list[str]


class Overview(Frozen):
    """What a look into the database and the campaign file tells."""

    running_as: RunningAs | None
    staff: int
    counts: OverviewCounts
    backup: Record | None
    next: Next


async def went_back(tx: AsyncConnection, now: datetime) -> WentBack | None:
    """Whether the clock shows less than it is known to have shown."""
    backsteps = Backsteps()
    backsteps.remember(await db.newest.newest(tx))
    return backsteps.look(now, 0.0)


async def overview(tx: AsyncConnection, campaign: Campaign, now: datetime) -> Overview:
    return Overview(
        running_as=await running_as(tx),
        staff=len({member.telegram_id for member in await db.staff.all_current(tx)}),
        counts=await db.overview.counts(tx, now),
        backup=await db.backup_record.last(tx),
        next=next_of(campaign, now),
    )


async def running_as(tx: AsyncConnection) -> RunningAs | None:
    """As which bot the last start ran; None before the first."""
    found = await get_fact(tx, RUNNING)
    return None if found is None else RunningAs(**found)


async def note_running(tx: AsyncConnection, running_as: RunningAs) -> None:
    """Remembers how the bot runs, for `portevoix status`."""
    await set_fact(tx, RUNNING, vars(running_as))
    await forget_fact(tx, UNREACHED)


async def note_unreached(tx: AsyncConnection, now: datetime) -> None:
    """Remembers since when a start has not reached Telegram, for `portevoix status`."""
    if await get_fact(tx, UNREACHED) is None:
        await set_fact(tx, UNREACHED, now.isoformat())


async def is_unreached(tx: AsyncConnection) -> bool:
    """Whether the last start has not reached Telegram."""
    return await get_fact(tx, UNREACHED) is not None


def next_of(campaign: Campaign, now: datetime) -> Next:
    ballot = campaign.next_ballot(now)
    step = next((step for step in upcoming(campaign, EVERYWHERE, now) if not step.blocked), None)
    return Next(
        ballot=ballot.day.isoformat() if ballot is not None else None,
        step=step.step if step is not None else None,
        at_local=step.at.isoformat(timespec="minutes") if step is not None else None,
        territories=list(step.territories) if step is not None else [],
    )


def tell(seen: Overview, *, settings: Settings, campaign: Campaign) -> None:
    """A line of the log for each thing that whoever starts the bot wants to see."""
    log.info("start_version", version=installed_version())
    log.info(
        "start_campaign",
        name=campaign.text(campaign.name, campaign.languages[0]),
        file=str(find_campaign_file(settings.required_campaign)),
    )
    if (bot := seen.running_as) is not None:
        log.info("start_bot", bot=f"@{bot.username}", real_telegram=settings.is_real_telegram)
        log.info("start_mode", mode=bot.mode, address=bot.address, rate=settings.rate)
    log.info("start_database", place=place_of(settings))
    if seen.next.ballot is None:
        log.warning(
            "start_over",
            ballot=campaign.ballots[-1].day.isoformat(),
            hint="No reminder leaves any more: if the last ballot is to come, correct its day in the campaign file.",
        )
    else:
        log.info(
            "start_next",
            ballot=seen.next.ballot,
            step=seen.next.step,
            at_local=seen.next.at_local,
            territories=seen.next.territories,
        )
    log.info("start_staff", members=seen.staff, supporters=seen.counts.supporters)
    log.info("start_consents", to_renew=seen.counts.to_renew)
    if seen.backup is None:
        log.warning("start_no_backup", hint="Make one with `portevoix backup FILE`.")
    else:
        log.info("start_backup", at=seen.backup.at.isoformat(), file=seen.backup.file)


def place_of(settings: Settings) -> str:
    """Which database it is: the file, or the server without what is secret."""
    if settings.database is None:
        return str(settings.data / FILE_NAME)
    parts = urlsplit(settings.database)
    if parts.scheme.startswith("sqlite"):
        return parts.path.removeprefix("/")
    return f"postgresql {parts.hostname or 'on this machine'}{parts.path}"
