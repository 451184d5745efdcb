"""What `portevoix doctor` tries on this machine, one finding for each thing."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import db.backup_record
import db.overview
import db.purges
from bot.campaign.campaign import load_campaign
from bot.commands.doctor_network import Diagnosis, ask_telegram, ask_web, ask_web_url
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.overview import went_back
from bot.rules.backups import BackupPlan
from bot.rules.clock_back import WentBack
from bot.rules.health import BACKUP_GRACE, REMEDIES, SPARE_BYTES, Trouble
from bot.rules.territories import TERRITORIES, zone_of
from bot.settings import Settings
from bot.startup import database_file, opened, present, refuse_lost
from db.errors import DatabaseError
from locales import LANGUAGES

OLD_BACKUP = timedelta(days=7)
NIGHTLY = timedelta(days=1) + BACKUP_GRACE
PRIVATE = 0o077
"""The rights of others, which a folder of the bot's own gives nobody."""


async def examine(settings: Settings) -> list[Diagnosis]:
    """Tries everything, also where something is to be mended."""
    plan, read = _campaign(settings)
    found = [read, *await ask_telegram(settings)]
    stored = await _database(settings)
    found += [stored.finding, *_disk(settings, stored.size), *_permissions(settings)]
    found += await ask_web(settings)
    found += await ask_web_url(settings)
    found.append(_zones())
    if plan is not None:
        found.append(_backup_folder(plan))
    if stored.now is not None:
        found.append(_backup(stored, stored.now, NIGHTLY if plan is not None else OLD_BACKUP))
        if settings.clock is None:
            found += [_erasure(stored), _clock(stored)]
    return found


def _erasure(stored: _Stored) -> Diagnosis:
    if stored.held:
        return Diagnosis("erasure", False, REMEDIES[Trouble.CLOCK])
    last = "never so far" if stored.purged is None else f"last on {stored.purged:%Y-%m-%d %H:%M} UTC"
    return Diagnosis("erasure", True, f"what is kept no longer is erased each day: {last}")


def _clock(stored: _Stored) -> Diagnosis:
    if stored.went_back is not None:
        return Diagnosis("clock", False, stored.went_back.sentence)
    return Diagnosis("clock", True, "it shows no less than the database remembers")


def _campaign(settings: Settings) -> tuple[BackupPlan | None, Diagnosis]:
    try:
        campaign = load_campaign(settings.required_campaign, languages=LANGUAGES)
    except PortevoixError as error:
        return None, Diagnosis("campaign", False, error.sentence)
    return campaign.backups, Diagnosis("campaign", True, campaign.text(campaign.name, campaign.languages[0]))


def _backup_folder(plan: BackupPlan) -> Diagnosis:
    folder = Path(plan.folder)
    if not folder.is_dir():
        return Diagnosis("backup folder", False, f"there is no folder {folder}: make it, or mount its disk")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Diagnosis(
            "backup folder", False, f"{folder} cannot be written: give it to the user who runs the bot"
        )
    return Diagnosis("backup folder", True, f"{folder}, every night at {plan.hour:%H:%M} of Paris")


class _Stored(Frozen):
    """What the database told of itself."""

    finding: Diagnosis
    now: datetime | None = None
    size: int = 0
    supporters: int = 0
    backup: db.backup_record.Record | None = None
    purged: datetime | None = None
    held: bool = False
    went_back: WentBack | None = None


async def _database(settings: Settings) -> _Stored:
    try:
        file = database_file(settings)
        if file is not None and not file.exists():
            refuse_lost(file, settings)
            return _Stored(finding=Diagnosis("database", True, "there is none yet: the first start makes it"))
        now = await present(settings)
        async with opened(settings) as database, database.read() as tx:
            return _Stored(
                finding=Diagnosis(
                    "database", True, f"{database.dialect} answers, its tables are of this version"
                ),
                now=now,
                size=await db.overview.size(database, tx),
                supporters=(await db.overview.counts(tx, now)).supporters,
                backup=await db.backup_record.last(tx),
                purged=await db.purges.last(tx),
                held=await db.purges.is_held(tx),
                went_back=await went_back(tx, now),
            )
    except (DatabaseError, PortevoixError) as error:
        return _Stored(finding=Diagnosis("database", False, error.sentence))


def _disk(settings: Settings, size: int) -> Iterator[Diagnosis]:
    folder = next(folder for folder in (settings.data, *settings.data.parents) if folder.exists())
    free = shutil.disk_usage(folder).free
    wanted = SPARE_BYTES + size
    yield Diagnosis(
        "disk",
        free >= wanted,
        f"{free / 1e9:.1f} GB are free on the disk of {folder}"
        + ("" if free >= wanted else f": make room, {wanted / 1e9:.1f} GB are the least"),
    )


def _permissions(settings: Settings) -> Iterator[Diagnosis]:
    folders = {settings.data, settings.audit_anchor.parent}
    keys = [settings.suppression_key_file]
    if settings.database_key is None:
        keys.append(settings.database_key_file)
    faults = [fault for folder in folders for fault in _folder_faults(folder)]
    faults += [f"others can read {key}: run `chmod 600 {key}`" for key in keys if _is_read_by_others(key)]
    said = "; ".join(sorted(faults)) or "folders can be written, keys are read by nobody else"
    yield Diagnosis("permissions", not faults, said)


def _is_read_by_others(file: Path) -> bool:
    return file.exists() and os.name == "posix" and bool(stat.S_IMODE(file.stat().st_mode) & PRIVATE)


def _folder_faults(folder: Path) -> Iterator[str]:
    if not folder.exists():
        return  # it is made at the first start
    if not os.access(folder, os.W_OK | os.X_OK):
        yield f"{folder} cannot be written: run this as the user who runs the bot, or give that user the folder"
    elif os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & stat.S_IWOTH:
        yield f"everybody can write into {folder}: run `chmod o-w {folder}`"


def _zones() -> Diagnosis:
    missing = []
    for code in TERRITORIES:
        try:
            zone_of(code)
        except PortevoixError:
            missing.append(TERRITORIES[code].zone)
    if missing:
        return Diagnosis(
            "time zones", False, f"{', '.join(missing)} are not known: install the package tzdata"
        )
    return Diagnosis("time zones", True, f"all {len({each.zone for each in TERRITORIES.values()})} are known")


def _backup(stored: _Stored, now: datetime, oldest: timedelta) -> Diagnosis:
    if stored.backup is None:
        # Before anybody registered there is nothing to lose.
        return Diagnosis(
            "backup", not stored.supporters, "none was made yet: `portevoix backup FILE` makes one"
        )
    age = now - stored.backup.at
    said = f"the last one is of {stored.backup.at:%Y-%m-%d %H:%M} UTC, {stored.backup.file}"
    return Diagnosis("backup", age <= oldest, said if age <= oldest else f"{said}: make another one")
