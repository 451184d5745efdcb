"""Backups by a plan: when one is due, when one was missed, what it is called, and which older ones go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from bot.frozen import Frozen
from bot.rules.health import BACKUP_GRACE
from bot.rules.territories import METROPOLE, at_local, zone_of

STAMP = "%Y%m%d-%H%M%S"
SUFFIX = ".db"


class BackupPlan(Frozen):
    """A backup each day at a local time of Paris, in a folder (an absolute path) where the last `keep` stay.

    `command`: the words of what takes each one elsewhere, its file being added as the last; empty where nothing does.
    """

    hour: time
    folder: str
    keep: int
    command: tuple[str, ...] = ()


def planned_before(plan: BackupPlan, now: datetime) -> datetime:
    """The last instant, `now` included, for which a backup was planned."""
    paris = zone_of(METROPOLE)
    today = now.astimezone(paris).date()
    at = at_local(today, plan.hour, paris)
    return (at if at <= now else at_local(today - timedelta(days=1), plan.hour, paris)).astimezone(UTC)


def is_due(plan: BackupPlan, last: datetime | None, now: datetime) -> bool:
    """Whether a backup is to be made now, the last one being of `last`."""
    return last is None or last < planned_before(plan, now)


def is_missed(plan: BackupPlan, last: datetime | None, now: datetime, *, since: datetime) -> bool:
    """Whether the bot, which has run `since`, ought to have made one by now."""
    planned = planned_before(plan, now - BACKUP_GRACE)
    return since + BACKUP_GRACE <= now and (last is None or last < planned)


def file_name(slug: str, now: datetime) -> str:
    return f"{slug}-{now.astimezone(UTC):{STAMP}}{SUFFIX}"


def superseded(names: Iterable[str], slug: str, keep: int) -> list[str]:
    """Of the names in the folder, the backups of this plan that go: all but the newest; no other file ever."""
    ours = sorted(name for name in names if _is_ours(name, slug))
    return ours[:-keep]


def _is_ours(name: str, slug: str) -> bool:
    stamp = name.removeprefix(f"{slug}-").removesuffix(SUFFIX)
    try:
        return name == file_name(slug, datetime.strptime(stamp, STAMP).replace(tzinfo=UTC))
    except ValueError:
        return False
